"""`/files/<key>`: uploads are put here with a token, and read with a token or by a signed-in member."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterator
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.http.request import UnreadablePostError
from django.utils.http import content_disposition_header

from pluginhost import access, file_links
from pluginhost.actions import files
from pluginhost.errors import Forbidden, Gone, Invalid, NotFound, PluginhostError, TooLarge
from pluginhost.models import StoredFile, User
from pluginhost.protocol import media

from .door import refusal

_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


def stored(request: HttpRequest, key: str) -> HttpResponseBase:
    """PUT fills the place once, GET reads what is there."""
    try:
        if request.method == "PUT":
            return _put(request, key)
        if request.method in ("GET", "HEAD"):
            return _for_any_page(_get(request, key))
        if request.method == "OPTIONS":
            return _for_any_page(HttpResponse(status=204))
    except PluginhostError as error:
        return _for_any_page(refusal(error))
    return JsonResponse({"status": "fail", "message": "Files are put and read here, nothing else."}, status=405)


stored.csrf_exempt = True  # type: ignore[attr-defined]  # a PUT is let in by its token alone


def _put(request: HttpRequest, key: str) -> HttpResponseBase:
    """The reply is exactly 200: the older clients compare with it."""
    if not file_links.is_good(request.GET.get("t", ""), "PUT", key):
        raise Forbidden("This upload address is not good, or its time is over. Ask getUploadUrl for a new one.")
    place = StoredFile.objects.filter(key=key).first()
    if place is None:
        raise NotFound("There is no such place for a file.")
    limit = settings.PLUGINHOST_UPLOAD_LIMIT
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge(f"This file is larger than {limit:,} bytes, which is the most that is taken.")
    try:
        files.receive(place, request, limit)
    except UnreadablePostError:
        raise Invalid("The upload broke off before it was whole; send it again.") from None
    return JsonResponse({"status": "success"})


def _get(request: HttpRequest, key: str) -> HttpResponseBase:
    found = StoredFile.objects.select_related("project").filter(key=key).exclude(size=None).first()
    is_good = file_links.is_good(request.GET.get("t", ""), "GET", key)
    if found is None or not (is_good or _is_members(request, found)):
        raise NotFound("There is no such file, or the address is no longer good.")
    if found.deleted_at is not None:
        raise Gone(f"This file was deleted on {found.deleted_at:%-d %B %Y}: {found.deleted_why}")
    try:
        file = files.path_of(found).open("rb")
    except FileNotFoundError:
        raise NotFound("This file is not in the data directory any more.") from None
    return _answer(request, found, file)


def _is_members(request: HttpRequest, found: StoredFile) -> bool:
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return False
    if found.project is None:
        return found.created_by_id == user.pk
    return found.project.deleted_at is None and access.role_in(user, found.project.organization_id) is not None


def _answer(request: HttpRequest, found: StoredFile, file: BinaryIO) -> HttpResponseBase:
    size = int(found.size or 0)
    first, last = _range(request.headers.get("Range", ""), size)
    is_part = (first, last) != (0, size - 1)
    if first > last and size:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    file.seek(first)
    pieces = _Pieces(file, last - first + 1)
    # Under ASGI, Django would collect a plain iterator whole before it sends anything.
    content = _Awaited(pieces) if hasattr(request, "scope") else pieces
    response = StreamingHttpResponse(content, status=206 if is_part else 200, content_type=found.content_type)
    response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    if is_part:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, max-age=86400, immutable"
    name = found.key.rsplit("/", 1)[-1]
    disposition = content_disposition_header(not media.is_shown(found.content_type), name)
    response["Content-Disposition"] = disposition or "inline"
    return response


def _range(header: str, size: int) -> tuple[int, int]:
    """First and last byte of a single range; anything else, and nothing, is the whole file."""
    match = _RANGE.match(header.strip())
    if match is None or match[0] == "bytes=-":
        return 0, size - 1
    if not match[1]:
        return max(size - int(match[2]), 0), size - 1
    return int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)


def _for_any_page(response: HttpResponseBase) -> HttpResponseBase:
    """A token is all it takes to read, so any site's page may."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "GET, HEAD"
    response["Access-Control-Allow-Headers"] = "Range"
    return response


class _Pieces:
    """A part of a file, a quarter of a megabyte at a time."""

    def __init__(self, file: BinaryIO, count: int) -> None:
        self._file, self._left = file, count

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read():
            yield piece

    def read(self) -> bytes:
        piece = self._file.read(min(_CHUNK, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


class _Awaited:
    """The same for ASGI: each piece is read in the request's thread."""

    def __init__(self, pieces: _Pieces) -> None:
        self._pieces = pieces
        self._read = sync_to_async(self._next, thread_sensitive=True)

    def __aiter__(self) -> _Awaited:
        return self

    def __anext__(self) -> Awaitable[bytes]:
        return self._read()

    def _next(self) -> bytes:
        piece = self._pieces.read()
        if not piece:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        self._pieces.close()
