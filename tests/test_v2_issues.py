"""`/v2` issues: raised on a task, talked about, closed, taken away; who is mentioned is told."""

import pytest
from django.db import connection

from pluginhost.actions import organizations
from pluginhost.models import AuditEvent, Issue, IssueComment, Notification, Task

from . import makers
from .v2 import by_session, by_user


@pytest.fixture
def tasks(project):
    return list(Task.objects.filter(project=project).order_by("pk"))


@pytest.fixture
def issue(alice, tasks):
    return raised(by_user(alice), tasks[0], "The box is too large", "[10, 20]")


def raised(v2, task, content, position=None, **more):
    """As the older clients raise one: with three keys."""
    body = {"content": content, "labelTask": task.uid, "position": position, **more}
    return v2.posted("issues", body)["issue"]


def calls(issue, task):
    return [
        ("issues", {"content": "x", "labelTask": task.uid}),
        (f"issues/{issue['_id']}", {"status": "Closed"}),
        (f"issues/{issue['_id']}/comment", {"content": "x"}),
    ]


def test_an_issue_is_on_its_task_and_in_the_list(alice, project, tasks, issue):
    v2 = by_user(alice)
    assert (issue["content"], issue["position"], issue["status"]) == ("The box is too large", "[10, 20]", "Open")
    assert (issue["labelTask"], issue["createdBy"]) == (tasks[0].uid, "alice@example.org")
    assert issue["asset"]["externalId"] == "image_0001.jpg"
    shown = v2.data(f"task/{tasks[0].uid}")["task"]
    assert (shown["issues"], shown["openIssuesCount"]) == ([issue["_id"]], 1)
    listed = v2.data("issues", {"project": project.uid})
    assert listed["issues"] == listed["issue"] == [issue]
    assert listed["total"] == 1


def test_everything_that_newer_clients_send_is_kept(alice, bob, tasks):
    details = {
        "errorCodes": [{"category": "Geometry", "name": "Too large", "key": "G1"}],
        "pctDetails": {"frame": 1},
        "page": 2,
        "pageEnd": 4,
        "dataIndex": 1,
        "plane": "A",
    }
    issue = raised(by_user(alice), tasks[0], "Look", contentMentions=["bob@example.org"], **details)
    assert {name: issue[name] for name in details} == details
    assert issue["contentMentions"] == [{"userEmail": "bob@example.org"}]
    assert raised(by_user(alice), tasks[0], "Look", objectId="o1")["objectId"] == "o1"


@pytest.mark.parametrize(("position", "kept"), [(None, ""), (5, "5"), ([1, 2.5], "[1, 2.5]"), ("[1, 2]", "[1, 2]")])
def test_a_position_is_text_however_it_comes(alice, tasks, position, kept):
    assert raised(by_user(alice), tasks[0], "Look", position)["position"] == kept


def test_issues_are_found_by_all_that_clients_ask_for(alice, rita, project, tasks):
    v2 = by_user(alice)
    first, second = (raised(v2, task, "Look") for task in tasks[:2])
    third = raised(by_user(rita), tasks[2], "Look")
    v2.posted(f"issues/{second['_id']}", {"status": "closed"})
    v2.posted(f"task/{tasks[2].uid}/status", {"status": "Completed"})

    def found(**query):
        data = v2.data("issues", {"project": project.uid, **query})
        return [issue["_id"] for issue in data["issues"]]

    assert found() == [third["_id"], second["_id"], first["_id"]]
    assert found(labelTask=tasks[0].uid) == found(asset=tasks[0].asset.uid) == [first["_id"]]
    assert found(stage="Complete") == found(createdBy="rita@example.org") == [third["_id"]]
    assert found(status="Closed") == found(status="Resolved") == [second["_id"]]
    assert found(limit=1, page=2) == [second["_id"]]
    assert found(asset="0" * 24) == found(createdBy="nobody@example.org") == []


