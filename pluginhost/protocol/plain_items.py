"""Items of the form that nearly all have: boxes for the asset of an external id, checked while they are decoded.

What does not fit is no item of this form, and is decoded and looked at as any other. What does fit is stored as the
same text either way: names in the order of their letters.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from .image_bounds import TOLERANCE, Size
from .plain_geometry import LARGEST

_INT = msgspec.Meta(ge=-int(LARGEST), le=int(LARGEST))
_FLOAT = msgspec.Meta(ge=-LARGEST, le=LARGEST)
Number = Annotated[int, _INT] | Annotated[float, _FLOAT]


class _Form(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """Neither has a reference to itself, so that nobody needs to look for one."""


class Box(_Form):
    height: Number
    width: Number
    x: Number
    y: Number


class BoxObject(_Form, kw_only=True):
    box: Box = msgspec.field(name="bounding-box")
    confidence: Number | UnsetType = UNSET
    objectId: str | UnsetType = UNSET
    schemaId: str
    title: str | UnsetType = UNSET


class BoxItem(_Form):
    """As it came: that its schemaIds are those of tools, and that there is anything in its boxes, is not known yet."""

    externalId: str
    objects: list[BoxObject]

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


decode_items = msgspec.json.Decoder(list[BoxItem]).decode


class Boxes(NamedTuple):
    """An item of this form that may be stored; in place of an `import_items.Item`."""

    external_id: str
    text: str
    objects: list[BoxObject]

    @property
    def classes(self) -> list[str]:
        """The labeling tool of each object."""
        return [one.schemaId for one in self.objects]

    def is_inside(self, size: Size) -> bool:
        """Whether no box reaches outside an image of this size."""
        right, bottom = size[0] + TOLERANCE, size[1] + TOLERANCE
        for one in self.objects:
            box = one.box
            x, y = box.x, box.y
            if not (
                -TOLERANCE <= x <= right
                and -TOLERANCE <= y <= bottom
                and -TOLERANCE <= x + box.width <= right
                and -TOLERANCE <= y + box.height <= bottom
            ):
                return False
        return True


def read(item: BoxItem, tools: Container[str]) -> Boxes | None:
    """None where something about it needs a word or a change; `tools` draw boxes."""
    external_id, objects = item.externalId, item.objects
    if not external_id or not external_id.isascii() or "\0" in external_id:
        return None
    for one in objects:
        box = one.box
        if one.schemaId not in tools or not box.width or not box.height:
            return None
        if one.objectId is not UNSET and len(objects) > 1:  # two might have the same
            return None
    text = f'{{"classifications":[],"objects":{_encode(objects).decode()},"relations":[]}}'
    return None if _ESCAPED_NUL in text else _boxes(Boxes, (external_id, text, objects))


_ESCAPED_NUL = "\\u0000"
_encode = msgspec.json.Encoder().encode
_boxes = tuple.__new__  # a named tuple's own way in takes as long as all that is checked
