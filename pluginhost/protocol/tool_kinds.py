"""The kinds of labeling tools on the wire (PROTOCOL 3.1), and the colours that new ones are given."""

from __future__ import annotations

KINDS = ("tools", "classifications", "relations")
GEOMETRY_OF_TOOL = {
    "bounding-box": "bounding-box",
    "rotated-bounding-box": "rotated-bounding-box",
    "polygon": "polygon",
    "polyline": "polyline",
    "point": "point",
    "segmentation": "segmentation",
    "ner": "ner",
    "pdf": "pdf",
    "brush": "brush",
    "pct": "pct",
}
CLASSIFICATIONS = {
    "multi-dropdown", "single-dropdown", "tree-dropdown", "radio", "checkbox", "text", "instance", "boolean", "rank",
}  # fmt: skip
RELATIONS = {"one-to-one", "one-to-many", "group"}
CHOOSING = {"multi-dropdown", "single-dropdown", "radio", "checkbox", "rank"}
"""The classifications whose answer is among options; those of a tree are derived from it."""
OF_KIND = {"tools": set(GEOMETRY_OF_TOOL), "classifications": CLASSIFICATIONS, "relations": RELATIONS}

# Each stands out from the light ground and from the dark one, three to one at least.
PALETTE = (
    "#d1495b", "#2f7fb5", "#7f50b8", "#178f6b", "#b7791f", "#6d8222", "#a33b8f", "#4f6fcf",
    "#c4552d", "#0f8a94", "#8a6d3b", "#64748b", "#d63384", "#3d8b3d", "#9258d6", "#b04a4a",
)  # fmt: skip
