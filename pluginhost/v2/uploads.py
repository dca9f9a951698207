"""Where files may be put, and where they may be fetched (PROTOCOL 3.6)."""

from __future__ import annotations

from pluginhost import access, file_links
from pluginhost.actions import files
from pluginhost.errors import Forbidden, NotFound
from pluginhost.models import Project

from .door import Answer, Call
from .query import refused


def upload_url(call: Call) -> Answer:
    """GET getUploadUrl: the permanent address of the file is what stands before the `?`."""
    name = call.query.text("name")
    if name is None:
        raise refused("name", "Give the file's name.")
    project = _project(call)
    stored = files.reserve(call.principal, project, name, call.query.text("type") or "assets")
    return {"uploadUrl": file_links.upload_link(call.base, stored.key)}


def signed_url(call: Call) -> Answer:
    """GET getSignedUrl: asked before the file is there, so it is not looked for in the data directory."""
    if (uid := call.query.text("project")) is not None:
        access.project(call.principal, uid)
    key = file_links.key_in(call.query.text("name") or "", call.host)
    stored = access.files(call.principal).filter(key=key).first() if key else None
    if stored is None:
        raise NotFound("There is no such file; give the address that getUploadUrl gave.")
    return {"signedUrl": file_links.shown_link(call.base, stored.key)}


def _project(call: Call) -> Project | None:
    """The project that was named, or the session's; older clients with a personal key name none."""
    uid = call.query.text("project")
    if uid is None and call.session is not None:
        uid = call.session.project.uid
    if uid is not None:
        return access.project(call.principal, uid, need=call.writer)
    if not access.organizations(call.principal, need=access.MANAGER).exists():
        raise Forbidden("Uploading takes the role manager in an organization; you have it in none.")
    return None
