"""All pages by the names of their URLs, and a server with something to see on each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from .server import Server

# Every GET that answers with a page. What stands in braces is filled in by a world that knows it. After a colon stands
# what this row is about, where one page has several faces.
PAGES = {
    "home": "/",
    "account_change_password": "/account/password/",
    "api_keys": "/account/api-keys/",
    "notifications": "/notifications/",
    "organizations": "/organizations/",
    "organization_new": "/organizations/new/",
    "organization": "/organizations/{organization}/",
    "organization_audit": "/organizations/{organization}/audit/",
    "organization_retention": "/organizations/{organization}/retention/",
    "organization_settings": "/organizations/{organization}/settings/",
    "projects": "/projects/",
    "project_new": "/projects/new/",
    "project": "/projects/{project}/",
    "project:list": "/projects/{project}/?view=list",
    "project:nothing found": "/projects/{project}/?q=nothing+has+this+name",
    "project_assets_add": "/projects/{project}/assets/add/",
    "project_assets_add:addresses": "/projects/{project}/assets/add/?by=addresses",
    "project_assets_add:csv": "/projects/{project}/assets/add/?by=csv",
    "project_table": "/projects/{project}/assets/tables/{table}/",
    "asset": "/projects/{project}/assets/{asset}/",
    "project_tools": "/projects/{project}/labeling-tools/",
    "project_batches": "/projects/{project}/batches/",
    "batch": "/projects/{project}/batches/{batch}/",
    "project_plugins": "/projects/{project}/plugins/",
    "project_run": "/projects/{project}/plugins/{plugin}/run/",
    "project_sessions": "/projects/{project}/sessions/",
    "project_exports": "/projects/{project}/exports/",
    "project_imports": "/projects/{project}/imports/",
    "project_import_check": "/projects/{project}/imports/check/",
    "project_settings": "/projects/{project}/settings/",
    "imported": "/imports/{import}/",
    "imported:accepted": "/imports/{import}/?outcome=accepted",
    "import_flip": "/imports/{import}/undo/",
    "import_flip:nothing to do": "/imports/{staged}/undo/",
    "project_imports_flip": "/projects/{project}/imports/undo/chosen/?import={import}",
    "plugins": "/plugins/",
    "plugin_new": "/plugins/new/",
    "plugin": "/plugins/{plugin}/",
    "plugin_development": "/plugins/{plugin}/development/",
    "plugin_connections": "/plugins/{plugin}/connections/",
    "plugin_supervision": "/plugins/{plugin}/supervision/",
    "plugin_supervision:nothing yet": "/plugins/{scriptless}/supervision/",
    "plugin_supervision:refused": "/plugins/{scripted}/supervision/",
    "plugin_script_settings": "/plugins/{scripted}/supervision/settings/",
    "plugin_sessions": "/plugins/{plugin}/sessions/",
    "plugin_reasons": "/plugins/{plugin}/reasons/",
    "plugin_settings": "/plugins/{plugin}/settings/",
    "sessions": "/sessions/",
    "session": "/sessions/{session}/",
    "session:running": "/sessions/{running}/",
    "session:queued": "/sessions/{queued}/",
    "session_results": "/sessions/{session}/results/",
    "session_review": "/sessions/{running}/review/",
    "session_review:chosen": "/sessions/{running}/review/?least=0.5&reject=1",
    "session_review:nothing": "/sessions/{session}/review/",
    "session_imports_flip": "/sessions/{session}/imports/undo/",
    "session_inputs": "/sessions/{session}/inputs/",
    "session_timeline": "/sessions/{session}/timeline/",
    "session_output": "/sessions/{running}/output/",
    "api_docs": "/api/docs",
    "admin": "/admin/",
    "admin:list": "/admin/pluginhost/session/",
    "admin:row": "/admin/pluginhost/session/{session}/change/",
}
SIGNED_OUT = {"account_login": "/sign-in/"}
MISSING = {"a page that is not there": "/projects/nothing/"}

# What changes something and is only ever posted to.
POSTED = {
    "account_logout", "api_key_revoke", "batch_delete", "connection_disconnect", "connection_drain", "connection_fill",
    "home_seen", "notification_read", "notifications_read",
    "organization_account_new", "organization_member_add", "organization_member_remove", "organization_member_role",
    "plugin_delete", "plugin_quarantine", "plugin_release", "plugin_rotate", "plugin_script_source",
    "plugin_script_upload", "plugin_script_verb", "plugin_script_version", "plugin_secret", "project_assets_change",
    "project_assets_known", "project_delete", "project_plugin_disable", "project_plugin_enable", "project_tools_check",
    "project_try", "project_uploads_add", "project_uploads_reserve", "session_cancel", "session_rename",
    "session_rerun", "session_results_chosen",
}  # fmt: skip
# What answers with something else than a page: JSON, a text, a file.
ANSWERS = {
    "file", "go_to", "healthz", "plugin_output", "project_scope_count", "project_table_refused", "readyz",
    "session_log", "session_output_lines", "session_message", "session_results_download",
}  # fmt: skip
OTHER_DOORS = ("admin", "api", "^v2")


def url_names() -> set[str]:
    """The names of all URLs of people; those of programs and of the administration are counted as one each."""

    def walk(patterns: list[Any]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield pattern.name or str(pattern.pattern)
            elif isinstance(pattern, URLResolver) and not str(pattern.pattern).startswith(OTHER_DOORS):
                yield from walk(pattern.url_patterns)

    return set(walk(get_resolver().url_patterns))


@dataclass(frozen=True)
class World:
    """What is there for one person: the parts of addresses, by their names in PAGES."""

    username: str
    password: str
    parts: dict[str, str]

    def address(self, template: str) -> str | None:
        """The page's address here; None where this world has nothing for it."""
        try:
            return template.format(**self.parts)
        except KeyError:
            return None


def seeded(server: Server) -> dict[str, World]:
    """Fill the server once: `owner` and `viewer` see the same full organization, `beginner` has an empty one."""
    printed = server.manage("shell", "--no-imports", "-c", "from tests import every_page_seed; every_page_seed.tell()")
    return {name: World(**given) for name, given in json.loads(printed.splitlines()[-1]).items()}
