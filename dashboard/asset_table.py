"""CSV files that list assets: how they are written is found out, and their rows are read one at a time."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from pluginhost.errors import Invalid
from pluginhost.protocol.asset_items import LONGEST_DATA

MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_LINE = LONGEST_DATA + 2**20
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Western (Windows-1252)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LOOKED_AT = 20

csv.field_size_limit(LONGEST_DATA)  # a forgotten quotation mark must not swallow the whole file


@dataclass(frozen=True)
class Line:
    """One row: the number of the line that it begins on, and its cells."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A CSV file and how it is written; `columns` are the names in its first row, or made up where it has none."""

    path: Path
    encoding: str
    delimiter: str
    has_header: bool
    columns: list[str]

    def lines(self) -> Iterator[Line]:
        """All rows but the header and empty ones. Invalid, with the line, when they cannot be read any further."""
        with _open(self.path, self.encoding) as file:
            rows = _rows(file, self.delimiter)
            if self.has_header:
                next(rows, None)
            count = 0
            for row in rows:
                if any(cell.strip() for cell in row.cells):
                    count += 1
                    if count > MOST_ROWS:
                        raise Invalid(f"The file has more than {MOST_ROWS:,} rows. Split it and add its parts.")
                    yield row


def table_of(path: Path, encoding: str = "", delimiter: str = "") -> Table:
    """The table in a file; what is not given is found out. Invalid when there is nothing to read."""
    encoding = encoding if encoding in ENCODINGS else _encoding_of(path)
    delimiter = delimiter if delimiter in DELIMITERS else _delimiter_of(path, encoding)
    with _open(path, encoding) as file:
        first = next((row.cells for row in _rows(file, delimiter) if any(row.cells)), None)
    if first is None:
        raise Invalid("The file has no rows.")
    if len(first) > MOST_COLUMNS:
        raise Invalid(f"The file has {len(first):,} columns, more than {MOST_COLUMNS}. Choose another delimiter.")
    has_header = not any(cell.strip().lower().startswith(("http://", "https://")) for cell in first)
    named = [cell.strip() for cell in first] if has_header else [""] * len(first)
    columns = [name or f"column {place}" for place, name in enumerate(named, start=1)]
    return Table(path, encoding, delimiter, has_header, columns)


def _encoding_of(path: Path) -> str:
    """By its mark; else UTF-8 where all of it is, else what a Western spreadsheet writes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        head = file.read(4)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding
        file.seek(0)
        try:
            while piece := file.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _delimiter_of(path: Path, encoding: str) -> str:
    """The one that parts most of the first rows into as many cells as the first has, and more than one."""
    return max(DELIMITERS, key=lambda delimiter: _fit(path, encoding, delimiter))


def _fit(path: Path, encoding: str, delimiter: str) -> tuple[float, int]:
    try:
        with _open(path, encoding) as file:
            widths = [len(row.cells) for row in islice(_rows(file, delimiter), _LOOKED_AT) if any(row.cells)]
    except Invalid:
        return 0, 0
    if not widths or widths[0] < 2:
        return 0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _open(path: Path, encoding: str) -> IO[str]:
    return path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors="replace", newline="")


def _rows(file: IO[str], delimiter: str) -> Iterator[Line]:
    """All rows, the empty ones too: skipping them takes time, so that there may be only so many."""
    reader, begins = csv.reader(_lines(file), delimiter=delimiter), 1
    try:
        for count, cells in enumerate(reader, start=1):
            if count > 2 * MOST_ROWS:
                raise Invalid(f"Most of the file's first {2 * MOST_ROWS:,} rows are empty. Take those out.")
            yield Line(begins, cells)
            begins = reader.line_num + 1
    except csv.Error:
        raise Invalid(
            f"Line {begins:,} cannot be read: a field is longer than {LONGEST_DATA:,} characters. "
            "Is a quotation mark missing?"
        ) from None


def _lines(file: IO[str]) -> Iterator[str]:
    """As the file itself, but never one that would fill the memory."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise Invalid(f"Line {number:,} is longer than {LONGEST_LINE:,} characters. Is this a CSV file?")
        yield line


def as_line(cells: Sequence[object]) -> bytes:
    """One row as a spreadsheet reads it."""
    out = _Echo()
    csv.writer(out).writerow(cells)
    return out.text.encode()


class _Echo:
    text = ""

    def write(self, text: str) -> None:
        self.text += text