def test_clients_that_send_no_limit_get_all(alice, project, tasks):
    Issue.objects.bulk_create(Issue(project=project, task=tasks[0], content=str(n)) for n in range(30))
    assert len(by_user(alice).data("issues", {"project": project.uid})["issues"]) == 30


def test_an_issue_is_edited_closed_and_opened_again(alice, rita, tasks, issue):
    v2, path = by_user(rita), f"issues/{issue['_id']}"
    closed = v2.posted(path, {"content": "It is mended", "status": "Closed", "errorCodes": [{"name": "x"}]})["issue"]
    assert (closed["content"], closed["status"], closed["errorCodes"]) == ("It is mended", "Closed", [{"name": "x"}])
    assert (closed["resolvedBy"], closed["position"]) == ("rita@example.org", "[10, 20]")
    assert by_user(alice).data(f"task/{tasks[0].uid}")["task"]["openIssuesCount"] == 0
    opened = v2.posted(path, {"status": "Open"})["issue"]
    assert (opened["status"], opened["resolvedBy"], opened["content"]) == ("Open", None, "It is mended")


def test_comments_stand_below_an_issue_in_their_order(alice, rita, issue):
    for user, words in ((alice, "Why?"), (rita, "Because")):
        answer = by_user(user).posted(f"issues/{issue['_id']}/comment", {"content": words})
        assert answer["comment"]["content"] == words
    comments = answer["issue"]["comments"]
    assert [(one["content"], one["createdBy"]) for one in comments] == [
        ("Why?", "alice@example.org"),
        ("Because", "rita@example.org"),
    ]


def test_who_is_mentioned_is_told_once_and_strangers_are_not(alice, bob, charlie, tasks):
    mentions = ["bob@example.org", "charlie@example.org", "alice@example.org"]
    issue = raised(by_user(alice), tasks[0], "Look at this", contentMentions=mentions)
    path = f"issues/{issue['_id']}"
    by_user(alice).posted(path, {"content": "Look at that", "contentMentions": mentions})
    (told,) = Notification.objects.all()
    assert (told.user, told.sender, told.message) == (bob, alice, "Look at this")
    assert "mentioned you" in told.title
    by_user(alice).posted(f"{path}/comment", {"content": "And here", "contentMentions": ["bob"]})
    assert Notification.objects.filter(user=bob).count() == 2


def test_an_issue_is_deleted_by_a_manager_with_its_comments(alice, project, tasks, issue):
    v2 = by_user(alice)
    v2.posted(f"issues/{issue['_id']}/comment", {"content": "x"})
    assert v2.delete(f"issues/{issue['_id']}?project={project.uid}")[0] == 200
    assert (Issue.objects.count(), IssueComment.objects.count()) == (0, 0)
    assert AuditEvent.objects.get(verb="issue.deleted").details["content"] == "The box is too large"
    assert v2.delete(f"issues/{issue['_id']}?project={project.uid}")[0] == 404


def test_an_issue_is_not_deleted_under_another_project(alice, organization, issue):
    other = makers.make_project(alice, organization, name="Other")
    assert by_user(alice).delete(f"issues/{issue['_id']}?project={other.uid}")[0] == 400
    assert Issue.objects.exists()


def test_a_stranger_gets_404(charlie, project, tasks, issue):
    v2 = by_user(charlie)
    assert v2.get("issues", {"project": project.uid})[0] == 404
    for path, body in calls(issue, tasks[0]):
        assert v2.post(path, body)[0] == 404, path
    assert v2.delete(f"issues/{issue['_id']}")[0] == 404


def test_a_viewer_reads_a_runner_writes_and_a_manager_deletes(bob, rita, organization, project, tasks, issue):
    assert by_user(bob).data("issues", {"project": project.uid})["total"] == 1
    for path, body in calls(issue, tasks[0]):
        assert by_user(bob).post(path, body)[0] == 403, path
        assert by_user(rita).post(path, body)[0] == 200, path
    assert by_user(rita).delete(f"issues/{issue['_id']}")[0] == 403
    organizations.set_member(organization, rita, "manager")
    assert by_user(rita).delete(f"issues/{issue['_id']}")[0] == 200


