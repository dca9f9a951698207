"""What templates say with: icons, badges, times, numbers, and the small drawings, without a style attribute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select, Textarea
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard import drawings, thumbnails, words
from dashboard.drawn import DrawnAsset
from dashboard.overlay import Mark
from dashboard.shapes import Sheet
from dashboard.spans import Piece
from dashboard.standings import Standing
from pluginhost.models import Connection, Session, User

register = template.Library()

# --- icons and badges: a page has a hundred, most of them alike. `typed`, since a safe text equals an unsafe one. ---


@register.simple_tag
@lru_cache(1_000, typed=True)
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of the sprite: `{% icon "clock" %}`, `{% icon "loader-2" "spin l" %}`."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {classes}" if classes else "",
        static("icons.svg"),
        name,
    )


@register.simple_tag
@lru_cache(1_000, typed=True)
def badge(state: str, word: str = "", classes: str = "", id: str = "") -> SafeString:
    """A state with its icon, word and colour: `{% badge session.state %}`, `{% badge "online" word="Online 2" %}`."""
    state = str(state)
    known = words.shown(state)
    colour = words.colour(state)
    mark = _mark(known.icon, state) if known.icon else format_html('<span class="dot" data-state="{}"></span>', colour)
    return format_html(
        '<span class="badge{}"{} data-state="{}">{}{}</span>',
        f" {classes}" if classes else "",
        format_html(' id="{}"', id) if id else "",
        colour,
        mark,
        word or known.word,
    )


@register.simple_tag
def avatar(user: User, classes: str = "s") -> SafeString:
    """The round mark of a person; the name stands beside it."""
    colours = ("", " b", " c")
    return format_html(
        '<span class="avatar {}{}" aria-hidden="true">{}</span>', classes, colours[user.pk % 3], user.initials
    )


@register.simple_tag
def standing_badge(standing: Standing, classes: str = "") -> SafeString:
    """How a plugin stands: `{% standing_badge standing "bare" %}`."""
    if standing.state == "paused":
        return badge("paused", classes=classes)
    if standing.is_online:
        return badge("online", f"{standing.scripts} online", classes)
    if standing.trouble:
        return badge(standing.trouble, classes=classes)
    if standing.seen_at is None:
        return badge("offline", "Never connected", classes)
    return badge("offline", format_html("Offline since {}", hour(standing.seen_at)), classes)


def _mark(name: str, state: str) -> SafeString:
    return icon(name, "spin" if state in {"running", "receiving", "building", "making", "starting"} else "")


# --- times and numbers ---


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago; the page's script keeps it true and puts the full time into its title."""
    return _time(moment, "ago", words.ago(moment)) if moment else "never"


@register.filter
def clock(moment: datetime | None) -> SafeString | str:
    """The time of day, or the date before today; the page's script shows it in the chosen zone."""
    return _time_of_day(moment, "clock", "%H:%M:%S")


@register.filter
def hour(moment: datetime | None) -> SafeString | str:
    """As `clock`, without seconds."""
    return _time_of_day(moment, "hour", "%H:%M")


def _time_of_day(moment: datetime | None, form: str, today: str) -> SafeString | str:
    if moment is None:
        return "–"
    there = moment.astimezone(UTC)
    is_today = there.date() == timezone.now().astimezone(UTC).date()
    return _time(moment, form, f"{there:{today}}" if is_today else f"{there:%-d %b, %H:%M}")


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """Date and time, in full."""
    return _time(at, "full", f"{at.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC") if at else "–"


@register.filter
def since(start: datetime | None) -> SafeString | str:
    """How long it has been; ticks in the page."""
    return _time(start, "since", words.duration(timezone.now() - start)) if start else "–"


def _time(at: datetime, kind: str, text: str) -> SafeString:
    """Words and figures of ours alone: nothing is escaped, since lists have hundreds of times."""
    there = at.astimezone(UTC)
    stamp = there.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    title = f"{there:%-d %b %Y, %H:%M:%S} UTC"
    return mark_safe(f'<time datetime="{stamp}" data-time="{kind}" title="{title}">{text}</time>')  # noqa: S308


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    return words.duration(seconds)


@register.filter
def milliseconds(number: float) -> str:
    """`0.8 ms`, `12 ms`, `1.2 s`."""
    if number >= 1000:
        return words.duration(number / 1000)
    return f"{number:.1f} ms" if number < 9.95 else f"{number:.0f} ms"


