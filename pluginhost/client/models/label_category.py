"""Labeling tools, classifications and relations of a project's category schema (PROTOCOL 3.2)."""

from __future__ import annotations

import random
import uuid
from enum import Enum
from typing import Any


class Tool(Enum):
    BoundingBox = "bounding-box"
    Segmentation = "segmentation"
    Polyline = "polyline"
    Polygon = "polygon"
    RotatedBoundingBox = "rotated-bounding-box"
    Ner = "ner"
    Point = "point"
    Pdf = "pdf"
    Brush = "brush"
    PCT = "pct"


class Classification(Enum):
    Multi_dropdown = "multi-dropdown"
    Single_dropdown = "single-dropdown"
    Tree_dropdown = "tree-dropdown"
    Radio = "radio"
    Checkbox = "checkbox"
    Text = "text"
    Instance = "instance"
    Boolean = "boolean"


class Relation(Enum):
    Single = "one-to-one"
    Group = "group"
    Many = "one-to-many"


class LabelOption:
    """One of the choices of a classification."""

    def __init__(self, value: str, schemaId: str | None = None) -> None:  # the public client's names
        self.value, self.schemaId = value, schemaId or uuid.uuid4().hex

    def toDict(self) -> dict[str, Any]:
        return {"value": self.value, "schemaId": self.schemaId}


class Category:
    """What the three kinds have in common. Further keys of the wire may be given by their names there."""

    def __init__(
        self,
        tool: Enum,
        title: str = "",
        required: bool = False,
        schemaId: str | None = None,
        color: str | None = None,
        classifications: list[Any] | None = None,
        options: list[LabelOption] | None = None,
        **more: Any,
    ) -> None:
        self.tool, self.title, self.required = tool, title, required
        self.schemaId = schemaId or uuid.uuid4().hex
        self.color = color or f"#{random.randrange(2**24):06x}"  # noqa: S311
        self.classifications, self.options = list(classifications or []), list(options or [])
        self.more = more

    def toDict(self) -> dict[str, Any]:
        return {
            "tool": self.tool.value,
            "title": self.title,
            "required": self.required,
            "schemaId": self.schemaId,
            "color": self.color,
            "classifications": [item.toDict() for item in self.classifications],
            "options": [option.toDict() for option in self.options],
            **self.more,
        }


class ToolCategory(Category):
    """`ToolCategory(Tool.BoundingBox, title="Car")`."""


class ClassificationCategory(Category):
    """`ClassificationCategory(Classification.Radio, title="Weather", options=[LabelOption("Rain")])`."""


class RelationCategory(Category):
    """`RelationCategory(Relation.Single, title="belongs to")`."""
