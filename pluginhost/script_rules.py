"""Which managed scripts may be started here: power over the machine is the operator's to give."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from django.conf import settings

from .models import ManagedScript

OFF = (
    "This server starts no scripts but the demo's. Whoever runs it can set PLUGINHOST_MANAGED_SCRIPTS=1; until then, "
    "run the script yourself (the plugin's page says how)."
)
TOO_OPEN = (
    "This server can be reached from other machines, so it starts no scripts but the demo's. Whoever runs it can set "
    "PLUGINHOST_MANAGED_SCRIPTS=public."
)
NO_PATHS = (
    "This server starts no scripts from its own folders. Upload the script; or whoever runs the server can name the "
    "folder in PLUGINHOST_SCRIPT_PATHS."
)
Source = ManagedScript.Source


def listens_on_loopback() -> bool:
    host = settings.PLUGINHOST_HOST or "127.0.0.1"
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return bool(host == "localhost")


def refusal(source: str) -> str:
    """Why a script of this source may not be started; empty when it may."""
    if source == Source.DEMO:
        return ""
    if settings.PLUGINHOST_MANAGED_SCRIPTS == "0":
        return OFF
    if settings.PLUGINHOST_MANAGED_SCRIPTS == "1" and not listens_on_loopback():
        return TOO_OPEN
    if source == Source.PATH and not settings.PLUGINHOST_SCRIPT_PATHS:
        return NO_PATHS
    return ""


def folder_on_server(path: str) -> Path:
    """The folder that this path really leads to; ValueError with a sentence when it may not be used."""
    given = Path(path)
    if not given.is_absolute():
        raise ValueError("This must be an absolute path, beginning with «/».")
    try:
        real = given.resolve(strict=True)
    except (OSError, RuntimeError):
        real = None
    allowed = [root.resolve() for root in settings.PLUGINHOST_SCRIPT_PATHS]
    if real is None or not any(real.is_relative_to(root) for root in allowed):
        named = ", ".join(map(str, settings.PLUGINHOST_SCRIPT_PATHS)) or "none"
        raise ValueError(f"There is no such folder among those that scripts may lie in ({named}).")
    if not real.is_dir():
        raise ValueError("This is a file: name its folder here, and the file as the entry.")
    return real
