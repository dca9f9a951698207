"""The table of contents of `/v2`. Slashes may be doubled anywhere: a host that ends in one makes them."""

from django.urls import URLPattern, re_path

from . import assets, batches, exports, imports, project, tasks, uploads
from .door import View, door, nothing_here

_EVERYTHING = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), nothing_here)


def _at(route: str, view: View) -> URLPattern:
    """`project/<uid>/assets`, with as many slashes between as come."""
    parts = [f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("<") else part for part in route.split("/")]
    return re_path("^" + "/+".join(parts) + "/*$", view)


urlpatterns = [
    _at("listProjects", door(GET=project.listing)),
    _at("project", door(POST=project.create)),
    _at("project/<uid>", door(GET=project.read, POST=project.change)),
    _at("project/<uid>/assets", door(GET=assets.listing)),
    _at("project/<uid>/cloud", door(POST=assets.cloud)),
    _at("project/<uid>/tasks", door(GET=tasks.listing)),
    _at("task/<uid>", door(GET=tasks.read)),
    _at("batches/<uid>", door(POST=batches.upsert)),
    _at("assignBatches", door(POST=batches.assign)),
    _at("getUploadUrl", door(GET=uploads.upload_url)),
    _at("getSignedUrl", door(GET=uploads.signed_url)),
    _at("export", door(GET=exports.export)),
    _at("exportV3", door(GET=exports.export_v3)),
    _at("import/labels", door(POST=imports.receive)),
    re_path("", door(**_EVERYTHING)),
]
