"""A WebSocket with a limit of its own, and the hook by which the gateway reaches the connection below it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from pluginhost.gateway.transport import EXTENSION

MESSAGE_TOO_BIG = 1009


class LimitedWebSocket(WebSocketsSansIOProtocol):
    """Takes small messages until the gateway has seen a secret. See `pluginhost.gateway.transport.Transport`."""

    is_too_large = False
    stays = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._set_limit(settings.PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the application runs from the next turn of the loop on
            self.scope["extensions"][EXTENSION] = self  # type: ignore[assignment,index]

    def handle_parser_exception(self) -> None:
        self.is_too_large = self.conn.close_sent is not None and self.conn.close_sent.code == MESSAGE_TOO_BIG
        super().handle_parser_exception()

    def raise_limit(self) -> None:
        self._set_limit(settings.PLUGINHOST_MESSAGE_LIMIT)

    def say(self, text: str) -> bool:
        if not self.writable.is_set() or self.transport.is_closing() or self.conn.state is not State.OPEN:
            return False
        self.conn.send_text(text.encode())
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True

    def half_close(self) -> None:
        if not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()

    def shutdown(self) -> None:
        """Go over to the next process, or leave. Told twice, or while the other side is closing, uvicorn's own raises,
        and whatever should happen after it at the end of a process would not."""
        if self.transport.is_closing():
            return
        if self.conn.state is State.CLOSING:
            self.transport.close()
        else:
            super().shutdown()

    def drop(self) -> None:
        self.transport.abort()

    def _set_limit(self, limit: int) -> None:
        self.conn.max_message_size = limit
