"""The message that a script returned, in the form in which a page shows it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models.functions import Left, Length
from django.utils.safestring import SafeString

from pluginhost import file_links
from pluginhost.models import Response, Session, StoredFile

from .markdown import html_of

MOST_SHOWN = 20_000
Form = Response.Form


@dataclass(frozen=True)
class Said:
    """`html` for a text, `code` for JSON and the like; `is_cut` when only the first part is shown."""

    id: int
    at: datetime
    form: str
    came_late: bool
    size: int
    html: SafeString | None = None
    code: str = ""
    is_cut: bool = False
    file: str = ""
    file_name: str = ""

    @property
    def is_nothing(self) -> bool:
        return self.form == Form.NOTHING or not self.size

    @property
    def bytes_size(self) -> int:
        """How many bytes the base64 text stands for."""
        return self.size // 4 * 3


def said_by(session: Session) -> list[Said]:
    """Its responses in the order they came. A long body is not read whole to show its beginning."""
    rows = Response.objects.filter(session=session).defer("body")
    shown = rows.annotate(start=Left("body", MOST_SHOWN), size=Length("body")).order_by("id")
    return [_said(session, row, row.start or "", row.size or 0) for row in shown]


def _said(session: Session, row: Response, start: str, size: int) -> Said:
    is_cut = size > len(start)
    known = {"id": row.pk, "at": row.at, "form": row.form, "came_late": row.came_late, "size": size, "is_cut": is_cut}
    if row.form == Form.TEXT and (file := _own_file(session, start)):
        return Said(**known, file=file_links.shown_link("", file.key), file_name=file.key.rsplit("/", 1)[-1])  # type: ignore[arg-type]
    if row.form == Form.TEXT:
        return Said(**known, html=html_of(start))  # type: ignore[arg-type]
    if row.form == Form.JSON:
        return Said(**known, code=start if is_cut else pretty(start))  # type: ignore[arg-type]
    return Said(**known, code=start if row.form == Form.ERROR else "")  # type: ignore[arg-type]


def _own_file(session: Session, text: str) -> StoredFile | None:
    """The file of this project whose address is all that the script said: its link is signed anew, so that it lasts."""
    if file_links.PREFIX not in text or len(text.split()) != 1:
        return None
    key = file_links.key_in(urlsplit(text.strip()).path, "")
    return StoredFile.objects.filter(key=key, project=session.project_id).first() if key else None


def pretty(text: str) -> str:
    """JSON with its lines indented; what is no JSON stays as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def whole(response: Response) -> tuple[bytes, str, str]:
    """(content, content type, ending of the file) of a response, to download."""
    if response.form == Form.BYTES:
        try:
            return base64.b64decode(response.body), "application/octet-stream", "bin"
        except binascii.Error:
            pass
    if response.form == Form.JSON:
        return response.body.encode("utf-8", "replace"), "application/json", "json"
    return response.body.encode("utf-8", "replace"), "text/plain; charset=utf-8", "txt"
