"""What a file is by its first bytes. Only what a browser may show without harm has a type of its own here."""

from __future__ import annotations

UNKNOWN = "application/octet-stream"
HEAD_BYTES = 32
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif", b"M4A ": "audio/mp4", b"qt  ": "video/quicktime"}
_VIDEO_BRANDS = (
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"dash",
    b"3gp4",
    b"3gp5",
)


def sniff(head: bytes) -> str:
    """The type that the content itself shows, whatever the file's name says."""
    for beginning, content_type in _BEGINNINGS:
        if head.startswith(beginning):
            return content_type
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4" if head[8:12] in _VIDEO_BRANDS else UNKNOWN)
    return UNKNOWN


def is_shown(content_type: str) -> bool:
    """Whether a browser may show it in place; an SVG or HTML file is somebody's script and is downloaded."""
    return content_type.startswith(("image/", "audio/", "video/"))
