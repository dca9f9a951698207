"""Large answers by HTTP, tried again until they have arrived."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable

import requests

from .backoff import Backoff
from .held import Answer, Held
from .version import NAME, VERSION

logger = logging.getLogger(__name__)

PATH = "/v2/session/response"
TIMEOUT_SECONDS = (10, 300)
"""To connect, and between two bytes of the answer."""
TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class Delivery:
    """Sends one answer in a thread of its own. `delivered` is told when nothing more is to be done for it, and
    `refused` when the host will never take it, with its words."""

    def __init__(
        self,
        host: str,
        ended: threading.Event,
        delivered: Callable[[str], None],
        refused: Callable[[Held, str], None],
    ) -> None:
        self._url, self._ended = host.rstrip("/") + PATH, ended
        self._delivered, self._refused = delivered, refused

    def begin(self, held: Held, answer: Answer) -> None:
        arguments = (held, *body_of(answer))
        threading.Thread(target=self._deliver, args=arguments, name=f"answer of {held.id}", daemon=True).start()

    def _deliver(self, held: Held, kind: str, body: bytes) -> None:
        pauses = Backoff()
        while not self._ended.is_set():
            try:
                status, words = self._put(held.key, kind, body)
            except requests.RequestException as error:
                logger.warning("The answer of session %s could not be sent, trying again: %s", held.id, error)
            else:
                if status not in TRY_AGAIN:
                    self._conclude(held, status, words)
                    return
                logger.warning("The answer of session %s was not taken, trying again: %d %s", held.id, status, words)
            self._ended.wait(pauses.pause())

    def _put(self, key: str, kind: str, body: bytes) -> tuple[int, str]:
        headers = {"apikey": key, "Content-Type": kind, "User-Agent": f"{NAME}/{VERSION}"}
        answer = requests.put(self._url, data=body, headers=headers, timeout=TIMEOUT_SECONDS)
        return answer.status_code, _words(answer)

    def _conclude(self, held: Held, status: int, words: str) -> None:
        if status < 300 or status == 401:  # its key ends with the session: it has ended, maybe by our first try
            self._delivered(held.id)
        else:
            self._refused(held, f"The host refused the answer: {words} ({status})")


def body_of(answer: Answer) -> tuple[str, bytes]:
    """(content type, body) as `PUT /v2/session/response` takes them."""
    if isinstance(answer.value, (bytes, bytearray)):
        return "application/octet-stream", bytes(answer.value)
    if isinstance(answer.value, str):
        return "text/plain; charset=utf-8", answer.value.encode(errors="replace")
    return "application/json", json.dumps(answer.value).encode()


def _words(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
