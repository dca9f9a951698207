"""Which client a script is, as far as it can be told: no published one sends its version (PROTOCOL 0 and 1.5)."""

from __future__ import annotations

POLLING = "ango up to 1.0"
WEBSOCKET = "ango or imerit-ango, 1.1 to 1.4"
KEYWORD_STYLE = "ango 1.1, imerit-ango 1.0 to 1.3.13"
DICT_STYLE = "imerit-ango from 1.3.14, ango from 1.3"
OURS = "pluginhost.client"


def at_first(transport: str, user_agent: str) -> str:
    """By how it connects. Clients that begin with long polling show the library that they poll with."""
    if transport != "polling":
        return WEBSOCKET
    library = user_agent.split(" ")[0][:20]
    return f"{POLLING} ({library})" if library else POLLING


def after_answer(known: str, form: str) -> str:
    """By an answer: only older ones send one that holds nothing, only newer ones say that their callback failed."""
    if known != WEBSOCKET:
        return known
    return {"nothing": KEYWORD_STYLE, "error": DICT_STYLE}.get(form, known)


def after_silence(known: str) -> str:
    """By the order's acknowledgement without any answer before: newer ones send none where there is nothing to say."""
    return DICT_STYLE if known == WEBSOCKET else known
