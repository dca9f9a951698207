"""Reading settings from the environment: a bad value stops the start and names its variable."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

ROLES = ("all", "web")


@dataclass(frozen=True)
class Number:
    """The default of a whole number, and between what it must be."""

    default: int
    least: int
    most: int


READ: dict[str, Number | str | bool] = {}
"""Every variable that was asked for, with its default: docs/settings.md is written from it."""

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    READ.setdefault(name, default)
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool) -> bool:
    READ.setdefault(name, default)
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.strip().lower() in _TRUE | _FALSE:
        return raw.strip().lower() in _TRUE
    raise ImproperlyConfigured(f"{name} is «{raw}»; it must be 1 or 0.")


def number(name: str, default: int, least: int = 0, most: int = 2**53) -> int:
    READ.setdefault(name, Number(default, least, most))
    raw = text(name, str(default)) or str(default)
    if raw.isascii() and raw.isdigit() and least <= int(raw) <= most:
        return int(raw)
    raise ImproperlyConfigured(f"{name} is «{raw}»; it must be a whole number from {least} to {most}.")


def role(name: str) -> str:
    """What a server does: everything, or pages and scripts alone."""
    raw = text(name, "all") or "all"
    if raw in ROLES:
        return raw
    raise ImproperlyConfigured(f"{name} is «{raw}»; it must be {' or '.join(ROLES)}.")


def choice(name: str, known: tuple[str, ...]) -> str:
    """One of these words; the first where nothing is set."""
    raw = text(name, known[0]).lower() or known[0]
    if raw in known:
        return raw
    raise ImproperlyConfigured(f"{name} is «{raw}»; it must be {', '.join(known[:-1])} or {known[-1]}.")


def folders(name: str) -> list[Path]:
    """Absolute folders, separated by colons."""
    given = [Path(word) for word in text(name).split(os.pathsep) if word]
    for path in given:
        if not path.is_absolute():
            raise ImproperlyConfigured(f"{name}: «{path}» must be an absolute path.")
    return given


def words(name: str) -> list[str]:
    """A list, separated by commas or blanks."""
    return text(name).replace(",", " ").split()


def networks(name: str) -> list[str]:
    """Addresses and networks, as they were written."""
    given = words(name)
    for word in given:
        try:
            ip_network(word, strict=False)
        except ValueError:
            raise ImproperlyConfigured(f"{name}: «{word}» is neither an address nor a network.") from None
    return given


def folder(name: str, default: Path) -> Path:
    """An absolute folder that can be made and written to."""
    path = Path(text(name) or default).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # secrets lie in it, if encrypted
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: the folder {path} cannot be made: {error.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}: the folder {path} cannot be written to.")
    return path


def address(name: str, schemes: tuple[str, ...]) -> str:
    """A URL with one of `schemes` and a host, or nothing."""
    raw = text(name).rstrip("/")
    parts = urlsplit(raw)
    if raw and (parts.scheme not in schemes or not parts.netloc):
        raise ImproperlyConfigured(f"{name} must be a URL beginning with {' or '.join(s + '://' for s in schemes)}.")
    return raw
