"""Assets as a client adds them (PROTOCOL 2.4): plain checks of one item, errors by its path."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pluginhost.errors import Invalid

from .storable import TooDeep, clean, clean_text

LONGEST_DATA = 2 * 2**20
LONGEST_EXTERNAL_ID = 1000
LARGEST_EXTERNAL_ID = 2400
"""In bytes: assets are found by it in an index, and PostgreSQL's takes no more than 2,704 for all that is in a row."""
LONGEST_DETAILS = 256 * 2**10
ATTACHMENT_TYPES = ("IMAGE", "VIDEO", "TEXT")


@dataclass(frozen=True)
class AssetItem:
    """One asset to add, checked."""

    data: str
    external_id: str
    dataset: list[str] | None
    metadata: dict[str, Any] | None
    context_data: dict[str, Any] | None
    attachments: list[dict[str, str]] | None
    storage: str
    batches: list[Any]
    classifications: list[Any]


def data_digest(data: str) -> str:
    """The digest by which an asset is found by its data."""
    return hashlib.md5(data.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def read(item: object, path: str) -> AssetItem:
    """The asset that `item` describes; Invalid names the first thing wrong, for example `assets[3].data`."""
    if not isinstance(item, dict):
        raise bad(path, "This must be an object with data or dataset.")
    dataset = _pages(item.get("dataset"), f"{path}.dataset")
    data = _text(item.get("data"), f"{path}.data", LONGEST_DATA) or (dataset[0] if dataset else "")
    if not data:
        raise bad(f"{path}.data", "Give the asset's address, or its text.")
    return AssetItem(
        data=data,
        external_id=_external_id(item.get("externalId"), f"{path}.externalId") or _name_of(data),
        dataset=dataset,
        metadata=_details(item.get("metadata"), f"{path}.metadata"),
        context_data=_details(item.get("contextData"), f"{path}.contextData"),
        attachments=_attachments(item.get("attachments"), f"{path}.attachments"),
        storage=_text(item.get("storage"), f"{path}.storage", 64),
        batches=[*_list(item.get("batches"), f"{path}.batches"), *_list(item.get("tags"), f"{path}.tags")],
        classifications=_list(item.get("classifications"), f"{path}.classifications"),
    )


def too_long(external_id: str) -> str:
    """What is said of an external id that is; empty when it is not."""
    if len(external_id) > LONGEST_EXTERNAL_ID:
        return f"longer than {LONGEST_EXTERNAL_ID:,} characters"
    if len(external_id.encode("utf-8", "surrogatepass")) > LARGEST_EXTERNAL_ID:
        return f"longer than {LARGEST_EXTERNAL_ID:,} bytes in UTF-8"
    return ""


def attachments(value: object, path: str) -> list[dict[str, str]] | None:
    return _attachments(value, path)


def bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])


def _text(value: object, path: str, most: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad(path, "This must be text.")
    if len(value) > most:
        raise bad(path, f"This is longer than {most:,} characters.")
    return clean_text(value)


def _external_id(value: object, path: str) -> str:
    """Numbers are taken too: many an author counts images."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    name = _text(value, path, LONGEST_EXTERNAL_ID)
    if why := too_long(name):
        raise bad(path, f"This is {why}.")
    return name


def _name_of(data: str) -> str:
    """The file's name where data is an address, otherwise something to tell texts apart by."""
    if data.startswith(("http://", "https://", "/")):
        try:
            name = unquote(urlsplit(data).path).rstrip("/").rsplit("/", 1)[-1]
        except ValueError:
            name = ""
        if name:
            return clean_text(name)[:LONGEST_EXTERNAL_ID].encode()[:LARGEST_EXTERNAL_ID].decode(errors="ignore")
    return f"text-{data_digest(data)[:12]}"


def _list(value: object, path: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad(path, "This must be a list.")
    return value


def _pages(value: object, path: str) -> list[str] | None:
    pages = [_text(page, f"{path}[{index}]", 10_000) for index, page in enumerate(_list(value, path))]
    if not all(pages):
        raise bad(path, "Each page must be an address.")
    return pages or None


def _details(value: object, path: str) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad(path, "This must be an object.")
    try:
        cleaned = clean(value)
        size = len(json.dumps(cleaned, allow_nan=False))
    except TooDeep as error:
        raise bad(path, f"This is {error}.") from None
    except ValueError:
        raise bad(path, "NaN and Infinity are not JSON; use null.") from None
    if size > LONGEST_DETAILS:
        raise bad(path, f"This is larger than {LONGEST_DETAILS // 1024} KB.")
    return dict(cleaned)


def _attachments(value: object, path: str) -> list[dict[str, str]] | None:
    found = []
    for index, item in enumerate(_list(value, path)):
        here = f"{path}[{index}]"
        if not isinstance(item, dict):
            raise bad(here, "This must be an object with type and value.")
        kind = item.get("type")
        if kind not in ATTACHMENT_TYPES:
            raise bad(f"{here}.type", f"This must be one of {', '.join(ATTACHMENT_TYPES)}.")
        found.append({"type": kind, "value": _text(item.get("value"), f"{here}.value", 100_000)})
    return found or None
