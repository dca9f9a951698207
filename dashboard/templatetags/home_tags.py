"""What the home page draws and says."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard import activity
from pluginhost.models import Session
from pluginhost.summaries import Progress

register = template.Library()
register.simple_tag(activity.chart)


@register.filter
def day(moment: datetime) -> str:
    """A day on an axis: 16 Nov."""
    return f"{moment.astimezone(UTC):%-d %b}"


@register.simple_tag
def progress_bar(session: Session, progress: Progress) -> SafeString:
    """How far a session is: what was accepted, what was rejected, and what is done without a word of it yet."""
    given = min(session.accepted + session.unchanged, progress.total)
    refused = min(session.rejected, progress.total - given)
    rest = min(max(progress.done - given - refused, 0), progress.total - given - refused)
    parts = ((0, given, "s-ok"), (given, refused, "s-partial"), (given + refused, rest, "s-running"))
    return format_html(
        '<svg class="stackbar" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        max(progress.total, 1),
        f"{progress.done:,} of {progress.total:,} assets done, {given:,} accepted, {refused:,} rejected",
        format_html_join("", '<rect x="{}" width="{}" height="10" class="{}"/>', [part for part in parts if part[1]]),
    )
