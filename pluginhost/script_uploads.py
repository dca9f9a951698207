"""Uploaded scripts are unpacked here: a file, a folder, or a zip of one. What climbs, lies or explodes is refused."""

from __future__ import annotations

import ast
import lzma
import stat
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from .errors import Invalid, TooLarge

MOST_FILES = 10_000
LONGEST_PATH = 300
LONGEST_SOURCE = 2**21
ENTRIES = ("main.py", "plugin.py", "run.py", "app.py", "__main__.py")
_CHUNK = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ENCRYPTED = 0x1
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Upload:
    """One file that came: its path in the folder that was chosen, or its name alone."""

    path: str
    stream: IO[bytes]


def unpack(uploads: Sequence[Upload], folder: Path, limit: int) -> None:
    """Write what came into an empty folder. Invalid or TooLarge with a sentence; the folder is then half full."""
    if len(uploads) == 1 and _is_zip(uploads[0]):
        _unzip(uploads[0], folder, limit)
    elif len(uploads) == 1 and not uploads[0].path.lower().endswith(".py"):
        raise bad(
            f"«{uploads[0].path[:100]}» is neither a Python file nor a zip. Upload a .py file, or a zip of a folder."
        )
    else:
        shared = _shared_folder([upload.path for upload in uploads])
        _write_all([(upload.path[len(shared) :], upload.stream) for upload in uploads], folder, limit)


def entry_of(folder: Path, asked: str) -> str:
    """The file to start: the one that was asked for, or the only one that it can be. Invalid names those there are."""
    if asked:
        if not (folder / asked).is_file():
            raise bad(f"There is no file «{asked}» in the upload. {_there(folder)}", "entry")
        return asked
    top = sorted(path.name for path in folder.glob("*.py"))
    named = [name for name in ENTRIES if name in top]
    if len(top) == 1 or named:
        return named[0] if named else top[0]
    raise bad(f"Which file is to be started? {_there(folder)}", "entry")


def check_syntax(path: Path, shown: str) -> None:
    """Invalid with line and reason when Python cannot read it: better said now than by a script that falls over."""
    source = path.read_bytes()
    if len(source) > LONGEST_SOURCE:
        raise bad(f"{shown} is longer than {LONGEST_SOURCE:,} bytes, too long for a script.", "entry")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source, filename=shown)
    except SyntaxError as error:
        where = f"{shown}, line {error.lineno}" if error.lineno else f"{shown} cannot be read as Python"
        raise bad(f"{where}: {error.msg}. Mend it and upload it again.", "entry") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise bad(f"{shown} cannot be read as Python: {error}", "entry") from None


def requirements_of(folder: Path, longest: int) -> str:
    """What its requirements.txt asks for; empty without one."""
    path = folder / "requirements.txt"
    if not path.is_file() or path.stat().st_size > longest:
        return ""
    return path.read_text(errors="replace").replace("\0", "").replace("\r\n", "\n").strip()


def _there(folder: Path) -> str:
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))
    if not found:
        return "It holds no Python file."
    return f"It holds {', '.join(found[:10])}{' …' if len(found) > 10 else ''}."


# --- a zip ---


def _is_zip(upload: Upload) -> bool:
    head = upload.stream.read(4)
    upload.stream.seek(0)
    if upload.path.lower().endswith(".zip") and head[:2] != b"PK":
        raise bad(f"«{upload.path[:100]}» is no zip archive, though it is named like one. Pack the folder again.")
    return head in (b"PK\x03\x04", b"PK\x05\x06")


def _unzip(upload: Upload, folder: Path, limit: int) -> None:
    try:
        with zipfile.ZipFile(upload.stream) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(entries, limit)
            shared = _shared_folder([entry.filename for entry in entries])
            _write_all(((entry.filename[len(shared) :], archive.open(entry)) for entry in entries), folder, limit)
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # it is the disk that is wrong
        raise bad(f"The zip cannot be unpacked: {error}. Pack the folder again.") from None


def _check_entries(entries: list[zipfile.ZipInfo], limit: int) -> None:
    if not entries:
        raise bad("The zip is empty. Pack the folder again.")
    if len(entries) > MOST_FILES:
        raise bad(f"The zip holds {len(entries):,} files; at most {MOST_FILES:,} are taken.")
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            what = "a link" if kind == stat.S_IFLNK else "no ordinary file"
            raise bad(f"«{entry.filename[:100]}» in the zip is {what}; only files and folders are taken.")
        if entry.flag_bits & _ENCRYPTED:
            raise bad("The zip is encrypted. Pack it without a password.")
        if entry.compress_type not in _METHODS:
            raise bad(f"«{entry.filename[:100]}» is packed in a way that is not known here. Pack the folder again.")
    told = sum(entry.file_size for entry in entries)
    if told > limit:
        raise _too_large(limit)


def _shared_folder(paths: Sequence[str]) -> str:
    """The one folder that everything lies in, as archives of a repository have it: it is left out."""
    tops = {path.partition("/")[0] for path in paths}
    is_shared = len(tops) == 1 and all("/" in path for path in paths) and not tops & {"", "..", "."}
    return f"{tops.pop()}/" if is_shared else ""


# --- files ---


def _write_all(
    given: Iterator[tuple[str, Readable]] | Sequence[tuple[str, Readable]], folder: Path, limit: int
) -> None:
    """What an archive says of sizes may be a lie: what is written is counted."""
    left = limit
    for count, (path, stream) in enumerate(given, start=1):
        if count > MOST_FILES:
            raise bad(f"These are more than {MOST_FILES:,} files.")
        target = folder / safe(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with target.open("xb") as file:
                left = _copy(stream, file, left, limit)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise bad(f"«{path[:100]}» is there twice, or is a file and a folder. Pack the folder again.") from None


def _copy(stream: Readable, file: IO[bytes], left: int, limit: int) -> int:
    while chunk := stream.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise _too_large(limit)
        file.write(chunk)
    return left


def safe(path: str) -> str:
    """A path that stays in its folder; Invalid for one that climbs out of it."""
    parts = PurePosixPath(path).parts
    is_odd = any(ord(letter) < 32 or letter in "\\:\x7f" for letter in path)
    if not parts or path.startswith("/") or ".." in parts or is_odd:
        raise bad(f"«{path[:100]!a}» is no path inside the script's folder. Rename it and pack the folder again.")
    if len(path) > LONGEST_PATH or any(len(part.encode(errors="replace")) > 255 for part in parts):
        raise bad(f"A path is longer than {LONGEST_PATH} characters: «{path[:100]}…».")
    return str(PurePosixPath(*parts))


def bad(message: str, path: str = "file") -> Invalid:
    return Invalid(message, [{"path": path, "message": message}])


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"Unpacked it is larger than {limit:,} bytes. Leave out what the script can fetch itself, or whoever runs this "
        "server can raise PLUGINHOST_SCRIPT_LIMIT."
    )
