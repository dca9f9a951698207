"""Requests to the host: with an end to every wait, and tried again where that can do no harm."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import requests

from .backoff import Backoff
from .version import NAME, VERSION

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = (10, 300)
"""To connect, and between two bytes of the answer."""
GIVE_UP_SECONDS = 120.0
"""From the first try on. A host that is started anew is back within a moment."""
TRY_AGAIN = {429, 502, 503, 504}


class Refused(Exception):  # what happened, in a word
    """The host answered with a status of 400 or more. Its text is the answer's body, as in the public client."""

    def __init__(self, status: int, body: str, message: str) -> None:
        super().__init__(body)
        self.status = status
        """The HTTP status: 400 bad input, 401 the key is not good (any more), 403 no right, 404 not there."""
        self.body = body
        self.message = message
        """What the host says about it, in a sentence."""


class Asking:
    """One session of requests, with the key in the header."""

    def __init__(self, host: str, api_key: str, session: requests.Session) -> None:
        self._host, self._session = host.rstrip("/"), session
        self._headers = {"apikey": api_key, "User-Agent": f"{NAME}/{VERSION}"}

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        is_safe_twice: bool | None = None,
    ) -> Any:
        """The JSON of the answer; Refused when the host refused, a RequestException when it could not be reached.

        What is not known to be safe twice is sent again only where it surely has not arrived.
        """
        if is_safe_twice is None:
            is_safe_twice = method in ("GET", "PUT", "DELETE")
        pauses, gives_up_at = Backoff(), time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                answer = self._session.request(
                    method,
                    self._host + path,
                    params=query,
                    json=body,
                    headers=self._headers,
                    timeout=TIMEOUT_SECONDS,
                )
            except requests.RequestException as error:
                if time.monotonic() > gives_up_at or not (is_safe_twice or _was_never_sent(error)):
                    raise
                logger.warning("%s %s: %s; trying again.", method, path, type(error).__name__)
            else:
                is_busy = answer.status_code in TRY_AGAIN and (is_safe_twice or answer.status_code in (429, 503))
                if not is_busy or time.monotonic() > gives_up_at:
                    return _json_of(answer)
            threading.Event().wait(pauses.pause())


def _was_never_sent(error: requests.RequestException) -> bool:
    """Nobody was there to take it."""
    return isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in repr(error)


def _json_of(answer: requests.Response) -> Any:
    if answer.status_code < 400:
        return answer.json()
    try:
        message = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        message = answer.reason or "no reason was given"
    raise Refused(answer.status_code, answer.text, message)
