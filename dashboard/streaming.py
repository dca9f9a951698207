"""Long answers in pieces: what a plain iterator yields, handed to ASGI without holding more than one piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from django.http import StreamingHttpResponse

from .consumers.reading import read


def streamed(pieces: Iterator[bytes], content_type: str, filename: str) -> StreamingHttpResponse:
    """A download that is written while it is read. (Django would collect a plain iterator whole under ASGI.)"""
    response = StreamingHttpResponse(_piecewise(pieces), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _piecewise(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await read(next, pieces, b"")) != b"":
        yield piece
