"""Small drawings of sessions, made on the server with SVG attributes: stacked bars, tapes and curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard import words
from pluginhost.models import Session

TAPE_TICKS = 22
_TICK_WIDTH, _TICK_STEP, _TAPE_HEIGHT = 4, 6, 24
_SPARK_WIDTH, _SPARK_HEIGHT = 84, 26
_DAY_STEP, _DAY_HEIGHT = 6, 28


def joined(form: str, rows: Iterable[tuple[object, ...]]) -> SafeString:
    """As `format_html_join`, of numbers and words that are ours: nothing is escaped, which is most of the work."""
    return mark_safe("".join(form.format(*row) for row in rows))  # noqa: S308


def stackbar(
    accepted: int = 0, rejected: int = 0, failed: int = 0, total: int | None = None, classes: str = ""
) -> SafeString:
    """Parts of a whole, drawn with SVG attributes; what is missing to `total` stays empty."""
    parts = [("accepted", accepted or 0, "s-ok"), ("rejected", rejected or 0, "s-partial")]
    parts += [("failed", failed or 0, "s-failed")] if failed else []
    known = sum(count for _, count, _ in parts)
    whole = max(total or 0, known)
    spoken = [f"{count:,} {name}" for name, count, _ in parts]
    spoken += [f"{whole - known:,} of {whole:,} without a result"] if whole > known else []
    bars, left = [], 0
    for _, count, colour in parts:
        if count:
            bars.append((left, count, colour))
        left += count
    return format_html(
        '<svg class="stackbar{}" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        f" {classes}" if classes else "",
        max(whole, 1),
        ", ".join(spoken),
        joined('<rect x="{}" width="{}" height="10" class="{}"/>', bars),
    )


def tape(sessions: Iterable[Session], linked: bool = False) -> SafeString:
    """One tick per session, oldest first: its height is the duration, its colour the state."""
    ticks = list(sessions)[-TAPE_TICKS:]
    longest = max((_seconds(session) for session in ticks), default=0) or 1
    drawn = [_tick(place, session, longest, linked) for place, session in enumerate(ticks, TAPE_TICKS - len(ticks))]
    return format_html(
        '<svg class="tape" viewBox="0 0 {} {}" role="{}" aria-label="{}">{}</svg>',
        TAPE_TICKS * _TICK_STEP,
        _TAPE_HEIGHT,
        "group" if linked else "img",
        _tape_in_words(ticks),
        joined("{}", ((tick,) for tick in drawn)),
    )


def _tick(place: int, session: Session, longest: float, linked: bool) -> SafeString:
    height = 4 + round((_TAPE_HEIGHT - 5) * _seconds(session) / longest)
    x, y, colour = place * _TICK_STEP, _TAPE_HEIGHT - height, words.shown(session.state).bar
    rect = joined(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="1" class="{}"><title>{}</title></rect>',
        [(x, y, _TICK_WIDTH, height, colour, _told(session))],
    )
    if not linked:
        return rect
    label = f"Session {session.pk}, {words.shown(session.state).word.lower()}"
    return format_html('<a href="{}" aria-label="{}">{}</a>', reverse("session", args=[session.pk]), label, rect)


def _told(session: Session) -> str:
    """Without a duration while it runs: the words would change with every look."""
    word = words.shown(session.state).word.lower()
    took = f", {words.duration(_seconds(session))}" if session.finished_at and session.started_at else ""
    return f"#{session.pk} {word}{took}"


def _seconds(session: Session) -> float:
    if session.started_at is None:
        return 0
    return ((session.finished_at or timezone.now()) - session.started_at).total_seconds()


def _tape_in_words(ticks: list[Session]) -> str:
    if not ticks:
        return "No sessions yet"
    counts: dict[str, int] = {}
    for session in ticks:
        word = words.shown(session.state).word.lower()
        counts[word] = counts.get(word, 0) + 1
    return f"Last {len(ticks)} sessions: " + ", ".join(f"{count} {word}" for word, count in counts.items())


def spark(values: Sequence[float]) -> SafeString:
    """A curve through the values, oldest first; nothing where there is nothing to see."""
    if len(values) < 2 or not any(values):
        return SafeString("")
    step = _SPARK_WIDTH / max(len(values) - 1, 1)
    top = max(values)
    points = [
        f"{step * place:.0f} {_SPARK_HEIGHT - 3 - (_SPARK_HEIGHT - 6) * value / top:.0f}"
        for place, value in enumerate(values)
    ]
    curve = " L".join(points)
    return format_html(
        '<svg class="spark" viewBox="0 0 {w} {h}" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="area" d="M0 {h} L{curve} L{w} {h}z"/>'
        '<path d="M{curve}" vector-effect="non-scaling-stroke"/></svg>',
        w=_SPARK_WIDTH,
        h=_SPARK_HEIGHT,
        curve=curve,
    )


def day_bars(values: Sequence[int], kind: str = "rejected") -> SafeString:
    """A bar for each day, the oldest first; the highest fills the height."""
    top = max(values, default=0) or 1
    bars = [
        (place * _DAY_STEP, _DAY_HEIGHT - height, _DAY_STEP - 1, height, value, len(values) - 1 - place)
        for place, value in enumerate(values)
        if (height := max(round(_DAY_HEIGHT * value / top), 2) if value else 0)
    ]
    drawn = joined('<rect x="{}" y="{}" width="{}" height="{}"><title>{}, {} days ago</title></rect>', bars)
    return format_html(
        '<svg class="daybars {}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        kind,
        len(values) * _DAY_STEP,
        _DAY_HEIGHT,
        f"{sum(values):,} in {len(values)} days, {values[-1]:,} of them today" if values else "",
        drawn,
    )
