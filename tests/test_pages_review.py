"""The review page: what is staged, what would land by what is chosen, and taking it."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from dashboard import reviewing
from pluginhost.actions import organizations
from pluginhost.models import Import, ImportAssets, PreLabel, Session
from pluginhost.protocol.numbers import NumberSet

from . import makers

CAR, BUS = "c" * 24, "b" * 24


def sure(confidence: float | None, schema_id: str = CAR) -> dict:
    made = makers.box(schema_id)
    return made if confidence is None else {**made, "confidence": confidence}


def stage(session: Session, objects: dict[int, list[dict]]) -> Import:
    made = makers.make_labels(session.project, objects, session.plugin, session)
    Import.objects.filter(pk=made.pk).update(state=Import.State.STAGED, applied_seq=None, applied_at=None)
    keep_assets(made, objects)
    made.refresh_from_db()
    return made


def keep_assets(made: Import, numbers) -> None:
    ImportAssets.objects.update_or_create(origin=made, defaults={"numbers_stored": NumberSet.of(numbers).to_bytes()})


@pytest.fixture
def session(alice, project, plugin):
    return makers.make_running(alice, project, plugin, review_first=True)


@pytest.fixture
def staged(session):
    return stage(session, {1: [sure(0.9), sure(0.3, BUS)], 2: [sure(0.58)], 3: [sure(None)], 4: []})


def page(client, session, answer=200, **query):
    response = client.get(reverse("session_review", args=[session.pk]), query)
    assert response.status_code == answer
    return response


def landing(client, session, **query):
    shown = page(client, session, **query).context["landing"]
    return shown.objects, shown.assets


def take(client, session, **fields):
    return client.post(reverse("session_review", args=[session.pk]), fields)


def test_it_works(as_alice, session, staged):
    html = page(as_alice, session).content.decode()
    for words in ("Look before it lands", "image_0001.jpg", "Accept all 4 objects", "Car 0.90", "Discard all"):
        assert words in html
    assert landing(as_alice, session) == (4, 4)


def test_the_threshold_says_how_many_would_land(as_alice, session, staged):
    assert landing(as_alice, session, least="0.58") == (3, 4)
    assert landing(as_alice, session, least="0.59") == (2, 3)
    assert landing(as_alice, session, least="1") == (1, 2)


def test_classes_are_left_out(as_alice, session, staged):
    known = [CAR, BUS]
    assert landing(as_alice, session, **{"known": known, "class": [BUS]}) == (1, 2)
    assert landing(as_alice, session, **{"known": known, "class": known}) == (4, 4)
    assert landing(as_alice, session, known=known) == (0, 1)


def test_rejected_assets_are_taken_off(as_alice, session, staged):
    assert landing(as_alice, session, reject=["1"]) == (2, 3)
    assert landing(as_alice, session, reject=["1", "2"], least="0.5") == (1, 2)
    assert landing(as_alice, session, reject=["99"]) == (4, 4)


def test_what_would_not_land_is_dashed(as_alice, session, staged):
    html = page(as_alice, session, least="0.5").content.decode()
    assert html.count('class="low"') == 1


def test_the_filters_count_their_assets(as_alice, session, staged):
    filters = page(as_alice, session, least="0.6", reject=["3"]).context["filters"]
    assert [(name, count) for name, _, count in filters] == [
        ("all", 4), ("doubtful", 2), ("nothing", 2), ("rejected", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("show", "names"), [("doubtful", [1, 2]), ("nothing", [2, 4]), ("rejected", [3])])
def test_a_filter_shows_its_assets(as_alice, session, staged, show, names):
    tiles = page(as_alice, session, least="0.6", reject=["3"], show=show).context["tiles"]
    assert [tile.drawn.asset.number for tile in tiles] == names


def test_the_later_of_two_results_for_an_asset_counts(as_alice, session, staged):
    stage(session, {1: [sure(0.1)]})
    assert landing(as_alice, session) == (3, 4)


def test_the_histogram_leaves_out_what_carries_no_confidence(as_alice, session, staged):
    bars = page(as_alice, session).context["bars"]
    assert {bar["from"]: bar["count"] for bar in bars if bar["count"]} == {"0.30": 1, "0.58": 1, "0.90": 1}


def test_without_any_confidence_there_is_no_histogram(as_alice, session):
    stage(session, {1: [sure(None)]})
    assert 'class="hist"' not in page(as_alice, session).content.decode()


@pytest.mark.parametrize("query", [{"least": "much"}, {"least": "inf"}, {"reject": ["x", "-1"]}, {"after": "x"}])
def test_what_is_no_choice_chooses_nothing(as_alice, session, staged, query):
    assert landing(as_alice, session, **query) == (4, 4)


def test_taking_all_applies_the_import(as_alice, session, staged):
    assert take(as_alice, session).status_code == 302
    staged.refresh_from_db()
    assert staged.state == Import.State.APPLIED


def test_taking_some_applies_what_was_counted(as_alice, session, staged):
    chosen = {"least": "0.5", "reject": ["2"]}
    expected = landing(as_alice, session, **chosen)
    take(as_alice, session, **chosen)
    staged.refresh_from_db()
    assert staged.state == Import.State.DISCARDED
    taken = PreLabel.objects.filter(origin__reviewed_from=staged, origin__state=Import.State.APPLIED)
    objects = sum(len(json.loads(content)["objects"]) for content in taken.values_list("content", flat=True))
    assert (objects, taken.count()) == expected


def test_more_than_a_thousand_objects_are_asked_about(as_alice, session):
    made = stage(session, {1: [sure(0.9)] * 1001})
    assert "I mean it: 1,001 objects" in page(as_alice, session).content.decode()
    assert take(as_alice, session).url.startswith(reverse("session_review", args=[session.pk]))
    made.refresh_from_db()
    assert made.state == Import.State.STAGED
    take(as_alice, session, confirmed="1001")
    made.refresh_from_db()
    assert made.state == Import.State.APPLIED


def test_nothing_staged_is_said(as_alice, session):
    assert "Nothing waits for review" in page(as_alice, session).content.decode()


def test_a_viewer_looks_and_takes_nothing(client, bob, session, staged):
    client.force_login(bob)
    assert "Accept all" not in page(client, session).content.decode()
    assert take(client, session).status_code == 403


def test_a_runner_may_take(client, bob, organization, session, staged):
    organizations.set_member(organization, bob, "runner")
    client.force_login(bob)
    assert take(client, session).status_code == 302


def test_a_stranger_gets_404(client, charlie, session, staged):
    client.force_login(charlie)
    page(client, session, answer=404)
    assert take(client, session).status_code == 404


def test_more_assets_take_no_more_queries(as_alice, alice, organization, plugin, django_assert_max_num_queries):
    project = makers.make_project(alice, organization, assets=40, name="Many")
    session = makers.make_running(alice, project, plugin, review_first=True)
    stage(session, {number: [sure(0.5)] for number in range(1, 41)})
    page(as_alice, session)
    with django_assert_max_num_queries(14):
        page(as_alice, session)


@pytest.fixture
def much(staged):
    """As if it were so much that it takes long to go through."""
    Import.objects.filter(pk=staged.pk).update(accepted=100_000)
    return staged


def test_much_is_shown_before_it_is_counted(as_alice, session, much):
    shown = page(as_alice, session)
    html = shown.content.decode()
    assert "Counting what is staged" in html
    assert "Accept all" not in html
    assert [tile.drawn.asset.number for tile in shown.context["tiles"]] == [1, 2, 3, 4]
    assert shown.context["filters"] == [("all", "All", 4)]


@pytest.mark.parametrize("asked", [{"headers": {"X-Live": "1"}}, {"query_params": {"counted": "1"}}])
def test_much_is_counted_on_a_second_look(as_alice, session, much, asked):
    address = reverse("session_review", args=[session.pk])
    page(as_alice, session)
    assert "Accept all 4 objects" in as_alice.get(address, **asked).content.decode()
    assert "Accept all 4 objects" in page(as_alice, session).content.decode()


@pytest.mark.parametrize(
    ("query", "numbers", "back", "more"),
    [({}, [1, 2], None, 2), ({"after": "2"}, [3, 4], 3, None), ({"before": "3"}, [1, 2], None, 2)],
)
def test_much_can_be_paged_through_before_it_is_counted(
    as_alice, session, much, monkeypatch, query, numbers, back, more
):
    monkeypatch.setattr(reviewing, "SIZE", 2)
    shown = page(as_alice, session, **query).context
    assert [tile.drawn.asset.number for tile in shown["tiles"]] == numbers
    assert shown["page"] == {"back": back, "more": more}


def test_much_takes_few_queries_before_and_after_it_is_counted(as_alice, session, much, django_assert_max_num_queries):
    page(as_alice, session)  # the schema's versions and the like are asked for once
    with django_assert_max_num_queries(14):
        page(as_alice, session)
    page(as_alice, session, counted="1")
    with django_assert_max_num_queries(14):
        page(as_alice, session)


@pytest.mark.parametrize(
    ("query", "numbers", "back", "more"),
    [
        ({}, [1, 2], None, 2),
        ({"after": "2"}, [3, 4], 3, None),
        ({"before": "3"}, [1, 2], None, 2),
        ({"after": "4"}, [], None, None),
        ({"least": "0.6", "show": "doubtful"}, [1, 2], None, None),
    ],
)
def test_assets_are_paged_by_number(as_alice, session, staged, monkeypatch, query, numbers, back, more):
    monkeypatch.setattr(reviewing, "SIZE", 2)
    shown = page(as_alice, session, **query).context
    assert [tile.drawn.asset.number for tile in shown["tiles"]] == numbers
    assert shown["page"] == {"back": back, "more": more}
