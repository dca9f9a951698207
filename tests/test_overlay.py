"""The overlay: objects as they came become shapes in image pixels, and nothing that came can break a page."""

import pytest

from dashboard import overlay

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
        '<rect x="1" y="2" width="3" height="4" fill="#d1495b" stroke="#d1495b" vector-effect="non-scaling-stroke"/>'
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


def test_words_have_no_place_in_a_picture():
    mark = drawn({"ner": {"start": 3, "end": 9}})
    assert (mark.kind, mark.tag, mark.words) == ("ner", "", "from 3 to 9")


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
        overlay.Answer("Brush mask", "not drawn here"),
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
        {},
    ],
)
def test_what_cannot_be_drawn_is_listed_and_not_drawn(geometry):
    assert drawn(geometry).tag == ""


@pytest.mark.parametrize("content", [{}, {"objects": None}, {"objects": {}}, {"objects": [None, 1, "x"]}])
def test_content_without_objects_draws_nothing(content):
    assert overlay.marks_of(content, tools) == []
