"""Small pictures of assets with what is drawn over them, as markup.

Written by hand: a page has fifty, and a template would take half a millisecond for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString

from .drawn import CountedClass, DrawnAsset
from .overlay import Mark
from .shapes import Sheet, short
from .spans import Piece


def picture(drawn: DrawnAsset, lost: str, link: str, *, is_plain: bool = False, is_whole: bool = False) -> SafeString:
    """The inside of a tile: `lost` and `link` are the icons of a picture that did not load, and of none.

    It fills the tile and is cut to it, unless it `is_whole`.

    The class names are those of `.pic` in the stylesheet; js/pictures.js looks for what carries data-picture.
    """
    if drawn.picture.is_image:
        inside = _image(drawn, lost) + ("" if is_plain else overlay(drawn, drawn.tile_shapes, is_whole=is_whole))
    elif drawn.picture.text:
        inside = f'<span class="textpic">{text(drawn.first_pieces)}</span>'
    elif drawn.sheets and not is_plain:
        inside = sheet(*drawn.sheets[0])
    else:
        inside = f'<span class="nopic">{link}<span class="small">{escape(drawn.picture.kind)}</span></span>'
    return SafeString(f'<span class="pic{" whole" if is_whole else ""}" data-picture>{inside}</span>')


def _image(drawn: DrawnAsset, lost: str) -> str:
    size = f' width="{drawn.picture.width}" height="{drawn.picture.height}"' if drawn.picture.view_box else ""
    return (
        f'<img src="{escape(drawn.picture.source)}" alt="" loading="lazy" decoding="async"'
        f' referrerpolicy="no-referrer"{size}>'
        f'<span class="nopic" hidden>{lost}<span class="small">The picture did not load</span></span>'
    )


def overlay(drawn: DrawnAsset, shapes: Iterable[Mark], *, is_whole: bool = False) -> SafeString:
    """What is drawn over the picture, cut as the picture is; its casing is a copy of the shapes under them."""
    number = drawn.asset.number
    masks = "".join(
        f'<image class="mask" href="{escape(mask)}" width="100%" height="100%" preserveAspectRatio="none"/>'
        for mask in drawn.masks
    )
    elements = "".join(mark.element for mark in shapes)
    drawn_shapes = f'<use class="casing" href="#shapes-{number}"/><g class="shapes" id="shapes-{number}">{elements}</g>'
    cased = drawn_shapes if elements else ""
    size = f'viewBox="{drawn.picture.view_box}"' if drawn.picture.view_box else "data-size-unknown"
    fit = "meet" if is_whole else "slice"
    return SafeString(
        f'<svg class="over" id="over-{number}" data-live {size} preserveAspectRatio="xMidYMid {fit}"'
        f' aria-hidden="true">{masks}{cased}</svg>'
    )


def text(pieces: Iterable[Piece]) -> SafeString:
    """A text with its marked words; js/pictures.js gives them their colours."""
    return SafeString("".join(map(_piece, pieces)))


def _piece(piece: Piece) -> str:
    if not piece.marks:
        return escape(piece.text)
    color, titles = escape(piece.marks[-1].color), escape(piece.titles)
    return f'<mark data-color="{color}" title="{titles}">{escape(piece.text)}</mark>'


def sheet(page: Sheet, marks: Iterable[tuple[int, Mark]]) -> SafeString:
    """A page of a document as a blank sheet with what is marked on it."""
    elements = [
        f'<g data-mark="{number}"><title>{escape(mark.title)}</title>{mark.element}</g>' for number, mark in marks
    ]
    width, height = short(page.width), short(page.height)
    places = "1 place" if len(elements) == 1 else f"{len(elements):,} places"
    return SafeString(
        f'<svg class="over shapes sheetpage" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="Page {page.page}, {places}">'
        f'<rect class="paper" width="{width}" height="{height}"/>{"".join(elements)}</svg>'
    )


def legend(classes: Iterable[CountedClass]) -> SafeString:
    """Classes with their colours and numbers."""
    return SafeString("".join(map(_counted, classes)))


def _counted(one: CountedClass) -> str:
    return f'<span class="flow">{_swatch(one.color)}{escape(one.title)} <span class="quiet">{one.count:,}</span></span>'


def tags(classes: Iterable[CountedClass]) -> SafeString:
    """The same as tags, for a table's cell."""
    return SafeString("".join(map(_tag, classes)) or '<span class="quiet">–</span>')


def _tag(one: CountedClass) -> str:
    count = f' <span class="quiet">{one.count:,}</span>' if one.count > 1 else ""
    return f'<span class="tag">{_swatch(one.color)}{escape(one.title)}{count}</span>'


def confident(marks: Iterable[Mark]) -> SafeString:
    """Objects as tags with their confidence; what would not land is struck through."""
    return SafeString("".join(map(_sure, marks)))


def _sure(mark: Mark) -> str:
    said = "" if mark.confidence is None else f" {mark.confidence:.2f}"
    return f'<span class="tag{" low" if mark.is_low else ""}">{_swatch(mark.color)}{escape(mark.title)}{said}</span>'


def _swatch(color: str) -> str:
    return (
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">'
        f'<rect width="10" height="10" rx="2" fill="{escape(color)}"/></svg>'
    )
