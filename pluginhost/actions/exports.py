"""Exports: asked for, built by whoever takes them, and kept as a ZIP under an address of its own each."""

from __future__ import annotations

import json
import logging
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import audit, files, reads
from pluginhost.actions.timeline import tell
from pluginhost.errors import Invalid, TooMany
from pluginhost.export_choice import Choice
from pluginhost.export_reading import Pace, Reading
from pluginhost.models import Export, Project, User
from pluginhost.principal import Principal
from pluginhost.protocol.export_shapes import Json

logger = logging.getLogger(__name__)

State = Export.State
FINAL = (State.READY, State.FAILED)
MOST_ATTEMPTS = 3
MOST_UNDER_WAY = 8
"""So many may one key or person have waiting or being built at once."""
LEASE = timedelta(seconds=60)
"""A builder that has said nothing for so long is gone."""
DRAFT_SECONDS = 3600.0
_SAYS_SO_EACH_S = 2.0
_ZIP = "application/zip"


class TakenAway(Exception):
    """Somebody else builds it by now, since we were silent for too long."""


def ask(principal: Principal, project: Project, shape: str, choice: Choice, *, is_lines: bool) -> Export:
    """Write down that an export is wanted; with a session's key, one of its scope.

    Whoever asks for the same again while it is still queued is given that one: it will be as fresh.
    """
    if shape not in Export.Shape.values:
        raise Invalid(f"shape: choose one of {', '.join(Export.Shape.values)}.")
    with transaction.atomic():
        under_way = _under_way(principal)
        if (same := _same(under_way, project, shape, choice, is_lines=is_lines)) is not None:
            return same
        if len(under_way) >= MOST_UNDER_WAY:
            raise TooMany(f"You have {len(under_way)} exports under way; ask again when one of them is ready.")
        made = Export.objects.create(
            project=project,
            session=principal.session,
            asked_by=principal.user,
            shape=shape,
            is_lines=is_lines,
            filters=choice.as_json(),
        )
        audit.note(
            principal,
            "project.exported",
            organization=project.organization,
            target=project,
            details={"export": made.uid, "shape": shape},
        )
        nudge.project(project.pk)
    return made


def _under_way(principal: Principal) -> list[Export]:
    """The asker's own; the user's row is ours until the commit, so that whoever asks twice at once is counted."""
    user = User.objects.select_for_update(no_key=True).get(pk=principal.user.pk)
    own = Export.objects.filter(asked_by=user, session=principal.session)
    return list(own.filter(state__in=(State.QUEUED, State.BUILDING)))


def _same(
    under_way: Iterable[Export], project: Project, shape: str, choice: Choice, *, is_lines: bool
) -> Export | None:
    """The one among them that is about the very same, and not begun."""
    asked = (State.QUEUED, project.pk, shape, is_lines, json.loads(json.dumps(choice.as_json())))
    for one in under_way:
        if (one.state, one.project_id, one.shape, one.is_lines, one.filters) == asked:
            return one
    return None


def is_large(export: Export) -> bool:
    """Whether it takes so long that it is built in the background."""
    return Reading(export).has_more_than(settings.PLUGINHOST_EXPORT_BACKGROUND_ITEMS)


def build_next() -> bool:
    """Build the one that waits longest; False when none may be taken now."""
    _give_up_hopeless()
    waiting = Export.objects.filter(_takable()).order_by("pk").values_list("pk", flat=True).first()
    if waiting is None or _at_work() >= settings.PLUGINHOST_EXPORT_BUILDERS:
        return False
    build(waiting)
    return True


def build(export_id: int) -> None:
    """Build it, if nobody else does. Whatever goes wrong is written into it: nobody waits for ever."""
    taken = _take(export_id)
    if taken is None:
        return
    try:
        _write_and_keep(taken)
    except TakenAway:
        logger.warning("export %s was taken over by somebody else", export_id)
    except OSError as error:
        logger.exception("export %s could not be written", export_id)
        _fail(taken, f"It could not be written into the data directory: {error.strerror or error}.")
    except Exception:  # the edge of the builder's loop
        logger.exception("export %s failed", export_id)
        _fail(taken, "Something broke here while it was built; it was written down in the server's log.")


def sweep() -> None:
    """Take away what builders that died left behind."""
    files.remove_old_drafts(time.time() - DRAFT_SECONDS)


# --- who builds ---


