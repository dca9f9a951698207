"""The stays of a plugin's scripts as its Connections tab tells them: who is here, who was refused, who has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from dashboard.paging import Page, page_of
from pluginhost.ids import is_id
from pluginhost.models import Connection, Plugin, Session, UnknownCaller

State = Connection.State
PAGE = 50
MOST_REFUSED = 20
_TELLS = (("version", ""), ("python", "Python "), ("host", "on "), ("pid", "pid "))


@dataclass(frozen=True)
class Stay:
    """One row: the connection, what it is at work on, how often it came back in a day, and what to do about it."""

    stay: Connection
    sessions: list[Session]
    limit: int
    came_back: int
    told: str
    cure: str

    @property
    def is_here(self) -> bool:
        return self.stay.state != State.CLOSED

    @property
    def state(self) -> str:
        """The word of its badge."""
        if self.is_here and not self.stay.was_accepted:
            return "refused"
        if self.stay.state == State.OPEN and self.stay.is_draining:
            return "draining"
        return self.stay.state


def present(plugin: Plugin) -> list[Stay]:
    """The newest of those that are here and were let in; with work to do or kept without."""
    stays = Connection.objects.filter(plugin=plugin, was_accepted=True).exclude(state=State.CLOSED)
    return _told(plugin, list(stays.order_by("state", "-id")[:PAGE]), are_here=True)


def refused(plugin: Plugin) -> list[Stay]:
    """The newest of those whose secret was wrong from first to last."""
    stays = Connection.objects.filter(plugin=plugin, was_accepted=False).order_by("-last_seen_at")
    return _told(plugin, list(stays[:MOST_REFUSED]))


@dataclass(frozen=True)
class Unknown:
    """A row of those whose id no plugin has."""

    caller: UnknownCaller
    cure: str


def unknown(plugin: Plugin, address: str) -> list[Unknown]:
    """Who named no plugin at all in the last week, from where this plugin's scripts come, or from `address`: whoever
    looks, since he may just have started his script. From elsewhere it is somebody else's."""
    known = Connection.objects.filter(plugin=plugin, was_accepted=True).order_by().values("address")
    lately = UnknownCaller.objects.filter(last_at__gte=timezone.now() - timedelta(days=7))
    callers = lately.filter(Q(address__in=known) | Q(address=address))[:MOST_REFUSED]
    return [Unknown(caller, _cure_of_id(caller)) for caller in callers]


def _cure_of_id(caller: UnknownCaller) -> str:
    if caller.is_deleted:
        return "The plugin with this ID was deleted."
    if not is_id(caller.given_id):
        return "This is no ID: an ID has 24 letters and digits. Copy it from the Development tab."
    return "No plugin has this ID. If this one is meant, copy its ID from the Development tab."


def past(plugin: Plugin, asked: Mapping[str, Any]) -> tuple[Page[Connection], list[Stay]]:
    """Those that were here and have gone, by pages."""
    stays = Connection.objects.filter(plugin=plugin, was_accepted=True, state=State.CLOSED)
    page = page_of(stays, asked, key="id", size=PAGE, newest_first=True)
    return page, _told(plugin, page.rows)


def _told(plugin: Plugin, stays: Sequence[Connection], *, are_here: bool = False) -> list[Stay]:
    at_work = Session.objects.held().filter(connection__in=stays).order_by("id") if are_here and stays else []
    returns = _returns(plugin, stays) if are_here and stays else {}
    return [
        Stay(
            stay=stay,
            sessions=[session for session in at_work if session.connection_id == stay.pk],
            limit=_limit(stay, plugin),
            came_back=returns.get((stay.address, stay.instance), 0),
            told=" · ".join(f"{word}{stay.told[name]}" for name, word in _TELLS if stay.told.get(name)),
            cure=cure(stay, plugin),
        )
        for stay in stays
    ]


def _limit(stay: Connection, plugin: Plugin) -> int:
    """How many sessions it gets at once: our own client may ask for fewer than its plugin allows."""
    own = stay.told.get("concurrency")
    return min(own, plugin.concurrency) if isinstance(own, int) and own > 0 else plugin.concurrency


def _returns(plugin: Plugin, stays: Sequence[Connection]) -> dict[tuple[str, str], int]:
    """How many stays from the same place, of the same instance where it tells, ended in the last day."""
    of_a_day = Connection.objects.filter(plugin=plugin, state=State.CLOSED, was_accepted=True)
    ended = of_a_day.filter(closed_at__gte=timezone.now() - timedelta(days=1))
    mine = ended.filter(Q(address__in={stay.address for stay in stays}))
    rows = mine.order_by().values_list("address", "instance").annotate(count=Count("pk"))
    return {(address, instance): count for address, instance, count in rows}


def cure(stay: Connection, plugin: Plugin) -> str:
    """What makes a script work that is kept out; empty where nothing is wrong."""
    if stay.state == State.OPEN or (stay.state == State.CLOSED and stay.was_accepted):
        return ""
    if stay.is_to_go:
        return "Start the script anew: a new connection gets work again."
    if not stay.was_accepted or "secret" in stay.reason.casefold():
        return _cure_of_secret(stay, plugin)
    if plugin.is_quarantined():
        return "Release the plugin on its Settings tab; its scripts get work again by themselves."
    return "Start the script anew."


def _cure_of_secret(stay: Connection, plugin: Plugin) -> str:
    if "rotated" in stay.reason:
        at = f"{plugin.secret_set_at:%-d %b %Y, %H:%M} UTC"
        return f"The secret is another one since {at}. Reveal it on the Development tab and put it into the script."
    return "Copy the secret from the Development tab, all of it, without blanks or quotation marks of its own."
