"""Properties of importing: whatever comes, each item has one outcome, and nobody sees a half of it."""

import json
from contextlib import contextmanager
from io import BytesIO

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pluginhost import authentication, import_checks, prelabels
from pluginhost.actions import import_rows, imports, projects
from pluginhost.errors import Invalid
from pluginhost.models import Asset, Import, Notice, PreLabel, Rejection, Task
from pluginhost.protocol.import_body import items_of
from pluginhost.protocol.import_items import CODES, NOTICES
from pluginhost.protocol.json_place import NotJson
from pluginhost.protocol.walk import Walk

from . import makers
from .v2 import by_session

CAR = "c" * 24
SCHEMA = {
    "tools": [*makers.TOOLS["tools"], {"tool": "point", "title": "Car", "schemaId": "p"}],
    "classifications": [{"tool": "radio", "title": "Weather", "schemaId": "w", "options": ["Sun", "Rain"]}],
    "relations": [{"tool": "one-to-one", "title": "Part of", "schemaId": "r"}],
}

odd = st.sampled_from(
    [None, True, 0, -1, 1.5, float("nan"), 10**400, "", "x", "a\0", "\ud800", [], {}, [[1]], {"a": 1}]
)
names = st.sampled_from([f"image_{number:04}.jpg" for number in (1, 1, 2, 3, 4, 9)]) | odd
ids = st.sampled_from(["a", "b", "c", 1])
boxes = st.fixed_dictionaries(
    {"x": st.sampled_from([1, 2, 630]), "y": st.just(2), "width": st.sampled_from([3, 3, 3, 0, "3"])}
)
objects = st.fixed_dictionaries(
    {
        "schemaId": st.sampled_from([CAR, CAR, CAR, "p", "nowhere"]),
        "bounding-box": boxes.map(lambda box: {**box, "height": 4}),
    },
    optional={"objectId": ids, "page": st.sampled_from([0, 1, -1]), "note": odd, "point": st.just([1, 2])},
)
answers = st.fixed_dictionaries({"schemaId": st.just("w"), "answer": st.sampled_from(["Sun", "rain", "Snow", None])})
relations = st.fixed_dictionaries({"schemaId": st.just("r"), "from": ids, "to": ids})
items = st.fixed_dictionaries(
    {"externalId": names},
    optional={
        "objects": st.lists(objects | odd, max_size=3) | st.lists(objects, max_size=2) | odd,
        "classifications": st.lists(answers, max_size=1) | odd,
        "relations": st.lists(relations, max_size=1),
        "data": st.just("https://example.org/image_0002.jpg") | odd,
        "brushDataUrl": st.sampled_from(["https://example.org/m.png", None, 1]),
        "more": odd,
    },
)
requests = st.lists(items | items | items | odd, max_size=8)
with_database = settings(
    deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def crowded(alice, project):
    """Five assets, of which two have one external id and one is done."""
    projects.set_category_schema(makers.principal(alice), project, SCHEMA)
    Asset.objects.filter(project=project, number=3).update(external_id="image_0002.jpg")
    Task.objects.filter(asset__number=4).update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    project.refresh_from_db()
    return project


@contextmanager
def taken_back():
    """Each example finds what the first one found."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def pieces_of(count):
    before, import_rows.CHUNK_ITEMS = import_rows.CHUNK_ITEMS, count
    try:
        yield
    finally:
        import_rows.CHUNK_ITEMS = before


def shown():
    return prelabels.live(Asset.objects.values_list("pk", flat=True))


def as_sent(request):
    """What a script can send of it: surrogates are written as escapes."""
    return json.dumps(request).encode()


@with_database
@given(request=requests, size=st.sampled_from([1, 2, 1000]), as_session=st.booleans())
def test_each_item_has_one_outcome_and_nobody_sees_a_half(alice, crowded, plugin, request, size, as_session):
    with taken_back(), pieces_of(size):
        principal = makers.principal(alice)
        if as_session:
            v2, _ = by_session(alice, crowded, plugin, scope={"first": 3})
            principal = authentication.by_key(v2.key)
        before = shown()

        def looked_at():
            for item in request:
                yield item
                assert shown() == before

        received = imports.receive(principal, crowded, looked_at())
        found, counts = received.imported, received.counts
        found.refresh_from_db()
        assert found.items == len(request) == found.accepted + found.rejected + found.unchanged
        assert sum(found.reasons.values()) == found.rejected == Rejection.objects.count()
        assert sum(found.notices.values()) == Notice.objects.count()
        assert set(found.reasons) <= set(CODES)
        assert set(found.notices) <= set(NOTICES)
        assert counts.assets == PreLabel.objects.filter(is_unchanged=False).count() == len(shown())
        told = {
            index for model in (PreLabel, Rejection, Notice) for index in model.objects.values_list("index", flat=True)
        }
        assert told == set(range(len(request)))
        assert (
            found.objects_count == sum(len(one["objects"]) for one in shown().values()) == sum(found.classes.values())
        )


@with_database
@given(request=requests, first=st.sampled_from([1, 2, 1000]), second=st.sampled_from([1, 2, 1000]))
def test_sending_it_again_changes_nothing(alice, crowded, plugin, request, first, second):
    with taken_back():
        v2, _ = by_session(alice, crowded, plugin)
        principal = authentication.by_key(v2.key)
        with pieces_of(first):
            before = imports.receive(principal, crowded, request).imported
        seen = shown()
        with pieces_of(second):
            again = imports.receive(principal, crowded, request).imported
        assert shown() == seen
        assert (again.accepted, again.rejected) == (0, before.rejected)
        assert not again.notices.get("replaced_own")
        assert again.reasons == before.reasons


@with_database
@given(request=requests)
def test_a_check_tells_what_the_import_does(alice, crowded, request):
    with taken_back():
        checked = import_checks.check(crowded, BytesIO(as_sent(request)))
        assert not Import.objects.exists()
        sent = json.loads(as_sent(request))
        received = imports.receive(makers.principal(alice), crowded, sent)
        found = received.imported
        assert (checked.items, checked.accepted, checked.rejected, checked.unchanged) == (
            found.items,
            found.accepted,
            found.rejected,
            found.unchanged,
        )
        assert (checked.assets, checked.objects) == (received.counts.assets, found.objects_count)
        assert (dict(checked.classes), dict(checked.reasons), dict(checked.notices)) == (
            found.classes,
            found.reasons,
            found.notices,
        )


@with_database
@given(request=requests, size=st.sampled_from([1, 2, 3]))
def test_the_pieces_in_which_it_is_stored_make_no_difference(alice, crowded, request, size):
    results = []
    for pieces in (size, 1000):
        with taken_back(), pieces_of(pieces):
            found = imports.receive(makers.principal(alice), crowded, request).imported
            results.append((found.accepted, found.unchanged, found.reasons, found.notices, found.classes, shown()))
    assert results[0] == results[1]


@with_database
@given(request=requests, cut=st.floats(0, 1))
def test_a_body_that_ends_early_leaves_nothing(alice, crowded, request, cut):
    whole = json.dumps({"jsonContent": request}).encode()
    body = BytesIO(whole[: int(cut * (len(whole) - 1))])
    with taken_back(), pieces_of(1):
        with pytest.raises((NotJson, Invalid)):
            imports.receive(makers.principal(alice), crowded, items_of(Walk(body)))
        assert not any(model.objects.exists() for model in (Import, PreLabel, Rejection, Notice))
