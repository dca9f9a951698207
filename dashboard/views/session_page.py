"""What stands above every tab of a session: its state, how far it is or how it ended, and what one may do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from dashboard import outputs, said
from dashboard.reruns import reruns_of
from dashboard.scope_words import scope_words
from pluginhost import access, log_reading, summaries
from pluginhost.actions import retries
from pluginhost.models import Import, Session, SessionEvent
from pluginhost.outcomes import left_of
from pluginhost.prepared import Prepared
from pluginhost.principal import Principal

_SIGNS = {
    "queued": "◷", "running": "▶", "lost": "▶", "cancelling": "▶", "succeeded": "✓", "partial": "!", "failed": "✗",
    "crashed": "✗", "timed_out": "✗", "cancelled": "⊘",
}  # fmt: skip
_PICTURES = {"lost": "partial", "cancelling": "cancelled"}
_FAILURES = {
    "failed": "The script failed.",
    "crashed": "The script is gone.",
    "timed_out": "A time limit ended it.",
}
MOST_ATTEMPTS = 50


@dataclass(frozen=True)
class Part:
    """One colour of the bar, with its number and word."""

    word: str
    count: int
    colour: str
    start: int = 0


def frame(principal: Principal, session: Session, tab: str) -> dict[str, Any]:
    """The context of templates/sessions/_page.html."""
    responses = said.said_by(session)
    counts = summaries.counts_of(session) if session.is_final else _counts_by_now(session)
    imports = [state for (state,) in _IMPORTS.rows(session.pk)]
    inputs = session.inputs
    attempts = attempts_of(session)
    progress = None if session.is_final else summaries.progress_of(session)
    return {
        "session": session,
        "tab": tab,
        "sign": _SIGNS[session.state],
        "favicon": f"img/state-{_PICTURES.get(session.state, session.state)}.svg",
        "is_plugin_there": session.plugin.deleted_at is None,
        "may_run": access.may(principal, session.project.organization_id, access.RUNNER),
        "attempts": attempts,
        "reruns": [one for one in attempts[::-1] if one.rerun_of_id == session.pk],
        "goes_on": inputs.scope_asked.get("rest_of") is not None,
        "again": reruns_of(session, counts),
        "retry_number": retries.made_before(session) + 1 if session.retry_at else None,
        "scope_words": scope_words(inputs.scope_asked),
        "waiting": summaries.waiting_of(session),
        "progress": progress,
        **_pace(session, progress),
        "counts": counts,
        "parts": parts_of(counts, is_final=session.is_final),
        "sentence": summaries.outcome_sentence(session, counts, got=_got(imports)),
        "failure_word": _FAILURES.get(session.state, "Something went wrong."),
        "message": next((one for one in responses if not one.came_late), None),
        "late": [one for one in responses if one.came_late],
        "log_head": log_reading.head_of(session.pk),
        "imports_count": len(imports),
        "is_undone": bool(imports) and set(imports) == {Import.State.UNDONE},
        "imports_by_state": {state: imports.count(state) for state in set(imports)},
        "staged_count": imports.count(Import.State.STAGED),
        "events_count": _EVENTS.value(session.pk) or 0,
        "has_results": session.is_final or bool(imports),
        "output_instances": outputs.instances_in(session),
    }


_IMPORTS = Prepared(lambda session: Import.objects.filter(session=session).order_by().values_list("state"), 1)
_EVENTS = Prepared(
    lambda session: (
        SessionEvent.objects.filter(session=session)
        .order_by()
        .values("session")
        .annotate(count=Count("pk"))
        .values_list("count")
    ),
    1,
)


def _got(imports: Sequence[str]) -> str:
    """What assets got, by the states of the imports that brought it."""
    return "results that wait for review" if set(imports) == {Import.State.STAGED} else "pre-labels"


def _counts_by_now(session: Session) -> summaries.Counts:
    """From the session's own row: a running session's page is drawn often."""
    sent = session.accepted + session.rejected + session.unchanged + session.discarded
    return summaries.Counts(
        accepted=session.accepted,
        rejected=session.rejected,
        unchanged=session.unchanged,
        discarded=session.discarded,
        not_reached=max(left_of(session) - max(sent, session.assets_read), 0),
        no_result=max(session.assets_read - sent, 0),
        objects=session.objects_count,
    )


def _pace(session: Session, progress: summaries.Progress | None) -> dict[str, Any]:
    """How fast it goes, and how long it will take at that; nothing before it has gone for a while."""
    if progress is None or not progress.done or session.started_at is None:
        return {}
    elapsed = (timezone.now() - session.started_at).total_seconds()
    if elapsed < 3:
        return {}
    rate = progress.done / elapsed
    words = f"{rate:,.1f}/s" if rate >= 1 else f"{rate * 60:,.1f}/min"
    return {"rate": words, "left": progress.left / rate}


def parts_of(counts: summaries.Counts, *, is_final: bool) -> list[Part]:
    """The bar from left to right; what is empty is left out."""
    given = [
        ("accepted", counts.accepted, "s-ok"),
        ("unchanged", counts.unchanged, "s-same"),
        ("rejected", counts.rejected, "s-partial"),
        ("discarded", counts.discarded, "s-gone"),
        ("no result" if is_final else "read", counts.no_result, "s-read"),
        ("not reached", counts.not_reached, "s-rest"),
    ]
    parts, start = [], 0
    for word, count, colour in given:
        if count:
            parts.append(Part(word, count, colour, start))
        start += count
    return parts


def attempts_of(session: Session) -> list[Session]:
    """The session and its reruns, newest first; alone it has none to switch to."""
    found = _ATTEMPTS.objects(session.first_attempt_id or session.pk)
    return found if len(found) > 1 else []


def _attempts(first: int) -> QuerySet[Session]:
    family = Session.objects.filter(Q(pk=first) | Q(first_attempt=first)).only(
        "pk", "state", "attempt", "created_at", "rerun_of"
    )
    return family.order_by("-attempt", "-pk")[:MOST_ATTEMPTS]


_ATTEMPTS = Prepared(_attempts, 1)
