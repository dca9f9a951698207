"""A copy of everything that cannot be made again, taken while the server runs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
from contextlib import closing, suppress
from pathlib import Path

from pluginhost.actions.files import DRAFTS

DATABASE, KEYS, FILES, SCRIPTS = "pluginhost.sqlite3", "keys", "files", "scripts"


def write(data_dir: Path, target: Path) -> Path:
    """One archive with the SQLite database as of one moment, the keys, the files, and the uploaded scripts; readable by
    its owner only.

    FileExistsError when `target` is there already. Half an archive is never left under its name.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already; choose another name.")
    draft = target.with_name(f".{target.name}.part")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            _pack(data_dir, out)  # type: ignore[arg-type]
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _pack(data_dir: Path, out: tarfile._Fileobj) -> None:
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        # The database first: a file that is uploaded meanwhile may be there without its row, never a row without it.
        copy = data_dir / f".backup-{os.getpid()}"
        copy.mkdir(mode=0o700)
        try:
            _copy_database(data_dir / DATABASE, copy / DATABASE)
            archive.add(copy / DATABASE, DATABASE)
        finally:
            shutil.rmtree(copy)
        for folder in (data_dir / KEYS, data_dir / FILES, *sorted((data_dir / SCRIPTS).glob("*/code"))):
            _add(archive, data_dir, folder)


def _copy_database(source: Path, target: Path) -> None:
    """As of one moment, while others write: SQLite's own way of copying."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _add(archive: tarfile.TarFile, data_dir: Path, path: Path) -> None:
    """The file, or the folder with what is below it, but for drafts and names with a dot: these are not whole yet.

    Whatever goes meanwhile is left out.
    """
    with suppress(FileNotFoundError):
        archive.add(path, str(path.relative_to(data_dir)), recursive=False)
        if path.is_dir():
            for name in sorted(os.listdir(path)):
                if not name.startswith(".") and path / name != data_dir / FILES / DRAFTS:
                    _add(archive, data_dir, path / name)
