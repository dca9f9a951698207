"""Receiving pre-labels: an import is a ledger entry, true as a whole and at once, or not there at all.

Its rows are written in chunks while it is `receiving` and count for nothing; then one UPDATE of its state makes
all of them true. An import that breaks off is taken away again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import import_assets, import_overlap, processes
from pluginhost.actions.import_counts import Counts
from pluginhost.actions.import_rows import Rows
from pluginhost.actions.timeline import tell
from pluginhost.errors import Conflict, Unauthenticated
from pluginhost.import_sorting import Noticed, Refused
from pluginhost.import_standing import STANDING
from pluginhost.models import Import, Notice, PreLabel, Project, ProjectHead, Rejection, Session
from pluginhost.models.session import Existing
from pluginhost.outcomes import refused_by
from pluginhost.principal import Principal
from pluginhost.protocol.numbers import NumberSet

logger = logging.getLogger(__name__)

_REMOVED_AT_ONCE = 5_000
_LAST_WORDS = timedelta(seconds=90)
"""A process that hands over may finish what it was receiving, for a minute."""


@dataclass(frozen=True)
class Received:
    """What became of a request; `rejections` and `notices` are the first hundred."""

    imported: Import
    counts: Counts
    rejections: list[Refused]
    notices: list[Noticed]

    @property
    def labeled(self) -> int:
        """Tasks that have what was sent, whether it was new or there before."""
        return self.counts.assets + self.counts.unchanged_assets


def receive(
    principal: Principal,
    project: Project,
    items: Iterable[object],
    *,
    size: Callable[[], int] = lambda: 0,
    host: str = "",
) -> Received:
    """Take the items as they come, none of them kept, and make the import true when the last one was read.

    `size` tells how many bytes were read; `host` is where our own files are addressed. Whatever breaks it off
    (also an error that `items` raises) leaves nothing behind.
    """
    imported = _begin(principal, project)
    rows = Rows(imported, project, host)
    standing = _Standing(project)
    try:
        rows.take(items)
        _make_true(imported, standing, rows.counts, rows.given, size())
    except IntegrityError:  # a sweep took the import away while it was written
        remove(imported)
        raise _taken_for_broken_off() from None
    except BaseException:
        remove(imported)
        raise
    logger.info("import %s of project %s: %s accepted", imported.pk, project.pk, rows.counts.accepted)
    return Received(imported, rows.counts, rows.first_rejections, rows.first_notices)


def remove(imported: Import) -> None:
    """Take away an import that never became whole, in steps that hold up nobody."""
    for model in (PreLabel, Rejection, Notice):
        mine = model.objects.filter(origin=imported, origin__state=Import.State.RECEIVING).order_by()
        while some := list(mine.values_list("pk", flat=True)[:_REMOVED_AT_ONCE]):
            model.objects.filter(pk__in=some).delete()
    Import.objects.filter(pk=imported.pk, state=Import.State.RECEIVING).delete()


def remove_unfinished() -> int:
    """Take away what processes that are gone were receiving; how many imports that were."""
    now = timezone.now()
    gone = Q(process__ended_at__lt=now - _LAST_WORDS) | Q(process=None, received_at__lt=now - timedelta(days=1))
    unfinished = list(Import.objects.filter(gone, state=Import.State.RECEIVING))
    for imported in unfinished:
        remove(imported)
    return len(unfinished)


@transaction.atomic
def _begin(principal: Principal, project: Project) -> Import:
    session = principal.session
    return Import.objects.create(
        project=project,
        session=session,
        plugin=session.plugin if session else None,
        user=principal.user,
        process=processes.current(),
        existing=session.inputs.existing if session else Existing.REPLACE,
    )


class _Standing:
    """What stood in the project when the import began, to see whether others came between."""

    def __init__(self, project: Project) -> None:
        self._place = ProjectHead.objects.values_list("last_applied", flat=True).get(project=project)

    def is_moved(self, head: ProjectHead) -> bool:
        return head.last_applied != self._place


@transaction.atomic
def _make_true(imported: Import, standing: _Standing, counts: Counts, given: NumberSet, size: int) -> None:
    """One UPDATE, and the numbers that are kept about it. The project's head orders whoever comes at once.

    `given` are the assets that it gives something new.
    """
    head = ProjectHead.objects.select_for_update().get(project=imported.project_id)
    session = _still_good(imported.session)
    given = given - head.deleted
    import_assets.keep(imported, given)
    others = import_overlap.overlap(imported, given)
    if standing.is_moved(head):
        _recount(imported, counts, others.own)
    is_staged = session is not None and session.inputs.review_first
    place, now = head.last_applied + 1, timezone.now()
    applied = {"state": Import.State.APPLIED, "applied_at": now, "applied_seq": place}
    moved = Import.objects.filter(pk=imported.pk, state=Import.State.RECEIVING).update(
        **({"state": Import.State.STAGED} if is_staged else applied),
        size=size,
        items=counts.items,
        accepted=counts.accepted,
        rejected=counts.rejected,
        unchanged=counts.unchanged,
        objects_count=counts.objects,
        classes=+counts.classes,
        reasons=dict(counts.reasons),
        notices=+counts.notices,
        hid_assets=0 if is_staged else len(others.hidden),
    )
    if not moved:
        raise _taken_for_broken_off()
    labeled = 0 if is_staged else len(given - others.applied)
    ProjectHead.objects.filter(pk=head.pk).update(
        last_applied=place, last_import_at=now, pre_labeled=F("pre_labeled") + labeled
    )
    if session is not None:
        is_skipping = imported.existing == Existing.SKIP and not is_staged
        skipped = len(others.applied - others.own) if is_skipping else 0
        _note_on_session(session, imported, counts, len(given - others.own), is_staged=is_staged, skipped=skipped)
    imported.refresh_from_db()
    nudge.project(imported.project_id)


def _taken_for_broken_off() -> Conflict:
    return Conflict("The server took this import for broken off; send it again.")


def _still_good(session: Session | None) -> Session | None:
    """The session as it is now. One that was cancelled meanwhile takes nothing any more."""
    if session is None:
        return None
    found = Session.objects.select_for_update(of=("self",)).select_related("inputs").get(pk=session.pk)
    if found.key_revoked_at is not None:
        raise Unauthenticated(f"Session #{found.pk} was ended while this was received; nothing of it was kept.")
    return found


def _recount(imported: Import, counts: Counts, own: NumberSet) -> None:
    """Others were applied or undone meanwhile: what our rows take the place of is counted again.

    `own` are those of its assets that other imports of the same session gave something.
    """
    counts.replaced_assets = counts.replaced_objects = 0
    if own:
        mine = PreLabel.objects.filter(origin=imported, is_unchanged=False)
        rows = PreLabel.objects.filter(
            asset__in=mine.values("asset"),
            origin__session=imported.session_id,
            origin__state__in=STANDING,
            is_unchanged=False,
        ).exclude(origin=imported)
        newest = dict(rows.order_by(import_assets.PLACE).values_list("asset_id", "objects_count"))
        counts.replaced_assets, counts.replaced_objects = len(newest), sum(newest.values())


# --- what the session's page says ---


def _note_on_session(
    session: Session, imported: Import, counts: Counts, newly: int, *, is_staged: bool, skipped: int
) -> None:
    """Its counts are of assets, each once, and of the objects that they have from it now; `newly` had none from it."""
    changes: dict[str, Any] = {
        "accepted": F("accepted") + newly,
        "objects_count": F("objects_count") + counts.objects - counts.replaced_objects,
    }
    if counts.rejected or counts.notices["passed_over"] or session.rejected:
        changes["rejected"] = refused_by(session)
    if session.discarded:
        changes["discarded"] = len(import_assets.discarded_of(session))
    Session.objects.filter(pk=session.pk).update(**changes)
    tell(session, "import", _sentence(imported, counts, is_staged=is_staged, skipped=skipped))
    nudge.session(session.pk)


def _sentence(imported: Import, counts: Counts, *, is_staged: bool, skipped: int) -> str:
    """«Import 15: 50 assets, 231 objects, 1 rejected»; `skipped` assets go on showing what they had."""
    parts = [_of(counts.assets, "asset"), _of(counts.objects, "object")]
    parts += [f"{counts.rejected:,} rejected"] if counts.rejected else []
    parts += [f"{counts.unchanged:,} unchanged"] if counts.unchanged else []
    parts += [f"{counts.replaced_assets:,} replaced what it had sent before"] if counts.replaced_assets else []
    parts += [f"{_of(skipped, 'asset')} had pre-labels and keep{'s' if skipped == 1 else ''} them"] if skipped else []
    return f"Import {imported.pk}: {', '.join(parts)}{'; waiting for review' if is_staged else ''}"


def _of(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
