"""What pages say of managed scripts."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard import words
from dashboard.drawings import joined
from dashboard.supervised import Bar
from pluginhost.models import ScriptInstance, ScriptStart

register = template.Library()
_ROUND = 27
_EXITS = {-9: "killed", -15: "SIGTERM", -2: "SIGINT", -11: "SIGSEGV", -6: "SIGABRT"}


@register.filter
def script_state(state: str) -> str:
    """An instance's state as `words` knows it: there «building» is an export's."""
    return "making" if state == "building" else state


@register.filter
def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`; of tries there are few."""
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number if number < 20 else number % 10, 'th') }"


@register.filter
def ran(start: ScriptStart) -> str:
    """How long a start stayed up, or does by now."""
    return words.duration((start.ended_at or timezone.now()) - start.started_at)


@register.filter
def exit_word(start: ScriptStart) -> str:
    """Its exit code; or what ended it."""
    if start.ended_at is None:
        return "runs"
    if start.was_asked:
        return "stopped"
    if start.exit_code is None:
        return "?"
    return _EXITS.get(start.exit_code, str(start.exit_code))


@register.filter
def colour_of_start(start: ScriptStart) -> str:
    if start.ended_at is None:
        return "online"
    return "cancelled" if start.was_asked or start.exit_code == 0 else "crashed"


@register.simple_tag
def countdown(instance: ScriptInstance, wait_s: int, now: datetime | None = None) -> SafeString:
    """The ring that runs down to the next start; its script keeps it going."""
    left = max(((instance.next_start_at or timezone.now()) - (now or timezone.now())).total_seconds(), 0.0)
    gone = 100 - round(100 * min(left / max(wait_s, 1), 1))
    return format_html(
        '<div class="ring" aria-hidden="true" data-until="{}" data-wait="{}"><svg viewBox="0 0 64 64">'
        '<circle cx="32" cy="32" r="{}" class="track"/>'
        '<circle cx="32" cy="32" r="{}" class="gone" pathLength="100" stroke-dasharray="{} 100" '
        'transform="rotate(-90 32 32)"/><text x="32" y="33">{}</text><text x="32" y="46" class="u">seconds</text>'
        "</svg></div>",
        instance.next_start_at.isoformat() if instance.next_start_at else "",
        wait_s,
        _ROUND,
        _ROUND,
        gone,
        round(left),
    )


@register.simple_tag
def start_bars(bars: list[Bar]) -> SafeString:
    """The last starts, oldest first; the height is how long each stayed up."""
    good = sum(bar.start.up_at is not None for bar in bars)
    drawn = [(bar.x, bar.y, bar.height, bar.colour, _told(bar.start)) for bar in bars]
    return format_html(
        '<svg class="starts" viewBox="0 0 300 56" role="img" aria-label="{} of the last {} starts stayed up">{}</svg>',
        good,
        len(bars),
        joined('<rect x="{}" y="{}" width="10" height="{}" rx="1.5" class="{}"><title>{}</title></rect>', drawn),
    )


def _told(start: ScriptStart) -> str:
    """Without a duration while it runs: the words would change with every look."""
    lasted = f", {ran(start)}" if start.ended_at else ""
    return f"Start {start.number}: {exit_word(start)}{lasted}"
