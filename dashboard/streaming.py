"""Long answers in pieces: what a plain iterator yields, handed to ASGI without holding more than one piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from django.db import InterfaceError, OperationalError, connection
from django.http import StreamingHttpResponse

from .consumers.reading import read


def streamed(pieces: Iterator[bytes], content_type: str, filename: str) -> StreamingHttpResponse:
    """A download that is written while it is read. (Django would collect a plain iterator whole under ASGI.)"""
    response = StreamingHttpResponse(_piecewise(pieces), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _piecewise(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await read(_next, pieces)) is not None:
        yield piece


def _next(pieces: Iterator[bytes]) -> bytes | None:
    """A generator that raised is at its end, and a second try would look like the end of the file: so end loudly."""
    try:
        return next(pieces, None)
    except (InterfaceError, OperationalError) as error:
        connection.close()
        raise RuntimeError("the download broke off, because the database went away") from error
