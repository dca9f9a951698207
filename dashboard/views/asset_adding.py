"""Adding assets to a project: from files, from a list of addresses, from a CSV file (see `asset_tables`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.forms import refusals
from dashboard.forms.adding import ADD, AddingForm, AddressesForm, FilesForm, TableFileForm
from dashboard.forms.assets import as_text
from dashboard.words import grouped
from pluginhost import access, file_links
from pluginhost.actions import asset_lists, files, uploads
from pluginhost.errors import Invalid, PluginhostError, TooLarge
from pluginhost.models import Project
from pluginhost.protocol import asset_kinds
from pluginhost.protocol.storable import clean

from .doors import SignedInRequest, signed_in
from .project_page import frame

FILES, ADDRESSES, TABLE = "files", "addresses", "csv"
MOST_ASKED = 1_000


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_assets_add(request: SignedInRequest, uid: str) -> HttpResponse:
    """The three ways to add assets; each is a form that works without script."""
    found = access.project(request.principal, uid, access.MANAGER)
    by = request.GET.get("by", FILES)
    by = by if by in (FILES, ADDRESSES, TABLE) else FILES
    form = _form(request, by)
    context: dict[str, Any] = {"form": form, "by": by}
    if request.method == "POST" and form.is_valid():
        try:
            if by == ADDRESSES and (there := _asks(found, form)):
                context |= {"there": len(there), "there_first": sorted(there)[:5]}
            else:
                return _WAYS[by](request, found, form)
        except (Invalid, TooLarge) as error:
            refusals.show(form, error)
    context |= {
        "batches": access.batches(request.principal, found),
        "most_megabytes": settings.PLUGINHOST_BODY_LIMIT // 2**20,
        "most_bytes": settings.PLUGINHOST_UPLOAD_LIMIT,
        "endings": asset_kinds.ENDINGS,
        "archives": asset_kinds.ARCHIVES,
    }
    return render(request, "projects/add_assets.html", frame(request.principal, found, "add") | context)


def _form(request: SignedInRequest, by: str) -> Any:
    given = request.POST if request.method == "POST" else None
    if by == ADDRESSES:
        return AddressesForm(given)
    if by == TABLE:
        return TableFileForm(given, request.FILES or None)
    return FilesForm(given, files_given=request.FILES.getlist("files"))


# --- without script ---


def _asks(found: Project, form: AddressesForm) -> set[str]:
    """The external IDs that are there already, unless it was said what becomes of them."""
    if form.cleaned_data["duplicates"]:
        return set()
    return asset_lists.known(found, (asset_lists.external_id_of(item) for item in form.cleaned_data["lines"]))


def _add_addresses(request: SignedInRequest, found: Project, form: AddressesForm) -> HttpResponse:
    outcome = _add(request, found, form.cleaned_data["lines"], form)
    say(request, found, outcome)
    return redirect("project", found.uid)


def _add_files(request: SignedInRequest, found: Project, form: FilesForm) -> HttpResponse:
    outcome = _add(request, found, [_stored(request, found, upload) for upload in form.uploads], form)
    say(request, found, outcome)
    return redirect("project", found.uid)


def _add(
    request: SignedInRequest, found: Project, items: Sequence[dict[str, Any]], form: AddingForm
) -> asset_lists.Outcome:
    return asset_lists.add(
        request.principal,
        found,
        items,
        in_batch=form.cleaned_data["batch"],
        skips_known=form.skips_known,
        host=request.get_host(),
    )


def _stored(request: SignedInRequest, found: Project, upload: UploadedFile) -> dict[str, str]:
    """Keep an upload; the item that adds it as an asset."""
    name = upload.name or "file"
    stored = files.reserve(request.principal, found, name)
    files.receive(stored, upload, settings.PLUGINHOST_BODY_LIMIT)
    stored.refresh_from_db()
    if why := asset_kinds.refusal_of_content(name, stored.size or 0, stored.content_type):
        raise Invalid(f"{name}: {why}")
    return {"data": file_links.PREFIX + stored.key, "externalId": name}


def _store_table(request: SignedInRequest, found: Project, form: TableFileForm) -> HttpResponse:
    upload = form.cleaned_data["table"]
    stored = uploads.reserve_list(request.principal, found, upload.name or "assets.csv")
    files.receive(stored, upload, settings.PLUGINHOST_UPLOAD_LIMIT)
    return redirect("project_table", found.uid, stored.key.partition("/")[0])


_WAYS: dict[str, Callable[..., HttpResponse]] = {FILES: _add_files, ADDRESSES: _add_addresses, TABLE: _store_table}


def say(request: SignedInRequest, found: Project, outcome: asset_lists.Outcome) -> None:
    """What was added, with a link to the first of it, and what was left out."""
    left = f" {_assets(outcome.skipped)} skipped: the external ID was there already." if outcome.skipped else ""
    if not outcome.added:
        messages.warning(request, f"Nothing was added.{left}")
        return
    address = first_address(found, outcome.first)
    messages.success(request, format_html('{} added. <a href="{}">Show</a>.{}', _assets(outcome.added), address, left))


def first_address(found: Project, number: int) -> str:
    """Where the assets from this number on are shown."""
    return f"{reverse('project', args=[found.uid])}?after={max(number - 1, 0)}"


def _assets(count: int) -> str:
    return f"{grouped(count)} asset{'' if count == 1 else 's'}"


# --- what the page's script asks for ---


def _in_json(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
    """A POST of JSON by a manager of the project; our errors are answered in JSON too."""

    @wraps(view)
    def answered(request: SignedInRequest, uid: str) -> HttpResponse:
        try:
            found = access.project(request.principal, uid, access.MANAGER)
            return JsonResponse(view(request, found, _body(request)))
        except PluginhostError as error:
            return JsonResponse({"message": error.sentence}, status=error.status)

    return signed_in(require_POST(answered))  # type: ignore[arg-type,return-value]


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        given = clean(json.loads(request.body))
    except (ValueError, RecursionError):
        raise Invalid("Send JSON.") from None
    if not isinstance(given, dict):
        raise Invalid("Send a JSON object.")
    return given


def _texts(given: dict[str, Any], name: str, most: int) -> list[str]:
    value = given.get(name)
    if not isinstance(value, list) or len(value) > most or not all(isinstance(text, str) for text in value):
        raise Invalid(f"{name}: Send a list of at most {most:,} texts.")
    return value


@_in_json
def project_assets_known(request: SignedInRequest, found: Project, given: dict[str, Any]) -> dict[str, Any]:
    """Which of these external IDs are there already."""
    return {"known": sorted(asset_lists.known(found, _texts(given, "externalIds", MOST_ASKED)))}


@_in_json
def project_uploads_reserve(request: SignedInRequest, found: Project, given: dict[str, Any]) -> dict[str, Any]:
    """Where each file is put, by a PUT of its own; for a CSV file also the page that asks on."""
    names = _texts(given, "names", uploads.MOST_AT_ONCE)
    if given.get("kind") == uploads.LISTS and len(names) == 1:
        stored = uploads.reserve_list(request.principal, found, names[0])
        page = reverse("project_table", args=[found.uid, stored.key.partition("/")[0]])
        return {"files": [{"key": stored.key, "url": file_links.upload_link("", stored.key), "page": page}]}
    refused = {name: why for name in names if (why := asset_kinds.refusal_of_name(name))}
    places = iter(uploads.reserve(request.principal, found, [name for name in names if name not in refused]))
    return {"files": [{"refused": refused[name]} if name in refused else _place(next(places).key) for name in names]}


def _place(key: str) -> dict[str, str]:
    return {"key": key, "url": file_links.upload_link("", key)}


@_in_json
def project_uploads_add(request: SignedInRequest, found: Project, given: dict[str, Any]) -> dict[str, Any]:
    """Make assets of what was put."""
    outcome = uploads.add(
        request.principal,
        found,
        _uploaded(given.get("files")),
        in_batch=str(given.get("batch") or "").strip(),
        skips_known=given.get("duplicates") != ADD,
    )
    shown = first_address(found, outcome.ranges[0][0]) if outcome.ranges else None
    return {
        "added": outcome.added,
        "skipped": outcome.skipped,
        "refused": outcome.refused,
        "shown": shown,
        "numbers": as_text(outcome.ranges),
    }


def _uploaded(given: object) -> list[uploads.Uploaded]:
    if not isinstance(given, list) or not given or len(given) > uploads.MOST_AT_ONCE:
        raise Invalid(f"files: Send a list of 1 to {uploads.MOST_AT_ONCE} uploads.")
    found = []
    for one in given:
        is_fit = isinstance(one, dict) and isinstance(one.get("key"), str) and isinstance(one.get("externalId"), str)
        if not is_fit:
            raise Invalid("files: Send each with a key and an externalId, both text.")
        found.append(uploads.Uploaded(one["key"], one["externalId"]))
    return found
