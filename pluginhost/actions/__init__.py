"""The verbs: the only code that writes. One function, one transaction, one nudge after the commit."""
