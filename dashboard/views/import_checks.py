"""Checking an import on a page: paste it, and read what would become of it. Nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dashboard.forms.import_checks import ImportCheckForm
from pluginhost import access, import_checks
from pluginhost.errors import Invalid, TooLarge
from pluginhost.import_sorting import Noticed, Refused
from pluginhost.models import Asset, Project

from .doors import SignedInRequest, signed_in
from .project_page import frame

MOST_SHOWN = 200
BYTES_OF_FORM = 2_048
"""What a request has besides the JSON: its parts' heads, and the token."""


@dataclass(frozen=True)
class Row:
    """A reason or a notice, with the asset that it is about."""

    said: Refused | Noticed
    name: str
    number: int | None


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_import_check(request: SignedInRequest, uid: str) -> HttpResponse:
    """The form, and below it what came of it; after a POST no redirect follows, since nothing was changed."""
    project = access.project(request.principal, uid)
    form = ImportCheckForm(request.POST, request.FILES) if request.method == "POST" else ImportCheckForm()
    limit = settings.PLUGINHOST_BODY_LIMIT
    context: dict[str, Any] = {
        "form": form,
        "most_megabytes": limit // 2**20,
        "most_bytes": limit - BYTES_OF_FORM,
        "import_megabytes": settings.PLUGINHOST_IMPORT_LIMIT // 2**20,
    }
    if form.is_bound and form.is_valid():
        try:
            context |= _told(project, import_checks.check(project, form.body, request.get_host()))
        except (Invalid, TooLarge) as error:
            form.add_error(None, error.sentence)
    return render(request, "imports/check.html", frame(request.principal, project, "imports") | context)


def _told(project: Project, checked: import_checks.Checked) -> dict[str, Any]:
    refused, noticed = checked.refused[:MOST_SHOWN], checked.noticed[:MOST_SHOWN]
    assets = _assets(project, [*refused, *noticed])
    return {
        "checked": checked,
        "reasons": checked.reasons.most_common(),
        "notices": checked.notices.most_common(),
        "refused": [_row(one, assets) for one in refused],
        "noticed": [_row(one, assets) for one in noticed],
        "more_refused": checked.rejected - len(refused),
        "more_noticed": sum(checked.notices.values()) - len(noticed),
        "classes": _classes(project, checked.classes),
    }


def _assets(project: Project, said: Sequence[Refused | Noticed]) -> dict[int, tuple[str, int]]:
    """External id and number of those that are told of."""
    keys = {one.asset for one in said if one.asset is not None}
    rows = Asset.objects.filter(project=project, pk__in=keys).values_list("pk", "external_id", "number")
    return {pk: (external_id, number) for pk, external_id, number in rows}


def _row(said: Refused | Noticed, assets: dict[int, tuple[str, int]]) -> Row:
    external_id, number = assets.get(said.asset or 0, ("", None))
    return Row(said, external_id or getattr(said, "name", ""), number)


def _classes(project: Project, counts: Counter[str]) -> list[dict[str, Any]]:
    """How many objects of each tool, in the tools' colours, the most first."""
    tools = {str(tool["schemaId"]): tool for tool in project.category_schema.get("tools") or []}
    return [
        {"title": tools[schema_id]["title"], "color": tools[schema_id]["color"], "count": count}
        for schema_id, count in counts.most_common()
    ]
