"""Uploads of managed scripts: each is a version of its own, kept as it came."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from pluginhost import script_files, script_uploads
from pluginhost.actions import managed_scripts
from pluginhost.errors import NotFound
from pluginhost.models import ManagedScript, Plugin, ScriptCode
from pluginhost.principal import Principal
from pluginhost.script_uploads import Upload

Source = ManagedScript.Source


def upload(principal: Principal, plugin: Plugin, uploads: Sequence[Upload], entry: str = "") -> ScriptCode:
    """A new version of the plugin's script, which is started in place of the one that runs.

    `uploads` are a Python file, a zip, or the files of a folder; `entry` is the file to start, where it is not plain.
    Invalid and TooLarge say what is wrong; then nothing is kept.
    """
    managed_scripts.refuse_unless_allowed(Source.UPLOADED)
    draft = script_files.folder(plugin.uid) / "code" / f".{secrets.token_hex(8)}"
    draft.mkdir(parents=True, mode=0o700)
    try:
        script_uploads.unpack(uploads, draft, settings.PLUGINHOST_SCRIPT_LIMIT)
        chosen = script_uploads.entry_of(draft, _entry(entry))
        script_uploads.check_syntax(draft / chosen, chosen)
        facts = {"name": _name(uploads[0].path), "entry": chosen, **_facts(draft)}  # it takes a while for large ones
        return _keep(principal, plugin, draft, facts)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _entry(given: str) -> str:
    try:
        return managed_scripts.relative(given)
    except ValueError as error:
        raise script_uploads.bad(f"entry: {error}", "entry") from None


@transaction.atomic
def _keep(principal: Principal, plugin: Plugin, draft: Path, facts: dict[str, Any]) -> ScriptCode:
    script = managed_scripts.locked(plugin)
    if script is None:
        script = ManagedScript(plugin=plugin, source=Source.UPLOADED, entry=facts["entry"])
        managed_scripts.change(principal, script, {})
    number = (ScriptCode.objects.filter(script=script).aggregate(last=Max("number"))["last"] or 0) + 1
    code = ScriptCode.objects.create(script=script, number=number, added_by=principal.user, **facts)
    asked = script_uploads.requirements_of(draft, managed_scripts.LONGEST_REQUIREMENTS)
    taken = {"requirements": asked} if asked and not script.requirements else {}
    values = {"code": code, "entry": code.entry, "source": Source.UPLOADED, "working_directory": "", **taken}
    managed_scripts.change(principal, script, values)
    managed_scripts.note(principal, "script.uploaded", plugin, number=number, name=code.name, files=code.files)
    target = script_files.code(plugin.uid, number)
    shutil.rmtree(target, ignore_errors=True)  # of a script that was removed, or of an upload that was rolled back
    os.rename(draft, target)
    return code


def _facts(folder: Path) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "digest": _digest(folder, files),
        "size": sum(path.stat().st_size for path in files),
        "files": len(files),
    }


def _name(given: str) -> str:
    """The file's own name, or the folder's that was chosen."""
    return (given.replace("\\", "/").strip("/").split("/")[0] or "script")[:200]


def _digest(folder: Path, files: Sequence[Path]) -> str:
    """Of names and contents: the same upload has the same, however it was packed."""
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder)}\0{content}\0".encode(errors="surrogateescape"))
    return total.hexdigest()


@transaction.atomic
def choose(principal: Principal, plugin: Plugin, number: int) -> ScriptCode:
    """Go back (or forward) to an upload that is kept."""
    managed_scripts.refuse_unless_allowed(Source.UPLOADED)
    code = ScriptCode.objects.select_related("script").filter(script__plugin=plugin, number=number).first()
    if code is None or not script_files.code(plugin.uid, number).is_dir():
        raise NotFound("There is no such version of this script any more.")
    values = {"code": code, "entry": code.entry, "source": Source.UPLOADED, "working_directory": ""}
    managed_scripts.change(principal, code.script, values)
    managed_scripts.note(principal, "script.version_chosen", plugin, number=number)
    return code
