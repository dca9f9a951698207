"""The quick ways of reading items take just what the thorough way takes without a word, and store the same."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluginhost.protocol.geometry import Refusal
from pluginhost.protocol.import_body import items_of
from pluginhost.protocol.import_items import Schema, whole
from pluginhost.protocol.plain_items import Boxes, decode_items
from pluginhost.protocol.walk import Walk

from . import makers

SCHEMA = Schema(makers.TOOLS)
CAR, ROAD = "c" * 24, "a" * 24

numbers = st.sampled_from([0, 1, -2.5, 1e15, 1e16, -(10**15), 10**16, 10**20, 0.0, 1e-7, 640, True, None, "1"])
sound = st.integers(1, 600) | st.floats(0.5, 600)
boxes = st.fixed_dictionaries({"x": sound, "y": sound, "width": sound, "height": sound}) | st.fixed_dictionaries(
    {"x": numbers, "y": sound, "width": numbers}, optional={"height": numbers, "z": sound, "nothing": st.none()}
)
texts = st.sampled_from(["", "a", "é", "a\0b", "null", "a: b", "\u2028"])
objects = st.fixed_dictionaries(
    {"bounding-box": boxes, "schemaId": st.just(CAR) | st.sampled_from([ROAD, "z", "", 5, None, [CAR]])},
    optional={
        "confidence": numbers,
        "objectId": texts | st.integers(0, 3),
        "title": texts,
        "page": st.integers(-1, 2),
        "lock": st.booleans(),
        "polygon": st.none() | st.just([[0, 0], [1, 0], [1, 1]]),
        "note": st.just({"deep": [None]}) | texts,
    },
)
items = st.fixed_dictionaries(
    {"externalId": texts | st.integers(), "objects": st.lists(objects, max_size=3)},
    optional={"classifications": st.just([]), "data": texts, "column": texts},
)
edges = st.sampled_from([0, 0.0, -0.0, -3, 1e15, -1e15, 10**15, 10**15 + 1, 1e16, 1e-7]) | sound
usual_objects = st.fixed_dictionaries(
    {
        "bounding-box": st.fixed_dictionaries(dict.fromkeys(("x", "y", "width", "height"), edges)),
        "schemaId": st.sampled_from([CAR, CAR, CAR, ROAD, "z"]),
    },
    optional={"confidence": edges, "objectId": texts, "title": texts},
)
usual = st.fixed_dictionaries({"externalId": texts, "objects": st.lists(usual_objects, max_size=3)})


def walked(listed):
    """The items as an import's door reads them."""
    body = json.dumps({"jsonContent": listed}).encode()
    return list(items_of(Walk(io.BytesIO(body), form=decode_items)))


def read(how, item):
    """What is taken, or why not."""
    try:
        found = whole(how(item, 0))
    except Refusal as refusal:
        return refusal.code, refusal.path, refusal.message
    return found.external_id, found.data, found.uid, found.content, found.text, found.notices


def plain(number, **more):
    box = {"x": number, "y": 2.5, "width": 3, "height": 4}
    return {"externalId": f"{number}.jpg", "objects": [{"schemaId": CAR, "bounding-box": box, **more}]}


@given(st.lists(items, min_size=1, max_size=5))
def test_whatever_comes_is_read_as_the_thorough_way_reads_it(listed):
    listed = [plain(1), *listed, plain(2)]
    for quick, item in zip(walked(listed), listed, strict=True):
        assert read(SCHEMA.read, quick) == read(SCHEMA.thorough, item)


@given(usual)
def test_items_of_the_usual_form_are_read_as_the_thorough_way_reads_them(item):
    listed = [plain(0), plain(1), item, item, plain(2)]
    for quick, slow in zip(walked(listed), listed, strict=True):
        assert read(SCHEMA.read, quick) == read(SCHEMA.thorough, slow)


def odd(**box):
    return {"externalId": "a.jpg", "objects": [{"schemaId": CAR, "bounding-box": {**BOX, **box}}]}


def of_objects(*several):
    return {"externalId": "a.jpg", "objects": [{"schemaId": CAR, "bounding-box": BOX, **one} for one in several]}


BOX = {"x": 1, "y": 2.5, "width": 3, "height": 4}
ODD = [
    *[odd(**{name: value}) for name in BOX for value in (0, -0.0, 1.1e15, -(10**16), 10**25, True, None, "1")],
    *[of_objects({"title": text}) for text in ("a\0b", "null", "é", "\u2028")],
    of_objects({"objectId": "1"}, {"objectId": "1"}),
    of_objects({"objectId": "1"}, {"objectId": "1", "title": "Other"}),
    of_objects({"objectId": "1"}, {"objectId": "2"}),
    of_objects({"confidence": 2e15}),
    of_objects({"schemaId": ROAD}),
    of_objects({"schemaId": "z"}),
    *[{**plain(1), "externalId": name} for name in ("", "a\0b", "é", " ")],
    {**plain(1), "objects": []},
]


@pytest.mark.parametrize("item", ODD, ids=repr)
def test_one_odd_thing_is_told_as_the_thorough_way_tells_it(item):
    for quick, slow in zip(walked([item] * 4), [item] * 4, strict=True):
        assert read(SCHEMA.read, quick) == read(SCHEMA.thorough, slow)


def test_usual_items_take_the_quick_way():
    found = [SCHEMA.read(item, 0) for item in walked([plain(number) for number in range(10)])]
    assert [type(one) for one in found[1:-1]] == [Boxes] * 8
    assert found[3].external_id == "3.jpg"


@pytest.mark.parametrize("more", [{"confidence": 0.5}, {"objectId": "1"}, {"title": "Car"}])
def test_what_models_say_beside_a_box_takes_the_quick_way_too(more):
    found = [SCHEMA.read(item, 0) for item in walked([plain(number, **more) for number in range(10)])]
    assert isinstance(found[5], Boxes)
    assert whole(found[5]).content["objects"] == plain(5, **more)["objects"]


def test_the_order_of_names_makes_no_difference_to_what_is_stored():
    turned = json.loads(json.dumps(plain(5), sort_keys=True))
    (first, *_), (second, *_) = (
        [SCHEMA.read(one, 0).text for one in walked([item] * 3)] for item in (plain(5), turned)
    )
    assert first == second


def test_a_name_that_stands_twice_is_told_among_items_of_the_usual_form():
    good = json.dumps(plain(1))
    doubled = good.replace('"y": 2.5', '"y": 2.5, "y": 3')
    body = f'{{"jsonContent": [{good}, {good}, {doubled}, {good}, {good}]}}'
    found = list(items_of(Walk(io.BytesIO(body.encode()), form=decode_items)))
    assert read(SCHEMA.read, found[2])[0] == "duplicate_key"
