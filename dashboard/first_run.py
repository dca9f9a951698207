"""The checklist of a new installation: from nothing to the first pre-labels. Each step is found in the facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from pluginhost import access
from pluginhost.actions.demo import FINDER
from pluginhost.models import AuditEvent, Connection, ManagedScript, Plugin, PluginInProject, Project, Session
from pluginhost.principal import Principal
from pluginhost.protocol import category_schema

_ASSETS = "Drop files, or give their addresses."
_TOOLS = "What a label may be: boxes, polygons, classes."
_WENT_WELL = (Session.State.SUCCEEDED, Session.State.PARTIAL)


class Link(NamedTuple):
    word: str
    address: str


@dataclass(frozen=True)
class Step:
    """One line: is it done, what is there, and where to do it."""

    title: str
    told: str
    is_done: bool = False
    at: datetime | None = None
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True)
class Checklist:
    steps: list[Step]
    demo: Plugin | None
    demo_project: Project | None
    may_manage: bool
    demo_script: ManagedScript | None = None
    may_start_demo: bool = False

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if not step.is_done), None)


def is_new(principal: Principal) -> bool:
    """Whether no session that this user may see has gone well yet."""
    seen = access.sessions(principal)
    return not seen.filter(state__in=_WENT_WELL).order_by().exists()


def checklist(principal: Principal) -> Checklist:
    """The steps with the newest project and plugin of each kind, in a fixed number of queries."""
    may_manage = access.organizations(principal, access.MANAGER).exists()
    projects = access.projects(principal).select_related("head").order_by("-head__assets", "-pk")
    project = projects.first()
    plugins = access.plugins(principal).order_by("-pk")
    places = PluginInProject.objects.filter(plugin__in=plugins, project__in=access.projects(principal))
    place = places.select_related("plugin", "project").order_by("-pk").first()
    stay = Connection.objects.filter(plugin__in=plugins, was_accepted=True).select_related("plugin").first()
    plugin = stay.plugin if stay else place.plugin if place else plugins.first()
    steps = [
        *_of_project(project),
        _registered(plugin),
        _copied(plugin, stay),
        _connected(plugin, stay),
        _enabled(place, project, plugin),
        _ran(principal, _ready_place(places, stay) or place),
    ]
    demo = plugins.filter(name=FINDER).first()
    used = PluginInProject.objects.filter(plugin=demo).select_related("project").first() if demo else None
    script = ManagedScript.objects.filter(plugin=demo).first() if demo else None
    is_there = script is not None and script.wanted == ManagedScript.Wanted.RUNNING
    may_start = demo is not None and not is_there and access.owns(principal, demo)
    return Checklist(steps, demo, used.project if used else None, may_manage, script if is_there else None, may_start)


def _of_project(project: Project | None) -> list[Step]:
    if project is None:
        new = Link("New project", reverse("project_new"))
        return [
            Step("Create a project", "It holds the assets and the labeling tools.", links=[new]),
            Step("Add assets", _ASSETS),
            Step("Make the labeling tools", _TOOLS),
        ]
    assets = project.head.assets
    tools = sum(len(project.category_schema.get(kind) or []) for kind in category_schema.KINDS)
    add = Link("Add assets", reverse("project_assets_add", args=[project.uid]))
    make = Link("Labeling tools", reverse("project_tools", args=[project.uid]))
    return [
        Step("Create a project", project.name, True, project.created_at),
        Step("Add assets", f"{assets:,} in {project.name}" if assets else _ASSETS, assets > 0, links=[add]),
        Step("Make the labeling tools", f"{tools} in {project.name}" if tools else _TOOLS, tools > 0, links=[make]),
    ]


def _registered(plugin: Plugin | None) -> Step:
    if plugin is None:
        told = "A plugin is a name, an ID and a secret for your script."
        return Step("Register a plugin", told, links=[Link("Register a plugin", reverse("plugin_new"))])
    return Step("Register a plugin", f"{plugin.name}; it has an ID and a secret", True, plugin.created_at)


def _copied(plugin: Plugin | None, stay: Connection | None) -> Step:
    """Its secret was looked at, or a script knows it already."""
    title, told = "Copy the filled-in script", "Reveal the secret on its Development page; the snippet fills itself in."
    if plugin is None:
        return Step(title, told)
    seen = AuditEvent.objects.filter(
        organization=plugin.organization_id, verb="plugin.secret_revealed", target_uid=plugin.uid
    ).first()
    link = Link("Open the filled-in script", reverse("plugin_development", args=[plugin.uid]))
    if seen or stay:
        return Step(title, f"for {plugin.name}", True, seen.at if seen else None)
    return Step(title, told, links=[link])


def _connected(plugin: Plugin | None, stay: Connection | None) -> Step:
    title = "Start it and see it go green"
    if stay is not None:
        told = f"{stay.plugin.name}, from {stay.address or 'an unknown address'}"
        return Step(title, told, True, stay.opened_at)
    told = "We wait for its first heartbeat. Nothing to open in a firewall: it calls us."
    links = [Link("It does not connect", reverse("plugin_connections", args=[plugin.uid]))] if plugin else []
    return Step(title, told, links=links)


def _enabled(place: PluginInProject | None, project: Project | None, plugin: Plugin | None) -> Step:
    title = "Enable it in the project"
    if place is not None:
        return Step(title, f"{place.plugin.name} in {place.project.name}", True, place.created_at)
    links = [Link("Plugins of the project", reverse("project_plugins", args=[project.uid]))] if project else []
    return Step(title, "Its classes are matched to the labeling tools by name; the rest by hand.",
                links=links if plugin else [])  # fmt: skip


def _ready_place(places: object, stay: Connection | None) -> PluginInProject | None:
    """Where the script that is here can be run."""
    if stay is None:
        return None
    found: PluginInProject | None = places.filter(plugin=stay.plugin_id).first()  # type: ignore[attr-defined]
    return found


def _ran(principal: Principal, place: PluginInProject | None) -> Step:
    title, told = "Run it", "You watch the log, see the boxes, and can run it again."
    session = access.sessions(principal).select_related("plugin").order_by("-pk").first()
    if session is not None and session.state in _WENT_WELL:
        return Step(title, f"#{session.pk} {session.plugin.name}", True, session.finished_at)
    links = []
    if place is not None:
        address = reverse("project_run", args=[place.project.uid, place.plugin.uid])
        links.append(Link(f"Run {place.plugin.name} in {place.project.name}", address))
    if session is not None:
        told = f"#{session.pk} is {session.get_state_display().lower()}."
        links.append(Link(f"Open #{session.pk}", reverse("session", args=[session.pk])))
    return Step(title, told, links=links)
