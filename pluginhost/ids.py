"""Identifiers as they stand on the wire: 24 hex digits, the first eight of them the time."""

import re
import secrets
import time

ID_LENGTH = 24
_ID = re.compile(r"[0-9a-f]{24}\Z")


def new_id() -> str:
    """A fresh identifier; ids made later sort later (to the second)."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


def is_id(text: object) -> bool:
    """Whether `text` has the shape of one of our identifiers."""
    return isinstance(text, str) and _ID.match(text) is not None
