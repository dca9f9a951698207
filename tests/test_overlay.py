"""The overlay: objects as they came become shapes in image pixels, and nothing that came can break a page."""

import pytest

from dashboard import overlay
from dashboard.masks import masks_of
from dashboard.shapes import Sheet
from dashboard.spans import bars, pieces
from pluginhost.models import StoredFile

from . import makers
from .makers import TOOLS

CAR = {"schemaId": "c" * 24}
tools = overlay.Tools(TOOLS)


def drawn(geometry: dict) -> overlay.Mark:
    (mark,) = overlay.marks_of({"objects": [{**CAR, **geometry}]}, tools)
    return mark


def test_it_works():
    mark = drawn({"bounding-box": {"x": 10, "y": 20.25, "width": 30, "height": 40}})
    assert (mark.title, mark.color) == ("Car", "#d1495b")
    assert (mark.tag, mark.attributes) == ("rect", {"x": "10", "y": "20.2", "width": "30", "height": "40"})
    assert mark.words == "30 × 40 at 10, 20"


def test_it_is_written_in_the_colour_of_its_tool_with_a_line_that_keeps_its_width():
    mark = drawn({"bounding-box": {"x": 1, "y": 2, "width": 3, "height": 4}})
    assert mark.element == (
        '<rect x="1" y="2" width="3" height="4" fill="#d1495b" color="#d1495b" stroke="currentColor"'
        ' vector-effect="non-scaling-stroke"/>'
    )


def test_a_box_drawn_backwards_is_turned_round():
    mark = drawn({"bounding-box": {"x": 40, "y": 60, "width": -30, "height": -40}})
    assert mark.attributes == {"x": "10", "y": "20", "width": "30", "height": "40"}


def test_a_rotated_box_turns_about_its_centre():
    mark = drawn({"rotated-bounding-box": {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 45}})
    assert mark.attributes["transform"] == "rotate(45 25 40)"


def test_a_polygon_keeps_its_corners_in_order():
    assert drawn({"polygon": [[1, 2], [3, 4], [5, 6]]}).attributes == {"points": "1,2 3,4 5,6"}


def test_a_polyline_is_not_filled():
    mark = drawn({"polyline": [[1, 2], [3, 4]]})
    assert (mark.tag, mark.is_line) == ("polyline", True)


def test_a_point_is_a_dot_that_keeps_its_size():
    mark = drawn({"point": [7, 8]})
    assert (mark.tag, mark.attributes["d"]) == ("path", "M7 8h0")


def test_a_segmentation_has_holes():
    zone = {"region": [[0, 0], [9, 0], [9, 9]], "holes": [[[1, 1], [2, 1], [2, 2]]]}
    mark = drawn({"segmentation": {"zones": [zone]}})
    assert mark.attributes == {"d": "M0,0 9,0 9,9ZM1,1 2,1 2,2Z", "fill-rule": "evenodd"}
    assert mark.words == "1 zone, 1 hole"


def test_a_pale_colour_is_set_off_by_dark():
    assert [overlay.is_pale(color) for color in ("#ffe066", "#ffffff", "#1a1a40", "red", "#12")] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_a_span_of_a_text_is_marked_there_and_not_in_a_picture():
    mark = drawn({"ner": {"start": 3, "end": 9}})
    assert (mark.kind, mark.tag, mark.words, mark.span) == ("ner", "", "from 3 to 9", (3, 9))


def test_a_text_is_cut_where_marks_begin_and_end():
    marks = [drawn({"ner": {"start": 0, "end": 4}}), drawn({"ner": {"start": 2, "end": 6}})]
    cut = pieces("Ankara Izmir", [*marks, drawn({"ner": {"start": 40, "end": 50}})])
    assert [(piece.text, len(piece.marks)) for piece in cut] == [("An", 1), ("ka", 2), ("ra", 1), (" Izmir", 0)]


def test_an_unmarked_text_is_one_piece():
    assert [piece.text for piece in pieces("Ankara", [])] == ["Ankara"]


def test_spans_of_a_sound_are_bars_as_long_as_they_last():
    found = bars([drawn({"ner": {"start": 0.5, "end": 1}}), drawn({"ner": {"start": 1, "end": 2.0}})])
    assert [(bar.start, bar.length) for bar in found] == [(250, 250), (500, 500)]


@pytest.mark.parametrize(
    "pdf",
    [
        {"x1": 10, "y1": 20, "x2": 40, "y2": 30, "width": 600, "height": 800, "pageNumber": 2, "text": "Total"},
        {
            "position": {
                "boundingRect": {"x1": 40, "y1": 30, "x2": 10, "y2": 20, "width": 600, "height": 800},
                "pageNumber": 2,
            },
            "content": {"text": "Total"},
        },
    ],
)
def test_a_place_of_a_document_is_drawn_on_its_page_as_imported_and_as_exported(pdf):
    mark = drawn({"pdf": pdf})
    assert mark.sheet == Sheet(2, 600, 800)
    assert mark.attributes == {"x": "10", "y": "20", "width": "30", "height": "10"}
    assert (mark.is_on_picture, mark.words) == (False, "page 2: Total")


