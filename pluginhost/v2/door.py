"""The door to `/v2`: who asks, by the `apikey` header, and answers that are JSON whatever happens (PROTOCOL 2.0)."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError

from pluginhost import access, authentication, throttle
from pluginhost.actions import api_keys, signs
from pluginhost.errors import Forbidden, Invalid, NotFound, PluginhostError, TooLarge, TooMany, Unauthenticated
from pluginhost.models import Session
from pluginhost.principal import Principal
from pluginhost.protocol import storable

from .query import Query

logger = logging.getLogger(__name__)

Answer = dict[str, Any]
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Call:
    """One request that was let in."""

    request: HttpRequest
    principal: Principal
    query: Query

    @property
    def session(self) -> Session | None:
        return self.principal.session

    @property
    def host(self) -> str:
        return self.request.get_host()

    @property
    def base(self) -> str:
        """Scheme and host as the client addressed us, for absolute URLs."""
        return f"{self.request.scheme}://{self.host}"

    @property
    def writer(self) -> str:
        """The least role for adding to a project: a session's key needs no more than its runner had to have."""
        return access.MANAGER if self.session is None else access.RUNNER

    def refuse_session_key(self, what: str) -> None:
        if self.session is not None:
            raise Forbidden(f"A session's key cannot {what}; use a personal API key.")

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent."""
        raw = self.request.read(settings.PLUGINHOST_BODY_LIMIT + 1)
        if len(raw) > settings.PLUGINHOST_BODY_LIMIT:
            raise TooLarge(f"The request is larger than {settings.PLUGINHOST_BODY_LIMIT:,} bytes; send it in parts.")
        try:
            value = storable.clean(json.loads(raw.decode(), parse_constant=_finite, parse_float=_finite))
        except (ValueError, RecursionError) as error:
            raise Invalid(f"The request's body is not JSON that can be stored: {str(error)[:200]}") from None
        if not isinstance(value, dict):
            raise Invalid("The request's body must be a JSON object.")
        return value


Handler = Callable[..., Answer]


def door(**handlers: Handler) -> View:
    """A view from the handlers of its methods: `door(GET=read, POST=change)`. Each returns the `data` of its answer."""

    def view(request: HttpRequest, **path: str) -> HttpResponseBase:
        try:
            return _success(_handled(request, handlers, path))
        except PluginhostError as error:
            return refusal(error)
        except TooManyFieldsSent:
            return refusal(Invalid("The query has too many parameters."))
        except (UnreadablePostError, RawPostDataException):
            return refusal(Invalid("The request broke off before it was whole."))
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return JsonResponse(
                {"status": "error", "message": "Something broke here; it was written down."}, status=500
            )

    view.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie counts here, only the key
    view.methods = tuple(handlers)  # type: ignore[attr-defined]
    return view


def _success(data: Answer) -> HttpResponse:
    answer = {"status": "success", "data": data}
    try:
        written = orjson.dumps(answer)
    except TypeError:  # whole numbers beyond 64 bits, which somebody's metadata may hold
        written = json.dumps(answer).encode()
    return HttpResponse(written, content_type="application/json")


def _handled(request: HttpRequest, handlers: dict[str, Handler], path: dict[str, str]) -> Answer:
    principal = admitted(request)
    method = "GET" if request.method == "HEAD" else str(request.method)
    if method not in handlers:
        raise _WrongMethod(f"{method} is not offered here; {' and '.join(sorted(handlers))} is.")
    return handlers[method](Call(request, principal, Query(request.GET)), **path)


def admitted(request: HttpRequest) -> Principal:
    """Who has the key in the header. A session's key is a sign of its life."""
    key = request.headers.get("apikey", "").strip()
    if not key:
        raise Unauthenticated("Invalid API KEY: send your key in the header «apikey».")
    with throttle.failures_of(str(request.META.get("REMOTE_ADDR", ""))):
        principal = authentication.by_key(key)
    if principal.session is not None:
        signs.seen(principal.session)
    elif principal.api_key is not None:
        api_keys.note_use(principal.api_key)
    return principal


def refusal(error: PluginhostError) -> JsonResponse:
    """Our own errors as the client knows failures: a true status code and a `message`."""
    body: Answer = {"status": "fail", "message": error.sentence}
    if error.errors:
        body["errors"] = error.errors
    response = JsonResponse(body, status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


def nothing_here(call: Call) -> Answer:
    call.refuse_session_key("do this")
    raise NotFound(f"There is nothing at {call.request.path[:200]}.")


def _finite(text: str) -> float:
    """NaN and Infinity are not JSON, and no database takes them in it."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no finite number")
    return number


class _WrongMethod(PluginhostError):
    status = 405
