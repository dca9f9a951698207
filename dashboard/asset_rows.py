"""The rows of a table as assets: what each column is for, and what is wrong with a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from dashboard.asset_table import Line, Table
from dashboard.forms.adding import address_error
from pluginhost import file_links
from pluginhost.actions import asset_lists
from pluginhost.actions.batches import LONGEST_NAME
from pluginhost.errors import Invalid
from pluginhost.models import Project, StoredFile
from pluginhost.protocol import asset_items

EXTERNAL_ID, ADDRESS, DATA, BATCH, WIDTH, HEIGHT, CONTEXT, NOTHING = (
    "external_id", "address", "data", "batch", "width", "height", "context", "nothing",
)  # fmt: skip
ROLES = {
    EXTERNAL_ID: "External ID",
    ADDRESS: "Address",
    DATA: "Address or text",
    BATCH: "Batches",
    WIDTH: "Width in pixels",
    HEIGHT: "Height in pixels",
    CONTEXT: "Context data",
    NOTHING: "Leave out",
}
_ONCE = (EXTERNAL_ID, ADDRESS, DATA, WIDTH, HEIGHT)
_NAMES = {
    EXTERNAL_ID: ("external_id", "externalid", "id", "name", "file", "filename", "file_name"),
    ADDRESS: ("url", "address", "link", "image", "image_url", "image_address"),
    DATA: ("data", "text"),
    BATCH: ("batch", "batches", "tag", "tags"),
    WIDTH: ("width", "image_width", "metadata.width", "metadata_width"),
    HEIGHT: ("height", "image_height", "metadata.height", "metadata_height"),
}
MOST_PIXELS = 1_000_000
_CHUNK = 1_000
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,20}://", re.IGNORECASE)
OwnFile = Callable[[str], str | None]


@dataclass(frozen=True)
class Row:
    """A row with the item that adds it as an asset, or what is wrong with it."""

    line: Line
    item: dict[str, Any]
    error: str = ""


@dataclass
class Report:
    """What is known of the rows that were looked at; `is_whole` when that were all."""

    rows: int = 0
    good: int = 0
    wrong: int = 0
    known: int = 0
    is_whole: bool = True
    first: list[Row] = field(default_factory=list)
    first_wrong: list[Row] = field(default_factory=list)


def guess(table: Table) -> list[str]:
    """A role for each column by its name; what has no known name is context data."""
    roles: list[str] = []
    for column in table.columns:
        name = column.strip().lower().replace(" ", "_").replace("-", "_")
        role = next((role for role, names in _NAMES.items() if name in names), CONTEXT)
        roles.append(CONTEXT if role in _ONCE and role in roles else role)
    if ADDRESS not in roles and DATA not in roles:
        _find_address(table, roles)
    return roles


def _find_address(table: Table, roles: list[str]) -> None:
    """The first column whose first cell is an address."""
    for line in islice(table.lines(), 1):
        for place, cell in enumerate(line.cells[: len(roles)]):
            if not address_error(cell.strip()):
                roles[place] = ADDRESS
                return


def wrong_with(roles: Sequence[str]) -> str:
    """Why nothing can be read with these roles; empty when all is well."""
    if ADDRESS not in roles and DATA not in roles:
        return "Say which column has the address, or the text, of the asset."
    if ADDRESS in roles and DATA in roles:
        return "Only one column can have the asset's address or text."
    twice = next((role for role in _ONCE if list(roles).count(role) > 1), None)
    return f"Two columns are «{ROLES[twice]}»; only one can be." if twice else ""


def read(table: Table, roles: Sequence[str], own_file: OwnFile) -> Iterator[Row]:
    """Every row. `own_file` says what is wrong with the address of a file of ours, or None of any other."""
    for line in table.lines():
        try:
            yield Row(line, _item(table, roles, line, own_file))
        except Invalid as error:
            yield Row(line, {}, error.sentence)


def report(project: Project, rows: Iterable[Row], *, most: int, shown: int) -> Report:
    """Look at up to `most` rows."""
    found, iterator = Report(), iter(rows)
    while some := list(islice(iterator, min(_CHUNK, most - found.rows))):
        _count(project, found, some, shown)
        if found.rows >= most:
            found.is_whole = next(iterator, None) is None
            break
    return found


def _count(project: Project, found: Report, rows: list[Row], shown: int) -> None:
    good = [row for row in rows if not row.error]
    wrong = [row for row in rows if row.error]
    found.rows += len(rows)
    found.good += len(good)
    found.wrong += len(wrong)
    ids = [asset_lists.external_id_of(row.item) for row in good]
    there = asset_lists.known(project, ids)
    found.known += sum(external_id in there for external_id in ids)
    found.first += rows[: shown - len(found.first)]
    found.first_wrong += wrong[: shown - len(found.first_wrong)]


def own_files_of(project: Project, host: str) -> OwnFile:
    """For `read`: an uploaded file may be named where it is the project's and arrived."""

    def wrong(address: str) -> str | None:
        key = file_links.key_in(address, host)
        if key is None:
            return None
        is_there = StoredFile.objects.filter(key=key, project=project, deleted_at=None).exclude(size=None).exists()
        return "" if is_there else "there is no such uploaded file in this project"

    return wrong


# --- one row ---


def _item(table: Table, roles: Sequence[str], line: Line, own_file: OwnFile) -> dict[str, Any]:
    cells = [cell.strip() for cell in line.cells]
    if any(cells[len(roles) :]):
        raise Invalid(f"It has {len(cells):,} cells, more than the {len(roles):,} columns. Is something not quoted?")
    by_role = {role: cell for role, cell in zip(roles, cells, strict=False) if role in _ONCE}
    item: dict[str, Any] = {"data": _data(by_role, own_file), "externalId": by_role.get(EXTERNAL_ID, "")}
    sizes = {side: _pixels(by_role.get(side, ""), side) for side in (WIDTH, HEIGHT) if by_role.get(side)}
    context = {
        column.removeprefix("context."): cell
        for column, role, cell in zip(table.columns, roles, cells, strict=False)
        if role == CONTEXT and cell
    }
    named = [name for role, cell in zip(roles, cells, strict=False) if role == BATCH for name in _batches(cell)]
    item |= {"metadata": sizes} if sizes else {}
    item |= {"contextData": context} if context else {}
    item |= {"batches": named} if named else {}
    try:
        asset_items.read(item, "asset")
    except Invalid as error:
        raise Invalid(error.sentence.partition(": ")[2] or error.sentence) from None
    return item


def _data(by_role: dict[str, str], own_file: OwnFile) -> str:
    given = by_role.get(ADDRESS) or by_role.get(DATA) or ""
    if not given:
        raise Invalid("It has no address." if ADDRESS in by_role else "It has neither an address nor a text.")
    error = own_file(given)
    if error is None:
        error = address_error(given) if ADDRESS in by_role or _SCHEME.match(given) else ""
    if error:
        raise Invalid(f"{error[:1].upper()}{error[1:]}.")
    return given


def _pixels(text: str, side: str) -> int:
    number = float(text) if text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit() else 0
    if not 1 <= number <= MOST_PIXELS:
        raise Invalid(f"The {side} is «{text[:20]}»; it must be a number of pixels from 1 to {MOST_PIXELS:,}.")
    return round(number)


def _batches(cell: str) -> list[str]:
    """Several are parted by semicolons or bars."""
    names = [name.strip() for name in cell.replace("|", ";").split(";") if name.strip()]
    if any(len(name) > LONGEST_NAME for name in names):
        raise Invalid(f"The name of a batch is longer than {LONGEST_NAME} characters.")
    return names
