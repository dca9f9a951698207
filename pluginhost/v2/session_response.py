"""The answer of our own client's session, where it is large: as one frame it would keep pings and lines waiting.

The body is the answer itself, and its content type says of which form it is.
"""

from __future__ import annotations

import base64

import orjson
from django.conf import settings
from django.utils import timezone

from pluginhost.actions import reports
from pluginhost.errors import Forbidden, Invalid, TooLarge
from pluginhost.models import Response
from pluginhost.protocol import storable

from .door import Answer, Call

Form = Response.Form


def put(call: Call) -> Answer:
    """PUT session/response: text/plain, application/json or application/octet-stream. The session ends by it."""
    if call.session is None:
        raise Forbidden("A response is sent with the key of its session: the `apiKey` of its order.")
    form, body = _parsed(call, _read(call))
    reports.finish(call.session, None, form, body, timezone.now())
    return {"session": call.session.uid}


def _read(call: Call) -> bytes:
    limit = settings.PLUGINHOST_MESSAGE_LIMIT
    raw = call.request.read(limit + 1)
    if len(raw) > limit:
        raise TooLarge(f"The response is larger than {limit // 2**20} MB. Import results in parts instead.")
    return raw


def _parsed(call: Call, raw: bytes) -> tuple[str, str]:
    """(form, body) as they are stored."""
    kind = call.request.content_type
    if kind == "application/octet-stream":
        return Form.BYTES, base64.b64encode(raw).decode()
    if kind not in ("text/plain", "application/json"):
        raise Invalid("A response is text/plain, application/json or application/octet-stream; say so in Content-Type.")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Invalid("The response is not UTF-8.") from None
    if kind == "text/plain":
        return Form.TEXT, storable.clean_text(text)
    return _json(raw, text)


def _json(raw: bytes, text: str) -> tuple[str, str]:
    """Looked through by the quickest parser there is: everybody waits for it."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"The response is not JSON: {str(error)[:200]}") from None
    return (Form.NOTHING, "") if value is None else (Form.JSON, text)
