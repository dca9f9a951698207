"""Imports that are wrong in every way: a clear error in JSON, what is good is taken, and nothing is half stored."""

import json

import pytest
from django.utils import timezone

from pluginhost import outcomes
from pluginhost.actions import reports
from pluginhost.models import Import, Notice, PreLabel, Rejection, Session, Task

from . import makers
from .v2 import by_session, by_user, item, send

BOX = '{"x": 1, "y": 2, "width": 3, "height": 4}'


def is_empty():
    return not any(model.objects.exists() for model in (Import, PreLabel, Rejection, Notice))


def body(project, items):
    """A request with these items, as they are written."""
    return f'{{"project": "{project.uid}", "jsonContent": [{items}]}}'.encode("utf-8", "surrogatepass")


def written(number, box=BOX, more=""):
    schema_id = '"schemaId": "cccccccccccccccccccccccc"'
    return f'{{"externalId": "image_{number:04}.jpg", "objects": [{{{schema_id}, "bounding-box": {box}{more}}}]}}'


# --- the body as a whole ---

BROKEN = {
    "nothing at all": "",
    "no JSON": "hello",
    "a form": "project=%s&jsonContent=[]",
    "cut off": '{"project": "%s", "jsonContent": [{"externalId": "image_0001.jpg"',
    "not UTF-8": b'{"project": "%s", "jsonContent": [{"externalId": "\xff"}]}',
    "a list": '[{"externalId": "image_0001.jpg", "objects": []}]',
    "a number": "1",
    "null": "null",
    "no project": '{"jsonContent": []}',
    "a project that is no text": '{"project": 1, "jsonContent": []}',
    "no items": '{"project": "%s"}',
    "items in an object": '{"project": "%s", "jsonContent": {"0": {}}}',
    "items in a text": '{"project": "%s", "jsonContent": "[]"}',
    "null items": '{"project": "%s", "jsonContent": null}',
    "something after the end": '{"project": "%s", "jsonContent": []}]',
    "single quotes": "{'project': '%s', 'jsonContent': []}",
    "a comma too many": '{"project": "%s", "jsonContent": [{},]}',
    "depth 10,000": "[" * 10_000,
    "depth 10,000 of objects": '{"a":' * 10_000,
    "the project twice": '{"project": "%s", "project": "%s", "jsonContent": []}',
    "the items twice": '{"project": "%s", "jsonContent": [], "jsonContent": []}',
    "the items by both names": '{"project": "%s", "labels": [], "jsonContent": []}',
}


@pytest.mark.parametrize("given", BROKEN.values(), ids=BROKEN.keys())
def test_a_body_that_is_none_is_an_error_and_stores_nothing(alice, project, given):
    sent = given if isinstance(given, bytes) else given.encode()
    status, answer = by_user(alice).post("import/labels", sent.replace(b"%s", project.uid.encode()))
    assert status in (400, 404)
    assert answer["status"] in ("fail", "error")
    assert answer["message"]
    assert is_empty()


def test_an_error_of_the_body_says_where(alice, project):
    _, answer = by_user(alice).post("import/labels", body(project, f"{written(1)}, oops"))
    assert "a value was expected" in json.dumps(answer)
    assert "at character" in json.dumps(answer)


def test_what_was_stored_before_the_body_went_wrong_is_taken_away(alice, project, monkeypatch):
    monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", 1)
    status, _ = by_user(alice).post("import/labels", body(project, f"{written(1)}, {written(2)}, {written(9)}, oops"))
    assert status == 400
    assert is_empty()


def test_256_megabytes_are_too_much(alice, project, settings):
    settings.PLUGINHOST_IMPORT_LIMIT = 2_000
    status, answer = by_user(alice).post("import/labels", body(project, ", ".join([written(1)] * 40)))
    assert status == 413
    assert "send it in several requests" in json.dumps(answer)
    assert is_empty()


# --- one item ---

ODD = {
    "a key twice in a box": (written(1, '{"x": 1, "x": 2}'), "duplicate_key", "[1].objects[0].bounding-box"),
    "a key twice in an item": ('{"externalId": "a", "externalId": "b"}', "duplicate_key", "[1]"),
    "a key twice under a name of nothing": (
        '{"externalId": "a", "\\u0000\\ud800": {"b": 1, "b": 2}}',
        "duplicate_key",
        "[1].��",
    ),
    "NaN": (written(1, BOX.replace("1", "NaN")), "not_finite", "[1].objects[0].bounding-box.x"),
    "Infinity": (written(1, BOX.replace("1", "-Infinity")), "not_finite", "[1].objects[0].bounding-box.x"),
    "1e400": (written(1, BOX.replace("1", "1e400")), "not_finite", "[1].objects[0].bounding-box.x"),
    "400 digits": (written(1, BOX.replace("1", "9" * 400)), "number_too_large", "[1].objects[0].bounding-box.x"),
    "400 digits elsewhere": (written(1, more=f', "track": {"9" * 400}'), "number_too_large", "[1].objects[0].track"),
    "6,000 digits": (written(1, BOX.replace("1", "9" * 6000)), "bad_item", "[1]"),
    "a name with NUL": ('{"externalId": "a\\u0000b", "objects": []}', "bad_item", "[1].externalId"),
    "depth 10,000": (written(1, more=f', "a": {"[" * 10_000 + "]" * 10_000}'), "bad_item", "[1]"),
    "depth 300": (written(1, more=f', "a": {"[" * 300 + "]" * 300}'), "bad_item", "[1]"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "code", "path"), ODD.values(), ids=ODD.keys())