def test_a_tool_that_is_gone_is_named_by_what_the_object_says():
    (mark,) = overlay.marks_of({"objects": [{"schemaId": "gone", "title": "Tram", "point": [1, 1]}]}, tools)
    assert (mark.title, mark.color) == ("Tram", overlay.UNKNOWN_COLOR)


def test_what_a_person_did_is_drawn_alike():
    (mark,) = overlay.marks_of({"tools": [{**CAR, "point": [1, 1]}]}, tools)
    assert mark.title == "Car"


def test_answers_are_listed_depth_first():
    schema = {
        "classifications": [
            {"tool": "radio", "title": "Weather", "schemaId": "w", "color": "#000000", "classifications": [
                {"tool": "boolean", "title": "Wet", "schemaId": "x", "color": "#000000"}
            ]}
        ]
    }  # fmt: skip
    given = [{"schemaId": "w", "answer": ["rain", "fog"], "classifications": [{"schemaId": "x", "answer": True}]}]
    answers = overlay.answers_of({"classifications": given}, overlay.Tools(schema))
    assert answers == [overlay.Answer("Weather", "rain, fog"), overlay.Answer("Wet", "yes")]


def test_what_is_on_another_page_is_listed_and_not_drawn_over_this_one():
    mark = drawn({"point": [1, 2], "page": 2})
    assert (mark.tag, mark.words) == ("", "at 1, 2, on page 3")


def test_relations_and_masks_are_listed():
    relations = [{"title": "Tows", "from": "a", "to": "b"}, {"title": "Convoy", "group": ["a", "b", "c"]}]
    answers = overlay.answers_of({"relations": relations, "brushDataUrl": "https://example.org/m.png"}, tools)
    assert answers == [
        overlay.Answer("Tows", "a → b"),
        overlay.Answer("Convoy", "3 objects"),
        overlay.Answer("Brush mask", "drawn over the picture"),
    ]


@pytest.mark.parametrize(
    "geometry",
    [
        {"bounding-box": None},
        {"bounding-box": {"x": "1", "y": 2, "width": 3, "height": 4}},
        {"bounding-box": {"x": float("inf"), "y": 2, "width": 3, "height": 4}},
        {"bounding-box": {"x": True, "y": 2, "width": 3, "height": 4}},
        {"rotated-bounding-box": {"x": 1, "y": 2, "width": 3, "height": 4}},
        {"polygon": [[1, 2], [3, 4]]},
        {"polygon": [[1, 2], ["<script>", 4], [5, 6]]},
        {"polyline": "M0 0"},
        {"point": [1]},
        {"segmentation": {"zones": [{"region": "x", "holes": 3}]}},
        {"segmentation": [[1, 2]]},
        {"pct": {"anything": 1}},
        {"ner": {"start": 9, "end": 3}},
        {"ner": "all of it"},
        {"pdf": {"x1": 1, "y1": 1, "x2": 2, "y2": 2, "width": 0, "height": 10, "pageNumber": 1}},
        {"pdf": {"position": [1, 2]}},
        {},
    ],
)
def test_what_cannot_be_drawn_is_listed_and_not_drawn(geometry):
    assert drawn(geometry).tag == ""


@pytest.mark.parametrize("content", [{}, {"objects": None}, {"objects": {}}, {"objects": [None, 1, "x"]}])
def test_content_without_objects_draws_nothing(content):
    assert overlay.marks_of(content, tools) == []


# --- brush masks ---


def test_a_mask_elsewhere_is_loaded_from_where_it_is(project, django_assert_num_queries):
    address = "https://example.org/m.png"
    with django_assert_num_queries(0):
        assert masks_of(project, [{"brushDataUrl": address}], "here") == {address: address}


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", 7, None])
def test_what_is_no_picture_is_not_loaded(project, address):
    assert masks_of(project, [{"brushDataUrl": address}], "here") == {}


def test_a_mask_that_is_a_file_of_the_project_is_signed(project):
    StoredFile.objects.create(key="k/mask.png", project=project, kind="brushes", size=3)
    (shown,) = masks_of(project, [{"brushDataUrl": "http://here/files/k/mask.png"}], "here").values()
    assert shown.startswith("/files/k/mask.png?t=")


def test_a_file_of_another_project_is_never_signed(alice, organization, project):
    other = makers.make_project(alice, organization, name="Other")
    StoredFile.objects.create(key="k/mask.png", project=other, kind="brushes", size=3)
    assert masks_of(project, [{"brushDataUrl": "/files/k/mask.png"}], "here") == {}
