"""How an asset is shown: as a picture to draw over, as its text, or as a link."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pluginhost.models import Asset

_OTHERS = {
    ".mp4": "Video", ".webm": "Video", ".mov": "Video", ".avi": "Video", ".mkv": "Video", ".mp3": "Audio",
    ".wav": "Audio", ".ogg": "Audio", ".flac": "Audio", ".pdf": "PDF", ".pcd": "Point cloud", ".ply": "Point cloud",
    ".dcm": "DICOM", ".nrrd": "NRRD", ".txt": "Text file", ".md": "Text file", ".json": "JSON file", ".html": "HTML",
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """`source` for a picture and other files, `text` for a text; width and height where they are known."""

    kind: str
    source: str = ""
    text: str = ""
    width: int | None = None
    height: int | None = None

    @property
    def is_image(self) -> bool:
        return self.kind == "Image"

    @property
    def view_box(self) -> str:
        """Empty when the browser has to find out."""
        return f"0 0 {self.width} {self.height}" if self.width and self.height else ""


def picture_of(asset: Asset, address: str) -> Picture:
    """`address` is what a browser loads: the asset's data, signed where it is stored here."""
    width, height = _sizes(asset.metadata)
    if address.startswith("data:image/"):
        return Picture("Image", source=address, width=width, height=height)
    parts = urlsplit(address) if len(address) < 4_000 else None
    if parts is None or not (parts.scheme in {"http", "https"} or address.startswith("/")):
        return Picture("Text", text=asset.data)
    ending = PurePosixPath(parts.path).suffix.lower()
    if ending in _OTHERS:
        return Picture(_OTHERS[ending], source=address)
    return Picture("Image", source=address, width=width, height=height)


def _sizes(metadata: object) -> tuple[int | None, int | None]:
    given = metadata if isinstance(metadata, dict) else {}
    return _pixels(given.get("width")), _pixels(given.get("height"))


def _pixels(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 1_000_000:
        return None
    return round(value)
