"""Errors in the one shape of the API: `{"status":"error","message":…,"errors":[{"path","message"}]?}`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel

from pluginhost.errors import FieldError, PluginhostError, TooMany

logger = logging.getLogger(__name__)
NO_KEY = (
    "This takes an API key: send it as «Authorization: Bearer <key>» or «apikey: <key>». "
    "Keys are made under «API keys» in the menu of your account, or with «manage.py createapikey <username>»."
)
_PLAIN_WORDS = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such field here.",
    "string_unicode": "This holds half a character (a lone surrogate).",
}


class Wrong(BaseModel):
    path: str
    message: str


class Problem(BaseModel):
    """Every answer from 400 up."""

    status: str = "error"
    message: str
    errors: list[Wrong] | None = None


def problem(status: int, message: str, errors: Sequence[FieldError] = ()) -> JsonResponse:
    body: dict[str, Any] = {"status": "error", "message": message}
    if errors:
        body["errors"] = list(errors)
    return JsonResponse(body, status=status)


def of_ours(request: HttpRequest, error: PluginhostError) -> HttpResponse:
    response = problem(error.status, error.sentence, error.errors)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Pluginhost"'
    return response


def of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors: list[FieldError] = [
        {"path": _path(wrong["loc"]), "message": _PLAIN_WORDS.get(wrong["type"], f"{wrong['msg']}.")}
        for wrong in error.errors
    ]
    first = errors[0]
    return problem(422, f"{first['path']}: {first['message']}" if first["path"] else first["message"], errors)


def _path(location: Sequence[str | int]) -> str:
    """`scope.assets[3]` of («body», the parameter's name, «scope», «assets», 3)."""
    source, *rest = location
    is_named = source == "body" or (len(rest) > 1 and isinstance(rest[1], str))
    path = ""
    for part in rest[1:] if is_named else rest:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def of_ninja(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, PluginhostError):  # ninja wraps whatever the reading of a body raises
        return of_ours(request, cause)
    return problem(error.status_code, str(error))


def of_no_key(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem(401, NO_KEY)
    response["WWW-Authenticate"] = 'Bearer realm="Pluginhost"'
    return response


def of_a_large_body(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes.")


def of_a_lost_body(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:
    return problem(400, "The body did not arrive whole.")


def of_a_defect(request: HttpRequest, error: Exception) -> HttpResponse:
    """The edge: whatever we did not think of is logged whole and told briefly."""
    logger.exception("%s %s failed", request.method, request.path)
    return problem(500, "Something went wrong on our side. It was logged; please try again.")


def in_shape(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view of ninja's, whose own 404 and 405 are plain text, made to answer like the others."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            return unknown(request)
        response.setdefault("Cache-Control", "no-store")  # it may hold a secret
        if response.status_code != 405:
            return response
        allowed = response["Allow"]
        refusal = problem(405, f"{request.method} is not for {request.path}; it takes {allowed}.")
        refusal["Allow"] = allowed
        return refusal

    return answer


def unknown(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    return problem(404, f"There is no call {request.path}. All calls are listed at /api/docs.")


unknown.csrf_exempt = True  # type: ignore[attr-defined]
