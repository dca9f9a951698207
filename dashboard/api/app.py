"""The API itself: what its parts are, who is let in, and how errors are told."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from pluginhost.errors import PluginhostError

from . import (
    answers,
    checks,
    connections,
    import_items,
    imports,
    ledger,
    log,
    me,
    places,
    plugins,
    projects,
    scripts,
    sessions,
)
from .auth import KEYS
from .bodies import JsonBody

DESCRIPTION = """\
Everything that the pages can do, for programs. Send a personal API key with each request, as
`Authorization: Bearer <key>` or `apikey: <key>`. Errors are `{"status": "error", "message": …, "errors": […]}`;
lists are `{"items": […], "next": …, "total": …}`: pass `next` as `cursor` for the page after.
"""


class Api(NinjaAPI):
    """Ninja's, but with no answer in another shape than ours."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns: list[Any] = super()._get_urls()
        for pattern in patterns:
            pattern.callback = answers.in_shape(pattern.callback)
        return [*patterns, re_path("", answers.unknown)]

    def get_openapi_operation_id(self, operation: object) -> str:
        """The function's own name, for programs that are generated from the schema."""
        return str(operation.view_func.__name__)  # type: ignore[attr-defined]


api = Api(
    title="Pluginhost",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    auth=KEYS,
    parser=JsonBody(),
)
_ANSWERS: dict[type[Exception], Any] = {
    Exception: answers.of_a_defect,
    PluginhostError: answers.of_ours,
    ValidationError: answers.of_validation,
    HttpError: answers.of_ninja,
    AuthenticationError: answers.of_no_key,
    RequestDataTooBig: answers.of_a_large_body,
    UnreadablePostError: answers.of_a_lost_body,
}
for error, answer in _ANSWERS.items():
    api.add_exception_handler(error, answer)

api.add_router("", me.router, tags=["Account"])
api.add_router("", plugins.router, tags=["Plugins"])
api.add_router("", connections.router, tags=["Plugins"])
api.add_router("", scripts.router, tags=["Managed scripts"])
api.add_router("", projects.router, tags=["Projects"])
api.add_router("", places.router, tags=["Plugins in a project"])
api.add_router("", sessions.router, tags=["Sessions"])
api.add_router("", log.router, tags=["Sessions"])
api.add_router("", imports.router, tags=["Imports"])
api.add_router("", import_items.router, tags=["Imports"])
api.add_router("", ledger.router, tags=["Imports"])
api.add_router("", checks.router, tags=["Imports"])
