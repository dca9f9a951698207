"""The audit trail in words: what each verb means, and which verbs belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pluginhost.models import AuditEvent

# After the actor's name. {target} is what it was done to; other names are looked up in the details.
SENTENCES = {
    "api_key.created": "made the API key «{name}»",
    "api_key.revoked": "revoked the API key «{name}»",
    "assets.added": "added {count} assets to {target}",
    "assets.attachments_added": "attached files to assets of {target}",
    "assets.batches_assigned": "assigned {assets} assets of {target} to batches",
    "assets.deleted": "deleted {count} assets of {target}",
    "batch.deleted": "deleted a batch of {target}",
    "batch.emptied": "took assets out of a batch of {target}",
    "batch.filled": "put assets into a batch of {target}",
    "batch.renamed": "renamed a batch of {target}",
    "connection.disconnected": "disconnected a script of {target}, from {address}",
    "connection.drained": "drained a script of {target}, from {address}",
    "connection.filled_again": "let a script of {target} have new sessions again, from {address}",
    "demo.made": "made the demo, {target}",
    "import.applied": "applied {target} in {project}",
    "import.discarded": "discarded {target} in {project}",
    "import.redone": "redid {target} in {project}: {objects} objects on {assets} assets",
    "import.undone": "undid {target} in {project}: {objects} objects on {assets} assets",
    "issue.deleted": "deleted an issue in {target}",
    "issue.edited": "edited an issue in {target}",
    "member.removed": "removed {target}",
    "member.set": "made {target} a member with the role {role}",
    "notification.sent": "sent a notification to {receivers} members",
    "organization.created": "created {target}",
    "organization.renamed": "renamed the organization to «{name}»",
    "organization.retention_ended": "ended the retention rule: everything is kept",
    "organization.retention_set": "set how long sessions, logs and files are kept",
    "plugin.deleted": "deleted {target}",
    "plugin.edited": "edited {target} ({fields})",
    "plugin.quarantined": "quarantined {target}: {reason}",
    "plugin.registered": "registered {target}",
    "plugin.released": "released {target} from quarantine",
    "plugin.secret_revealed": "revealed the secret of {target}",
    "plugin.secret_rotated": "gave {target} a new secret",
    "project.batches_made": "made batches in {target}",
    "project.benchmark_set": "set the benchmark of {target}",
    "project.created": "created {target}",
    "project.deleted": "deleted {target}",
    "project.edited": "edited {target}",
    "project.exported": "exported {target}",
    "project.labeling_tools_set": "changed the labeling tools of {target}",
    "project.plugin_disabled": "took {target} out of a project",
    "project.plugin_enabled": "enabled {target} in a project",
    "project.plugin_set": "changed mapping or config of {target} in a project",
    "project.stages_set": "set the stages of {target}",
    "script.configured": "changed how the managed script of {target} is kept ({fields})",
    "script.gave_up": "gave up the managed script of {target}: {reason}",
    "script.removed": "removed the managed script of {target}",
    "script.restarted": "restarted the managed script of {target}: {why}",
    "script.started": "started the managed script of {target}",
    "script.started_once": "started the managed script of {target} once more",
    "script.stopped": "stopped the managed script of {target}",
    "script.uploaded": "uploaded version {number} of the managed script of {target}, {name}",
    "script.version_chosen": "chose version {number} of the managed script of {target}",
    "session.cancelled": "cancelled {target}",
    "session.imports_applied": "applied what {target} imported: {objects} objects on {assets} assets",
    "session.imports_discarded": "discarded what {target} imported: {objects} objects on {assets} assets",
    "session.imports_redone": "redid what {target} imported: {objects} objects on {assets} assets",
    "session.imports_undone": "undid what {target} imported: {objects} objects on {assets} assets",
    "session.review_accepted": "accepted what {target} imported: {objects} objects on {assets} assets",
    "task.annotated": "labeled a task of {target}",
    "task.reviewed": "reviewed a task of {target}",
    "task.status_set": "set the status of a task of {target}",
    "tasks.assigned": "assigned tasks of {target}",
    "tasks.prioritised": "set the priority of tasks of {target}",
    "tasks.requeued": "sent tasks of {target} back",
    "user.created": "made the account {target}",
    "user.edited": "edited the account {target} ({fields})",
    "user.password_changed": "changed their own password",
    "user.password_set": "set a password for {target}",
}

# What the filter offers: a word, and the beginnings of the verbs in it.
GROUPS = {
    "members": ("Members and organization", ("member.", "organization.", "user.", "api_key.")),
    "secrets": ("Secrets and keys", ("plugin.secret_", "api_key.", "user.password_")),
    "plugins": ("Plugins", ("plugin.", "project.plugin_", "connection.")),
    "scripts": ("Managed scripts", ("script.",)),
    "projects": ("Projects and labeling tools", ("project.", "demo.")),
    "assets": ("Assets, batches, tasks, issues", ("assets.", "batch.", "task.", "tasks.", "issue.")),
    "sessions": ("Sessions and imports", ("session.", "sessions.", "import.")),
    "messages": ("Notifications", ("notification.",)),
}


class _Details(dict[str, Any]):
    """What a sentence needs and the details do not have is left out in words."""

    def __missing__(self, name: str) -> str:
        return "several" if name in {"count", "assets", "receivers"} else "…"


def sentence(event: AuditEvent) -> str:
    """«revealed the secret of plugin Detector». A verb that is not in the table is told as it is stored."""
    known = SENTENCES.get(event.verb)
    if known is None:
        return f"{event.verb.replace('.', ': ').replace('_', ' ')} {event.target}".strip()
    if event.verb == "member.set" and event.details.get("was"):
        known = "changed the role of {target} from {was} to {role}"
    details = _Details({name: _in_words(value) for name, value in event.details.items()})
    details["target"] = _target(event)
    return known.format_map(details).replace(" (…)", "").removesuffix(": …").removesuffix(": ")


def details_of(event: AuditEvent) -> list[tuple[str, str]]:
    """What the row holds besides, for whoever wants to know exactly."""
    given = {**event.details, "verb": event.verb, "target": event.target, "target ID": event.target_uid}
    return [(name.replace("_", " "), _in_words(value)) for name, value in given.items() if value not in ("", None)]


def _target(event: AuditEvent) -> str:
    """Without the kind in front where the name alone reads better."""
    kind, _, name = event.target.partition(" ")
    if kind in {"user", "organization"} and name:
        return name
    return event.target or "it"


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(str, value[:20])) + (" …" if len(value) > 20 else "")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_in_words(inner)}" for name, inner in value.items())
    return str(value)
