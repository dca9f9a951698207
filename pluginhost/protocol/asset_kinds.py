"""Which files can become assets, by how their names end; and whether a picture is one."""

from __future__ import annotations

PICTURES = ("jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "tif", "tiff", "svg")
OTHERS = (
    *("mp4", "webm", "mov", "avi", "mkv"),
    *("mp3", "wav", "ogg", "flac", "m4a"),
    *("txt", "md", "json", "html", "pdf"),
    *("pcd", "ply", "dcm", "nrrd", "nii"),
)
ENDINGS = PICTURES + OTHERS
ARCHIVES = ("zip", "gz", "tgz", "tar", "7z", "rar", "xz", "bz2")
_RECOGNIZED = ("jpg", "jpeg", "png", "gif", "webp", "avif")  # those whose first bytes `media` knows


def ending_of(name: str) -> str:
    """`jpg` of `street/01.JPG`; empty where there is none."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return last.rsplit(".", 1)[-1].lower() if "." in last.lstrip(".") else ""


def refusal_of_name(name: str) -> str:
    """Why a file of this name is not taken; empty for those that are."""
    ending = ending_of(name)
    if ending in ENDINGS:
        return ""
    if ending in ARCHIVES:
        return "An archive is not an asset. Unpack it and upload what is in it."
    if not ending:
        return "Its name has no ending that says what kind of file it is."
    return f"Files that end in .{ending[:20]} are not taken as assets."


def refusal_of_content(name: str, size: int, content_type: str) -> str:
    """Why what arrived under this name is not taken; empty for what is."""
    if size == 0:
        return "The file is empty."
    if ending_of(name) in _RECOGNIZED and not content_type.startswith("image/"):
        return f"It ends in .{ending_of(name)}, but what is in it is not such a picture."
    return ""