def test_a_session_key_reads_the_issues_of_its_scope_alone(alice, project, plugin, tasks, issue):
    raised(by_user(alice), tasks[4], "Out of its scope")
    v2, _ = by_session(alice, project, plugin, scope={"first": 2})
    listed = v2.data("issues", {"project": project.uid})
    assert ([one["_id"] for one in listed["issues"]], listed["total"]) == ([issue["_id"]], 1)
    for path, body in calls(issue, tasks[0]):
        assert v2.post(path, body)[0] == 403, path
    assert v2.delete(f"issues/{issue['_id']}")[0] == 403


def test_a_session_key_asks_for_a_page_of_issues_whatever_their_number(alice, project, plugin, tasks):
    made = Issue.objects.bulk_create(Issue(project=project, task=tasks[n % 2], content=str(n)) for n in range(30))
    v2, _ = by_session(alice, project, plugin, scope={"first": 1})
    asked = []

    def heard(execute, sql, params, many, context):
        asked.append(len(params or ()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(heard):
        listed = v2.data("issues", {"project": project.uid, "limit": 2, "page": 2})
    assert ([one["_id"] for one in listed["issues"]], listed["total"]) == ([made[24].uid, made[22].uid], 15)
    assert max(asked) < 15


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"labelTask": None}, "labelTask"),
        ({"content": ""}, "content"),
        ({"content": "  "}, "content"),
        ({"content": 5}, "content"),
        ({"content": "x" * 20_001}, "content"),
        ({"position": "x" * 2_001}, "position"),
        ({"objectId": "x" * 65}, "objectId"),
        ({"page": -1}, "page"),
        ({"page": 1.5}, "page"),
        ({"page": True}, "page"),
        ({"page": 2**31}, "page"),
        ({"pageEnd": 3}, "pageEnd"),
        ({"page": 4, "pageEnd": 3}, "pageEnd"),
        ({"errorCodes": {}}, "errorCodes"),
        ({"pctDetails": []}, "pctDetails"),
        ({"pctDetails": {"x": "y" * 70_000}}, "issue"),
        ({"plane": 5}, "plane"),
        ({"dataIndex": "1"}, "dataIndex"),
        ({"contentMentions": "bob"}, "contentMentions"),
        ({"contentMentions": [5]}, "contentMentions"),
        ({"contentMentions": ["x"] * 101}, "contentMentions"),
    ],
)
def test_an_issue_that_means_nothing_is_refused_and_named(alice, tasks, body, path):
    status, answer = by_user(alice).post("issues", {"content": "Look", "labelTask": tasks[0].uid, **body})
    assert (status, answer["errors"][0]["path"]) == (400, path)
    assert not Issue.objects.exists()


@pytest.mark.parametrize("body", [{"status": "Done"}, {"status": 5}, {"content": ""}, {"errorCodes": "x"}])
def test_a_change_that_means_nothing_is_400(alice, issue, body):
    assert by_user(alice).post(f"issues/{issue['_id']}", body)[0] == 400


def test_an_unknown_issue_task_or_project_is_404(alice, project):
    v2 = by_user(alice)
    assert v2.post("issues", {"content": "x", "labelTask": "0" * 24})[0] == 404
    assert v2.post("issues/" + "0" * 24, {})[0] == 404
    assert v2.get("issues", {"project": "0" * 24})[0] == 404
    assert v2.get("issues")[0] == 400
    assert v2.get("issues", {"project": project.uid, "status": "Done"})[0] == 400
    assert v2.get("issues", {"project": project.uid, "stage": "Nowhere"})[0] == 400


def test_a_page_takes_the_same_queries_whatever_its_size(alice, project, tasks, django_assert_max_num_queries):
    v2 = by_user(alice)
    for task in tasks:
        issue = raised(v2, task, "Look")
        v2.posted(f"issues/{issue['_id']}/comment", {"content": "x"})
    with django_assert_max_num_queries(8):
        assert len(v2.data("issues", {"project": project.uid})["issues"]) == 5
