"""Reading one item of an import: what is taken, what is taken with a notice, and what is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluginhost.protocol import import_items
from pluginhost.protocol.geometry import Refusal
from pluginhost.protocol.given import Given
from pluginhost.protocol.import_items import Schema
from pluginhost.protocol.json_values import Unreadable
from pluginhost.protocol.schema_reading import Reading

KINDS = (
    "bounding-box", "rotated-bounding-box", "polygon", "polyline", "point", "segmentation", "ner", "pdf", "brush",
    "pct",
)  # fmt: skip
TREE = [{"title": "Animal", "key": "t1", "children": [{"title": "Dog", "key": "t2"}, {"title": "Cat", "key": "t3"}]}]
GIVEN = {
    "tools": [
        *({"tool": kind, "title": kind, "schemaId": kind} for kind in KINDS),
        {"tool": "polygon", "title": "Thing", "schemaId": "thing-polygon"},
        {
            "tool": "point",
            "title": "Thing",
            "schemaId": "thing-point",
            "classifications": [{"tool": "radio", "title": "Side", "schemaId": "side", "options": ["Left", "Right"]}],
        },
    ],
    "classifications": [
        {
            "tool": "radio",
            "title": "Weather",
            "schemaId": "weather",
            "options": [{"value": "Sun", "schemaId": "o1"}, {"value": "Rain", "schemaId": "o2"}],
            "classifications": [
                {
                    "tool": "radio",
                    "title": "How much",
                    "schemaId": "how",
                    "parentOptionId": "o2",
                    "options": ["Some", "Much"],
                }
            ],
        },
        {"tool": "checkbox", "title": "Seen", "schemaId": "seen", "options": ["Car", "Bus"]},
        {"tool": "multi-dropdown", "title": "Many", "schemaId": "many", "options": ["Car", "Bus"]},
        {"tool": "single-dropdown", "title": "One", "schemaId": "one", "options": ["1", "2"]},
        {"tool": "tree-dropdown", "title": "Tree", "schemaId": "tree", "treeOptions": TREE},
        {"tool": "rank", "title": "Rank", "schemaId": "rank", "options": ["a", "b"]},
        {"tool": "text", "title": "Text", "schemaId": "text"},
        {"tool": "boolean", "title": "Bool", "schemaId": "bool"},
        {"tool": "instance", "title": "Instance", "schemaId": "instance"},
        {"tool": "radio", "title": "Open", "schemaId": "open"},
    ],
    "relations": [
        {"tool": "one-to-one", "title": "Part of", "schemaId": "part"},
        {"tool": "one-to-many", "title": "Parts", "schemaId": "parts"},
        {"tool": "group", "title": "Group", "schemaId": "group"},
    ],
}
SCHEMA = Schema(Reading().whole(GIVEN))
NAN, INFINITY = float("nan"), float("inf")
BOX = {"x": 1, "y": 2, "width": 3, "height": 4}
RING = [[0, 0], [9, 0], [9, 9]]


def box(**more):
    return {"schemaId": "bounding-box", "bounding-box": BOX, **more}


def read(*objects, **more):
    return SCHEMA.read({"externalId": "a.jpg", "objects": list(objects), **more}, 17)


def noticed(item):
    return [(code, path) for code, path, _ in item.notices]


def refused(item):
    """The code and the path."""
    with pytest.raises(Refusal) as caught:
        SCHEMA.read(item, 17)
    assert caught.value.code in import_items.CODES
    assert caught.value.message[-1] in "."
    return caught.value.code, caught.value.path


def refused_with(*objects, **more):
    return refused({"externalId": "a.jpg", "objects": list(objects), **more})


def answered(schema_id, answer, **more):
    return read(classifications=[{"schemaId": schema_id, "answer": answer, **more}])


def answer_of(item):
    return item.content["classifications"][0]["answer"]


# --- geometry ---

TAKEN = {
    "bounding-box": [BOX, {**BOX, "width": -3, "x": -0.5}],
    "rotated-bounding-box": [{**BOX, "rotation": -180}, {**BOX, "rotation": 12.5}],
    "polygon": [RING, [*RING, RING[0]], [[0, 0], [2, 2], [2, 0], [0, 2]]],
    "polyline": [[[0, 0], [1, 0]], [[0, 0], [0, 0], [1, 1]]],
    "point": [[1, 2.5]],
    "segmentation": [{"zones": [{"region": RING, "holes": [[[1, 1], [2, 1], [2, 2]]]}, {"region": RING, "holes": []}]}],
    "ner": [{"start": 0, "end": 5}, {"start": 1.5, "end": 2.25}],
    "pdf": [
        {"height": 9, "width": 9, "x1": 1, "y1": 1, "x2": 2, "y2": 2, "pageNumber": 1, "text": "x", "objectId": "o"},
        {"position": {"boundingRect": {"x1": 1, "y1": 1, "x2": 2, "y2": 2, "width": 9, "height": 9}, "pageNumber": 1}},
    ],
    "pct": [{"anything": [1, 2, 3]}],
}
REFUSED = {
    "bounding-box": [
        ([1, 2, 3, 4], "bad_geometry", ""),
        ({**BOX, "width": 0}, "degenerate", ".width"),
        ({**BOX, "height": -0.0}, "degenerate", ".height"),
        ({**BOX, "x": "1"}, "not_a_number", ".x"),
        ({**BOX, "x": True}, "not_a_number", ".x"),
        ({**BOX, "y": float("nan")}, "not_finite", ".y"),
        ({**BOX, "y": float("-inf")}, "not_finite", ".y"),
        ({**BOX, "y": 10**400}, "number_too_large", ".y"),
        ({"x": 1, "y": 2, "width": 3}, "bad_geometry", ".height"),
    ],
    "rotated-bounding-box": [
        (BOX, "bad_geometry", ".rotation"),
        ({**BOX, "rotation": "0"}, "not_a_number", ".rotation"),
    ],
    "polygon": [
        ([], "degenerate", ""),
        ([[0, 0], [1, 1]], "degenerate", ""),
        ([[0, 0], [1, 1], [2, 2], [0, 0]], "degenerate", ""),
        ([[1, 1], [1, 1], [1, 1]], "degenerate", ""),
        ([[0, 0], [1], [2, 2]], "bad_geometry", "[1]"),
        ([[0, 0], [1, None], [2, 2]], "not_a_number", "[1][1]"),
        ({"points": RING}, "bad_geometry", ""),
    ],
    "polyline": [([[0, 0]], "degenerate", ""), ([[1, 1], [1, 1]], "degenerate", ""), ("line", "bad_geometry", "")],
    "point": [([1], "bad_geometry", ""), ([1, "2"], "not_a_number", "[1]"), ([float("inf"), 2], "not_finite", "[0]")],
    "segmentation": [
        (RING, "bad_geometry", ""),
        ({"zones": []}, "degenerate", ".zones"),
        ({"zones": [RING]}, "bad_geometry", ".zones[0]"),
        ({"zones": [{"region": RING}, {"region": [[0, 0], [1, 1]]}]}, "degenerate", ".zones[1].region"),
        ({"zones": [{"region": RING, "holes": "none"}]}, "bad_geometry", ".zones[0].holes"),
        ({"zones": [{"region": RING, "holes": [[[1, "x"]]]}]}, "not_a_number", ".zones[0].holes[0][0][1]"),
    ],
    "ner": [
        ({"start": 5, "end": 5}, "degenerate", ".end"),
        ({"start": 5, "end": 4}, "bad_geometry", ".end"),
        ({"start": -1, "end": 4}, "bad_geometry", ".start"),
        ({"start": 1}, "bad_geometry", ".end"),
    ],
    "pdf": [
        ({"height": 9, "width": 9, "x1": 1, "y1": 1, "x2": 2, "y2": 2}, "bad_geometry", ".pageNumber"),
        ({"height": 9, "width": 9, "x1": 1, "y1": 1, "x2": 2, "y2": 2, "pageNumber": 0}, "bad_geometry", ".pageNumber"),
        ({"height": 9, "width": 9, "x1": 1, "y1": 1, "x2": 1, "y2": 2, "pageNumber": 1}, "degenerate", ""),
        ({"position": {"boundingRect": None}}, "bad_geometry", ".position.boundingRect"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "geometry"), [(kind, one) for kind, all_ in TAKEN.items() for one in all_])
def test_every_geometry_is_taken_as_it_is(kind, geometry):
    item = read({"schemaId": kind, kind: geometry})
    assert item.content["objects"] == [{"schemaId": kind, kind: geometry}]
    assert not item.notices


@pytest.mark.parametrize(
    ("kind", "geometry", "code", "path"), [(kind, *one) for kind, all_ in REFUSED.items() for one in all_]
)
def test_a_geometry_that_is_none_rejects_its_item(kind, geometry, code, path):
    assert refused_with({"schemaId": kind, kind: geometry}) == (code, f"[17].objects[0].{kind}{path}")


def shortly(value):
    return repr(value)[:20]


ODD = {
    "not_finite": [NAN, -INFINITY],
    "number_too_large": [10**400, -1e16],
    "not_a_number": ["1", None, False, [1], {}],
}


@pytest.mark.parametrize(("code", "odd"), [(code, one) for code, all_ in ODD.items() for one in all_], ids=shortly)
@pytest.mark.parametrize("kind", ["bounding-box", "rotated-bounding-box", "polygon", "polyline", "point", "ner", "pdf"])
def test_an_odd_number_rejects_its_item_wherever_it_stands(kind, code, odd):
    geometry = TAKEN[kind][0]
    for place in geometry if isinstance(geometry, dict) else range(len(geometry)):
        if place in ("text", "objectId"):
            continue
        is_point = isinstance(geometry, list) and isinstance(geometry[0], list)
        changed = {**geometry} if isinstance(geometry, dict) else list(geometry)
        changed[place] = [geometry[place][0], odd] if is_point else odd
        path = f".{place}" if isinstance(geometry, dict) else f"[{place}]{'[1]' * is_point}"
        assert refused_with({"schemaId": kind, kind: changed}) == (code, f"[17].objects[0].{kind}{path}")


def test_a_brush_has_its_geometry_in_the_mask():
    item = read({"schemaId": "brush"}, brushDataUrl="https://example.org/mask.png", medicalBrushDataUrl=None)
    assert item.content["brushDataUrl"] == "https://example.org/mask.png"
    assert "medicalBrushDataUrl" not in item.content


@pytest.mark.parametrize("address", [1, ["x"], "mask.png", "javascript:alert(1)"])
def test_a_mask_that_is_no_address_rejects_its_item(address):
    assert refused_with(box(), brushDataUrl=address) == ("bad_mask", "[17].brushDataUrl")


def test_a_hole_that_is_nothing_is_a_notice():
    item = read({"schemaId": "segmentation", "segmentation": {"zones": [{"region": RING, "holes": [[[1, 1]], RING]}]}})
    assert noticed(item) == [("empty_hole", "[17].objects[0].segmentation.zones[0].holes[0]")]


def test_a_rotation_beyond_half_a_turn_is_a_notice():
    item = read({"schemaId": "rotated-bounding-box", "rotated-bounding-box": {**BOX, "rotation": 270}})
    assert noticed(item) == [("unusual_rotation", "[17].objects[0].rotated-bounding-box.rotation")]


def test_a_geometry_key_with_null_is_as_if_it_were_not_there():
    assert read(box(polygon=None)).content["objects"] == [box()]


@pytest.mark.parametrize(
    ("found", "code", "path"),
    [
        ({"schemaId": "bounding-box"}, "no_geometry", ".bounding-box"),
        ({"schemaId": "bounding-box", "polygon": RING}, "wrong_geometry", ".polygon"),
        (box(polygon=RING), "wrong_geometry", ""),
        (box(schemaId="nowhere"), "unknown_schema_id", ".schemaId"),
        ({"bounding-box": BOX}, "no_class", ".schemaId"),
        ({"title": "Plane", "bounding-box": BOX}, "unknown_title", ".title"),
        ({"title": "Thing", "bounding-box": BOX}, "ambiguous_title", ".title"),
        (box(page=-1), "bad_geometry", ".page"),
        (box(page=1.5), "bad_geometry", ".page"),
        (box(objectId=[1]), "bad_item", ".objectId"),
        (box(classifications={}), None, ""),
        (box(classifications={"a": 1}), "bad_item", ".classifications"),
    ],
)
def test_an_object_that_is_bad_rejects_its_item(found, code, path):
    if code is None:
        assert read(found)
    else:
        assert refused_with(box(), found) == (code, f"[17].objects[1]{path}")


def test_a_title_of_two_tools_is_clear_by_its_geometry_and_says_so():
    item = read({"title": "thing ", "point": [1, 2]})
    assert item.content["objects"][0]["schemaId"] == "thing-point"
    assert noticed(item) == [("title_by_geometry", "[17].objects[0].title")]


# --- object ids and relations ---


def test_an_object_id_of_two_objects_rejects_the_item():
    other = box(objectId="a", **{"bounding-box": {**BOX, "x": 5}})
    assert refused_with(box(objectId="a"), other) == ("duplicate_object_id", "[17].objects[1].objectId")


def test_an_object_that_is_followed_over_frames_has_one_object_id():
    assert len(read(box(objectId="a", page=0), box(objectId="a", page=1)).content["objects"]) == 2


def test_an_object_that_is_told_twice_is_kept_once_with_a_notice():
    item = read(box(objectId="a"), box(objectId="a"))
    assert len(item.content["objects"]) == 1
    assert noticed(item) == [("repeated_object", "[17].objects[1].objectId")]


def test_the_object_id_of_a_pdf_stands_inside_of_it():
    one = TAKEN["pdf"][0]
    objects = [{"schemaId": "pdf", "pdf": one}, {"schemaId": "pdf", "pdf": {**one, "x1": 0}}]
    assert refused_with(*objects)[0] == "duplicate_object_id"


def test_numbers_as_object_ids_are_read_as_text():
    relation = {"schemaId": "part", "from": 1, "to": "2"}
    item = read(box(objectId=1), box(objectId="2"), relations=[relation])
    assert item.content["relations"] == [{**relation, "from": "1"}]
    assert noticed(item) == [("number_as_id", "[17].objects[0].objectId"), ("number_as_id", "[17].relations[0].from")]


@pytest.mark.parametrize(
    ("relation", "code", "path"),
    [
        ({"schemaId": "part", "from": "a"}, "bad_relation", ".to"),
        ({"schemaId": "part", "from": ["a"], "to": "b"}, "bad_relation", ".from"),
        ({"schemaId": "part", "from": "a", "to": ["b"]}, "bad_relation", ".to"),
        ({"schemaId": "group", "group": []}, "bad_relation", ".group"),
        ({"schemaId": "group", "group": ["a", None]}, "bad_relation", ".group[1]"),
        ({"schemaId": "nowhere", "group": ["a"]}, "unknown_schema_id", ".schemaId"),
        ("part", "bad_relation", ""),
    ],
)
def test_a_relation_that_is_none_rejects_the_item(relation, code, path):
    objects = [box(objectId="a"), box(objectId="b")]
    assert refused_with(*objects, relations=[relation]) == (code, f"[17].relations[0]{path}")


def test_relations_are_between_the_items_objects():
    relations = [
        {"schemaId": "part", "from": "a", "to": "b", "direction": "straight"},
        {"schemaId": "parts", "from": "a", "to": ["a", "b"]},
        {"title": "Group", "group": ["a", "b"]},
    ]
    item = read(box(objectId="a"), box(objectId="b"), relations=relations)
    assert not item.loose
    assert [one["schemaId"] for one in item.content["relations"]] == ["part", "parts", "group"]


def test_a_relation_to_an_object_that_is_not_there_is_refused_where_the_item_comes_first():
    item = read(box(objectId="a"), relations=[{"schemaId": "part", "from": "a", "to": "b"}])
    with pytest.raises(Refusal) as caught:
        Given.by(item, 17)
    assert (caught.value.code, caught.value.path) == ("unknown_object", "[17].relations[0].to")


def test_a_relation_may_be_to_an_object_of_an_item_before():
    first = Given.by(read(box(objectId="b")), 16)
    assert first.add(read(box(objectId="a"), relations=[{"schemaId": "part", "from": "a", "to": "b"}]), 17)


def test_an_object_id_of_an_item_before_is_taken():
    first = Given.by(read(box(objectId="a")), 16)
    with pytest.raises(Refusal) as caught:
        first.add(read(box(objectId="a", lock=True)), 17)
    assert (caught.value.code, caught.value.path) == ("duplicate_object_id", "[17].objects[0].objectId")
    assert first.objects == 1


# --- answers ---


@pytest.mark.parametrize(
    ("schema_id", "answer"),
    [
        ("weather", "Sun"), ("seen", ["Car", "Bus"]), ("seen", []), ("many", ["Bus"]), ("one", "2"),
        ("tree", ["Animal / Dog", "Animal"]), ("rank", ["b", "a"]), ("text", "anything"), ("text", ""), ("text", 4),
        ("bool", True), ("bool", False), ("instance", {"any": 1}), ("open", "what it likes"),
    ],
)  # fmt: skip
def test_every_type_of_answer_is_taken_as_it_is(schema_id, answer):
    item = answered(schema_id, answer)
    assert answer_of(item) == answer
    assert not item.notices


@pytest.mark.parametrize(
    ("schema_id", "answer", "meant", "code"),
    [
        ("weather", " rain", "Rain", "option_read_as"),
        ("weather", "o2", "Rain", "option_read_as"),
        ("one", 2, "2", "option_read_as"),
        ("tree", ["Dog"], ["Animal / Dog"], "option_read_as"),
        ("weather", ["Sun"], "Sun", "answer_reshaped"),
        ("seen", "Car", ["Car"], "answer_reshaped"),
        ("bool", "True", True, "answer_reshaped"),
        ("bool", 0, False, "answer_reshaped"),
        ("weather", None, None, "no_answer"),
        ("seen", "", "", "no_answer"),
    ],
)
def test_an_answer_whose_meaning_is_clear_is_taken_with_a_notice(schema_id, answer, meant, code):
    item = answered(schema_id, answer)
    assert answer_of(item) == meant
    assert item.notices[0][0] == code
    assert item.notices[0][1].startswith("[17].classifications[0].answer")


@pytest.mark.parametrize(
    ("schema_id", "answer", "code", "path"),
    [
        ("weather", "Snow", "unknown_option", ""),
        ("seen", ["Car", "Plane"], "unknown_option", "[1]"),
        ("tree", ["Animal / Bird"], "unknown_option", "[0]"),
        ("weather", ["Sun", "Rain"], "bad_classification", ""),
        ("weather", {"a": 1}, "bad_classification", ""),
        ("seen", [["Car"]], "bad_classification", ""),
        ("seen", True, "bad_classification", ""),
        ("bool", "perhaps", "bad_classification", ""),
        ("text", ["a", "b"], "bad_classification", ""),
    ],
)
def test_an_answer_that_is_none_rejects_the_item(schema_id, answer, code, path):
    given = {"externalId": "a", "classifications": [{"schemaId": schema_id, "answer": answer}]}
    assert refused(given) == (code, f"[17].classifications[0].answer{path}")


def test_nested_answers_are_read_where_they_stand():
    nested = {"schemaId": "how", "answer": "much"}
    item = answered("weather", "Rain", classifications=[nested])
    assert item.content["classifications"][0]["classifications"] == [{**nested, "answer": "Much"}]
    assert noticed(item) == [("option_read_as", "[17].classifications[0].classifications[0].answer")]


def test_a_nested_answer_under_another_option_is_a_notice():
    item = answered("weather", "Sun", classifications=[{"schemaId": "how", "answer": "Much"}])
    assert noticed(item) == [("not_asked", "[17].classifications[0].classifications[0]")]


def test_a_bad_nested_answer_rejects_the_item():
    nested = {"schemaId": "how", "answer": "Lots"}
    given = {
        "externalId": "a",
        "classifications": [{"schemaId": "weather", "answer": "Rain", "classifications": [nested]}],
    }
    assert refused(given) == ("unknown_option", "[17].classifications[0].classifications[0].answer")


def test_an_objects_own_classification_is_answered_with_it():
    item = read({"schemaId": "thing-point", "point": [1, 2], "classifications": [{"title": "Side", "answer": "Left"}]})
    assert item.content["objects"][0]["classifications"][0]["schemaId"] == "side"
    assert not item.notices


def test_a_classification_in_another_place_is_a_notice():
    item = read(box(classifications=[{"schemaId": "side", "answer": "Left"}]))
    assert noticed(item) == [("misplaced_classification", "[17].objects[0].classifications[0]")]


# --- the item itself ---


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ("text", ""), (None, ""), (["list"], ""), ({"objects": []}, ""), ({"externalId": ["a"]}, ".externalId"),
        ({"externalId": "a\0b"}, ".externalId"), ({"data": "a\ud800b"}, ".data"),
        ({"externalId": "a", "objects": {}}, ".objects"), ({"externalId": "a", "objects": ["x"]}, ".objects[0]"),
        (Unreadable("it is nested too deeply"), ""),
    ],
)  # fmt: skip
def test_an_item_of_another_form_is_refused(item, path):
    assert refused(item) == ("bad_item", f"[17]{path}")


def test_a_key_that_stands_twice_is_refused_at_its_place():
    assert refused(Unreadable("…", "duplicate_key", ".objects[2]")) == ("duplicate_key", "[17].objects[2]")


def test_an_item_that_gives_nothing_says_so():
    assert noticed(SCHEMA.read({"externalId": "a"}, 17)) == [("nothing_given", "[17]")]
    assert not noticed(SCHEMA.read({"externalId": "a", "objects": []}, 17))


def test_objects_may_be_named_as_exports_name_them():
    item = SCHEMA.read({"externalId": "a", "tools": [box()]}, 17)
    assert item.content["objects"] == [box()]
    assert noticed(item) == [("tools_as_objects", "[17].tools")]
    assert refused({"externalId": "a", "tools": ["x"]}) == ("bad_item", "[17].tools[0]")


@pytest.mark.parametrize(
    ("value", "code"), [(float("nan"), "not_finite"), (10**400, "number_too_large"), (-(2**63) - 1, "number_too_large")]
)
def test_a_number_that_no_program_reads_is_refused_wherever_it_stands(value, code):
    assert refused_with(box(), box(more={"a": [1, value]})) == (code, "[17].objects[1].more.a[1]")


def test_texts_that_cannot_be_stored_are_replaced_with_a_notice():
    item = read(box(note="a\0b\ud800c😀"))
    assert item.content["objects"][0]["note"] == "a�b�c😀"
    assert noticed(item) == [("text_replaced", "[17]")]


def test_what_is_nested_beyond_reason_is_refused():
    deep: list = []
    for _ in range(150):
        deep = [deep]
    assert refused_with(box(more=deep)) == ("bad_item", "[17]")


def test_every_notice_and_reason_is_of_the_closed_lists():
    assert all(sentence.endswith(".") for sentence in (*import_items.CODES.values(), *import_items.NOTICES.values()))
    assert not set(import_items.CODES) & set(import_items.NOTICES)
    assert max(map(len, (*import_items.CODES, *import_items.NOTICES))) <= 40


# --- outside the image ---

OUTSIDE = [
    ({"schemaId": "bounding-box", "bounding-box": {**BOX, "x": 630, "width": 30}}, True),
    ({"schemaId": "bounding-box", "bounding-box": {**BOX, "x": 640.4, "width": -30}}, False),
    ({"schemaId": "bounding-box", "bounding-box": {**BOX, "y": -5}}, True),
    ({"schemaId": "polygon", "polygon": [*RING, [9, 500]]}, True),
    ({"schemaId": "polyline", "polyline": [[0, 0], [640, 480]]}, False),
    ({"schemaId": "point", "point": [-2, 0]}, True),
    ({"schemaId": "segmentation", "segmentation": {"zones": [{"region": RING}, {"region": [*RING, [700, 0]]}]}}, True),
    ({"schemaId": "rotated-bounding-box", "rotated-bounding-box": {**BOX, "x": -2, "width": 90, "rotation": 9}}, False),
    ({"schemaId": "rotated-bounding-box", "rotated-bounding-box": {**BOX, "x": 900, "rotation": 90}}, True),
    ({"schemaId": "ner", "ner": {"start": 9000, "end": 9001}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("found", "is_outside"), OUTSIDE)
def test_what_reaches_outside_the_image_is_found(found, is_outside):
    notice = read(box(), found).outside((640, 480), 17)
    assert (notice is not None) == is_outside
    if notice:
        assert notice[:2] == ("outside_image", f"[17].objects[1].{found['schemaId']}")


# --- the quick way and the thorough one ---

numbers = st.integers(-3, 700) | st.floats() | st.sampled_from([0, -0.0, 1e400, 10**20, "1", None, True])
points = st.lists(numbers, min_size=1, max_size=3) | st.tuples(numbers, numbers).map(list)
rings = st.lists(points | st.sampled_from(RING), max_size=5)
boxes = st.fixed_dictionaries(dict.fromkeys(("x", "y", "width", "height"), numbers), optional={"rotation": numbers})
zones = st.lists(st.fixed_dictionaries({"region": rings}, optional={"holes": st.lists(rings, max_size=2)}), max_size=2)
geometries = boxes | rings | points | zones.map(lambda some: {"zones": some}) | numbers
objects = st.builds(
    lambda schema_id, kind, geometry, more: {"schemaId": schema_id, kind: geometry, **more},
    st.sampled_from(KINDS) | numbers,
    st.sampled_from(KINDS),
    geometries,
    st.dictionaries(
        st.sampled_from(["objectId", "page", "title", "confidence", "lock", "polygon", "classifications"]),
        numbers | st.text(max_size=3) | st.lists(numbers, max_size=2),
        max_size=2,
    ),
)
likely = st.sampled_from([kind for kind in TAKEN for _ in TAKEN[kind]]).flatmap(
    lambda kind: st.builds(lambda one: {"schemaId": kind, kind: one}, st.sampled_from(TAKEN[kind]) | geometries)
)


@settings(deadline=None, max_examples=300)
@given(st.lists(likely | objects, max_size=3))
def test_what_the_quick_way_takes_the_thorough_one_takes_alike(found):
    item = {"externalId": "a", "objects": found}
    quick = SCHEMA.plain(item)
    if quick is not None:
        assert quick == SCHEMA.thorough(item, 17)
        assert json.loads(quick.text) == quick.content


@settings(deadline=None, max_examples=300)
@given(st.lists(likely | objects | numbers, max_size=3))
def test_whatever_comes_is_taken_or_refused_with_a_reason_that_is_known(found):
    said, item = [], None
    try:
        item = SCHEMA.read({"externalId": "a", "objects": found}, 17)
        said = list(item.notices)
    except Refusal as refusal:
        said = [(refusal.code, refusal.path, refusal.message)]
    assert {code for code, _, _ in said} <= set(import_items.CODES if item is None else import_items.NOTICES)
    assert all(path.startswith("[17]") and message for _, path, message in said)
    assert item is None or json.loads(item.text) == item.content
