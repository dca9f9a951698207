"""The line to the host: opened, kept, and opened again for ever. Nothing that happens to it ends the script."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import socketio

from .backoff import Backoff

logger = logging.getLogger(__name__)

NAMESPACE = "/plugin"
HEARTBEAT_SECONDS = 60.0
LOOK_SECONDS = 5.0
WELCOME_SECONDS = 60.0
DEAF_SECONDS = 50.0
"""The host asks every 15 s whether we are there. One that has asked before and is silent for so long is gone."""
POLLING_EACH = 3
"""After so many tries in vain by WebSocket one begins with long polling, for proxies that let no WebSocket through.
Where they do after all, the library goes over to it."""
WELCOME, AGAIN, REASON = "welcome", "again", "pluginhost: "

Hear = Callable[[str, dict[str, Any]], None]


class _Ears(socketio.ClientNamespace):  # type: ignore[misc]
    """Whatever the host says goes to one function; the library acknowledges it when that has returned."""

    def __init__(self, hear: Callable[..., None]) -> None:
        super().__init__(NAMESPACE)
        self._hear = hear

    def trigger_event(self, event: str, *arguments: Any) -> None:
        self._hear(self, event, arguments)


class Line:
    """`hear` gets the host's events. `hello` says who we are; `opened` and `closed` tell when the host listens."""

    def __init__(
        self,
        host: str,
        identity: dict[str, str],
        *,
        hello: Callable[[], dict[str, Any]],
        hear: Hear,
        opened: Callable[[Callable[[str, dict[str, Any]], None]], None],
        closed: Callable[[], None],
    ) -> None:
        self._host, self._identity, self._hello = host, identity, hello
        self._hear_event, self._opened, self._closed = hear, opened, closed
        self._client: socketio.Client | None = None
        self._ears: _Ears | None = None
        self._broken = threading.Event()
        self._is_welcome = threading.Event()
        self._is_refused = False
        self._heard_at = 0.0
        self._has_been_asked = False

    @property
    def is_open(self) -> bool:
        """Whether the host listens."""
        return self._is_welcome.is_set() and not self._broken.is_set()

    def keep(self, ended: threading.Event) -> None:
        """Until then. Whatever goes wrong, it is tried again."""
        pauses, tries = Backoff(), 0
        while not ended.is_set():
            tries += 1
            try:
                self._open(["polling", "websocket"] if tries % (POLLING_EACH + 1) == 0 else ["websocket"])
                self._stay(ended)
            except Exception as error:  # the edge of the loop: an unforeseen error is one more reason to try again
                logger.warning("No line to %s: %s", self._host, error or type(error).__name__)
            if self._is_welcome.is_set():
                pauses.begin_again()
                tries = 0
            self._cut(is_polite=ended.is_set())
            if not ended.is_set():
                pause = pauses.pause()
                logger.warning("Not connected; trying again in %.1f s.", pause)
                ended.wait(pause)

    def say(self, event: str, payload: dict[str, Any]) -> bool:
        """Out of turn, if somebody listens now; whether it was sent."""
        client = self._client
        if client is None:
            return False
        try:
            client.emit(event, payload, namespace=NAMESPACE)
        except Exception as error:
            logger.debug("«%s» was not sent: %s", event, error)
            return False
        return True

    def hang_up(self) -> None:
        """Have `keep` look whether it is to end."""
        self._broken.set()

    def say_hello(self) -> bool:
        return self.say("hello", self._hello())

    # --- one connection ---

    def _open(self, transports: Sequence[str]) -> None:
        self._broken.clear()
        self._is_welcome.clear()
        self._is_refused = self._has_been_asked = False
        self._client = socketio.Client(reconnection=False, handle_sigint=False, request_timeout=10)
        self._ears = _Ears(self._hear)
        self._client.register_namespace(self._ears)
        self._client.connect(
            self._host, namespaces=[NAMESPACE], transports=list(transports), wait=True, wait_timeout=20
        )
        self._heard_at = time.monotonic()
        self._client.emit("heartbeat", {**self._identity, "hello": True}, namespace=NAMESPACE)
        self._client.emit("hello", self._hello(), namespace=NAMESPACE)

    def _stay(self, ended: threading.Event) -> None:
        """Heartbeats, until it breaks."""
        opened_at = heartbeat_at = looked_at = time.monotonic()
        while not ended.is_set() and not self._broken.wait(LOOK_SECONDS):
            now = time.monotonic()
            if now - heartbeat_at >= HEARTBEAT_SECONDS:
                heartbeat_at = now
                self.say("heartbeat", self._identity)
            if not (self._is_welcome.is_set() or self._is_refused) and now - opened_at > WELCOME_SECONDS:
                logger.warning("%s has not answered the hello. Is it a Pluginhost?", self._host)
                return
            # One that held the interpreter for long has heard nothing either: only a look in time counts.
            was_awake = now - looked_at < 2 * LOOK_SECONDS
            if self._has_been_asked and was_awake and now - self._heard_at > DEAF_SECONDS:
                logger.warning("Nothing was heard of %s for %d s.", self._host, DEAF_SECONDS)
                return
            looked_at = now

    def _cut(self, is_polite: bool) -> None:
        """Leave nothing of it behind. To say goodbye on a line that broke could take as long as to find that out."""
        self._broken.set()
        self._closed()
        client, self._client, self._ears = self._client, None, None
        if client is None:
            return
        if is_polite:
            with contextlib.suppress(Exception):
                client.disconnect()
        with contextlib.suppress(Exception):
            client.eio.disconnect(abort=True)

    # --- what the host says ---

    def _hear(self, ears: _Ears, event: str, arguments: tuple[Any, ...]) -> None:
        if ears is not self._ears:
            return  # of a line that was cut
        self._heard_at = time.monotonic()
        payload = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
        if event in ("disconnect", "__disconnect_final"):
            self._broken.set()
        elif event == WELCOME:
            self._begin()
        elif event == AGAIN:
            self._is_welcome.clear()
            self._closed()
            self.say_hello()
        elif event.startswith(REASON):
            self._is_refused = True
            self._closed()
            logger.error("%s gives no work: %s", self._host, event[len(REASON) :])
        elif event == "probe":
            self._has_been_asked = True
        elif event not in ("connect", "connect_error"):
            self._hear_event(event, payload)

    def _begin(self) -> None:
        """All that the host has not acknowledged is said again, on this very connection."""
        client = self._client
        if client is None or self._broken.is_set():
            return
        self._is_refused = False
        self._is_welcome.set()
        logger.info("Connected to %s.", self._host)
        self._opened(lambda event, payload: client.emit(event, payload, namespace=NAMESPACE))
