"""Imports: each item is taken or refused by itself, and the import is true as a whole or not there."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from pluginhost import authentication, prelabels
from pluginhost.actions import imports, processes, projects, recovery, sessions
from pluginhost.models import (
    Asset,
    Import,
    PreLabel,
    Project,
    ProjectHead,
    Rejection,
    ServerProcess,
    SessionEvent,
    Task,
)

from . import makers
from .v2 import by_session, by_user, item, send

CAR, BUS, ROAD = "c" * 24, "b" * 24, "a" * 24


def shown(project, number):
    """The objects that the asset of this number shows, None when it shows no pre-labels."""
    asset = Asset.objects.get(project=project, number=number)
    found = prelabels.live([asset.pk]).get(asset.pk)
    return None if found is None else found["objects"]


def codes(data):
    return [rejection["code"] for rejection in data["rejections"]]


# --- it works ---


def test_it_works(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    data = send(v2, project, item(1), item(2, makers.box(), makers.box(BUS)))
    assert data["project"] == "2 / 2 tasks are labeled."
    assert (data["accepted"], data["rejected"], data["objects"]) == (2, 0, 3)
    assert shown(project, 1) == [makers.box()]
    assert len(shown(project, 2)) == 2
    assert shown(project, 3) is None


def test_the_ledger_says_what_came(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2, makers.box(BUS)), item(9))
    made = Import.objects.get()
    assert (made.state, made.session, made.plugin, made.user) == (Import.State.APPLIED, session, plugin, alice)
    assert (made.items, made.accepted, made.rejected, made.objects_count) == (3, 2, 1, 2)
    assert (made.classes, made.reasons) == ({CAR: 1, BUS: 1}, {"unknown_asset": 1})
    assert made.size > 100
    rejection = Rejection.objects.get()
    assert (rejection.index, rejection.external_id) == (2, "image_0009.jpg")
    assert rejection.path == "[2].externalId"


def test_the_session_and_the_project_know_of_it(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2), item(9))
    session.refresh_from_db()
    assert (session.accepted, session.rejected, session.objects_count) == (2, 1, 2)
    head = ProjectHead.objects.get(project=project)
    assert (head.pre_labeled, head.last_applied) == (2, 1)
    assert head.last_import_at is not None
    event = SessionEvent.objects.filter(session=session, kind="import").get()
    assert event.sentence == f"Import {Import.objects.get().pk}: 2 assets, 2 objects, 1 rejected"


def test_no_items_are_an_import_of_nothing(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    assert send(v2, project)["project"] == "0 / 0 tasks are labeled."


def test_the_other_name_of_the_list_is_understood(alice, project):
    data = by_user(alice).posted("import/labels", {"labels": [item(1)], "project": project.uid})
    assert data["accepted"] == 1


def test_the_project_may_come_last(alice, project):
    items = [item(1), item(2)]
    body = json.dumps({"jsonContent": items, "more": {"project": "not this"}, "project": project.uid})
    assert by_user(alice).posted("import/labels", body)["accepted"] == 2


def test_all_assets_with_the_external_id_are_labeled(alice, project):
    Asset.objects.filter(project=project, number=2).update(external_id="image_0001.jpg")
    assert send(by_user(alice), project, item(1))["project"] == "2 / 2 tasks are labeled."
    assert shown(project, 2) == [makers.box()]


def test_an_asset_is_found_by_its_data(alice, project):
    v2 = by_user(alice)
    data = "https://example.org/cat.jpg"
    v2.posted(f"project/{project.uid}/cloud", {"assets": [{"data": data, "externalId": "cat"}]})
    assert send(v2, project, {"data": data, "objects": [makers.box()]})["accepted"] == 1
    assert shown(project, 6) == [makers.box()]


def test_a_title_stands_for_its_only_tool(alice, project):
    send(
        by_user(alice), project, item(1, {"title": " car ", "bounding-box": {"x": 1, "y": 2, "width": 3, "height": 4}})
    )
    assert shown(project, 1)[0]["schemaId"] == CAR


def test_a_title_of_two_tools_is_clear_by_its_geometry(alice, project):
    tools = {"tools": [*makers.TOOLS["tools"], {"tool": "point", "title": "Car", "schemaId": "p"}]}
    projects.set_category_schema(makers.principal(alice), project, tools)
    send(by_user(alice), project, item(1, {"title": "Car", "point": [1, 2]}))
    assert shown(project, 1)[0]["schemaId"] == "p"


def test_unknown_keys_are_kept_and_mean_nothing(alice, project):
    data = send(by_user(alice), project, item(1, {**makers.box(), "confidence": 0.9, "tool": "x"}, column="y"))
    assert data["accepted"] == 1
    assert shown(project, 1)[0]["confidence"] == 0.9


def test_classifications_and_relations_are_taken(alice, project):
    schema = {
        "tools": makers.TOOLS["tools"],
        "classifications": [
            {"tool": "radio", "title": "Weather", "schemaId": "w", "options": ["Sun", "Rain"]},
            {"tool": "checkbox", "title": "Seen", "schemaId": "s"},
        ],
        "relations": [{"tool": "one-to-one", "title": "Part of", "schemaId": "r"}],
    }
    projects.set_category_schema(makers.principal(alice), project, schema)
    given = item(
        1,
        *({**makers.box(), "objectId": object_id} for object_id in ("1", "2")),
        classifications=[{"schemaId": "w", "answer": "Sun"}, {"title": "Seen", "answer": ["a", "b"]}],
        relations=[{"schemaId": "r", "from": "1", "to": "2"}, {"title": "Part of", "group": ["1", "2"]}],
    )
    assert send(by_user(alice), project, given)["accepted"] == 1
    content = next(iter(prelabels.live(Asset.objects.values_list("pk", flat=True)).values()))
    assert [answer["schemaId"] for answer in content["classifications"]] == ["w", "s"]
    assert len(content["relations"]) == 2


GEOMETRIES = {
    "bounding-box": [{"x": 1, "y": 2.5, "width": -3, "height": 4}],
    "rotated-bounding-box": [{"x": 1, "y": 2, "width": 3, "height": 4, "rotation": -90}],
    "polygon": [[[0, 0], [1, 0], [1, 1]]],
    "polyline": [[[0, 0], [1, 0]]],
    "point": [[1, 2.5]],
    "segmentation": [
        {"zones": [{"region": [[0, 0], [9, 0], [9, 9]], "holes": [[[1, 1], [2, 1], [2, 2]]]}]},
        {"zones": [{"region": [[0, 0], [9, 0], [9, 9]]}]},
    ],
    "ner": [{"start": 0, "end": 5}, {"start": 1.5, "end": 2.25}],
    "pdf": [
        {"height": 9, "width": 9, "x1": 1, "y1": 1, "x2": 2, "y2": 2, "pageNumber": 1, "text": "x"},
        {"position": {"boundingRect": {"x1": 1, "y1": 1, "x2": 2, "y2": 2, "width": 9, "height": 9}, "pageNumber": 1}},
    ],
    "pct": [{"anything": [1, 2, 3]}],
}


@pytest.mark.parametrize(("kind", "geometry"), [(kind, one) for kind, all_ in GEOMETRIES.items() for one in all_])
def test_every_geometry_is_taken(alice, project, kind, geometry):
    projects.set_category_schema(
        makers.principal(alice), project, {"tools": [{"tool": kind, "title": "Thing", "schemaId": "t"}]}
    )
    data = send(by_user(alice), project, item(1, {"schemaId": "t", kind: geometry}))
    assert data["accepted"] == 1, data


def test_a_brush_has_its_geometry_in_the_mask(alice, project):
    projects.set_category_schema(
        makers.principal(alice), project, {"tools": [{"tool": "brush", "title": "Fog", "schemaId": "t"}]}
    )
    given = item(1, {"schemaId": "t"}, brushDataUrl="https://example.org/mask.png")
    assert send(by_user(alice), project, given)["accepted"] == 1


# --- each refusal ---

BOX = {"x": 1, "y": 2, "width": 3, "height": 4}
SIDE = {"x": 1, "y": 2, "width": 3}
NAN = float("nan")


def box(**numbers):
    return item(1, {"schemaId": CAR, "bounding-box": {**BOX, **numbers}})


def road(*points):
    return item(1, {"schemaId": ROAD, "polygon": list(points)})


REFUSED = [
    ("bad_item", "[0]", "text"),
    ("bad_item", "[0]", None),
    ("bad_item", "[0]", ["list"]),
    ("bad_item", "[0]", {"objects": []}),
    ("bad_item", "[0].externalId", {"externalId": ["a"]}),
    ("bad_item", "[0].externalId", {"externalId": "a\0b"}),
    ("bad_item", "[0].data", {"data": "a\ud800b"}),
    ("bad_item", "[0].objects", {"externalId": "image_0001.jpg", "objects": {}}),
    ("bad_item", "[0].objects[0]", item(1, "box")),
    ("unknown_asset", "[0].externalId", {"externalId": "nowhere"}),
    ("unknown_asset", "[0].data", {"data": "https://nowhere"}),
    ("unknown_schema_id", "[0].objects[0].schemaId", item(1, {"schemaId": "z", "bounding-box": BOX})),
    ("unknown_schema_id", "[0].objects[0].schemaId", item(1, {"schemaId": ["z"], "bounding-box": BOX})),
    ("unknown_title", "[0].objects[0].title", item(1, {"title": "Plane", "bounding-box": BOX})),
    ("no_class", "[0].objects[0].schemaId", item(1, {"bounding-box": BOX})),
    ("no_geometry", "[0].objects[0].bounding-box", item(1, {"schemaId": CAR})),
    ("wrong_geometry", "[0].objects[0].polygon", item(1, {"schemaId": CAR, "polygon": [[0, 0], [1, 0], [1, 1]]})),
    ("wrong_geometry", "[0].objects[0]", item(1, {"schemaId": CAR, "point": [1, 1], "bounding-box": BOX})),
    ("not_a_number", "[0].objects[0].bounding-box.x", box(x="1")),
    ("not_finite", "[0].objects[0].bounding-box.x", box(x=NAN)),
    ("not_finite", "[0].objects[0].bounding-box.x", box(x=float("-inf"))),
    ("not_a_number", "[0].objects[0].bounding-box.x", box(x=None)),
    ("not_a_number", "[0].objects[0].bounding-box.y", box(y=True)),
    ("number_too_large", "[0].objects[0].bounding-box.y", box(y=10**400)),
    ("number_too_large", "[0].objects[0].track", item(1, {**makers.box(), "track": 10**400})),
    ("not_finite", "[0].objects[0].confidence", item(1, {**makers.box(), "confidence": NAN})),
    ("degenerate", "[0].objects[0].bounding-box.width", box(width=0)),
    ("bad_geometry", "[0].objects[0].bounding-box.height", item(1, {"schemaId": CAR, "bounding-box": SIDE})),
    ("bad_geometry", "[0].objects[0].bounding-box", item(1, {"schemaId": CAR, "bounding-box": [1, 2, 3, 4]})),
    ("degenerate", "[0].objects[0].polygon", road([0, 0], [1, 1])),
    ("degenerate", "[0].objects[0].polygon", road([0, 0], [1, 1], [2, 2], [0, 0])),
    ("bad_geometry", "[0].objects[0].polygon[1]", road([0, 0], [1], [2, 2])),
    ("not_a_number", "[0].objects[0].polygon[2][1]", road([0, 0], [1, 1], [2, "2"])),
    ("bad_geometry", "[0].objects[0].page", item(1, {**makers.box(), "page": -1})),
    ("no_class", "[0].classifications[0].schemaId", item(1, classifications=[{"answer": "x"}])),
    ("bad_classification", "[0].classifications[0]", item(1, classifications=["x"])),
    ("bad_relation", "[0].relations[0]", item(1, relations=[1])),
]  # fmt: skip


@pytest.mark.parametrize(("code", "path", "given"), REFUSED)
def test_an_item_is_refused_with_its_reason(alice, project, code, path, given):
    data = send(by_user(alice), project, given, item(2))
    assert [(one["code"], one["path"]) for one in data["rejections"]] == [(code, path)]
    assert data["rejections"][0]["message"].endswith(".")
    assert data["project"] == "1 / 2 tasks are labeled."
    assert shown(project, 1) is None


def test_a_title_of_two_tools_of_a_kind_is_ambiguous(alice, project):
    tools = {"tools": [*makers.TOOLS["tools"], {"tool": "bounding-box", "title": "CAR", "schemaId": "2"}]}
    projects.set_category_schema(makers.principal(alice), project, tools)
    assert codes(send(by_user(alice), project, item(1, {"title": "Car", "bounding-box": BOX}))) == ["ambiguous_title"]


def test_a_task_that_is_not_to_do_is_refused(alice, project):
    Task.objects.filter(asset__number=1).update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    assert codes(send(by_user(alice), project, item(1), item(2))) == ["not_todo"]
    assert Rejection.objects.get().asset.number == 1


def test_an_asset_outside_the_scope_is_refused(alice, project, plugin):
    v2, session = by_session(alice, project, plugin, scope={"first": 2})
    data = send(v2, project, item(2), item(3))
    assert codes(data) == ["out_of_scope"]
    session.refresh_from_db()
    assert (session.accepted, session.rejected) == (1, 1)


def test_a_project_of_strangers_is_404(charlie, project):
    assert by_user(charlie).post("import/labels", {"project": project.uid, "jsonContent": []})[0] == 404


def test_another_project_than_the_sessions_is_404(alice, organization, project, plugin):
    other = makers.make_project(alice, organization, assets=1, name="Other")
    v2, _ = by_session(alice, project, plugin)
    assert v2.post("import/labels", {"project": other.uid, "jsonContent": [item(1)]})[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        '{"jsonContent": []}',
        '{"project": "%s"}',
        '{"project": "%s", "jsonContent": {}}',
        '{"project": "%s", "jsonContent": [{}',
        '{"project": "%s", "jsonContent": [{} {}]}',
        '{"project": "%s", "jsonContent": []} trailing',
    ],
)
def test_a_body_that_is_not_as_it_should_be_stores_nothing(alice, project, body):
    sent = body.replace("%s", project.uid)
    status, answer = by_user(alice).post("import/labels", sent)
    assert (status, answer["status"]) == (400, "fail")
    assert not Import.objects.exists()


def test_a_body_that_breaks_off_late_leaves_nothing(alice, project, monkeypatch):
    monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", 1)
    whole = json.dumps({"project": project.uid, "jsonContent": [item(1), item(2), item(9)]})
    assert by_user(alice).post("import/labels", whole[:-3])[0] == 400
    assert not Import.objects.exists()
    assert not PreLabel.objects.exists()
    assert not Rejection.objects.exists()
    assert shown(project, 1) is None


def test_an_import_over_the_limit_is_413(alice, project, settings):
    settings.PLUGINHOST_IMPORT_LIMIT = 1000
    body = {"project": project.uid, "jsonContent": [item(1)] * 20}
    assert by_user(alice).post("import/labels", body)[0] == 413
    assert not Import.objects.exists()


def test_an_item_nested_too_deeply_is_refused_alone(alice, project):
    deep = '{"externalId": "image_0001.jpg", "objects": ' + "[" * 5000 + "]" * 5000 + "}"
    less = json.dumps(item(1, {**makers.box(), "more": "here"})).replace('"here"', "[" * 300 + "]" * 300)
    body = f'{{"project": "{project.uid}", "jsonContent": [{deep}, {less}, {json.dumps(item(2))}]}}'
    data = by_user(alice).posted("import/labels", body)
    assert (data["accepted"], codes(data)) == (1, ["bad_item", "bad_item"])


def test_texts_that_cannot_be_stored_are_replaced(alice, project):
    send(by_user(alice), project, item(1, {**makers.box(), "note": "a\0b\ud800c😀"}))
    assert shown(project, 1)[0]["note"] == "a�b�c😀"


def test_only_the_first_hundred_rejections_are_told(alice, project):
    data = send(by_user(alice), project, *[item(9)] * 150)
    assert len(data["rejections"]) == 100
    assert data["rejected"] == Rejection.objects.count() == 150


# --- several items, several imports ---


def test_items_of_one_asset_are_merged_in_order(alice, project, monkeypatch):
    for size in (1000, 1):
        monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", size)
        v2 = by_user(alice)
        boxes = [makers.box(x=x) for x in (size, 2, 3)]
        data = send(v2, project, item(1, boxes[0], boxes[1]), item(2), item(1, boxes[1], boxes[2]))
        assert shown(project, 1) == boxes
        assert (data["accepted"] + data["unchanged"], data["rejected"]) == (3, 0)
        assert Import.objects.first().objects_count in (4, 3)


def test_the_same_item_twice_is_unchanged_the_second_time(alice, project, monkeypatch):
    for size in (1000, 1):
        monkeypatch.setattr("pluginhost.actions.import_rows.CHUNK_ITEMS", size)
        data = send(by_user(alice), project, item(1, makers.box(x=size)), item(1, makers.box(x=size)))
        assert (data["accepted"], data["unchanged"], data["objects"]) == (1, 1, 1)
        assert data["project"] == "1 / 1 tasks are labeled."


def test_two_equal_objects_of_one_item_are_kept(alice, project):
    send(by_user(alice), project, item(1, makers.box(), makers.box()))
    assert len(shown(project, 1)) == 2


def test_a_scripts_retry_changes_nothing(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2))
    again = send(v2, project, item(1), item(2))
    assert (again["accepted"], again["unchanged"]) == (0, 2)
    assert again["project"] == "2 / 2 tasks are labeled."
    assert shown(project, 1) == [makers.box()]
    session.refresh_from_db()
    assert (session.accepted, session.objects_count) == (2, 2)


def test_a_sessions_later_result_takes_the_place_of_its_earlier_one(alice, project, plugin):
    v2, session = by_session(alice, project, plugin, existing="add")
    send(v2, project, item(1, makers.box(x=1), makers.box(x=2)))
    send(v2, project, item(1, makers.box(x=3)))
    assert shown(project, 1) == [makers.box(x=3)]
    session.refresh_from_db()
    assert (session.accepted, session.objects_count) == (1, 1)
    assert "1 replaced" in SessionEvent.objects.filter(session=session, kind="import").last().sentence


def test_a_second_try_makes_good_what_was_refused(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    Task.objects.filter(asset__number=1).update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    send(v2, project, item(1))
    Task.objects.filter(asset__number=1).update(status=Task.Status.TODO, stage=Task.LABEL)
    send(v2, project, item(1))
    session.refresh_from_db()
    assert (session.accepted, session.rejected) == (1, 0)


@pytest.mark.parametrize(("existing", "expected"), [("replace", [3, 2]), ("add", [1, 3, 2]), ("skip", [1])])
def test_what_becomes_of_earlier_results(alice, organization, project, plugin, existing, expected):
    """Asset 1 has a result of this plugin (x=1); a second run gives x=3; asset 1 also had none of the other plugin."""
    first, _ = by_session(alice, project, plugin)
    send(first, project, item(1, makers.box(x=1)))
    second, _ = by_session(alice, project, makers.make_plugin(alice, organization, name="Other"), existing=existing)
    third, _ = by_session(alice, project, plugin, existing=existing)
    send(third, project, item(1, makers.box(x=3)))
    send(second, project, item(1, makers.box(x=2)))
    assert [one["bounding-box"]["x"] for one in shown(project, 1)] == expected


def test_a_personal_key_replaces_the_users_earlier_results_and_no_plugins(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    send(v2, project, item(1, makers.box(x=1)))
    send(by_user(alice), project, item(1, makers.box(x=2)))
    send(by_user(alice), project, item(1, makers.box(x=3)))
    assert [one["bounding-box"]["x"] for one in shown(project, 1)] == [1, 3]


def test_what_a_deleted_session_gave_is_not_taken_for_the_runners_own(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    send(v2, project, item(1, makers.box(x=1)))
    Import.objects.update(session=None, deleted_session=session.pk)  # as retention does it
    assert send(by_user(alice), project, item(1, makers.box(x=1)))["accepted"] == 1
    assert len(shown(project, 1)) == 2


def test_an_asset_counts_once_as_pre_labeled(alice, project, plugin):
    send(by_user(alice), project, item(1))
    v2, _ = by_session(alice, project, plugin)
    send(v2, project, item(1), item(2))
    assert ProjectHead.objects.get(project=project).pre_labeled == 2


def test_counts_hold_when_another_import_comes_between(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    principal = makers.principal(alice)

    def with_one_between():
        yield item(1)
        send(v2, project, item(1, makers.box(x=1)))
        yield item(2)

    imports.receive(principal, project, with_one_between())
    head = ProjectHead.objects.get(project=project)
    assert (head.pre_labeled, head.last_applied) == (2, 2)
    assert list(Import.objects.order_by("id").values_list("applied_seq", flat=True)) == [2, 1]


def test_review_first_is_staged_and_shows_nothing_yet(alice, project, plugin):
    v2, session = by_session(alice, project, plugin, review_first=True)
    assert send(v2, project, item(1))["state"] == "staged"
    assert shown(project, 1) is None
    assert ProjectHead.objects.get(project=project).pre_labeled == 0
    session.refresh_from_db()
    assert session.accepted == 1
    assert send(v2, project, item(1))["unchanged"] == 1


def test_peoples_answers_hide_pre_labels(alice, project):
    send(by_user(alice), project, item(1))
    Task.objects.filter(asset__number=1).update(answer={"tools": [], "classifications": [], "relations": []})
    assert shown(project, 1) is None


def test_a_session_that_is_cancelled_meanwhile_keeps_nothing(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    principal = authentication.by_key(v2.key)

    def cancelled_in_between():
        yield item(1)
        sessions.cancel(makers.principal(alice), session)

    with pytest.raises(imports.Unauthenticated):
        imports.receive(principal, project, cancelled_in_between())
    assert not Import.objects.exists()


def test_many_items_are_written_in_chunks(alice, organization, django_assert_max_num_queries):
    project = makers.make_project(alice, organization, assets=2500)
    principal = makers.principal(alice)
    with django_assert_max_num_queries(45):
        received = imports.receive(principal, project, (item(number) for number in range(1, 2501)))
    assert received.counts.accepted == 2500
    assert Project.objects.get(pk=project.pk).head.pre_labeled == 2500


def test_what_a_process_that_is_gone_was_receiving_is_taken_away(alice, project):
    gone, here = [
        ServerProcess.objects.create(name=name, host="h", pid=1, lease_until=timezone.now())
        for name in ("gone", "here")
    ]
    processes.ended("gone")
    left, kept = [Import.objects.create(project=project, user=alice, process=process) for process in (gone, here)]
    asset = Asset.objects.filter(project=project).first()
    PreLabel.objects.create(origin=left, asset=asset, index=0, content="{}", content_digest="x")
    Rejection.objects.create(origin=left, index=1, code="bad_item")
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        recovery.sweep()
    assert list(Import.objects.all()) == [kept]
    assert not PreLabel.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_import_that_a_sweep_took_away_meanwhile_is_to_be_sent_again(alice, project):
    def taken_away():
        yield item(1)
        Import.objects.all().delete()

    with pytest.raises(imports.Conflict, match="send it again"):
        imports.receive(makers.principal(alice), project, taken_away())
    assert not PreLabel.objects.exists()
