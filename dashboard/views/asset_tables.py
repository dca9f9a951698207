"""A CSV file of assets on its way: what its columns mean, what is wrong with its rows, and adding them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.http.request import QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import asset_rows
from dashboard.asset_table import DELIMITERS, ENCODINGS, MOST_ROWS, Table, as_line, table_of
from dashboard.forms.adding import GOOD_ROWS, TableForm
from dashboard.forms.assets import as_text
from dashboard.streaming import streamed
from pluginhost import access
from pluginhost.actions import asset_lists, files, uploads
from pluginhost.errors import Invalid, NotFound
from pluginhost.models import Project, StoredFile

from .asset_adding import first_address
from .doors import SignedInRequest, signed_in
from .project_page import frame

MOST_LOOKED_AT = 10_000
"""So many rows are checked before the page is shown; all of them before the first is added."""
SHOWN = 8


@dataclass(frozen=True)
class Column:
    place: int
    name: str
    role: str


@dataclass(frozen=True)
class Reading:
    """A stored file, read as the address says."""

    project: Project
    stored: StoredFile
    table: Table
    roles: list[str]
    host: str

    def rows(self) -> Iterator[asset_rows.Row]:
        return asset_rows.read(self.table, self.roles, asset_rows.own_files_of(self.project, self.host))

    @property
    def columns(self) -> list[Column]:
        named = zip(self.table.columns, self.roles, strict=True)
        return [Column(place, name, role) for place, (name, role) in enumerate(named)]


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def project_table(request: SignedInRequest, uid: str, table_id: str) -> HttpResponse:
    """How the file is read, with its first rows and what is wrong with them; a POST adds it."""
    try:
        reading = _reading(request, uid, table_id)
    except Invalid as error:
        messages.error(request, error.sentence)
        return redirect(f"{reverse('project_assets_add', args=[uid])}?by=csv")
    form = TableForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "wrong": asset_rows.wrong_with(reading.roles)}
    try:
        if request.method == "POST" and form.is_valid() and not context["wrong"]:
            report = asset_rows.report(reading.project, reading.rows(), most=MOST_ROWS, shown=SHOWN)
            if report.good and (form.cleaned_data["take"] == GOOD_ROWS or not report.wrong):
                return _add(request, reading, form, report.wrong)
            form.add_error(None, _nothing(report))
        else:
            report = asset_rows.report(reading.project, reading.rows(), most=MOST_LOOKED_AT, shown=SHOWN)
        context |= {"report": report, "columns": f":{len(reading.roles)}", "width": len(reading.roles)}
    except Invalid as error:
        context["unreadable"] = error.sentence
    return render(request, "projects/table.html", frame(request.principal, reading.project, "add") | context | {
        "reading": reading, "roles": asset_rows.ROLES.items(), "delimiters": DELIMITERS.items(),
        "encodings": ENCODINGS.items(), "query": request.GET.urlencode(), "table_id": table_id,
        "batches": access.batches(request.principal, reading.project),
        "done": _done(request, table_id),
    })  # fmt: skip


@signed_in
@require_safe
def project_table_refused(request: SignedInRequest, uid: str, table_id: str) -> HttpResponseBase:
    """The rows that are wrong, as a CSV file with the reason in front, to be mended and sent again."""
    reading = _reading(request, uid, table_id)
    return streamed(_refused(reading), "text/csv; charset=utf-8", "refused rows.csv")


def _refused(reading: Reading) -> Iterator[bytes]:
    yield "\ufeff".encode() + as_line(["line", "why it was refused", *reading.table.columns])
    for row in reading.rows():
        if row.error:
            yield as_line([row.line.number, row.error, *row.line.cells])


def _reading(request: SignedInRequest, uid: str, table_id: str) -> Reading:
    """The file of this person under this id, as the address says to read it."""
    project = access.project(request.principal, uid, access.MANAGER)
    mine = StoredFile.objects.filter(project=project, kind=uploads.LISTS, created_by=request.user, deleted_at=None)
    stored = mine.filter(key__startswith=f"{table_id}/").exclude(size=None).first()
    if stored is None or not files.path_of(stored).exists():
        raise NotFound("This CSV file is not here any more. Upload it again.")
    table = table_of(files.path_of(stored), request.GET.get("encoding", ""), request.GET.get("delimiter", ""))
    return Reading(project, stored, table, _roles(request.GET, table), request.get_host())


def _roles(asked: QueryDict, table: Table) -> list[str]:
    """As the address says, where it was made for a file of as many columns."""
    given = [asked.get(f"column_{place}", "") for place in range(len(table.columns))]
    return given if all(role in asset_rows.ROLES for role in given) else asset_rows.guess(table)


def _add(request: SignedInRequest, reading: Reading, form: TableForm, wrong: int) -> HttpResponse:
    outcome = asset_lists.add(
        request.principal,
        reading.project,
        (row.item for row in reading.rows() if not row.error),
        in_batch=form.cleaned_data["batch"],
        skips_known=form.skips_known,
        host=request.get_host(),
    )
    request.session["table"] = {
        "id": reading.stored.key.partition("/")[0], "added": outcome.added, "skipped": outcome.skipped, "wrong": wrong,
        "address": first_address(reading.project, outcome.first), "numbers": as_text(outcome.ranges),
    }  # fmt: skip
    return redirect(request.get_full_path())


def _done(request: SignedInRequest, table_id: str) -> dict[str, Any] | None:
    """What became of this file, if it was added."""
    done = request.session.get("table")
    return done if done and done.get("id") == table_id else None


def _nothing(report: asset_rows.Report) -> str:
    if not report.good:
        return f"Nothing was added: none of the {report.rows:,} rows can be." if report.rows else "There are no rows."
    return (
        f"Nothing was added: {report.wrong:,} of {report.rows:,} rows are wrong. Mend them, or add the good ones only."
    )
