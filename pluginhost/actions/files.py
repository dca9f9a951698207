"""Uploaded files: a place is reserved, then filled once; nothing is ever overwritten."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction

from pluginhost.errors import Conflict, Invalid, TooLarge
from pluginhost.ids import new_id
from pluginhost.models import Project, StoredFile
from pluginhost.principal import Principal
from pluginhost.protocol import media

KINDS = ("assets", "brushes", "medicalBrushes", "exports", "instructions")
DRAFTS = "drafts"
"""A folder beside those of the keys, whose names are all hex digits."""
_CHUNK = 1 << 20
_LONGEST_NAME = 100
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@transaction.atomic
def reserve(principal: Principal, project: Project | None, name: str, kind: str = "assets") -> StoredFile:
    """A place for one upload; its key is new, and the name only its last part."""
    if kind not in KINDS:
        raise Invalid(f"type: choose one of {', '.join(KINDS)}.", [{"path": "type", "message": "This is not known."}])
    return StoredFile.objects.create(
        key=f"{new_id()}/{_safe_name(name)}",
        project=project,
        kind=kind,
        size=None,
        created_by=principal.user,
    )


def path_of(stored: StoredFile) -> Path:
    return Path(settings.PLUGINHOST_FILES_DIR) / stored.key


def receive(stored: StoredFile, stream: Readable, limit: int) -> None:
    """Fill the place. Conflict when it was filled before, TooLarge past `limit` bytes; then nothing is kept."""
    if stored.size is not None:
        raise _filled()
    target = path_of(stored)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f".{secrets.token_hex(8)}")
    try:
        size, head = _write(draft, stream, limit)
        os.link(draft, target)  # unlike a rename, this never takes another's place
    except FileExistsError:
        raise _filled() from None
    finally:
        draft.unlink(missing_ok=True)
    _fill(stored, size, media.sniff(head))


def draft() -> Path:
    """Where a file may be written before it gets its place; its own each time, and on the same disk."""
    folder = Path(settings.PLUGINHOST_FILES_DIR) / DRAFTS
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / secrets.token_hex(12)


@transaction.atomic
def keep(written: Path, name: str, content_type: str, **fields: Any) -> StoredFile:
    """Give a file that was written here a place and an address of its own; `fields` are the row's others."""
    key = f"{new_id()}/{_safe_name(name)}"
    target = Path(settings.PLUGINHOST_FILES_DIR) / key
    target.parent.mkdir(mode=0o700)
    os.replace(written, target)
    try:
        return StoredFile.objects.create(key=key, size=target.stat().st_size, content_type=content_type, **fields)
    except Exception:
        target.unlink()
        target.parent.rmdir()
        raise


def remove_old_drafts(before: float) -> None:
    """Those that nobody has written to since: whoever did is gone."""
    for path in (Path(settings.PLUGINHOST_FILES_DIR) / DRAFTS).glob("*"):
        with contextlib.suppress(FileNotFoundError):  # somebody else did
            if path.stat().st_mtime < before:
                path.unlink()


def remove(stored: StoredFile) -> None:
    """Take its bytes from the disk; that it was there, and why it is not any more, stays in its row."""
    path = path_of(stored)
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty: an upload is under way
        path.parent.rmdir()


def adopt(stored: StoredFile, project: Project) -> None:
    """It belongs to this project from now on: it was uploaded before the uploader said for which."""
    StoredFile.objects.filter(pk=stored.pk, project=None).update(project=project)


def note_masks(project: Project, keys: Iterable[str]) -> None:
    """Labels name these, whatever they were said to be when they were uploaded: retention leaves masks alone."""
    StoredFile.objects.filter(project=project, key__in=list(keys), kind="assets").update(kind="brushes")


@transaction.atomic
def _fill(stored: StoredFile, size: int, content_type: str) -> None:
    StoredFile.objects.filter(pk=stored.pk, size=None).update(size=size, content_type=content_type)


def _write(draft: Path, stream: Readable, limit: int) -> tuple[int, bytes]:
    """Size and first bytes of what was written."""
    size, head = 0, b""
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"This file is larger than {limit:,} bytes, which is the most that is taken.")
            head = head or chunk[: media.HEAD_BYTES]
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size, head


def _safe_name(name: str) -> str:
    """The last part of the name, in characters that need no escaping; its end, which says the kind, is kept."""
    last = _NOT_IN_A_NAME.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".")
    return last[-_LONGEST_NAME:] or "file"


def _filled() -> Conflict:
    return Conflict("A file was put here already; it is never overwritten. Ask for a new upload address.")
