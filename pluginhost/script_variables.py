"""The environment variables of managed scripts: stored encrypted, shown by name alone."""

from __future__ import annotations

import json
import re

from . import credentials
from .models import ManagedScript

MOST, LONGEST = 200, 32 * 2**10
OURS = "PLUGINHOST_"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def reveal(script: ManagedScript) -> dict[str, str]:
    """Names and values, for the process alone."""
    if not script.environment_encrypted:
        return {}
    return dict(json.loads(credentials.decrypt(script.environment_encrypted)))


def names(script: ManagedScript) -> list[str]:
    return sorted(reveal(script))


def hide(variables: dict[str, str]) -> str:
    """As it is stored."""
    return credentials.encrypt(json.dumps(variables)) if variables else ""


def checked(given: object, stored: dict[str, str]) -> dict[str, str]:
    """What is to be stored. A value of None means the one that is; ValueError says what is wrong."""
    if not isinstance(given, dict) or len(given) > MOST:
        raise ValueError(f"These must be names with values, at most {MOST}.")
    found = {}
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"«{str(name)[:100]}» is no name: letters, digits and «_», and no digit at first.")
        if name.startswith(OURS):
            raise ValueError(f"{name}: names that begin with {OURS} are Pluginhost's own.")
        if value is None and name not in stored:
            raise ValueError(f"{name} has no value.")
        found[name] = stored[name] if value is None else _value(name, value)
    return found


def _value(name: str, value: object) -> str:
    if not isinstance(value, str) or "\0" in value or len(value.encode(errors="surrogatepass")) > LONGEST:
        raise ValueError(f"{name}: the value must be text of at most {LONGEST:,} bytes.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name}: the value is no text that can be written down.") from None
    return value
