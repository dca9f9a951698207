"""Pre-labels, as the client sends them (PROTOCOL 3.4). The body is walked, never parsed whole."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from pluginhost import access
from pluginhost.actions import imports
from pluginhost.errors import Invalid, TooLarge
from pluginhost.import_sorting import Noticed, Refused
from pluginhost.models import Project
from pluginhost.protocol.import_body import items_of
from pluginhost.protocol.json_place import NotJson
from pluginhost.protocol.plain_items import decode_items
from pluginhost.protocol.streams import Bounded, Readable, Rewindable
from pluginhost.protocol.walk import Walk

from .door import Answer, Call
from .query import refused


def receive(call: Call) -> Answer:
    """POST import/labels: `{"project": id, "jsonContent": [items]}`, the two in either order."""
    body = Rewindable(_bounded(call.request))
    try:
        project = _project(call, body)
        items = items_of(Walk(body, form=decode_items))
        received = imports.receive(call.principal, project, items, size=lambda: body.size, host=call.host)
    except NotJson as error:
        raise Invalid(f"{error} Nothing was imported.") from None
    finally:
        body.close()
    return _answer(received)


def _bounded(request: HttpRequest) -> Readable:
    """The request's body, up to the limit for imports."""
    limit = settings.PLUGINHOST_IMPORT_LIMIT
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise _too_large()
    return Bounded(request, limit, _too_large)


def _too_large() -> TooLarge:
    limit = settings.PLUGINHOST_IMPORT_LIMIT
    return TooLarge(f"An import is at most {limit:,} bytes; send it in several requests. Nothing was imported.")


def _project(call: Call, body: Rewindable) -> Project:
    """The project that the body names: nearly always at its beginning, and then nothing is read twice."""
    walk = Walk(body)
    for name in walk.members():
        if name == "project":
            uid = walk.value()
            body.rewind()
            return access.project(call.principal, uid if isinstance(uid, str) else "", need=access.RUNNER)
    raise refused("project", "Name the project by its id.")


def _answer(received: imports.Received) -> Answer:
    counts = received.counts
    return {
        "project": f"{received.labeled} / {received.labeled + counts.rejected} tasks are labeled.",
        "import": received.imported.pk,
        "state": received.imported.state,
        "items": counts.items,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "unchanged": counts.unchanged,
        "objects": counts.objects,
        "reasons": dict(counts.reasons),
        "notices": dict(+counts.notices),
        "rejections": [{**_said(one), "externalId": one.name} for one in sorted(received.rejections, key=_index)],
        "remarks": [_said(one) for one in sorted(received.notices, key=_index)],
    }


def _said(one: Refused | Noticed) -> dict[str, Any]:
    return {"index": one.index, "code": one.code, "path": one.path, "message": one.message}


def _index(one: Refused | Noticed) -> int:
    return one.index
