"""What is kept about a project and its sessions, counted anew from the rows."""

from __future__ import annotations

from pluginhost.models import Import, PreLabel, Project, ProjectHead, Session
from pluginhost.outcomes import outcomes_of

STANDING = ("staged", "applied")


def assert_kept_right(project: Project) -> None:
    """The numbers beside the ledger are those that the ledger gives."""
    live = PreLabel.objects.filter(asset__project=project, origin__state="applied", is_unchanged=False)
    head = ProjectHead.objects.get(project=project)
    assert head.pre_labeled == live.order_by().values("asset").distinct().count()
    for session in Session.objects.filter(project=project):
        given = PreLabel.objects.filter(origin__session=session, is_unchanged=False).exclude(origin__state="receiving")
        taken = set(given.exclude(origin__state="discarded").values_list("asset", flat=True))
        assert session.accepted == len(taken)
        assert session.discarded == len(set(given.values_list("asset", flat=True)) - taken)
        assert_outcomes_agree(session)
        assert session.objects_count == sum(_newest(session).values())


def assert_outcomes_agree(session: Session) -> None:
    """What lists say of a session is what its outcomes are, asset by asset."""
    found = outcomes_of(session)
    kept = (session.accepted, session.discarded, session.rejected)
    assert kept == (len(found.accepted), len(found.discarded), len(found.rejected) + found.outside)
    sizes = [len(numbers) for _, numbers in found.items()]
    assert sum(sizes) == len(found.whole)


def _newest(session: Session) -> dict[int, int]:
    """The objects of each asset's last result that stands: what was applied later comes after, what is staged last."""
    found: dict[int, int] = {}
    imports = Import.objects.filter(session=session, state__in=STANDING)
    for one in sorted(imports, key=lambda one: one.applied_seq or 2**60 + one.pk):
        rows = PreLabel.objects.filter(origin=one, is_unchanged=False).values_list("asset_id", "objects_count")
        found.update(rows)
    return found
