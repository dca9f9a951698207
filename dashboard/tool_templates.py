"""Labeling tools to start from, for projects that have none yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pluginhost.protocol.tool_kinds import PALETTE

Item = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A start: an address of its own, a title, what it is for, and the tools."""

    name: str
    title: str
    hint: str
    icon: str
    schema: dict[str, list[Item]]


def _tools(kind: str, *titles: str) -> list[Item]:
    return [
        {"tool": kind, "title": title, "color": PALETTE[index % len(PALETTE)], "shortcutKey": str(index + 1)}
        for index, title in enumerate(titles)
    ]


def _question(kind: str, title: str, *options: str, **more: Any) -> Item:
    return {"tool": kind, "title": title, "options": [{"value": option} for option in options], **more}


TEMPLATES = (
    Template(
        "objects",
        "Objects in pictures",
        "Boxes for vehicles and people, with a question about each car",
        "square",
        {
            "tools": [
                {
                    **_tools("bounding-box", "Car")[0],
                    "classifications": [_question("radio", "Seen from", "Front", "Side", "Back")],
                },
                *_tools("bounding-box", "Car", "Person", "Bicycle")[1:],
            ]
        },
    ),
    Template(
        "regions",
        "Regions of a picture",
        "Segmentation of a scene: road, building, sky, plants",
        "lasso",
        {"tools": _tools("segmentation", "Road", "Building", "Sky", "Plants")},
    ),
    Template(
        "classes",
        "A class for each picture",
        "One question with its answers, and one for notes",
        "circle-dot",
        {
            "classifications": [
                _question("radio", "What does it show?", "Indoors", "Outdoors", "Neither", required=True),
                _question("checkbox", "Quality", "Blurred", "Too dark", "Cut off"),
                _question("text", "Notes"),
            ]
        },
    ),
    Template(
        "words",
        "Names in texts",
        "People, places and organizations, and how they belong together",
        "letter-case",
        {
            "tools": _tools("ner", "Person", "Place", "Organization"),
            "relations": [{"tool": "one-to-one", "title": "works for"}, {"tool": "group", "title": "same one"}],
        },
    ),
)


def named(name: str) -> Template | None:
    return next((template for template in TEMPLATES if template.name == name), None)
