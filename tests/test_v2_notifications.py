"""`/v2` notifications: from an owner to members of his organization."""

import pytest

from pluginhost.models import AuditEvent, Notification

from . import makers
from .v2 import by_session, by_user

BODY = {"receivers": ["bob@example.org"], "message": "The model is ready"}


def test_members_find_it_under_their_bell(alice, bob, organization):
    body = {**BODY, "receivers": ["BOB@example.org", "alice", "bob@example.org"]}
    more = {"title": "News", "clickableLink": "https://example.org/models/5?full=1"}
    answer = by_user(alice).posted("notifications", {**body, **more})
    assert answer == {"notifications": 2, "organization": organization.uid}
    told = Notification.objects.get(user=bob)
    assert (told.title, told.message, told.link) == ("News", BODY["message"], more["clickableLink"])
    assert (told.sender, told.organization, told.read_at) == (alice, organization, None)
    assert AuditEvent.objects.get(verb="notification.sent").details["receivers"] == 2


def test_a_receiver_who_is_no_member_is_named_and_nobody_is_told(alice, charlie, organization):
    body = {**BODY, "receivers": ["bob@example.org", "charlie@example.org", "nobody@example.org"]}
    status, answer = by_user(alice).post("notifications", body)
    assert status == 400
    assert "charlie@example.org, nobody@example.org" in answer["message"]
    assert not Notification.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "runner", "manager"])
def test_it_takes_the_role_owner(alice, organization, role):
    makers.organizations.set_member(organization, user := makers.make_user("mia"), role)
    assert by_user(user).post("notifications", BODY)[0] == 403
    assert not Notification.objects.exists()


def test_a_stranger_can_tell_nobody(charlie, organization):
    assert by_user(charlie).post("notifications", BODY)[0] == 403
    assert by_user(charlie).post("notifications", {**BODY, "organization": organization.uid})[0] == 404


def test_a_session_key_may_not_send(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    status, answer = v2.post("notifications", BODY)
    assert status == 403
    assert "session's key" in answer["message"]


def test_of_several_organizations_it_goes_to_the_one_where_all_are_members(alice, charlie, organization):
    second = makers.make_organization(alice, viewer=charlie)
    answer = by_user(alice).posted("notifications", {**BODY, "receivers": ["charlie@example.org"]})
    assert answer["organization"] == second.uid
    named = by_user(alice).posted("notifications", {**BODY, "receivers": ["alice"], "organization": second.uid})
    assert named["organization"] == second.uid


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"receivers": []}, "receivers"),
        ({"receivers": None}, "receivers"),
        ({"receivers": "bob@example.org"}, "receivers"),
        ({"receivers": [5]}, "receivers"),
        ({"receivers": ["bob@example.org"] * 101}, "receivers"),
        ({"receivers": [""]}, "receivers"),
        ({"message": ""}, "message"),
        ({"message": None}, "message"),
        ({"message": 5}, "message"),
        ({"message": "x" * 1001}, "message"),
        ({"title": "x" * 201}, "title"),
        ({"title": ["x"]}, "title"),
        ({"clickableLink": "javascript:alert(1)"}, "clickableLink"),
        ({"clickableLink": "/models"}, "clickableLink"),
        ({"clickableLink": "https://"}, "clickableLink"),
        ({"clickableLink": "https://[x"}, "clickableLink"),
        ({"clickableLink": "https://example.org/a b"}, "clickableLink"),
        ({"clickableLink": "https://example.org/" + "x" * 2048}, "clickableLink"),
    ],
)
def test_a_notification_that_means_nothing_is_refused_and_named(alice, organization, body, path):
    status, answer = by_user(alice).post("notifications", {**BODY, **body})
    assert (status, answer["errors"][0]["path"]) == (400, path)
    assert not Notification.objects.exists()


def test_an_address_that_two_members_share_names_neither(alice, bob, organization):
    makers.organizations.set_member(organization, twin := makers.make_user("twin"), "viewer")
    twin.email = "bob@example.org"
    twin.save(update_fields=["email"])
    assert by_user(alice).post("notifications", BODY)[0] == 400
    assert by_user(alice).post("notifications", {**BODY, "receivers": ["twin"]})[0] == 200
