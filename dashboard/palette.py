"""«Go to…»: what somebody may mean by a few letters, out of what they may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.db.models import Q
from django.urls import reverse

from pluginhost import access
from pluginhost.models import Member, PluginInProject, Role, Session
from pluginhost.principal import Principal

from .newest import newest_of

EACH = 6
MOST_LETTERS = 100
_MOST_SEARCHED = 20_000


@dataclass(frozen=True)
class Item:
    """One line: where it leads, or what the page does (`does`), under a heading."""

    group: str
    title: str
    detail: str = ""
    icon: str = ""
    address: str = ""
    does: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def items(principal: Principal, asked: str) -> list[Item]:
    """Fewer than fifty, whatever is asked. `run detector` offers to run what follows; `#12` is a session."""
    text = asked.replace("\0", "").strip()[:MOST_LETTERS]
    word, _, rest = text.partition(" ")
    if word.lower() == "run":
        return list(_runs(principal, rest.strip()))
    return [
        *_sessions(principal, text),
        *_plugins(principal, text),
        *_projects(principal, text),
        *(_runs(principal, text) if text else ()),
        *_places(principal, text),
    ]


def _sessions(principal: Principal, text: str) -> Iterator[Item]:
    """By number, or by name among the newest; without a word the last ones."""
    seen = access.sessions(principal).select_related("plugin", "project").defer("error")
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) <= 18:
        found = list(seen.filter(pk=int(number)))
    elif text.startswith("#"):
        return
    else:
        named = Q(name__icontains=text) | Q(plugin__name__icontains=text) if text else Q()
        found = newest_of(seen.filter(named), EACH if text else 4, within=_MOST_SEARCHED)
    yield from map(_session, found)


def _session(session: Session) -> Item:
    detail = f"{session.get_state_display()} · {session.project.name}"
    title = f"#{session.pk} {session.name or session.plugin.name}"
    return Item("Sessions", title, detail, "history", reverse("session", args=[session.pk]))


def _plugins(principal: Principal, text: str) -> Iterator[Item]:
    found = access.plugins(principal).filter(name__icontains=text).order_by("name", "pk")
    for uid, name in found.values_list("uid", "name")[:EACH]:
        yield Item("Plugins", name, "", "plug", reverse("plugin", args=[uid]))


def _projects(principal: Principal, text: str) -> Iterator[Item]:
    found = access.projects(principal).filter(name__icontains=text).order_by("name", "pk")
    for uid, name, assets in found.values_list("uid", "name", "head__assets")[:EACH]:
        yield Item("Projects", name, f"{assets:,} assets", "folders", reverse("project", args=[uid]))


def _runs(principal: Principal, text: str) -> Iterator[Item]:
    """Each plugin in each project where its words all occur."""
    members = Member.objects.filter(user=principal.user, role__in=Role.at_least(access.RUNNER))
    found = PluginInProject.objects.filter(
        plugin__in=access.plugins(principal),
        project__in=access.projects(principal).filter(organization__in=members.values("organization")),
    )
    for word in text.split()[:8]:
        found = found.filter(Q(plugin__name__icontains=word) | Q(project__name__icontains=word))
    rows = found.order_by("plugin__name", "project__name").values_list(
        "plugin__uid", "plugin__name", "project__uid", "project__name"
    )
    for plugin_uid, plugin, project_uid, project in rows[: EACH * 2]:
        address = reverse("project_run", args=[project_uid, plugin_uid])
        yield Item("Run", f"Run {plugin} in {project}", "", "player-play", address)


def _places(principal: Principal, text: str) -> Iterator[Item]:
    """The pages that are always there, and what any page can do."""
    here = [
        Item("Pages", "Home", "", "home", reverse("home")),
        Item("Pages", "Projects", "", "folders", reverse("projects")),
        Item("Pages", "Plugins", "", "plug", reverse("plugins")),
        Item("Pages", "Run history", "all sessions", "history", reverse("sessions")),
        Item("Pages", "Notifications", "", "bell", reverse("notifications")),
        Item("Pages", "Organization", "members and roles", "users", reverse("organizations")),
        Item("Pages", "API keys", "", "key", reverse("api_keys")),
        Item("Commands", "Switch between light and dark", "theme", "moon", does="theme"),
        Item("Commands", "Show the keys", "?", "keyboard", does="keys"),
        Item("Commands", "Register a plugin", "", "plus", reverse("plugin_new")),
        Item("Commands", "New project", "", "plus", reverse("project_new")),
    ]
    yield from (item for item in here if text.lower() in f"{item.title} {item.detail}".lower())
