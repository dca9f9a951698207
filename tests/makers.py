"""Makers of things that tests are about; a test names only what it cares for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from pluginhost import authentication
from pluginhost.actions import api_keys, batches, claims, log_lines, organizations, plugins, projects, sessions
from pluginhost.models import (
    Asset,
    Batch,
    Connection,
    Import,
    LogHead,
    Organization,
    Plugin,
    PreLabel,
    Project,
    ProjectHead,
    Rejection,
    Session,
    Task,
    User,
)
from pluginhost.principal import Principal

PASSWORD = "correct horse battery"
TOOLS = {
    "tools": [
        {"tool": "bounding-box", "title": "Car", "schemaId": "c" * 24, "color": "#d1495b"},
        {"tool": "bounding-box", "title": "Bus", "schemaId": "b" * 24, "color": "#2f7fb5"},
        {"tool": "polygon", "title": "Road", "schemaId": "a" * 24, "color": "#178f6b"},
    ],
    "classifications": [],
    "relations": [],
}


def make_user(username: str) -> User:
    return User.objects.create_user(username, f"{username}@example.org", PASSWORD)


def make_organization(owner: User, **members: User) -> Organization:
    """`make_organization(alice, viewer=bob)`."""
    organization = organizations.create(f"{owner.username}'s", owner)
    for role, user in members.items():
        organizations.set_member(organization, user, role)
    return organization


def principal(user: User) -> Principal:
    return authentication.by_user(user)


def make_plugin(owner: User, organization: Organization, **fields: Any) -> Plugin:
    given = {"name": "Detector", "class_names": ["Car", "Bus"], "default_config": {"threshold": 0.5}, **fields}
    return plugins.register(principal(owner), organization, given)


def make_project(owner: User, organization: Organization, assets: int = 0, name: str = "Streets") -> Project:
    project = projects.create(principal(owner), organization, name)
    projects.set_category_schema(principal(owner), project, TOOLS)
    if assets:
        make_assets(project, assets)
    project.refresh_from_db()
    return project


def make_assets(project: Project, count: int) -> list[Asset]:
    """Rows as `actions.assets` makes them, without going through its files and checks."""
    head = ProjectHead.objects.get(project=project)
    first = head.last_number + 1
    rows = [
        Asset(
            project=project,
            number=number,
            external_id=f"image_{number:04}.jpg",
            data=f"https://example.org/image_{number:04}.jpg",
            data_digest=f"{number:032x}",
            metadata={"width": 640, "height": 480},
        )
        for number in range(first, first + count)
    ]
    made = Asset.objects.bulk_create(rows)
    Task.objects.bulk_create([Task(asset=asset, project=project) for asset in made])
    ProjectHead.objects.filter(project=project).update(last_number=first + count - 1, assets=head.assets + count)
    project.refresh_from_db()
    return made


def make_session(user: User, project: Project, plugin: Plugin, **request: Any) -> Session:
    projects.enable_plugin(principal(user), project, plugin)
    return sessions.start(principal(user), project, plugin, sessions.Request(**request))


def make_api_key(user: User) -> str:
    return api_keys.create(user, "test")


def make_connection(plugin: Plugin, sid: str = "sid", address: str = "10.0.0.1") -> Connection:
    """A script of the plugin that was let in."""
    return Connection.objects.create(
        plugin=plugin, sid=sid, address=address, transport="websocket", state=Connection.State.OPEN, was_accepted=True
    )


def make_running(user: User, project: Project, plugin: Plugin, **request: Any) -> Session:
    """A session that a script has been sent."""
    session = make_session(user, project, plugin, **request)
    connection = make_connection(plugin)
    order = claims.claim(connection.pk)
    assert order is not None
    assert claims.mark_sent(order.session_id, connection.pk)
    session.refresh_from_db()
    return session


def make_import(session: Session, accepted: Iterable[int] = (), rejected: Iterable[int] = ()) -> Import:
    """An applied import of the session with one box for each of these asset numbers, and these refused."""
    project = Project.objects.get(pk=session.project_id)
    assets = {asset.number: asset for asset in Asset.objects.filter(project=project)}
    seq = Import.objects.filter(project=project).count() + 1
    accepted, rejected = list(accepted), list(rejected)
    made = Import.objects.create(
        project=project, session=session, plugin=session.plugin, state=Import.State.APPLIED, applied_seq=seq,
        applied_at=timezone.now(), items=len(accepted) + len(rejected), accepted=len(accepted), rejected=len(rejected),
        objects_count=len(accepted),
    )  # fmt: skip
    box = {"schemaId": "c" * 24, "bounding-box": {"x": 10, "y": 20, "width": 30, "height": 40}}
    content = json.dumps({"objects": [box], "classifications": [], "relations": []})
    PreLabel.objects.bulk_create(
        PreLabel(origin=made, asset=assets[number], index=index, content=content, content_digest="x", objects_count=1)
        for index, number in enumerate(accepted)
    )
    Rejection.objects.bulk_create(
        Rejection(origin=made, asset=assets[number], index=index, code="bad_geometry", message="width is 0")
        for index, number in enumerate(rejected, len(accepted))
    )
    return made


def box(schema_id: str = "c" * 24, x: float = 1, y: float = 2, width: float = 30, height: float = 40) -> dict[str, Any]:
    return {"schemaId": schema_id, "bounding-box": {"x": x, "y": y, "width": width, "height": height}}


def make_labels(
    project: Project,
    objects: Mapping[int, list[dict[str, Any]]],
    plugin: Plugin,
    session: Session | None = None,
    existing: str = "replace",
) -> Import:
    """An applied import that gives these objects to the assets of these numbers."""
    assets = dict(Asset.objects.filter(project=project, number__in=objects).values_list("number", "pk"))
    made = Import.objects.create(
        project=project, session=session, plugin=plugin, state=Import.State.APPLIED, applied_at=timezone.now(),
        applied_seq=Import.objects.filter(project=project).count() + 1, items=len(objects), accepted=len(objects),
        objects_count=sum(map(len, objects.values())), existing=existing,
    )  # fmt: skip
    PreLabel.objects.bulk_create(
        PreLabel(
            origin=made, asset_id=assets[number], index=index, content=json.dumps({"objects": given}),
            content_digest="x", objects_count=len(given),
        )
        for index, (number, given) in enumerate(objects.items())
    )  # fmt: skip
    return made


def make_batch(project: Project, name: str, numbers: Iterable[int]) -> Batch:
    (batch,) = batches.upsert(by_nobody(project), project, [name])
    batches.place(list(Asset.objects.filter(project=project, number__in=list(numbers))), [batch])
    return batch


def enable(project: Project, plugin: Plugin) -> None:
    projects.enable_plugin(by_nobody(project), project, plugin)


def by_nobody(project: Project) -> Principal:
    """Whoever made the project, where a test does not care who does something."""
    assert project.created_by is not None
    return principal(project.created_by)


def make_lines(session: Session, count: int, level: int = 20, text: str = "line {number}", extra: str = "") -> None:
    """Log lines as a script's would be stored; `text` may hold `{number}`."""
    first = LogHead.objects.values_list("last", flat=True).get(session=session) + 1
    lines = [log_lines.Line(timezone.now(), level, text.format(number=first + n), extra) for n in range(count)]
    with transaction.atomic():
        log_lines.add(session, None, lines)
