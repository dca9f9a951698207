"""A real script that says what the test tells it, line by line, through a pipe."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TextIO

_BODY = """
for line in open({pipe!r}):
    told = json.loads(line)
    if "answer" in told:
        return told["answer"]
    logger.info(told["log"])
"""


class Steered:
    """The test's end of the pipe. The script's callback reads the other."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "told"
        os.mkfifo(self._path)
        self._pipe: TextIO | None = None

    @property
    def body(self) -> str:
        """The callback of the script."""
        return _BODY.format(pipe=str(self._path))

    def log(self, *messages: str) -> None:
        self._tell([{"log": message} for message in messages])

    def answer(self, value: Any) -> None:
        """The callback returns this."""
        self._tell([{"answer": value}])

    def _tell(self, lines: list[dict[str, Any]]) -> None:
        """The first time waits until the callback has begun: opening a pipe waits for its reader."""
        if self._pipe is None:
            self._pipe = self._path.open("w", buffering=1)
        self._pipe.write("".join(json.dumps(line) + "\n" for line in lines))
        self._pipe.flush()

    def close(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
