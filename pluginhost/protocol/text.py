"""Text from outside, made fit to be stored and shown."""

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """`text` without what no database takes: lone surrogates and NUL become visible stand-ins."""
    if "\0" in text:
        text = text.replace("\0", "\N{SYMBOL FOR NULL}")
    return text if text.isascii() else _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def cut(text: str, most_bytes: int) -> str:
    """`text`, or as much of it as fits into so many bytes, and a word about the rest."""
    if len(text) * 4 <= most_bytes:
        return text
    encoded = text.encode()
    if len(encoded) <= most_bytes:
        return text
    kept = encoded[:most_bytes].decode(errors="ignore")
    return f"{kept} … (cut: the line has {len(text):,} characters)"


def first_line(text: str, most: int) -> str:
    """The first line that says something, shortened."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= most else line[: most - 1] + "…"
