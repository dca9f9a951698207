"""The table of contents of `/v2`. Slashes may be doubled anywhere: a host that ends in one makes them."""

from django.urls import URLPattern, re_path

from . import (
    assets,
    attachments,
    batches,
    exports,
    imports,
    issues,
    notifications,
    project,
    session_response,
    task_work,
    tasks,
    uploads,
)
from .door import View, door, nothing_here

_EVERYTHING = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), nothing_here)


def _at(route: str, view: View) -> URLPattern:
    """`project/<uid>/assets`, with as many slashes between as come."""
    parts = [f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("<") else part for part in route.split("/")]
    return re_path("^" + "/+".join(parts) + "/*$", view, name=route)


urlpatterns = [
    _at("listProjects", door(GET=project.listing)),
    _at("project", door(POST=project.create)),
    _at("project/<uid>", door(GET=project.read, POST=project.change)),
    _at("project/<uid>/assets", door(GET=assets.listing, DELETE=assets.delete)),
    _at("project/<uid>/cloud", door(POST=assets.cloud)),
    _at("project/<uid>/tasks", door(GET=tasks.listing)),
    _at("project/<uid>/requeueTasks", door(POST=task_work.requeue)),
    _at("project/<uid>/updatePriority", door(POST=task_work.update_priority)),
    _at("priority/<uid>", door(POST=task_work.set_priority)),
    _at("task/assign", door(POST=task_work.assign)),
    _at("task/<uid>", door(GET=tasks.read)),
    _at("task/<uid>/status", door(POST=task_work.set_status)),
    _at("task/<uid>/history", door(GET=task_work.history)),
    _at("annotate/<uid>", door(POST=task_work.annotate)),
    _at("taskHistory/<uid>", door(GET=task_work.step)),
    _at("review/<uid>", door(POST=task_work.review)),
    _at("issues", door(GET=issues.listing, POST=issues.create)),
    _at("issues/<uid>", door(POST=issues.change, DELETE=issues.delete)),
    _at("issues/<uid>/comment", door(POST=issues.comment)),
    _at("notifications", door(POST=notifications.send)),
    _at("batches/<uid>", door(POST=batches.upsert)),
    _at("assignBatches", door(POST=batches.assign)),
    _at("attachments", door(POST=attachments.add)),
    _at("getUploadUrl", door(GET=uploads.upload_url)),
    _at("getSignedUrl", door(GET=uploads.signed_url)),
    _at("export", door(GET=exports.export)),
    _at("exportV3", door(GET=exports.export_v3)),
    _at("import/labels", door(POST=imports.receive)),
    _at("session/response", door(PUT=session_response.put)),
    re_path("", door(**_EVERYTHING)),
]
