"""The door to `/v2`: keys, the envelope, and answers that are JSON whatever happens."""

import pytest
from django.test import Client

from pluginhost.actions import api_keys, organizations, sessions
from pluginhost.models import ApiKey, Scope, Session

from . import makers
from .v2 import V2, by_session, by_user


def test_it_works(alice, project):
    status, answer = by_user(alice).get(f"project/{project.uid}")
    assert status == 200
    assert answer["status"] == "success"
    assert answer["data"]["project"]["_id"] == project.uid


def test_no_key_is_401(db):
    status, answer = V2("").get("listProjects")
    assert (status, answer["status"]) == (401, "fail")
    assert "Invalid API KEY" in answer["message"]


def test_a_wrong_key_is_401(db):
    assert V2("ph_nonsense").get("listProjects")[0] == 401


def test_a_revoked_key_is_401_and_says_so(alice):
    v2 = by_user(alice)
    api_keys.revoke(makers.principal(alice), ApiKey.objects.get())
    status, answer = v2.get("listProjects")
    assert status == 401
    assert "revoked" in answer["message"]


def test_a_stranger_gets_404(charlie, project):
    for path in (f"project/{project.uid}", f"project/{project.uid}/assets", f"project/{project.uid}/tasks"):
        assert by_user(charlie).get(path)[0] == 404


def test_a_viewer_may_read(bob, project):
    assert by_user(bob).get(f"project/{project.uid}/assets")[0] == 200


@pytest.mark.parametrize("path", ["project/{}/cloud", "batches/{}", "project/{}"])
def test_a_viewer_may_not_change(bob, project, path):
    status, answer = by_user(bob).post(path.format(project.uid), {"assets": [], "batches": []})
    assert (status, answer["status"]) == (403, "fail")


def test_a_viewer_may_not_import(bob, project):
    assert by_user(bob).post("import/labels", {"project": project.uid, "jsonContent": []})[0] == 403


@pytest.mark.parametrize("uid", ["x", "0" * 24, "%00", "..", "1" * 5000])
def test_an_unknown_id_is_404(alice, project, uid):
    assert by_user(alice).get(f"project/{uid}/assets")[0] == 404
    assert by_user(alice).get(f"task/{uid}")[0] == 404


def test_an_unknown_path_is_404_in_json(alice, db):
    assert by_user(alice).get("nothing/here")[0] == 404
    assert by_user(alice).get("")[0] == 404


def test_a_method_that_is_not_offered_is_405_in_json(alice, db):
    status, answer = by_user(alice).post("listProjects", {})
    assert (status, answer["status"]) == (405, "fail")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b"nul", b"\xff\xfe", b"[" * 100_000, b"9" * 5_000, b'{"a": NaN}', b'{"a": 1e999}']
)
def test_a_body_that_is_not_a_json_object_is_400(alice, project, body):
    for path in (f"project/{project.uid}/cloud", f"batches/{project.uid}", "import/labels", "project"):
        status, answer = by_user(alice).post(path, body)
        assert (status, answer["status"]) == (400, "fail"), path


def test_a_body_over_the_limit_is_413(alice, project, settings):
    settings.PLUGINHOST_BODY_LIMIT = 100
    assert by_user(alice).post(f"batches/{project.uid}", {"name": "x" * 200})[0] == 413


def test_doubled_slashes_are_one(alice, project):
    client = Client(headers={"apikey": by_user(alice).key})
    assert client.get(f"/v2//project//{project.uid}//assets").status_code == 200


def test_a_session_key_may_not_do_what_is_not_its_run(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    for path in ("project", f"project/{project.uid}", "issues", "notifications"):
        status, answer = v2.post(path, {"name": "x"})
        assert status == 403, path
        assert "session's key" in answer["message"]


def test_a_session_key_sees_one_project(alice, organization, project, plugin):
    other = makers.make_project(alice, organization, name="Other")
    v2, _ = by_session(alice, project, plugin)
    listed = v2.data("listProjects")
    assert [found["_id"] for found in listed["projects"]] == [project.uid]
    assert listed["total"] == 1
    assert v2.get(f"project/{other.uid}")[0] == 404


def test_a_session_key_may_no_more_than_its_runner_at_that_moment(alice, organization, project, plugin):
    runner = makers.make_user("rita")
    organizations.set_member(organization, runner, "runner")
    v2, _ = by_session(runner, project, plugin)
    assert v2.get(f"project/{project.uid}/assets")[0] == 200
    organizations.set_member(organization, runner, "viewer")
    assert v2.post("import/labels", {"project": project.uid, "jsonContent": []})[0] == 403


def test_the_key_of_a_session_that_has_ended_is_401_with_the_reason(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    sessions.cancel(makers.principal(alice), session)
    status, answer = v2.get(f"project/{project.uid}/assets")
    assert status == 401
    assert f"#{session.pk} has ended (cancelled)" in answer["message"]


def test_a_request_with_a_session_key_is_a_sign_of_life(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    v2.get("listProjects")
    assert Session.objects.get(pk=session.pk).last_sign_at is not None


def test_our_own_mistakes_are_json_too(alice, project, plugin):
    v2, session = by_session(alice, project, plugin)
    Scope.objects.filter(pk=session.scope_id).update(numbers_stored=b"rno set of numbers", digest="other")
    status, answer = v2.get(f"project/{project.uid}/assets")
    assert (status, answer["status"]) == (500, "error")
