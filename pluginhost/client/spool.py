"""Answers on disk, until the host has acknowledged them: they outlive the script."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any

from .held import Answer, Held, Kept

logger = logging.getLogger(__name__)

SUFFIX = ".answer.json"


class Spool:
    """One folder, of one running script at a time. A file for each answer, with the lines that are not stored yet.

    It holds the sessions' keys, so only the user may read it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, held: Held, answer: Answer, lines: list[Kept]) -> None:
        """Written whole or not at all; when it returns, it is on the disk."""
        text = json.dumps(_written(held, answer, lines), ensure_ascii=False)
        path = self._path(held.id)
        unfinished = path.with_suffix(".part")
        with os.fdopen(
            os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)

    def forget(self, session: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._path(session).unlink()

    def recall(self) -> list[Held]:
        """What an earlier run of the script could not deliver, oldest first."""
        paths = sorted(self._folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
        return [held for held in map(_read, paths) if held is not None]

    def _path(self, session: str) -> Path:
        name = "".join(letter if letter.isalnum() else "_" for letter in session)[:100]
        return self._folder / f"{name}{SUFFIX}"


def _written(held: Held, answer: Answer, lines: list[Kept]) -> dict[str, Any]:
    is_bytes = isinstance(answer.value, (bytes, bytearray))
    return {
        "session": held.id,
        "apiKey": held.key,
        "last": held.last,
        "lines": [{"line": kept.number, "at": kept.said_at, "event": kept.event} for kept in lines],
        "error": answer.error,
        "bytes": base64.b64encode(answer.value).decode() if is_bytes else None,
        "value": None if is_bytes else answer.value,
        "size": answer.size,
    }


def _read(path: Path) -> Held | None:
    """One that cannot be read is left where it is, for somebody to look at."""
    try:
        return _held(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.error("The answer in %s cannot be read and is left there: %s", path, error)
        return None


def _held(written: dict[str, Any]) -> Held:
    held = Held({"session": written["session"], "apiKey": written["apiKey"]}, last=int(written["last"]))
    for line in written["lines"]:
        held.lines.append(Kept(int(line["line"]), line["event"], float(line["at"]), len(str(line["event"]))))
    value = base64.b64decode(written["bytes"]) if written["bytes"] is not None else written["value"]
    held.answer = Answer(value, written["error"], int(written["size"]))
    held.has_begun = True
    return held
