"""Pre-labels, as the client sends them (PROTOCOL 3.4). The body is walked, never parsed whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from pluginhost import access
from pluginhost.actions import imports
from pluginhost.errors import Invalid, TooLarge
from pluginhost.import_sorting import Noticed, Refused
from pluginhost.models import Project
from pluginhost.protocol.walk import NotJson, Readable, Rewindable, Walk

from .door import Answer, Call
from .query import refused

ITEMS = ("jsonContent", "labels")


def receive(call: Call) -> Answer:
    """POST import/labels: `{"project": id, "jsonContent": [items]}`, the two in either order."""
    body = Rewindable(_Bounded(call.request))
    try:
        project = _project(call, body)
        received = imports.receive(call.principal, project, _items(Walk(body)), size=lambda: body.size, host=call.host)
    except NotJson as error:
        raise Invalid(f"{error} Nothing was imported.") from None
    finally:
        body.close()
    return _answer(received)


class _Bounded:
    """The request's body, up to the limit for imports."""

    def __init__(self, request: HttpRequest) -> None:
        self._stream: Readable = request
        self._left = settings.PLUGINHOST_IMPORT_LIMIT
        if int(request.META.get("CONTENT_LENGTH") or 0) > self._left:
            raise _too_large()

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise _too_large()
        return piece


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


def _items(walk: Walk) -> Iterator[Any]:
    """The items, one at a time; the older name of the list is understood too."""
    is_there = False
    for name in walk.members():
        if name in ITEMS:
            is_there = True
            if not walk.is_list():
                raise refused(name, "This must be a list of items. Nothing was imported.")
            yield from walk.items()
    if not is_there:
        raise refused("jsonContent", "This must be a list of items.")


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