def test_an_odd_item_costs_the_others_nothing(alice, project, given, code, path):
    others = ", ".join(written(number) for number in (3, 4, 5))
    data = by_user(alice).posted("import/labels", body(project, f"{written(2)}, {given}, {others}"))
    assert (data["accepted"], data["rejected"], data["items"]) == (4, 1, 5)
    assert [(one["code"], one["path"]) for one in data["rejections"]] == [(code, path)]


def test_texts_with_nul_are_stored_without_it_and_say_so(alice, project):
    data = by_user(alice).posted("import/labels", body(project, written(1, more=', "note": "a\\u0000b"')))
    assert data["notices"] == {"text_replaced": 1}
    assert "\\u0000" not in PreLabel.objects.get().content


# --- notices in the answer and in the ledger ---


def test_notices_are_answered_counted_and_kept(alice, project):
    data = send(by_user(alice), project, item(1, makers.box(x=630)), item(2))
    assert data["notices"] == {"outside_image": 1}
    (remark,) = data["remarks"]
    assert (remark["index"], remark["path"]) == (0, "[0].objects[0].bounding-box")
    assert Import.objects.get().notices == {"outside_image": 1}
    kept = Notice.objects.get()
    assert (kept.code, kept.index, kept.asset.number, kept.path) == ("outside_image", 0, 1, remark["path"])


def test_an_external_id_of_several_assets_labels_them_all_and_says_so(alice, project):
    project.assets.filter(number=2).update(external_id="image_0001.jpg")
    data = send(by_user(alice), project, item(1))
    assert (data["items"], data["accepted"], data["objects"]) == (1, 1, 2)
    assert data["notices"] == {"ambiguous_external_id": 1}
    assert "2 assets have this externalId" in data["remarks"][0]["message"]


def test_of_several_assets_those_that_cannot_be_labeled_are_passed_over(alice, project, plugin):
    project.assets.filter(number=2).update(external_id="image_0001.jpg")
    v2, _ = by_session(alice, project, plugin, scope={"first": 1})
    data = send(v2, project, item(1))
    assert (data["accepted"], data["rejected"]) == (1, 0)
    assert data["notices"] == {"ambiguous_external_id": 1, "passed_over": 1}
    assert "not in the scope" in Notice.objects.get(code="passed_over").message


def test_an_asset_that_was_passed_over_counts_as_rejected(alice, project, plugin):
    project.assets.filter(number=2).update(external_id="image_0001.jpg")
    Task.objects.filter(asset__number=2).update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1))
    found = outcomes.outcomes_of(session)
    assert (list(found.accepted), list(found.rejected)) == ([1], [2])


def test_an_item_all_of_whose_assets_refuse_it_is_rejected_once(alice, project, plugin):
    project.assets.filter(number__in=(2, 3)).update(external_id="twice")
    v2, _ = by_session(alice, project, plugin, scope={"first": 1})
    data = send(v2, project, {"externalId": "twice", "objects": [makers.box()]})
    assert (data["items"], data["rejected"], data["reasons"]) == (1, 1, {"out_of_scope": 1})
    assert Rejection.objects.count() == 1


def test_what_a_session_sends_again_takes_the_place_of_its_own_and_says_so(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    assert send(v2, project, item(1), item(2))["notices"] == {}
    assert send(v2, project, item(1, makers.box(x=9)), item(2))["notices"] == {"replaced_own": 1}
    assert Notice.objects.get().asset.number == 1


def test_items_of_one_asset_say_that_they_were_put_together(alice, project, monkeypatch):
    for size in (1000, 1):
        monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", size)
        items = [item(1, makers.box(x=size)), item(1, makers.box(x=2)), item(1, makers.box(x=2))]
        data = send(by_user(alice), project, *items)
        assert (data["accepted"], data["unchanged"], data["items"]) == (2, 1, 3)
        assert {code: data["notices"][code] for code in ("merged", "repeated")} == {"merged": 1, "repeated": 1}


def test_halves_that_come_to_what_was_there_are_not_said_to_replace_it(alice, project, plugin, monkeypatch):
    v2, _ = by_session(alice, project, plugin)
    send(v2, project, item(1, makers.box(), makers.box(x=9)))
    monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", 1)
    data = send(v2, project, item(1), item(1, makers.box(x=9)))
    assert (data["accepted"], data["unchanged"], data["notices"]) == (0, 2, {"merged": 1})
    assert not Notice.objects.filter(code="replaced_own").exists()


# --- the key of an ended session ---


def test_the_key_of_an_ended_session_is_refused_with_the_reason(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    reports.acknowledge(session, None, "value", "null", timezone.now())
    session.refresh_from_db()
    assert session.state == Session.State.SUCCEEDED
    status, answer = v2.post("import/labels", body(project, written(1)))
    assert status == 401
    assert f"#{session.pk}" in json.dumps(answer)
    assert is_empty()
