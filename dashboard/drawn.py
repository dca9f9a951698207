"""Assets with everything a page draws of them, in a fixed number of queries whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pluginhost import file_links, prelabels
from pluginhost.models import Asset, Import, Project

from . import overlay, pictures
from .masks import BRUSH, masks_of
from .shapes import Sheet
from .spans import Bar, Piece, bars, pieces

Contents = list[tuple[Import | None, Mapping[str, Any]]]
"""What is said of one asset, layer by layer, and by which import; None stands for people."""
MOST_DRAWN_ON_A_TILE = 300
MOST_TEXT_ON_A_TILE = 400
MOST_TAGS = 4


@dataclass(frozen=True)
class Layer:
    """What one import, or a person, says of an asset."""

    marks: list[overlay.Mark]
    answers: list[overlay.Answer]
    origin: Import | None = None
    first_number: int = 1
    mask: str = ""


@dataclass(frozen=True)
class CountedClass:
    title: str
    color: str
    count: int


@dataclass(frozen=True)
class DrawnAsset:
    asset: Asset
    picture: pictures.Picture
    layers: list[Layer] = field(default_factory=list)

    @property
    def marks(self) -> list[overlay.Mark]:
        return [mark for layer in self.layers for mark in layer.marks]

    @property
    def answers(self) -> list[overlay.Answer]:
        return [answer for layer in self.layers for answer in layer.answers]

    @property
    def shapes(self) -> list[overlay.Mark]:
        return [mark for mark in self.marks if mark.is_on_picture]

    @property
    def masks(self) -> list[str]:
        """The brush masks, to be laid over the picture."""
        return [layer.mask for layer in self.layers if layer.mask]

    @property
    def numbered(self) -> list[tuple[int, overlay.Mark]]:
        """All marks with the numbers by which the list of objects points at them."""
        return list(enumerate(self.marks, 1))

    @property
    def sheets(self) -> list[tuple[Sheet, list[tuple[int, overlay.Mark]]]]:
        """The pages of a document that something is marked on, in order, with what is."""
        found: dict[Sheet, list[tuple[int, overlay.Mark]]] = {}
        for number, mark in self.numbered:
            if mark.sheet is not None:
                found.setdefault(mark.sheet, []).append((number, mark))
        return sorted(found.items(), key=lambda sheet: sheet[0])

    @property
    def pieces(self) -> list[Piece]:
        """A text, cut where marks begin and end."""
        return pieces(self.picture.text, self.marks)

    @property
    def first_pieces(self) -> list[Piece]:
        return pieces(self.picture.text[:MOST_TEXT_ON_A_TILE], self.marks)

    @property
    def bars(self) -> list[Bar]:
        """What is marked in a sound."""
        return bars(self.marks)

    @property
    def tile_shapes(self) -> list[overlay.Mark]:
        """Enough to see what is there; the asset's own page draws all."""
        return self.shapes[:MOST_DRAWN_ON_A_TILE]

    @property
    def classes(self) -> list[CountedClass]:
        """The classes of its objects with their numbers, the first seen first."""
        counted = Counter((mark.title, mark.color) for mark in self.marks)
        return [CountedClass(title, color, count) for (title, color), count in counted.items()]

    @property
    def confident(self) -> list[overlay.Mark]:
        """The first few objects, the surest first."""
        surest = sorted(self.marks, key=lambda mark: (mark.is_low, -(mark.confidence or 0)))
        return surest[:MOST_TAGS]

    @property
    def more_confident(self) -> int:
        return max(len(self.marks) - MOST_TAGS, 0)

    @property
    def is_by_people(self) -> bool:
        return self.asset.task.answer is not None

    @property
    def objects_in_words(self) -> str:
        """«6 boxes», «4 objects», «2 answers», or nothing."""
        kinds = {mark.kind for mark in self.marks}
        number = len(self.marks)
        if not number:
            return _counted(len(self.answers), "answer", "answers") if self.answers else ""
        one, many = _NOUNS.get(kinds.pop(), ("object", "objects")) if len(kinds) == 1 else ("object", "objects")
        return _counted(number, one, many)


_NOUNS = {
    "bounding-box": ("box", "boxes"),
    "rotated-bounding-box": ("box", "boxes"),
    "polygon": ("polygon", "polygons"),
    "polyline": ("line", "lines"),
    "point": ("point", "points"),
    "segmentation": ("mask", "masks"),
    "ner": ("span", "spans"),
    "pdf": ("place", "places"),
}


def draw(project: Project, assets: Iterable[Asset], host: str) -> list[DrawnAsset]:
    """Each asset (with its task selected) with its picture and its live layers. `host` is where files of ours are."""
    chosen = list(assets)
    given = prelabels.live_by_import([asset.pk for asset in chosen if asset.task.answer is None])
    origins = _origins(origin for layers in given.values() for origin, _ in layers)
    return draw_given(project, chosen, {asset.pk: _contents(asset, given, origins) for asset in chosen}, host)


def draw_given(
    project: Project, assets: Iterable[Asset], contents: Mapping[int, Contents], host: str
) -> list[DrawnAsset]:
    """Each asset with its picture and these contents, by its key, as layers."""
    tools = overlay.Tools(project.category_schema)
    masks = masks_of(project, (content for layers in contents.values() for _, content in layers), host)
    return [
        DrawnAsset(
            asset,
            pictures.picture_of(asset, address_of(asset, host)),
            list(_layers(contents.get(asset.pk, []), tools, masks)),
        )
        for asset in assets
    ]


def _origins(ids: Iterable[int]) -> dict[int, Import]:
    return Import.objects.select_related("plugin", "user").in_bulk(set(ids))


def address_of(asset: Asset, host: str) -> str:
    """Where a browser gets it: signed, when it is stored here."""
    key = file_links.key_in(asset.data, host)
    return asset.data if key is None else file_links.shown_link("", key)


def _contents(asset: Asset, given: dict[int, list[tuple[int, Any]]], origins: dict[int, Import]) -> Contents:
    """People's work hides all pre-labels."""
    answer = asset.task.answer
    if answer is not None:
        return [(None, answer if isinstance(answer, dict) else {})]
    return [(origins[origin], content) for origin, content in given.get(asset.pk, [])]


def _layers(contents: Contents, tools: overlay.Tools, masks: Mapping[str, str]) -> Iterator[Layer]:
    """Their objects are numbered through, so that the list can point at the picture."""
    number = 1
    for origin, content in contents:
        marks = overlay.marks_of(content, tools)
        mask = masks.get(str(content.get(BRUSH)), "")
        yield Layer(marks, overlay.answers_of(content, tools), origin, number, mask)
        number += len(marks)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