def _takable() -> Q:
    silent = Q(state=State.BUILDING, building_at__lt=timezone.now() - LEASE)
    return (Q(state=State.QUEUED) | silent) & Q(attempts__lt=MOST_ATTEMPTS)


def _at_work() -> int:
    return Export.objects.filter(state=State.BUILDING, building_at__gte=timezone.now() - LEASE).count()


def _take(export_id: int) -> _Taken | None:
    now = timezone.now()
    taken = Export.objects.filter(_takable(), pk=export_id).update(
        state=State.BUILDING, building_at=now, attempts=F("attempts") + 1, items=0
    )
    if not taken:
        return None
    export = Export.objects.select_related("project__organization", "session__scope", "asked_by").get(pk=export_id)
    nudge.project(export.project_id)
    return _Taken(export)


def _give_up_hopeless() -> None:
    """Those whose every builder died: most likely of them."""
    silent = Export.objects.filter(
        state=State.BUILDING, building_at__lt=timezone.now() - LEASE, attempts__gte=MOST_ATTEMPTS
    )
    for export in silent:
        _fail(_Taken(export), f"It was begun {export.attempts} times, and each time the process that built it ended.")


# --- building ---


@dataclass
class _Taken:
    """An export that is ours to build, as long as we say so now and then."""

    export: Export

    def __post_init__(self) -> None:
        self._said_at = time.monotonic()
        self.numbers: set[int] = set()
        """Of the assets that it has, for a session's key."""

    def write(self, draft: Path) -> int:
        """Write the ZIP; how many items it has. Its first and only entry is the payload, also where that is empty."""
        name = f"export-{self.export.uid}.{'ndjson' if self.export.is_lines else 'json'}"
        with (
            zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED, compresslevel=4) as packed,
            packed.open(name, "w", force_zip64=True) as payload,
        ):
            return self._write_items(payload)

    def _write_items(self, payload: IO[bytes]) -> int:
        reading, pace, items = Reading(self.export), Pace(), 0
        between = b"\n" if self.export.is_lines else b",\n"
        payload.write(b"" if self.export.is_lines else b"[")
        for piece in reading.pieces(pace):
            size = 0
            for text in _texts(piece):
                size += payload.write(between + text if items else text)
                items += 1
            pace.note(len(piece), size)
            self._say_so(items)
        payload.write(b"" if self.export.is_lines else b"]")
        self.numbers = reading.numbers
        return items

    def _say_so(self, items: int) -> None:
        """That it is still built, every few seconds."""
        if time.monotonic() - self._said_at < _SAYS_SO_EACH_S:
            return
        self._said_at = time.monotonic()
        self.move(building_at=timezone.now(), items=items)
        nudge.project(self.export.project_id)

    def move(self, **fields: object) -> None:
        """Change it as long as it is ours; every builder has its own number of attempt."""
        ours = Export.objects.filter(pk=self.export.pk, state=State.BUILDING, attempts=self.export.attempts)
        if not ours.update(**fields):
            raise TakenAway


def _texts(piece: list[Json]) -> Iterator[bytes]:
    """Plain ASCII without a line break inside: newer clients split the payload at any of them."""
    for item in piece:
        yield json.dumps(item, separators=(",", ":")).encode()


def _write_and_keep(taken: _Taken) -> None:
    draft = files.draft()
    try:
        _finish(taken, draft, taken.write(draft))
    finally:
        draft.unlink(missing_ok=True)


@transaction.atomic
def _finish(taken: _Taken, draft: Path, items: int) -> None:
    export = taken.export
    taken.move(building_at=timezone.now())  # it is still ours, and nobody takes it before we are done
    stored = files.keep(
        draft, f"export-{export.uid}.zip", _ZIP, project=export.project, kind="exports", created_by=export.asked_by
    )
    taken.move(state=State.READY, items=items, file=stored, finished_at=timezone.now())
    if export.session is not None:
        reads.note_read(export.session, taken.numbers)
        tell(export.session, "exported", f"An export with {items:,} {'item' if items == 1 else 'items'} was built.")
    nudge.project(export.project_id)


def _fail(taken: _Taken, sentence: str) -> None:
    try:
        with transaction.atomic():
            taken.move(state=State.FAILED, error=sentence[:500], finished_at=timezone.now())
            nudge.project(taken.export.project_id)
    except TakenAway:
        logger.warning("export %s was taken over by somebody else", taken.export.pk)
