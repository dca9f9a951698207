"""Organizations: who belongs to them, what owners do, and what the others see."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pluginhost.actions import organizations
from pluginhost.models import AuditEvent, Member, Organization, Role, Session, User

from . import makers

LIST = reverse("organizations")
NEW = reverse("organization_new")


def address(name: str, organization: Organization, *more: str) -> str:
    return reverse(name, args=[organization.uid, *more])


def page(client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status
    return response.content.decode()


def role_of(user: User, organization: Organization) -> str | None:
    return Member.objects.filter(user=user, organization=organization).values_list("role", flat=True).first()


def as_role(bob: User, organization: Organization, role: str) -> Client:
    organizations.set_member(organization, bob, role)
    client = Client()
    client.force_login(bob)
    return client


# --- the list ---


def test_whoever_belongs_to_one_goes_straight_to_it(as_alice, organization):
    assert as_alice.get(LIST)["Location"] == address("organization", organization)


def test_several_are_listed_with_ones_role(as_bob, bob, organization):
    organizations.create("Bob's own", bob)
    html = page(as_bob, LIST)
    for words in ("Bob&#x27;s own", "alice&#x27;s", "Owner", "Viewer", "2 members"):
        assert words in html


def test_who_belongs_to_none_is_told_whom_to_ask(as_charlie, organization):
    html = page(as_charlie, LIST)
    assert "You belong to no organization" in html
    assert "alice" not in html


# --- seeing one ---


@pytest.mark.parametrize("role", Role.values)
def test_every_member_sees_the_members(bob, organization, role):
    html = page(as_role(bob, organization, role), address("organization", organization))
    for words in ("alice@example.org", "bob@example.org", "2 members"):
        assert words in html


@pytest.mark.parametrize(
    "name", ["organization", "organization_settings", "organization_audit", "organization_member_add"]
)
def test_a_stranger_gets_404(as_charlie, organization, name):
    assert as_charlie.get(address(name, organization)).status_code == 404


@pytest.mark.parametrize("uid", ["0" * 24, "nonsense", "%00", "9" * 300])
def test_what_is_not_there_looks_the_same(as_alice, organization, uid):
    assert as_alice.get(f"/organizations/{uid}/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "runner", "manager"])
def test_only_owners_are_offered_to_change_anything(bob, organization, role):
    html = page(as_role(bob, organization, role), address("organization", organization))
    assert "Add somebody" not in html
    assert 'name="role"' not in html
    assert "Leave…" in html


@pytest.mark.parametrize("role", ["viewer", "runner", "manager"])
def test_only_owners_change_anything(bob, alice, organization, role):
    client = as_role(bob, organization, role)
    posts = {
        address("organization_member_add", organization): {"add-account": "charlie", "add-role": "owner"},
        address("organization_account_new", organization): {"new-username": "dora", "new-role": "owner"},
        address("organization_member_role", organization, bob.uid): {"role": "owner"},
        address("organization_member_remove", organization, alice.uid): {},
        address("organization_settings", organization): {"name": "Mine"},
    }
    assert [client.post(url, fields).status_code for url, fields in posts.items()] == [403] * 5
    assert role_of(bob, organization) == role
    assert role_of(alice, organization) == "owner"


def test_sessions_and_the_last_sign_in_are_told(as_alice, alice, organization, project, plugin):
    makers.make_session(alice, project, plugin)
    User.objects.filter(pk=alice.pk).update(last_login=timezone.now())
    (row, _) = as_alice.get(address("organization", organization)).context["rows"]
    assert (row["sessions"], row["open"]) == (1, 1)
    assert row["seen_at"] is not None


def test_members_are_found_by_name_or_address(as_alice, organization):
    url = address("organization", organization)
    assert [row["member"].user.username for row in as_alice.get(url, {"q": "BOB@"}).context["rows"]] == ["bob"]
    assert "Nothing matches" in page(as_alice, f"{url}?q=nobody")


def test_one_more_member_costs_no_query_more(as_alice, organization, django_assert_max_num_queries):
    for number in range(20):
        organizations.set_member(organization, makers.make_user(f"user{number}"), "viewer")
    with django_assert_max_num_queries(14):
        page(as_alice, address("organization", organization))


# --- letting in ---


@pytest.mark.parametrize("who", ["charlie", "CHARLIE", "charlie@example.org", " charlie "])
def test_an_account_is_added_by_name_or_address(as_alice, charlie, organization, who):
    url = address("organization_member_add", organization)
    assert as_alice.post(url, {"add-account": who, "add-role": "runner"}).status_code == 302
    assert role_of(charlie, organization) == "runner"


@pytest.mark.parametrize(
    ("who", "role", "words"),
    [
        ("nobody", "runner", "No account has this name"),
        ("", "runner", "Give the name or the e-mail address"),
        ("bob", "runner", "is a member already"),
        ("charlie", "king", "Choose owner, manager, runner or viewer."),
        ("charlie\0", "runner", "Null characters"),
    ],
)
def test_what_cannot_be_added_is_said_at_the_field(as_alice, charlie, organization, who, role, words):
    url = address("organization_member_add", organization)
    response = as_alice.post(url, {"add-account": who, "add-role": role})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert role_of(charlie, organization) is None


def test_an_address_of_two_accounts_names_nobody(as_alice, charlie, organization):
    User.objects.create_user("charles", "charlie@example.org", makers.PASSWORD)
    url = address("organization_member_add", organization)
    response = as_alice.post(url, {"add-account": "charlie@example.org", "add-role": "runner"})
    assert "Several accounts have this e-mail address" in response.content.decode()


def test_a_closed_account_is_not_let_in(as_alice, charlie, organization):
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    url = address("organization_member_add", organization)
    assert as_alice.post(url, {"add-account": "charlie", "add-role": "runner"}).status_code == 422


def test_what_went_wrong_can_be_loaded_again(as_alice, organization):
    for name in ("organization_member_add", "organization_account_new"):
        assert as_alice.get(address(name, organization))["Location"] == address("organization", organization)


# --- a new account ---


def new_account(client: Client, organization: Organization, **fields: str):
    given = {"new-username": "dora", "new-email": "dora@example.org", "new-role": "runner", **fields}
    return client.post(address("organization_account_new", organization), given)


def password_in(response) -> str:
    found = re.search(r'id="made-password">([^<]+)<', response.content.decode())
    assert found
    return found.group(1)


def test_a_new_account_is_a_member_and_its_password_is_shown_once(as_alice, organization):
    response = new_account(as_alice, organization)
    assert "no-store" in response["Cache-Control"]
    password = password_in(response)
    dora = User.objects.get(username="dora")
    assert dora.check_password(password)
    assert not dora.is_staff
    assert role_of(dora, organization) == "runner"
    assert password not in page(as_alice, address("organization", organization))
    assert not AuditEvent.objects.filter(details__icontains=password).exists()


def test_the_one_time_password_is_changed_before_anything_else(as_alice, client, organization):
    password = password_in(new_account(as_alice, organization))
    dora = Client()
    dora.post("/sign-in/", {"login": "dora", "password": password})
    change = reverse("account_change_password")
    for url in ("/", "/projects/", reverse("api_keys"), address("organization", organization)):
        assert dora.get(url)["Location"] == change
    assert dora.post(reverse("api_keys"), {"name": "sneaky"})["Location"] == change
    assert "Choose a password of your own first" in dora.get(change).content.decode()
    own = "a sentence of my own"
    assert dora.post(change, {"oldpassword": password, "password1": own, "password2": own}).status_code == 302
    assert dora.get("/projects/").status_code == 200
    assert User.objects.get(username="dora").check_password(own)


def test_changing_ones_password_is_in_the_trail(as_alice, alice):
    own = "a sentence of my own"
    fields = {"oldpassword": makers.PASSWORD, "password1": own, "password2": own}
    as_alice.post(reverse("account_change_password"), fields)
    assert AuditEvent.objects.filter(actor=alice, verb="user.password_changed").count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"new-username": "alice"}, "Somebody else has this name."),
        ({"new-username": "ALICE"}, "Somebody else has this name."),
        ({"new-username": ""}, "Give a name to sign in with."),
        ({"new-username": "a b/c"}, "Enter a valid username"),
        ({"new-email": "no address"}, "Enter a valid email address"),
        ({"new-role": "king"}, "Choose owner, manager, runner or viewer."),
    ],
)
def test_a_bad_account_is_not_made(as_alice, organization, fields, words):
    response = new_account(as_alice, organization, **fields)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not User.objects.filter(username="dora").exists() or fields == {}


# --- roles ---


def test_a_role_is_changed_and_written_down_with_what_it_was(as_alice, bob, organization):
    as_alice.post(address("organization_member_role", organization, bob.uid), {"role": "manager"})
    assert role_of(bob, organization) == "manager"
    event = AuditEvent.objects.filter(verb="member.set").first()
    assert (event.details["was"], event.details["role"]) == ("viewer", "manager")


def test_the_same_role_again_changes_nothing(as_alice, bob, organization):
    before = AuditEvent.objects.count()
    as_alice.post(address("organization_member_role", organization, bob.uid), {"role": "viewer"})
    assert AuditEvent.objects.count() == before


def test_the_last_owner_cannot_be_demoted(as_alice, alice, organization):
    response = as_alice.post(
        address("organization_member_role", organization, alice.uid), {"role": "viewer"}, follow=True
    )
    assert "would be left without an owner" in response.content.decode()
    assert role_of(alice, organization) == "owner"


def test_a_role_that_is_none_is_refused(as_alice, bob, organization):
    as_alice.post(address("organization_member_role", organization, bob.uid), {"role": "king"})
    assert role_of(bob, organization) == "viewer"


def test_a_stranger_has_no_role_to_change(as_alice, charlie, organization):
    url = address("organization_member_role", organization, charlie.uid)
    assert as_alice.post(url, {"role": "viewer"}).status_code == 404


# --- leaving ---


def test_removing_asks_first_and_says_what_is_lost(as_alice, bob, organization, project, plugin):
    organizations.set_member(organization, bob, "runner")
    session = makers.make_session(bob, project, plugin)
    html = page(as_alice, address("organization_member_remove", organization, bob.uid))
    for words in ("Remove bob?", "1 plugin and 1 project", "the role runner here", "1 session of theirs",
                  "their scripts read and import nothing here", f"#{session.pk}"):  # fmt: skip
        assert words in html
    assert role_of(bob, organization) == "runner"


def test_who_is_removed_sees_nothing_any_more(as_alice, bob, organization, project):
    client = Client()
    client.force_login(bob)
    assert client.get(reverse("project", args=[project.uid])).status_code == 200
    as_alice.post(address("organization_member_remove", organization, bob.uid))
    assert client.get(reverse("project", args=[project.uid])).status_code == 404
    assert role_of(bob, organization) is None


def test_the_last_owner_cannot_be_removed(as_alice, alice, organization):
    url = address("organization_member_remove", organization, alice.uid)
    assert "the last owner" in page(as_alice, url)
    assert "would be left without an owner" in as_alice.post(url, follow=True).content.decode()
    assert role_of(alice, organization) == "owner"


def test_anybody_may_leave(as_bob, bob, organization):
    url = address("organization_member_remove", organization, bob.uid)
    assert "Leave alice" in page(as_bob, url)
    as_bob.post(url)
    assert role_of(bob, organization) is None


def test_the_others_sessions_are_not_told_of(as_alice, bob, organization, plugin, project):
    organizations.set_member(organization, bob, "owner")
    elsewhere = organizations.create("Elsewhere", bob)
    theirs = makers.make_project(bob, elsewhere, assets=1, name="Hidden")
    makers.make_session(bob, theirs, makers.make_plugin(bob, elsewhere, name="Secret plugin"))
    html = page(as_alice, address("organization_member_remove", organization, bob.uid))
    assert "Secret plugin" not in html
    assert Session.objects.count() == 1


# --- settings, and a new one ---


def test_an_owner_renames_it(as_alice, organization):
    url = address("organization_settings", organization)
    assert as_alice.post(url, {"name": "Izmir lab"}).status_code == 302
    organization.refresh_from_db()
    assert organization.name == "Izmir lab"
    assert "Izmir lab" in page(as_alice, url)


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_bad_name_is_refused(as_alice, organization, name):
    assert as_alice.post(address("organization_settings", organization), {"name": name}).status_code == 422


def test_the_others_read_the_settings(as_bob, organization):
    html = page(as_bob, address("organization_settings", organization))
    assert organization.uid in html
    assert "Owned by" in html
    assert "Save" not in html.partition("<main")[2]


def test_an_owner_makes_another_one(as_alice, alice, organization):
    response = as_alice.post(NEW, {"name": "Second"})
    made = Organization.objects.get(name="Second")
    assert response["Location"] == address("organization", made)
    assert role_of(alice, made) == "owner"


def test_who_owns_none_makes_none(as_bob, organization):
    assert page(as_bob, NEW, status=403)
    assert as_bob.post(NEW, {"name": "Second"}).status_code == 403
    assert not Organization.objects.filter(name="Second").exists()


def test_an_administrator_may_always_make_one(client, charlie):
    User.objects.filter(pk=charlie.pk).update(is_superuser=True)
    client.force_login(charlie)
    assert client.post(NEW, {"name": "First"}).status_code == 302
