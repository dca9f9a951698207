"""The demo: a project with drawn images, and two plugins for it. It is made once; who deletes it has it gone."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from pluginhost import file_links
from pluginhost.actions import assets, audit, batches, files, plugins, projects
from pluginhost.errors import NotFound
from pluginhost.models import AuditEvent, Organization, Plugin, Project, Role, User
from pluginhost.principal import Principal

FINDER = "Shape finder"
SIZE = {"width": 640, "height": 480}
CLASSES = {"Circle": "#d1495b", "Triangle": "#2f7fb5", "Square": "#178f6b"}
BATCHES = ("morning", "evening")
_MADE = "demo.made"
_SAMPLE: dict[str, Any] = {
    "name": "Sample boxes",
    "description": "The documented sample: a box of random size and place for each class, on one page of assets.",
    "class_names": list(CLASSES),
    "default_config": {"page_size": 10},
}
_FINDER: dict[str, Any] = {
    "name": FINDER,
    "description": "Looks at every image and puts a box around each circle, triangle and square that it finds.",
    "class_names": list(CLASSES),
    "default_config": {"min_area": 250, "batch_size": 8},
    "config_schema": {
        "type": "object",
        "properties": {
            "min_area": {"type": "integer", "minimum": 1, "description": "The smallest shape that counts, in pixels."},
            "batch_size": {"type": "integer", "minimum": 1, "description": "How many assets go in one import."},
        },
    },
}


@transaction.atomic
def make(admin: User) -> None:
    """The demo in the organization that `admin` owns, unless it was made before."""
    organization = Organization.objects.filter(members__user=admin, members__role=Role.OWNER).order_by("pk").first()
    if organization is None or AuditEvent.objects.filter(organization=organization, verb=_MADE).exists():
        return
    principal = Principal(user=admin)
    project = _project(principal, organization)
    for fields in (_SAMPLE, _FINDER):
        projects.enable_plugin(principal, project, plugins.register(principal, organization, fields))
    audit.note(None, _MADE, organization=organization, target=project)


def _project(principal: Principal, organization: Organization) -> Project:
    project = projects.create(principal, organization, "Shapes", "24 drawn images with circles, triangles and squares.")
    tools = [{"tool": "bounding-box", "title": name, "color": color} for name, color in CLASSES.items()]
    project = projects.set_category_schema(principal, project, {"tools": tools})
    batches.upsert(principal, project, BATCHES)
    images = sorted((Path(settings.BASE_DIR) / "examples" / "shapes").glob("*.jpg"))
    half = (len(images) + 1) // 2
    for name, part in zip(BATCHES, (images[:half], images[half:]), strict=True):
        assets.add(principal, project, [_asset(principal, project, image) for image in part], in_batches=[name])
    return project


def _asset(principal: Principal, project: Project, image: Path) -> dict[str, Any]:
    """The image as one of our own files, and the item that makes an asset of it."""
    stored = files.reserve(principal, project, image.name)
    with image.open("rb") as stream:
        files.receive(stored, stream, settings.PLUGINHOST_UPLOAD_LIMIT)
    return {"data": f"{file_links.PREFIX}{stored.key}", "externalId": image.name, "metadata": dict(SIZE)}


def finder() -> Plugin:
    """The demo's Shape finder; NotFound when there is no demo, or none any more."""
    found = Plugin.objects.present().filter(name=FINDER).order_by("pk").first()
    if found is None:
        raise NotFound("There is no demo here. Start with PLUGINHOST_DEMO=1 and an empty data directory to have it.")
    return found


def connect_command(url: str) -> str:
    """The one command that connects the Shape finder to this server, to be run in the checkout."""
    folder = Path(settings.PLUGINHOST_DATA_DIR)
    elsewhere = "" if folder == Path(settings.BASE_DIR) / "var" else f"PLUGINHOST_DATA_DIR={shlex.quote(str(folder))} "
    if not elsewhere and url == "http://127.0.0.1:8000":
        return "make shape-finder"
    return f"{elsewhere}examples/connect {shlex.quote(url)}"


def credentials() -> dict[str, Any]:
    """What the command asks for: ID and secret of the Shape finder, revealed to its owner."""
    plugin = finder()
    secret = plugins.reveal_secret(Principal(user=plugin.owner), plugin)
    return {"PLUGINHOST_ID": plugin.uid, "PLUGINHOST_SECRET": secret}