@register.filter
def stayed(stay: Connection) -> str:
    """How long a script was here."""
    return words.duration((stay.closed_at or timezone.now()) - stay.opened_at)


@register.filter
def span(seconds: int) -> str:
    """A limit in words: 24 h, 30 min."""
    return words.span(int(seconds))


@register.filter
def grouped(number: int | float | None) -> str:
    return words.grouped(number)


@register.filter
def unlocalized(number: float) -> str:
    """A number as a form takes it."""
    return f"{number:g}"


@register.filter
def percent(share: float | None) -> str:
    """`96.4 %`, without a needless zero."""
    return "–" if share is None else f"{share:.1f}".removesuffix(".0") + " %"


@register.filter
def noun(count: int, forms: str) -> str:
    """A number with its noun: `{{ n|noun:"asset,assets" }}` → `1 asset`, `1,204 assets`."""
    one, many = forms.split(",")
    return f"{words.grouped(count)} {one if count == 1 else many}"


@register.filter
def duration_of(session: Session) -> SafeString | str:
    """How long a session ran, or runs by now."""
    if session.started_at is None:
        return "–"
    if session.finished_at is None:
        return since(session.started_at)
    return words.duration(session.finished_at - session.started_at)


# --- drawings ---

register.simple_tag(drawings.stackbar)
register.simple_tag(drawings.tape)
register.simple_tag(drawings.spark)
register.simple_tag(drawings.day_bars)


# --- assets ---


@register.simple_tag
def picture(drawn: DrawnAsset, is_plain: bool = False, is_whole: bool = False) -> SafeString:
    """An asset's small picture with what is drawn over it: `{% picture drawn %}`."""
    icons = icon("alert-triangle", "l"), icon("external-link", "l")
    return thumbnails.picture(drawn, *icons, is_plain=bool(is_plain), is_whole=is_whole)


@register.filter
def marked(pieces: list[Piece]) -> SafeString:
    """A text's pieces with their marks."""
    return thumbnails.text(pieces)


@register.simple_tag
def sheet_with(sheet: Sheet, marks: list[tuple[int, Mark]]) -> SafeString:
    """A page of a document with what is marked on it."""
    return thumbnails.sheet(sheet, marks)


@register.filter
def legend_of(drawn: DrawnAsset) -> SafeString:
    """The classes of its objects with their colours and numbers."""
    return thumbnails.legend(drawn.classes)


@register.filter
def tags_of(drawn: DrawnAsset) -> SafeString:
    """The same as tags."""
    return thumbnails.tags(drawn.classes)


@register.filter
def confident_of(drawn: DrawnAsset) -> SafeString:
    """Its surest objects as tags with their confidence."""
    return thumbnails.confident(drawn.confident)


# --- parts of pages ---


@register.inclusion_tag("parts/_crumbs.html")
def crumbs(*steps: str) -> dict[str, Any]:
    """`{% crumbs "Plugins" plugins_url "Detector" %}`: words, each but the last followed by its address."""
    pairs = list(zip(steps[:-1:2], steps[1:-1:2], strict=True))
    return {"links": pairs, "here": steps[-1]}


@register.inclusion_tag("parts/_field.html")
def field(bound: BoundField, hint: str = "", classes: str = "") -> dict[str, Any]:
    """A form's field with label, hint and errors, tied together for screen readers."""
    identifier = bound.auto_id
    said = [f"{identifier}-hint"] if hint or bound.help_text else []
    said += [f"{identifier}-error"] if bound.errors else []
    attributes: dict[str, str | bool] = {"class": f"{_input_class(bound)} {classes}".strip()}
    if said:
        attributes["aria-describedby"] = " ".join(said)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    if isinstance(bound.field.widget, Textarea):
        attributes["spellcheck"] = "false" if "prose" not in classes else "true"
    return {
        "bound": bound,
        "id": identifier,
        "hint": hint or bound.help_text,
        "widget": bound.as_widget(attrs=attributes),
        "is_check": isinstance(bound.field.widget, CheckboxInput),
    }


def _input_class(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, (CheckboxInput, CheckboxSelectMultiple, RadioSelect)):
        return ""
    if isinstance(widget, Textarea):
        return "area"
    return "select" if isinstance(widget, Select) else "input"
