"""New assets: as lines of text, as uploaded files, or as the rows of a CSV file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.files.uploadedfile import UploadedFile

from pluginhost.protocol import asset_items, asset_kinds

SKIP, ADD = "skip", "add"
ALL_OR_NOTHING, GOOD_ROWS = "all", "good"
MOST_SAID = 20
MOST_LINES = 100_000
MOST_PASTED = 2**24
_ID_AND_ADDRESS = re.compile(r"(?P<id>[^\t]*?)\s*[\t,]\s*(?P<address>https?://.*)", re.IGNORECASE)


def address_error(address: str) -> str:
    """Why this is not an address that a browser can load; empty when it is."""
    if not address.lower().startswith(("http://", "https://")):
        return f"an address begins with http:// or https://, not «{address[:60]}»"
    try:
        has_host = bool(urlsplit(address).hostname)
    except ValueError:
        has_host = False
    if not has_host:
        return f"«{address[:60]}» names no server"
    if re.search(r"\s", address):
        return f"there is a blank in «{address[:60]}»; write it as %20"
    return ""


class AddingForm(forms.Form):
    """What all ways of adding ask: a batch, and what becomes of an external ID that is there already."""

    batch = forms.CharField(label="Batch", required=False, max_length=200)
    duplicates = forms.ChoiceField(required=False, choices=[("", "Ask"), (SKIP, "Skip them"), (ADD, "Add them anyway")])

    @property
    def skips_known(self) -> bool:
        return self.cleaned_data.get("duplicates") != ADD

    def clean_batch(self) -> str:
        return str(self.cleaned_data["batch"]).strip()


class AddressesForm(AddingForm):
    lines = forms.CharField(label="Addresses, one on each line", required=False, strip=False)

    def clean_lines(self) -> list[dict[str, str]]:
        """`external id<tab or comma>address`, or the address alone; what is wrong is said with the line's number."""
        items, wrong = [], []
        for number, line in enumerate(_lines(self.cleaned_data["lines"]), start=1):
            if not line.strip():
                continue
            external_id, address = _parted(line.strip())
            error = address_error(address) or _id_error(external_id)
            if error:
                wrong.append(f"Line {number:,}: {error}.")
            items.append({"data": address, "externalId": external_id})
        if wrong:
            more = [f"{len(wrong) - MOST_SAID:,} more lines are wrong."] if len(wrong) > MOST_SAID else []
            raise forms.ValidationError([*wrong[:MOST_SAID], *more])
        if not items:
            raise forms.ValidationError("Give at least one address.")
        return items


class FilesForm(AddingForm):
    """A few files, sent with the form itself; with script the page sends each by a request of its own."""

    def __init__(self, *args: Any, files_given: Sequence[UploadedFile] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.uploads = files_given

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.uploads:
            raise forms.ValidationError("Choose at least one file.")
        refused = [(upload.name or "", asset_kinds.refusal_of_name(upload.name or "")) for upload in self.uploads]
        wrong = [f"{name}: {why}" for name, why in refused if why]
        wrong += [f"{upload.name}: The file is empty." for upload in self.uploads if not upload.size]
        if wrong:
            raise forms.ValidationError(wrong[:MOST_SAID])
        return given


class TableFileForm(forms.Form):
    """The CSV file itself; what its columns mean is asked on the next page."""

    table = forms.FileField(label="CSV file", allow_empty_file=False)


class TableForm(AddingForm):
    """What becomes of a file some of whose rows are wrong."""

    take = forms.ChoiceField(choices=[(ALL_OR_NOTHING, "All rows or none"), (GOOD_ROWS, "The good rows only")])


def _lines(pasted: str) -> list[str]:
    """The lines, if a page can be kept waiting for so many."""
    if len(pasted.encode()) > MOST_PASTED:
        raise forms.ValidationError(f"A list has at most {MOST_PASTED // 2**20} MB. Add it in parts, or as a CSV file.")
    lines = pasted.splitlines()
    if len(lines) > MOST_LINES:
        raise forms.ValidationError(f"A list has at most {MOST_LINES:,} lines. Add it in parts, or as a CSV file.")
    return lines


def _parted(line: str) -> tuple[str, str]:
    """(external id, address). An address may hold commas, so that what begins as one is one as a whole."""
    if line.lower().startswith(("http://", "https://")):
        return "", line
    match = _ID_AND_ADDRESS.fullmatch(line)
    if match:
        return match["id"].strip(), match["address"].strip()
    before, tab, after = line.partition("\t")
    return (before.strip(), after.strip()) if tab else ("", line)


def _id_error(external_id: str) -> str:
    why = asset_items.too_long(external_id)
    return f"the external ID is {why}" if why else ""
