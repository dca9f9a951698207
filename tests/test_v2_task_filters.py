"""`/v2` tasks by every key and operator of TaskFilter, sorted as asked, with exact totals."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pluginhost.actions import deletions
from pluginhost.models import Asset, Issue, Task, TaskStep
from pluginhost.v2.patterns import pattern

from . import makers
from .v2 import by_session, by_user, item, send

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def tasks(project):
    """The five tasks of the project, by the number of their asset."""
    return {task.asset.number: task for task in Task.objects.filter(project=project).select_related("asset")}


@pytest.fixture
def found(alice, project):
    """Gives the numbers of the tasks that a filter finds, in the order of the page."""
    v2 = by_user(alice)

    def ask(task_filter=None, **query):
        if task_filter is not None:
            query["filter"] = json.dumps(task_filter)
        data = v2.data(f"project/{project.uid}/tasks", query)
        assert data["total"] == len(data["tasks"])
        return [int(task["externalId"][6:10]) for task in data["tasks"]]

    return ask


def change(task, **values):
    Task.objects.filter(pk=task.pk).update(**values)


def test_a_bare_stage_its_name_or_a_list_is_understood(found, project, tasks):
    project.stages = [{"id": "s1", "name": "Second look", "type": "Review"}]
    project.save(update_fields=["stages"])
    change(tasks[2], stage="s1")
    change(tasks[3], stage="Complete", status="Completed")
    assert found({"stage": "s1"}) == found({"stage": "second look"}) == found(stage="s1") == [2]
    assert found({"stage": {"$in": ["s1", "Complete"]}}) == found({"stage": ["s1", "Completed"]}) == [2, 3]
    assert found({"stage": {"$nin": ["s1", "Complete"]}}) == [1, 4, 5]
    assert found({"stage": {"$ne": "Label"}}) == found({"stage": {"$regex": "^(Comp|Second)"}}) == [2, 3]
    assert found({"stage": {"$exists": True}}) == [1, 2, 3, 4, 5]
    assert found({"stage": {"$exists": False}}) == []
    assert found(stage='["s1"]') == [2]


def test_batches_by_any_of_them_by_none_and_by_pattern(found, project):
    day = makers.make_batch(project, "Day", [1, 2])
    makers.make_batch(project, "Night", [2, 3])
    assert found({"batches": {"$in": [day.uid, "Night"]}}) == [1, 2, 3]
    assert found({"batches": {"$eq": "Day"}}) == [1, 2]
    assert found({"batches": {"$nin": ["Day"]}}) == found({"batches": {"$ne": day.uid}}) == [3, 4, 5]
    assert found({"batches": ["Day", "Night"]}) == found(batches='["Day", "Night"]') == [2]
    assert found({"batches": {"$regex": "ight$"}}) == [2, 3]
    assert found({"batches": {"$exists": False}}) == [4, 5]
    assert found({"batches": {"$exists": True}}) == [1, 2, 3]


def test_a_status_in_the_words_of_either_dialect(found, tasks):
    change(tasks[1], stage="Complete", status="Completed")
    assert found({"status": {"$eq": "Completed"}}) == found({"status": {"$regex": "^C"}}) == [1]
    assert found({"status": {"$eq": "READY"}}) == [1, 2, 3, 4, 5]
    assert found({"status": {"$eq": "PCT_REQUEUE_WAITING"}}) == []
    assert found({"status": {"$nin": ["TODO"]}}) == [1]


def test_a_review_status(found, tasks):
    change(tasks[4], review_status="Accepted")
    assert found({"reviewStatus": {"$eq": "Accepted"}}) == found({"reviewStatus": {"$ne": "Todo"}}) == [4]
    assert found({"reviewStatus": {"$in": ["Todo", "Fixed"]}}) == [1, 2, 3, 5]


def test_who_it_is_assigned_to_who_made_it_and_who_changed_it(found, alice, bob, tasks):
    change(tasks[1], assignee=bob, created_by=alice, updated_by=bob)
    change(tasks[2], assignee=alice)
    assert found({"assignee": {"$eq": "BOB@example.org"}}) == found(assignee="bob") == [1]
    assert found({"assignee": {"$in": [alice.uid, "bob"]}}) == found({"assignee": {"$exists": True}}) == [1, 2]
    assert found({"assignee": {"$exists": False}}) == found({"assignee": None}) == [3, 4, 5]
    assert found({"assignee": {"$ne": "bob"}}) == [2, 3, 4, 5]
    assert found({"assignee": {"$in": ["bob", None]}}) == [1, 3, 4, 5]
    assert found({"assignee": {"$regex": "@example"}}) == [1, 2]
    assert found({"assignee": {"$eq": "nobody@example.org"}}) == []
    assert found({"createdBy": {"$eq": "alice"}}) == found({"updatedBy": {"$eq": "bob"}}) == [1]


def test_external_ids_by_text_and_by_pattern(found):
    assert found({"externalId": "image_0003.jpg"}) == found({"externalId": {"$regex": "0*3"}}) == [3]
    assert found({"externalId": {"$regex": r"000[24]\.jpg$"}}) == [2, 4]
    assert found({"externalId": {"$regex": "(?i)^IMAGE"}}, sort="-createdAt", limit=100) == [5, 4, 3, 2, 1]
    assert found({"externalId": {"$nin": ["image_0001.jpg", "image_0002.jpg"]}}) == [3, 4, 5]
    assert found({"externalId": {"$ne": "image_0001.jpg", "$regex": "000[12]"}}) == [2]


def test_moments_are_compared_as_they_are_shown(found, tasks):
    for number, task in tasks.items():
        moment = LONG_AGO + timedelta(days=number, microseconds=1_500)
        change(task, created_at=moment, updated_at=moment)
    third = "2020-01-04T00:00:00.001Z"
    assert found({"createdAt": {"$eq": third}}) == [3]
    assert found({"createdAt": {"$gt": third}}) == [4, 5]
    assert found({"createdAt": {"$gte": third, "$lt": "2020-01-05"}}) == [3]
    assert found({"updatedAt": {"$lte": third}}) == [1, 2, 3]
    assert found({"updatedAt": {"$lt": third}}) == [1, 2]
    assert found({"updatedAt": {"$ne": third}}) == [1, 2, 4, 5]
    assert found({"updatedAt": {"$exists": False}}) == []


def test_priorities_by_every_comparison(found, tasks):
    for number, task in tasks.items():
        change(task, priority=number - 3)
    assert found({"priority": {"$eq": 1}}) == found({"priority": 1}) == [4]
    assert found({"priority": {"$ne": 1}}) == [1, 2, 3, 5]
    assert found({"priority": {"$in": [-2, 2, 0.5]}}) == [1, 5]
    assert found({"priority": {"$nin": [-2, 2]}}) == [2, 3, 4]
    assert found({"priority": {"$gt": -1.5}}) == [2, 3, 4, 5]
    assert found({"priority": {"$gte": -1, "$lt": 1.5}}) == [2, 3, 4]
    assert found({"priority": {"$lte": -0.5}}) == [1, 2]
    assert found({"priority": {"$gt": 10**30}}) == []
    assert found({"priority": {"$exists": True}}) == [1, 2, 3, 4, 5]


def test_durations_are_those_of_its_steps_and_none_is_0(found, alice, tasks):
    for task, lengths in ((tasks[1], (100, 50)), (tasks[2], (10,))):
        for length in lengths:
            TaskStep.objects.create(task=task, stage="Label", to_stage="Label", by=alice, duration_ms=length)
    assert found({"duration": {"$gte": 50}}) == found({"totalDuration": {"$eq": 150}}) == [1]
    assert found({"duration": {"$eq": 10}}) == [2]
    assert found({"totalDuration": {"$lt": 100}}) == [2, 3, 4, 5]
    assert found({"totalDuration": {"$eq": 0}}) == [3, 4, 5]


def test_open_issues_are_counted_and_none_is_0(found, project, tasks):
    for number, statuses in ((1, ("Open", "Open", "Closed")), (2, ("Closed",)), (3, ("Open",))):
        for status in statuses:
            Issue.objects.create(project=project, task=tasks[number], content="Look", status=status)
    assert found({"openIssuesCount": {"$eq": 2}}) == found({"openIssuesCount": {"$gt": 1}}) == [1]
    assert found({"openIssuesCount": {"$gte": 1}}) == [1, 3]
    assert found({"openIssuesCount": {"$eq": 0}}) == found({"openIssuesCount": 0}) == [2, 4, 5]
    assert found({"openIssuesCount": {"$lte": 1}}) == [2, 3, 4, 5]
    assert found({"openIssuesCount": {"$in": [0, 2]}}) == [1, 2, 4, 5]
    assert found({"openIssuesCount": {"$nin": [0]}}) == [1, 3]


@pytest.mark.parametrize("name", ["isDraft", "isSkipped", "isBenchmark"])
def test_what_no_task_here_ever_is(found, name):
    assert found({name: {"$eq": False}}) == found({name: False}) == found({name: {"$ne": True}}) == [1, 2, 3, 4, 5]
    assert found({name: {"$eq": True}}) == found({name: {"$in": []}}) == []


def test_every_task_is_of_the_type_default(found):
    assert found({"type": {"$eq": "default"}}) == found({"type": {"$nin": ["benchmark"]}}) == [1, 2, 3, 4, 5]
    assert found({"type": {"$in": ["consensus", "benchmark"]}}) == found({"type": {"$regex": "^b"}}) == []


def test_ids_and_pre_labels_are_understood_too(found, alice, project, tasks):
    send(by_user(alice), project, item(3))
    assert found({"isPreLabeled": True}) == [3]
    assert found({"isPreLabeled": {"$ne": True}}) == [1, 2, 4, 5]
    assert found({"_id": {"$in": [tasks[1].uid, tasks[5].uid, "0"]}}) == [1, 5]


def test_what_stands_in_the_filter_counts_before_the_older_parameters(found, tasks):
    change(tasks[1], stage="Complete", status="Completed")
    assert found({"status": {"$eq": "TODO"}}, **{"status[eq]": "Completed"}) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("task_filter", "path"),
    [
        ({"unheard": 1}, "filter.unheard"),
        ({"$where": "1"}, "filter.$where"),
        ({"status": {"$where": "1"}}, "filter.status.$where"),
        ({"status": {}}, "filter.status"),
        ({"status": "Done"}, "filter.status"),
        ({"status": {"$in": "TODO"}}, "filter.status.$in"),
        ({"stage": {"$eq": {}}}, "filter.stage"),
        ({"stage": "Nowhere"}, "filter.stage"),
        ({"reviewStatus": True}, "filter.reviewStatus"),
        ({"externalId": {"$regex": "(a"}}, "filter.externalId.$regex"),
        ({"externalId": {"$regex": "(?<=a)b"}}, "filter.externalId.$regex"),
        ({"externalId": {"$regex": r"(a)\1"}}, "filter.externalId.$regex"),
        ({"externalId": {"$regex": "x" * 201}}, "filter.externalId.$regex"),
        ({"externalId": {"$regex": 5}}, "filter.externalId.$regex"),
        ({"externalId": {"$gt": "a"}}, "filter.externalId.$gt"),
        ({"externalId": [{}]}, "filter.externalId"),
        ({"createdAt": {"$gt": "yesterday"}}, "filter.createdAt"),
        ({"createdAt": {"$gt": 5}}, "filter.createdAt"),
        ({"createdAt": {"$regex": "2020"}}, "filter.createdAt.$regex"),
        ({"updatedAt": {"$lt": "9999-12-31T23:59:59Z"}}, "filter.updatedAt"),
        ({"updatedAt": {"$lt": "0001-01-01T00:00:00+23:00"}}, "filter.updatedAt"),
        ({"priority": "high"}, "filter.priority"),
        ({"priority": {"$gt": True}}, "filter.priority"),
        ({"priority": {"$in": 5}}, "filter.priority.$in"),
        ({"openIssuesCount": {"$regex": "1"}}, "filter.openIssuesCount.$regex"),
        ({"isDraft": {"$eq": "perhaps"}}, "filter.isDraft"),
        ({"isDraft": {"$gt": 1}}, "filter.isDraft.$gt"),
        ({"batches": {"$in": ["Nowhere"]}}, "filter.batches"),
        ({"batches": {"$gt": "a"}}, "filter.batches.$gt"),
        ({"assignee": {"$in": [{}]}}, "filter.assignee"),
        ({"assignee": {"$exists": "maybe"}}, "filter.assignee"),
    ],
)
def test_what_means_nothing_is_refused_and_named(alice, project, task_filter, path):
    status, answer = by_user(alice).get(f"project/{project.uid}/tasks", {"filter": json.dumps(task_filter)})
    assert (status, answer["status"]) == (400, "fail")
    assert answer["errors"][0]["path"] == path


@pytest.mark.parametrize("text", ['{"priority": NaN}', '{"priority": {"$lt": -Infinity}}', '{"priority": -1e999}'])
def test_numbers_that_are_none_break_nothing(alice, project, text):
    assert by_user(alice).get(f"project/{project.uid}/tasks", {"filter": text})[0] in (200, 400)


def test_a_pattern_takes_linear_time(alice, project):
    """Where an engine goes back to try again, this one would not end today."""
    Asset.objects.filter(number=1).update(external_id="a" * 1000)
    data = by_user(alice).data(
        f"project/{project.uid}/tasks", {"filter": json.dumps({"externalId": {"$regex": "^(((a+)+)+)+b$"}})}
    )
    assert data == {"tasks": [], "total": 0}


# --- order ---


def test_sorted_by_one_key_or_several(found, tasks):
    for number, priority in {1: 0, 2: 5, 3: 5, 4: -1, 5: 0}.items():
        change(tasks[number], priority=priority, updated_at=LONG_AGO - timedelta(days=number))
    assert found(sort="priority") == [4, 1, 5, 2, 3]
    assert found(sort="-priority") == [3, 2, 5, 1, 4]
    assert found(sort="-priority,createdAt") == [2, 3, 1, 5, 4]
    assert found(sort="-priority,externalId") == [2, 3, 1, 5, 4]
    assert found(sort="updatedAt") == found(sort="-createdAt,priority") == found(sort="-externalId") == [5, 4, 3, 2, 1]
    assert found(sort="createdAt") == found(sort="") == found(sort="_id") == [1, 2, 3, 4, 5]
    assert found({"priority": {"$gte": 0}}, sort="-priority,-updatedAt") == [2, 3, 1, 5]


@pytest.mark.parametrize("key", ["status", "stage", "reviewStatus", "assignee"])
def test_sorted_by_a_word(found, key):
    assert found(sort=key) == [1, 2, 3, 4, 5]
    assert found(sort=f"-{key}") == [5, 4, 3, 2, 1]


def test_an_unknown_key_to_sort_by_is_named(alice, project):
    status, answer = by_user(alice).get(f"project/{project.uid}/tasks", {"sort": "-speed"})
    assert status == 400
    assert "«speed» is not known" in answer["message"]


def test_pages_of_what_is_filtered_and_sorted_have_the_exact_total(alice, project, tasks):
    v2 = by_user(alice)
    query = {"filter": json.dumps({"externalId": {"$regex": "[2345]"}}), "sort": "-externalId", "limit": 3, "page": 2}
    data = v2.data(f"project/{project.uid}/tasks", query)
    assert ([task["externalId"] for task in data["tasks"]], data["total"]) == (["image_0002.jpg"], 4)
    data = v2.data(f"project/{project.uid}/tasks", {"sort": "-priority", "limit": 2, "page": 3})
    assert ([task["externalId"] for task in data["tasks"]], data["total"]) == (["image_0001.jpg"], 5)


def test_a_session_key_finds_and_sorts_in_its_scope_alone(alice, project, plugin):
    v2, session = by_session(alice, project, plugin, scope={"first": 3})
    path = f"project/{project.uid}/tasks"
    for query in ({"sort": "-priority"}, {"filter": json.dumps({"priority": {"$lt": 5}}), "sort": "-createdAt"}):
        data = v2.data(path, {**query, "limit": 2})
        assert [task["externalId"] for task in data["tasks"]] == ["image_0003.jpg", "image_0002.jpg"]
        assert data["total"] == 3
    session.refresh_from_db()
    assert (session.assets_read, session.page_size) == (2, 2)


def test_the_total_of_a_page_that_is_only_sorted_is_not_counted(alice, project):
    v2 = by_user(alice)
    deletions.delete_assets(makers.principal(alice), project, [Asset.objects.get(number=2).uid])
    with CaptureQueriesContext(connection) as queries:
        assert v2.data(f"project/{project.uid}/tasks", {"sort": "-priority"})["total"] == 4
    assert not any("COUNT" in query["sql"] for query in queries)


@pytest.mark.parametrize(
    ("expression", "literal"),
    [
        ("00500", "00500"),
        (r"^image_0001\.jpg$", "image_0001.jpg"),
        ("a|b", ""),
        ("a.b", ""),
        ("ab*", ""),
        ("(?i)ab", ""),
        (r"\d", ""),
        ("^$", ""),
    ],
)
def test_a_simple_expression_stands_for_its_text(expression, literal):
    assert pattern(expression, "filter.externalId").literal == literal


def test_batches_and_external_ids_find_no_tasks_of_other_projects(alice, organization, project):
    other = makers.make_project(alice, organization, assets=5, name="Other")
    makers.make_batch(project, "Day", [1])
    makers.make_batch(other, "Day", [2])
    v2 = by_user(alice)
    for asked in ({"externalId": "image_0001.jpg"}, {"externalId": {"$regex": "0001"}}, {"batches": {"$in": ["Day"]}}):
        data = v2.data(f"project/{project.uid}/tasks", {"filter": json.dumps(asked)})
        assert [task["project"] for task in data["tasks"]] == [project.uid]
        assert data["total"] == 1


def test_a_pattern_that_very_many_match_is_looked_up_one_by_one(alice, organization):
    project = makers.make_project(alice, organization, assets=1100)
    query = {"filter": json.dumps({"externalId": {"$regex": "^image_(0|1)"}}), "sort": "-createdAt", "limit": 1}
    data = by_user(alice).data(f"project/{project.uid}/tasks", query)
    assert (data["tasks"][0]["externalId"], data["total"]) == ("image_1100.jpg", 1100)
