"""How plugins stand: online with so many scripts, offline since when, quarantined, or never connected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from pluginhost.models import Connection, ManagedScript, Plugin, ScriptInstance
from pluginhost.prepared import Prepared

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class Columns(TypedDict):
        scripts: int
        seen_at: datetime | None
        is_online: bool
        trouble: str | None

    StandingPlugin: TypeAlias = WithAnnotations[Plugin, Columns]


@dataclass(frozen=True)
class Standing:
    """`state` is online, offline or paused; `scripts` counts who is here, `seen_at` is when the last one left.

    `trouble` is the state of a managed script that does not stay up: backing_off or gave_up.
    """

    state: str
    scripts: int
    seen_at: datetime | None
    trouble: str = ""

    @property
    def is_online(self) -> bool:
        return self.scripts > 0

    @property
    def has_connected(self) -> bool:
        return self.is_online or self.seen_at is not None


# «gave_up» sorts after «backing_off».
_TROUBLED = ScriptInstance.objects.filter(
    script__plugin=OuterRef("pk"),
    script__wanted=ManagedScript.Wanted.RUNNING,
    state__in=[ScriptInstance.State.BACKING_OFF, ScriptInstance.State.GAVE_UP],
)


def with_standing(plugins: QuerySet[Plugin]) -> QuerySet[StandingPlugin]:
    """The plugins with `scripts`, `seen_at` and `is_online`, for `standing`: a seek in an index for each."""
    stays = Connection.objects.filter(plugin=OuterRef("pk"))
    present = stays.open().order_by().values("plugin").annotate(count=Count("pk")).values("count")
    newest = stays.filter(was_accepted=True).order_by("-id").annotate(until=Coalesce("closed_at", F("last_seen_at")))
    return plugins.annotate(
        scripts=Coalesce(Subquery(present), 0),
        seen_at=Subquery(newest.values("until")[:1]),
        is_online=Q(scripts__gt=0),
        trouble=Subquery(_TROUBLED.order_by("-state").values("state")[:1]),
    )


_ONE = Prepared(lambda plugin: with_standing(Plugin.objects.filter(pk=plugin)).only("quarantined_at"), 1)


def standing(plugin: StandingPlugin) -> Standing:
    """Of a plugin that came through `with_standing`."""
    state = "paused" if plugin.is_quarantined() else "online" if plugin.is_online else "offline"
    return Standing(state, plugin.scripts, plugin.seen_at, plugin.trouble or "")


def standing_of(plugin: Plugin) -> Standing:
    """Of one plugin, asked now."""
    return standing(_ONE.first(plugin.pk))
