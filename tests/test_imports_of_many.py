"""Imports of many items: told and stored as those of a few, though they are looked up by thousands."""

import pytest

from pluginhost import authentication
from pluginhost.actions import imports
from pluginhost.models import Import, PreLabel, ProjectHead, Session

from . import makers
from .v2 import by_session, by_user, item, send

COUNT = 300


@pytest.fixture
def many(alice, organization):
    return makers.make_project(alice, organization, assets=COUNT, name="Many")


@pytest.fixture(params=[100, 1000])
def chunk(request, monkeypatch):
    """So many items are stored at once: fewer than are looked up by their rows, and all."""
    monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", request.param)
    monkeypatch.setattr("pluginhost.actions.bulk._SENT_FROM", 50)


def items(x, first=1, last=COUNT):
    return [item(number, makers.box(x=x)) for number in range(first, last + 1)]


def told(data):
    return data["accepted"], data["unchanged"], data["rejected"], data["objects"]


def test_a_retry_of_many_changes_nothing(alice, many, plugin, chunk):
    v2, session = by_session(alice, many, plugin)
    assert told(send(v2, many, *items(1))) == (COUNT, 0, 0, COUNT)
    assert told(send(v2, many, *items(1))) == (0, COUNT, 0, 0)
    session.refresh_from_db()
    assert (session.accepted, session.objects_count) == (COUNT, COUNT)


def test_what_is_sent_again_is_told_apart_from_what_is_new(alice, many, plugin, chunk):
    v2, session = by_session(alice, many, plugin)
    send(v2, many, *items(1, last=100))
    again = send(v2, many, *items(1, last=50), *items(2, 51, 100), *items(1, 101))
    assert told(again) == (COUNT - 50, 50, 0, COUNT - 50)
    assert again["notices"] == {"replaced_own": 50}
    session.refresh_from_db()
    assert (session.accepted, session.objects_count) == (COUNT, COUNT)


def test_what_others_gave_is_not_taken_for_ones_own(alice, many, plugin, chunk):
    send(by_user(alice), many, *items(1))
    v2, _ = by_session(alice, many, plugin)
    assert told(send(v2, many, *items(1))) == (COUNT, 0, 0, COUNT)
    assert told(send(by_user(alice), many, *items(1))) == (0, COUNT, 0, 0)


def test_what_was_taken_back_is_new_when_it_is_sent_again(alice, many, plugin, chunk):
    v2, _ = by_session(alice, many, plugin)
    first = send(v2, many, *items(1))["import"]
    Import.objects.filter(pk=first).update(state=Import.State.UNDONE)
    assert told(send(v2, many, *items(1))) == (COUNT, 0, 0, COUNT)


def test_what_the_session_sends_in_between_is_seen(alice, many, plugin, monkeypatch):
    monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", 250)
    monkeypatch.setattr("pluginhost.actions.import_assets.LOOKED_UP", 10)
    v2, session = by_session(alice, many, plugin)

    def with_one_between():
        yield from items(1, last=260)
        send(v2, many, *items(1, 261))
        yield from items(1, 261)

    received = imports.receive(authentication.by_key(v2.key), many, with_one_between())
    assert (received.counts.accepted, received.counts.unchanged) == (260, COUNT - 260)
    assert PreLabel.objects.filter(origin=received.imported, is_unchanged=True).count() == COUNT - 260
    assert ProjectHead.objects.get(project=many).pre_labeled == COUNT
    assert Session.objects.get(pk=session.pk).accepted == COUNT


def test_assets_of_several_items_each_in_another_part_are_changed_together(alice, many, monkeypatch):
    monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", 250)
    monkeypatch.setattr("pluginhost.actions.bulk._SENT_FROM", 50)
    data = send(by_user(alice), many, *items(1), *items(2), *items(1))
    assert told(data) == (2 * COUNT, COUNT, 0, 2 * COUNT)
    assert PreLabel.objects.count() == COUNT
    assert set(PreLabel.objects.values_list("objects_count", flat=True)) == {2}
