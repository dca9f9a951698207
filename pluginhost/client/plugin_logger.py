"""The logger that a callback gets: what it is told stands on the session's page within a moment."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from .held import Held
from .outbox import Outbox
from .plain import plain_or_text

ECHO = logging.getLogger("pluginhost.session")
"""Where lines are repeated for whoever watches the terminal: warnings and worse, unless its level is set lower."""
ECHO.setLevel(logging.WARNING)
FIXED = ("level", "organization", "pluginId", "runBy", "session", "msg", "line", "ago")


class PluginLogger(logging.Logger):
    """`data["logger"]`. All methods of `logging.Logger`, and further keyword arguments as fields of the line:

        logger.info("Read %d of %d", 3, 24, seconds=12.5)
        logger.exception("image_7.jpg could not be read")

    It never raises and never waits. While the line to the host is down what it is told is kept, and sent when the line
    stands again, with the time at which it was said; every line is stored once, in its order. All levels are sent
    unless `setLevel` says otherwise.
    """

    def __init__(self, name: str, held: Held, outbox: Outbox, plugin_id: str = "", level: int = logging.NOTSET) -> None:
        super().__init__(name, level)
        self._held, self._outbox = held, outbox
        self.plugin_id = plugin_id
        self.session = held.id
        self.org_id = str(held.order.get("orgId", ""))
        self.run_by = str(held.order.get("runBy", ""))

    def getEffectiveLevel(self) -> int:
        return self.level or 1

    def isEnabledFor(self, level: int) -> bool:
        return level >= self.getEffectiveLevel()

    def _log(  # type: ignore[override]  # its first arguments have no names here
        self,
        level: int,
        msg: object,
        args: Any,
        /,  # a field may be called as these are
        exc_info: Any = None,
        extra: Mapping[str, object] | None = None,
        stack_info: bool = False,
        stacklevel: int = 1,
        **fields: Any,
    ) -> None:
        """Every method of a logger ends here."""
        try:
            text = _formatted(msg, args)
            whole = "\n".join([text, *_stack(stack_info), *_traceback(exc_info)])
            event = {_free(name): plain_or_text(value) for name, value in {**(extra or {}), **fields}.items()}
            event.update(level=logging.getLevelName(level), organization=self.org_id, pluginId=self.plugin_id)
            event.update(runBy=self.run_by, session=self.session, msg=whole)
            self._outbox.say(self._held, event)
            if self.handlers:  # the author's own
                super()._log(level, msg, args, exc_info, None, stack_info, stacklevel + 1)
            if ECHO.isEnabledFor(level):
                ECHO.log(level, "%s", text)
        except Exception:  # whatever a message's own __str__ does, the work goes on
            ECHO.exception("a line of the log could not be kept")


def _formatted(msg: object, args: Any) -> str:
    """As `%` formats it; what does not fit is set one after the other, as clients before 1.4.10 do."""
    if not args:
        return str(msg)
    try:
        return str(msg) % (args[0] if len(args) == 1 and isinstance(args[0], Mapping) and args[0] else args)
    except (TypeError, ValueError, KeyError):
        return " ".join(map(str, (msg, *args)))


def _free(name: str) -> str:
    """A field that is called as one of the line's own gets another name, so that neither is lost."""
    return f"{name}_" if name in FIXED else str(name)


def _stack(is_wanted: bool) -> list[str]:
    return ["".join(traceback.format_stack()[:-4]).rstrip()] if is_wanted else []


def _traceback(exc_info: Any) -> list[str]:
    """The traceback of the exception that was given, or of the one that is being handled."""
    if not exc_info:
        return []
    if exc_info is True or not isinstance(exc_info, (BaseException, tuple)):
        text = traceback.format_exc()
    elif isinstance(exc_info, BaseException):
        text = "".join(traceback.format_exception(type(exc_info), exc_info, exc_info.__traceback__))
    else:
        text = "".join(traceback.format_exception(*exc_info))
    return [text.rstrip()]
