"""The kinds of labeling tools in words, with their icons and with what each of them can be given."""

from __future__ import annotations

from typing import Any

from pluginhost.protocol.tool_kinds import CHOOSING, PALETTE

# Kind on the wire → (word, icon of the sprite).
TOOL_KINDS = {
    "bounding-box": ("Bounding box", "square"),
    "rotated-bounding-box": ("Rotated bounding box", "square-rotated"),
    "polygon": ("Polygon", "polygon"),
    "segmentation": ("Segmentation", "lasso"),
    "polyline": ("Line", "line"),
    "point": ("Point", "point"),
    "brush": ("Brush", "brush"),
    "ner": ("Words in a text", "letter-case"),
    "pdf": ("Part of a PDF", "file-text"),
    "pct": ("3D", "cube"),
}
CLASSIFICATION_KINDS = {
    "radio": ("One of several", "circle-dot"),
    "checkbox": ("Some of several", "checkbox"),
    "single-dropdown": ("One from a list", "list"),
    "multi-dropdown": ("Some from a list", "list-check"),
    "tree-dropdown": ("From a tree", "binary-tree"),
    "text": ("Text", "text-size"),
    "boolean": ("Yes or no", "toggle-left"),
    "rank": ("Order of preference", "list-numbers"),
    "instance": ("Instance", "tag"),
}
RELATION_KINDS = {
    "one-to-one": ("One to one", "arrow-right"),
    "one-to-many": ("One to many", "arrows-split"),
    "group": ("Group", "circles"),
}
KINDS = TOOL_KINDS | CLASSIFICATION_KINDS | RELATION_KINDS
WORDS = {kind: word for kind, (word, _) in KINDS.items()}
HINTS = {
    "bounding-box": "An upright rectangle",
    "rotated-bounding-box": "A rectangle that may be turned",
    "polygon": "An outline of corners",
    "segmentation": "Regions, with holes if need be",
    "polyline": "A path that stays open",
    "point": "One place",
    "brush": "Painted pixels: a mask for the whole asset",
    "ner": "A span of a text, or of a recording",
    "pdf": "A rectangle or words on a page",
    "pct": "A shape in a point cloud",
    "radio": "Options in sight, one is chosen",
    "checkbox": "Options in sight, any number",
    "single-dropdown": "Many options, one is chosen",
    "multi-dropdown": "Many options, any number",
    "tree-dropdown": "Options with options below them",
    "text": "Words or a number, if you like by a pattern",
    "boolean": "A switch",
    "rank": "Options that are put in an order",
    "instance": "Which individual it is",
    "one-to-one": "From one object to another",
    "one-to-many": "From one object to several",
    "group": "Several that belong together",
}
COLORS = (
    "Red", "Blue", "Violet", "Green", "Ochre", "Olive", "Plum", "Indigo",
    "Rust", "Teal", "Brown", "Slate", "Pink", "Leaf", "Purple", "Brick",
)  # fmt: skip


def palette() -> list[tuple[str, str]]:
    """The colours that are offered, each with its name."""
    return list(zip(PALETTE, COLORS, strict=True))


def for_editor() -> dict[str, Any]:
    """What the page's script has to know of the kinds, list by list, in the order in which they are offered."""
    lists = {"tools": TOOL_KINDS, "classifications": CLASSIFICATION_KINDS, "relations": RELATION_KINDS}
    return {name: [_for_editor(kind) for kind in kinds] for name, kinds in lists.items()}


def _for_editor(kind: str) -> dict[str, Any]:
    word, icon = KINDS[kind]
    return {"kind": kind, "word": word, "icon": icon, "hint": HINTS[kind], "options": _options_of(kind)}


def _options_of(kind: str) -> str:
    return "list" if kind in CHOOSING else "tree" if kind == "tree-dropdown" else ""
