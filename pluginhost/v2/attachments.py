"""Attachments of assets, by their external ids (PROTOCOL 2.5)."""

from __future__ import annotations

from pluginhost import access
from pluginhost.actions import attachments as actions

from .door import Answer, Call
from .query import refused


def add(call: Call) -> Answer:
    """POST attachments"""
    body = call.body()
    uid = body.get("project")
    if not isinstance(uid, str):
        raise refused("project", "Name the project by its id.")
    project = access.project(call.principal, uid, need=call.writer)
    return {"assets": actions.add(call.principal, project, body.get("attachments"), host=call.host)}
