"""What a script imports to connect: `BatchModelPlugin` and `run`, called as those of the public client."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from .script import PATIENCE_SECONDS, Script

__all__ = ["BasePlugin", "BatchModelPlugin", "Plugin", "run"]

Callback = Callable[..., Any]


class BasePlugin:
    """A plugin's ID and secret, as its page on the host shows them, and the function that does its work.

    `id` and `secret` default to PLUGINHOST_ID and PLUGINHOST_SECRET.
    """

    def __init__(self, id: str | None = None, secret: str | None = None, callback: Callback | None = None):
        self.id = id or os.environ.get("PLUGINHOST_ID", "")
        self.secret = secret or os.environ.get("PLUGINHOST_SECRET", "")
        if callback is None or not callable(callback):
            raise TypeError("A plugin needs callback=, the function that is called for each session.")
        self.callback: Callback = callback
        self.host: str | None = None


class BatchModelPlugin(BasePlugin):
    """A plugin that works on the assets of a project, or some of them, in one session.

        def callback(data):
            sdk = SDK(data["apiKey"])
            ...
            return "12 assets were labeled."

    `callback(data)` and `callback(**data)` both do, `async def` too. `data` is a dict:

    - `projectId`, `session`, `orgId`, `runBy`: text, identifiers
    - `apiKey`: text; for this session alone, and it ends with it
    - `categorySchema`: `[{"modelClass": text, "schemaId": text}, …]`, one for each mapped class; None where none is
    - `configJSON`: text, a JSON object
    - `batches`: list of the chosen batches' identifiers; empty for all assets
    - `logger`: a PluginLogger; what it is told stands on the session's page
    - `progress`: `data["progress"](done, total)` moves the progress bar; two whole numbers, in whatever you count
    - `cancelled`: true as soon as somebody has cancelled the session; look at it between two assets

    What it returns is the message that people read: text (Markdown), or anything that JSON has words for. NumPy
    numbers and arrays, sets, dates, dataclasses and the like are converted. What it raises ends the session as failed,
    with the traceback in its log.
    """


Plugin = BasePlugin


def run(
    plugin: BasePlugin,
    host: str | None = None,
    *,
    instance: str | None = None,
    spool: str | None = None,
    concurrency: int | None = None,
    patience: float | None = None,
) -> None:
    """Connect `plugin` to `host` and work, until the process is asked to end by SIGTERM or Ctrl-C.

    - `host`: scheme, name and port, like `https://pluginhost.example.org`. Default: PLUGINHOST_HOST.
    - `instance`: this script's name for itself, the same after a restart, unlike that of any other. Default:
      PLUGINHOST_INSTANCE, else one is made of the machine's name.
    - `spool`: a folder where answers are kept until the host has them, also across a restart of the script. Default:
      PLUGINHOST_SPOOL, else they are kept in memory.
    - `concurrency`: sessions at once. Default: as many as the plugin's page says.
    - `patience`: seconds that sessions may still take when the script is asked to end; then they are handed back, and
      go into the queue again. Default: PLUGINHOST_PATIENCE, else 8.

    The line may break as often and as long as it likes: it is opened again, and nothing is lost. What is said meanwhile
    is kept and said again.
    """
    if not logging.getLogger().handlers:
        logging.basicConfig(
            level=os.environ.get("LOGLEVEL", "INFO").upper(), format="%(asctime)s %(levelname)s %(message)s"
        )
    address = _checked(plugin, host or plugin.host or os.environ.get("PLUGINHOST_HOST", ""))
    plugin.host = address
    os.environ["PLUGINHOST_HOST"] = address  # an SDK that is not told its host asks the same one
    if patience is None:
        patience = float(os.environ.get("PLUGINHOST_PATIENCE", PATIENCE_SECONDS))
    Script(
        plugin.id,
        plugin.secret,
        plugin.callback,
        address,
        name=instance,
        spool=spool or os.environ.get("PLUGINHOST_SPOOL") or None,
        concurrency=concurrency,
        patience=patience,
    ).run()


def _checked(plugin: BasePlugin, host: str) -> str:
    """The host without a slash at its end; ValueError says what is missing."""
    given = {"host": host, "id": plugin.id, "secret": plugin.secret}
    for name, value in given.items():
        if not value or value.startswith("<"):
            raise ValueError(f"The {name} is missing: give {name}=, or set PLUGINHOST_{name.upper()}.")
    if not host.startswith(("http://", "https://")):
        raise ValueError(f"The host needs a scheme, like https://{host}")
    return host.rstrip("/")
