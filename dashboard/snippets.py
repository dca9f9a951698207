"""The sample script of `examples/`, filled in for one plugin and coloured. There is no second text of it."""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

HOST, ID, SECRET = "<YOUR HOST>", "<YOUR PLUGIN ID>", "<YOUR PLUGIN SECRET>"
_VARIABLES = {HOST: "PLUGINHOST_URL", ID: "PLUGINHOST_ID", SECRET: "PLUGINHOST_SECRET"}  # as the other examples


@dataclass(frozen=True)
class Client:
    """A generation of the public client, and the sample that is written for it."""

    key: str
    title: str
    file: str


CLIENTS = (
    Client("new", "ango 1.3 and later", "batch_model_1_4.py"),
    Client("old", "ango up to 1.1", "batch_model_1_1.py"),
)


@dataclass(frozen=True)
class Snippet:
    """One sample in one form: with the values in the file, or taken from environment variables."""

    client: Client
    form: str
    code: SafeString
    install: str

    @property
    def id(self) -> str:
        return f"code-{self.client.key}-{self.form}"


def snippets(host: str, plugin_uid: str, secret: str = "") -> list[Snippet]:
    """Both samples in both forms; the secret stands in them only if it is given."""
    filled = {HOST: host, ID: plugin_uid, SECRET: secret or SECRET}
    return [
        Snippet(client, form, _filled(_coloured(client, form), filled), _install(client))
        for client in CLIENTS
        for form in ("file", "environment")
    ]


def exports(host: str, plugin_uid: str, secret: str = "") -> SafeString:
    """The three variables as a shell takes them."""
    filled = {HOST: host, ID: plugin_uid, SECRET: secret or SECRET}
    lines = [format_html('export {}="{}"', name, _here(place, filled)) for place, name in _VARIABLES.items()]
    return mark_safe("\n".join(lines))  # noqa: S308  (made of escaped parts)


@cache
def _source(client: Client) -> str:
    return (settings.BASE_DIR / "examples" / client.file).read_text()


def _install(client: Client) -> str:
    found = re.search(r"`(pip install [^`]+)`", _source(client))
    return found.group(1) if found else "pip install ango"


def _text(client: Client, form: str) -> str:
    text = _source(client)
    if form == "file":
        return text
    text = text.replace("import json\n", "import json\nimport os\n", 1)
    for place, name in _VARIABLES.items():
        text = text.replace(f'"{place}"', f'os.environ["{name}"]')
    return text


def _filled(parts: Sequence[str], filled: dict[str, str]) -> SafeString:
    """What was coloured, with values in its places."""
    shown = {place: _here(place, filled) for place in filled}
    return mark_safe("".join(shown.get(part, part) for part in parts))  # noqa: S308  (made of escaped parts)


@cache
def _coloured(client: Client, form: str) -> list[str]:
    """Python in spans of the stylesheet's classes, escaped, but for the places to fill, each a part of its own."""
    text = _text(client, form)
    lines = text.splitlines(keepends=True)
    out, at, follows_def = list[str](), (1, 0), False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        out.append(escape(_between(lines, at, token.start)))
        out += _span(token, follows_def)
        follows_def = token.string in ("def", "class")
        at = token.end
    return out


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """The blanks and line ends between two tokens."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    middle = "".join(lines[start[0] : end[0] - 1])
    return lines[start[0] - 1][start[1] :] + middle + lines[end[0] - 1][: end[1]]


def _span(token: tokenize.TokenInfo, follows_def: bool) -> list[str]:
    word = token.string
    if token.type == tokenize.STRING:
        place = word[1:-1]
        inside = ['"', place, '"'] if place in _VARIABLES else [escape(word)]
        return ['<span class="hl-s">', *inside, "</span>"]
    kind = (
        "hl-c" if token.type == tokenize.COMMENT
        else "hl-n" if token.type == tokenize.NUMBER
        else "hl-p" if follows_def
        else "hl-k" if keyword.iskeyword(word)
        else ""
    )  # fmt: skip
    return [format_html('<span class="{}">{}</span>', kind, word) if kind else escape(word)]


def _here(place: str, filled: dict[str, str]) -> SafeString:
    """A filled-in value; the secret's place can be filled by the page's script when it was revealed."""
    mark = mark_safe(" data-secret") if place == SECRET else ""
    return format_html('<span class="here"{}>{}</span>', mark, filled[place])
