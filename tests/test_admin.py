"""The administration: every table can be looked at, what is secret is not there, and whatever changes is a verb."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard.admin import site
from pluginhost import credentials, script_variables
from pluginhost.actions import organizations, plugins, retention, sessions
from pluginhost.models import (
    ApiKey,
    AuditEvent,
    Batch,
    BatchAsset,
    Connection,
    DeletedSession,
    Export,
    Import,
    ImportAssets,
    Issue,
    IssueComment,
    LogHead,
    LogLine,
    ManagedScript,
    Member,
    Notice,
    Notification,
    Organization,
    Plugin,
    PluginInProject,
    PreLabel,
    Project,
    Rejection,
    Response,
    RetentionRule,
    ScriptCode,
    ScriptEnvironment,
    ScriptInstance,
    ScriptStart,
    ServerProcess,
    Session,
    StoredFile,
    Task,
    TaskStep,
    UnknownCaller,
    User,
)

from . import makers


@pytest.fixture
def ada(db):
    """The administrator, who is a member of nothing."""
    return User.objects.create_superuser("ada", "ada@example.org", makers.PASSWORD)


@pytest.fixture
def admin(ada):
    client = Client()
    client.force_login(ada)
    return client


def make_some_of_all(owner, times):
    """Some rows in every table."""
    for _ in range(times):
        _make_one_of_all(owner)


def _make_one_of_all(owner):
    now, number = timezone.now(), Organization.objects.count()
    organization = organizations.create(f"Organization {number}", owner)
    other = makers.make_user(f"user{number}")
    organizations.set_member(organization, other, "viewer")
    makers.make_api_key(other)
    plugin = makers.make_plugin(owner, organization, name=f"Plugin {number}")
    plugins.rotate_secret(makers.principal(owner), plugin)
    project = makers.make_project(owner, organization, assets=2, name=f"Project {number}")
    asset, second = project.assets.all()
    batch = Batch.objects.create(project=project, name="Night")
    BatchAsset.objects.create(batch=batch, asset=asset)
    process = ServerProcess.objects.create(name=f"process{number}", host="here", pid=1, lease_until=now)
    stay = Connection.objects.create(
        plugin=plugin, process=process, sid="1", state="open", was_accepted=True, address="10.0.0.1"
    )
    UnknownCaller.objects.create(address="10.0.0.1", given_id=f"id {number}")
    _make_a_script(owner, plugin, process)
    session = makers.make_session(owner, project, plugin)
    key = credentials.digest(credentials.new_session_key())
    Session.objects.filter(pk=session.pk).update(connection=stay, key_digest=key)
    LogHead.objects.filter(session=session).update(last=1, info=1)
    LogLine.objects.create(session=session, number=1, at=now, level=20, message="Hello")
    Response.objects.create(session=session, form="text", body="Done.")
    found = Import.objects.create(
        project=project, session=session, plugin=plugin, user=owner, process=process, state="applied", applied_seq=1,
        applied_at=now,
    )  # fmt: skip
    PreLabel.objects.create(origin=found, asset=asset, index=0, content="{}", content_digest="0" * 32)
    ImportAssets.objects.create(origin=found, numbers_stored=b"r1-1")
    Rejection.objects.create(origin=found, asset=second, index=1, code="bad_geometry", message="Why.")
    Notice.objects.create(origin=found, asset=asset, index=0, code="ambiguous_asset", message="Two have this name.")
    stored = StoredFile.objects.create(key=f"{number}/one.png", project=project, created_by=owner)
    _make_more(owner, organization, project, stored, number)


def _make_a_script(owner, plugin, process):
    hidden = script_variables.hide({"TOKEN": "hush-hush"})
    script = ManagedScript.objects.create(
        plugin=plugin,
        source="uploaded",
        entry="main.py",
        keeper=process,
        environment_encrypted=hidden,
        changed_by=owner,
    )
    code = ScriptCode.objects.create(
        script=script, number=1, name="main.py", entry="main.py", digest="0" * 64, size=1, added_by=owner
    )
    made = ScriptEnvironment.objects.create(script=script, digest="0" * 64, packages="numpy==1.26.0")
    instance = ScriptInstance.objects.create(script=script, number=1)
    ScriptStart.objects.create(
        instance=instance, number=1, revision=1, code=code, environment=made, keeper=process, started_by=owner
    )


def _make_more(owner, organization, project, stored, number):
    """What the doors of scripts and retention leave behind."""
    task = Task.objects.filter(project=project).first()
    TaskStep.objects.create(task=task, stage="Label", to_stage="Complete", by=owner)
    issue = Issue.objects.create(project=project, task=task, content="Too large", created_by=owner)
    IssueComment.objects.create(issue=issue, content="Yes", created_by=owner)
    Notification.objects.create(user=owner, organization=organization, message="Look")
    Export.objects.create(project=project, asked_by=owner, shape="tasks", file=stored)
    RetentionRule.objects.create(organization=organization, log_days=30)
    DeletedSession.objects.create(
        id=10_000 + number, uid=f"{number:024d}", organization=organization, project=project, plugin_name="Gone",
        state="failed", started_by=owner, created_at=timezone.now(), why="so.",
    )  # fmt: skip


def address(model, page="changelist", *args):
    return reverse(f"admin:pluginhost_{model._meta.model_name}_{page}", args=args)


MODELS = sorted(apps.get_app_config("pluginhost").get_models(), key=lambda model: model.__name__)
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


# --- looking ---


def test_every_model_is_there(db):
    assert {model for model in MODELS if not site.is_registered(model)} == set()


def test_every_model_has_its_place_on_the_index(admin):
    shown = {model["object_name"] for app in site.get_app_list(_request(admin)) for model in app["models"]}
    assert shown == {model.__name__ for model in MODELS}


def _request(admin):
    return admin.get(reverse("admin:index")).wsgi_request


@every_model
def test_a_table_is_listed_searched_and_shown(admin, ada, model):
    make_some_of_all(ada, 1)
    row = model.objects.order_by("-pk").first()
    assert admin.get(address(model)).status_code == 200
    for words in ("1", "x'y", "9" * 40, "\0", row.pk):
        assert admin.get(address(model), {"q": words}).status_code in (200, 302)
    page = admin.get(address(model, "change", row.pk))
    assert page.status_code == 200
    assert " style=" not in page.content.decode()


@every_model
def test_more_rows_take_no_more_queries(admin, ada, model):
    make_some_of_all(ada, 2)
    few = _queries(admin, model)
    make_some_of_all(ada, 6)
    assert _queries(admin, model) <= few


def _queries(admin, model):
    with CaptureQueriesContext(connection) as captured:
        assert admin.get(address(model)).status_code == 200
    return len(captured)


def test_no_secret_and_no_digest_is_in_any_page(admin, ada):
    make_some_of_all(ada, 1)
    plugin, session, key, user = Plugin.objects.get(), Session.objects.get(), ApiKey.objects.get(), User.objects.first()
    secret = [
        credentials.decrypt(plugin.secret_encrypted), plugin.secret_encrypted, plugin.secret_digest,
        plugin.old_secret_digest, session.key_digest, key.digest, user.password, ada.password, "hush-hush",
        ManagedScript.objects.get().environment_encrypted,
    ]  # fmt: skip
    assert all(secret)
    for model in MODELS:
        pages = [address(model), *(address(model, "change", row.pk) for row in model.objects.all()[:3])]
        for page in pages:
            text = admin.get(page).content.decode()
            assert [word for word in secret if word in text] == [], page


def test_a_list_counts_no_further_than_ten_thousand(admin, ada, monkeypatch):
    monkeypatch.setattr("dashboard.admin.base.MOST_COUNTED", 3)
    makers.make_assets(makers.make_project(ada, makers.make_organization(ada)), 9)
    page = admin.get(address(MODELS[[model.__name__ for model in MODELS].index("Asset")]))
    assert page.context["cl"].result_count == 4


# --- finding by what names it ---


@pytest.mark.parametrize("term", ["number", "uid"])
@pytest.mark.parametrize("model", [LogLine, LogHead, Session], ids=lambda model: model.__name__)
def test_a_sessions_number_or_id_is_looked_up_by_its_index(admin, ada, model, term):
    make_some_of_all(ada, 3)
    wanted = Session.objects.order_by("pk")[1]
    text = str(wanted.pk) if term == "number" else wanted.uid
    with CaptureQueriesContext(connection) as captured:
        page = admin.get(address(model), {"q": text})
    assert [getattr(row, "session", row).pk for row in page.context["cl"].result_list] == [wanted.pk]
    assert [query for query in captured.captured_queries if " OR " in query["sql"]] == []


def test_what_names_nothing_is_not_searched_for_among_a_million_lines(admin, ada):
    make_some_of_all(ada, 1)
    for text in ("Hello", "999999", "0" * 24, "9" * 40):
        assert list(admin.get(address(LogLine), {"q": text}).context["cl"].result_list) == []


def test_other_words_are_searched_for(admin, ada):
    make_some_of_all(ada, 2)
    found = admin.get(address(Session), {"q": "Plugin 0"}).context["cl"].result_list
    assert [session.plugin.name for session in found] == ["Plugin 0"]


# --- who gets in ---


def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_of_all(db):
    answer = Client().get(reverse("admin:index"))
    answer = Client().get(answer["Location"])
    assert answer["Location"] == f"{reverse('account_login')}?next=%2Fadmin%2F"


def test_whoever_is_no_administrator_gets_403(alice):
    client = Client()
    client.force_login(alice)
    alice.is_staff = True
    alice.save(update_fields=["is_staff"])
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.status_code == 403
    assert "administrators" in answer.content.decode()


# --- what cannot be changed ---

FACTS = [
    name for name in (model.__name__ for model in MODELS)
    if name not in ("User", "Organization", "Member", "Plugin", "PluginInProject", "Project", "RetentionRule")
]  # fmt: skip


@pytest.mark.parametrize("name", FACTS)
def test_facts_can_neither_be_added_nor_changed_nor_deleted(admin, ada, name):
    make_some_of_all(ada, 1)
    model = apps.get_model("pluginhost", name)
    row = model.objects.order_by("-pk").first()
    assert admin.post(address(model, "add"), {}).status_code == 403
    assert admin.post(address(model, "change", row.pk), {}).status_code == 403
    assert admin.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


# --- actions ---


def do(admin, action, *rows):
    answer = admin.post(
        address(type(rows[0])), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True
    )
    return [str(message) for message in answer.context["messages"]]


def test_sessions_are_cancelled(admin, alice, project, plugin):
    first, second = (makers.make_session(alice, project, plugin) for _ in range(2))
    sessions.cancel(makers.principal(alice), first)
    told = do(admin, "cancel", first, second)
    assert any(f"Asked to stop: #{second.pk}." in sentence for sentence in told)
    assert any(f"#{first.pk}: This session has ended already" in sentence for sentence in told)
    second.refresh_from_db()
    assert second.state == "cancelled"
    assert AuditEvent.objects.filter(verb="session.cancelled", actor_name="ada").count() == 1


def test_sessions_are_run_again_by_a_runner(admin, ada, organization, alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    assert "no runner" in do(admin, "rerun", session)[0]
    organizations.set_member(organization, ada, "runner")
    assert "Queued again" in do(admin, "rerun", session)[0]
    assert session.reruns.get().started_by == ada


def test_plugins_are_quarantined_and_released(admin, plugin):
    assert "Quarantined: Detector." in do(admin, "quarantine", plugin)
    plugin.refresh_from_db()
    assert plugin.is_quarantined()
    assert "already" in do(admin, "quarantine", plugin)[0]
    do(admin, "release", plugin)
    plugin.refresh_from_db()
    assert not plugin.is_quarantined()


def test_a_rotated_secret_is_not_told(admin, plugin):
    before = plugin.secret_digest
    told = " ".join(do(admin, "rotate_secret", plugin))
    plugin.refresh_from_db()
    assert plugin.secret_digest != before
    assert credentials.decrypt(plugin.secret_encrypted) not in told


def test_keys_are_revoked(admin, alice):
    makers.make_api_key(alice)
    key = ApiKey.objects.get()
    assert "Revoked" in do(admin, "revoke", key)[0]
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "before" in do(admin, "revoke", key)[0]


# --- making and changing ---

NO_MEMBERSHIPS = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}


def fields_of(plugin, **changed):
    fields = {name: getattr(plugin, name) for name in plugins.EDITABLE}
    return {**fields, "class_names": json.dumps(plugin.class_names), **changed}


def errors(answer):
    assert answer.status_code == 200
    return str(answer.context["errors"])


def test_a_plugin_is_registered(admin, organization):
    values = fields_of(Plugin(), name="Finder", class_names='["Car"]', organization=organization.pk)
    assert admin.post(address(Plugin, "add"), values).status_code == 302
    made = Plugin.objects.get()
    assert (made.name, made.owner.username, made.class_names) == ("Finder", "ada", ["Car"])
    assert AuditEvent.objects.filter(verb="plugin.registered").count() == 1


def test_a_plugin_is_edited_by_the_verb(admin, plugin):
    admin.post(address(Plugin, "change", plugin.pk), fields_of(plugin, concurrency=4))
    plugin.refresh_from_db()
    assert (plugin.concurrency, plugin.version) == (4, 2)
    assert AuditEvent.objects.filter(verb="plugin.edited", actor_name="ada").count() == 1


def test_what_the_verb_refuses_stands_in_the_form(admin, plugin):
    answer = admin.post(address(Plugin, "change", plugin.pk), fields_of(plugin, default_config="[1]"))
    assert "JSON object" in errors(answer)
    plugin.refresh_from_db()
    assert plugin.version == 1


def test_deleting_a_plugin_hides_it_and_keeps_its_history(admin, alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    answer = admin.post(address(Plugin, "delete", plugin.pk), {"post": "yes"}, follow=True)
    assert "Cancel them first" in str([*answer.context["messages"]])
    sessions.cancel(makers.principal(alice), session)
    admin.post(address(Plugin, "delete", plugin.pk), {"post": "yes"})
    plugin.refresh_from_db()
    assert plugin.deleted_at is not None
    assert admin.get(address(Plugin, "change", plugin.pk)).status_code == 200
    assert admin.post(address(Plugin, "change", plugin.pk), fields_of(plugin)).status_code == 403


def test_deleting_several_is_all_or_nothing(admin, alice, organization, project, plugin):
    free = makers.make_plugin(alice, organization, name="Free")
    makers.make_session(alice, project, plugin)
    values = {"action": "delete_selected", "_selected_action": [free.pk, plugin.pk], "post": "yes"}
    answer = admin.post(address(Plugin), values, follow=True)
    assert "Cancel them first" in str([*answer.context["messages"]])
    assert Plugin.objects.filter(deleted_at=None).count() == 2


def test_a_project_is_made_and_edited(admin, organization):
    values = {"organization": organization.pk, "name": "Streets", "description": "", "category_schema": "{}"}
    admin.post(address(Project, "add"), values)
    made = Project.objects.get()
    assert made.head.assets == 0
    schema = json.dumps(makers.TOOLS)
    admin.post(address(Project, "change", made.pk), {**values, "name": "Roads", "category_schema": schema})
    made.refresh_from_db()
    assert (made.name, made.category_schema["tools"][0]["title"]) == ("Roads", "Car")
    answer = admin.post(address(Project, "change", made.pk), {**values, "category_schema": '{"tools": [1]}'})
    assert "tools[0]" in errors(answer)


def test_a_rule_of_retention_is_made_changed_and_taken_away(admin, organization):
    blank = dict.fromkeys(retention.MOST, "")
    admin.post(address(RetentionRule, "add"), {**blank, "organization": organization.pk, "log_days": "30"})
    assert RetentionRule.objects.get().log_days == 30
    admin.post(address(RetentionRule, "change", organization.pk), {**blank, "session_count": "500"})
    rule = RetentionRule.objects.get()
    assert (rule.log_days, rule.session_count) == (None, 500)
    wrong = admin.post(address(RetentionRule, "change", organization.pk), {**blank, "log_days": "0"})
    assert "from 1 to 3,650" in errors(wrong)
    admin.post(address(RetentionRule, "delete", organization.pk), {"post": "yes"})
    assert not RetentionRule.objects.exists()


def test_a_plugin_is_enabled_in_a_project_and_disabled(admin, alice, project, plugin):
    values = {"project": project.pk, "plugin": plugin.pk, "class_mapping": "{}", "config": ""}
    admin.post(address(PluginInProject, "add"), values)
    place = PluginInProject.objects.get()
    assert place.class_mapping == {"Car": "c" * 24, "Bus": "b" * 24}
    foreign = makers.make_plugin(alice, makers.make_organization(alice))
    assert "own organization" in errors(admin.post(address(PluginInProject, "add"), {**values, "plugin": foreign.pk}))
    admin.post(address(PluginInProject, "delete", place.pk), {"post": "yes"})
    assert not PluginInProject.objects.exists()


def test_an_organization_is_made_with_its_owner_and_renamed(admin, alice):
    admin.post(address(Organization, "add"), {"name": "Lab", "owner": alice.pk})
    made = Organization.objects.get()
    assert made.members.get().role == "owner"
    admin.post(address(Organization, "change", made.pk), {"name": "Laboratory", **_rows(made)})
    made.refresh_from_db()
    assert made.name == "Laboratory"


def _rows(organization, **changed):
    members = list(organization.members.order_by("pk"))
    values = {"members-TOTAL_FORMS": len(members), "members-INITIAL_FORMS": len(members)}
    for index, member in enumerate(members):
        values |= {f"members-{index}-id": member.pk, f"members-{index}-user": member.user_id,
                   f"members-{index}-role": member.role, f"members-{index}-organization": organization.pk}  # fmt: skip
    return values | changed


def test_members_are_added_changed_and_removed_by_the_verbs(admin, organization, charlie):
    where = address(Organization, "change", organization.pk)
    values = {"name": organization.name, **_rows(organization)}
    values |= {"members-TOTAL_FORMS": 3, "members-2-user": charlie.pk, "members-2-role": "runner"}
    values |= {"members-1-role": "manager"}
    assert admin.post(where, values).status_code == 302
    assert sorted(organization.members.values_list("user__username", "role")) == [
        ("alice", "owner"), ("bob", "manager"), ("charlie", "runner"),
    ]  # fmt: skip
    values = {"name": organization.name, **_rows(organization), "members-1-DELETE": "on"}
    assert admin.post(where, values).status_code == 302
    assert not organization.members.filter(user__username="bob").exists()


def test_the_last_owner_stays(admin, organization):
    values = {"name": organization.name, **_rows(organization), "members-0-DELETE": "on"}
    answer = admin.post(address(Organization, "change", organization.pk), values)
    assert "without an owner" in answer.content.decode()
    owner = organization.members.get(role="owner")
    answer = admin.post(address(Member, "delete", owner.pk), {"post": "yes"}, follow=True)
    assert "without an owner" in str([*answer.context["messages"]])
    assert organization.members.filter(role="owner").count() == 1


USER = {"username": "dora", "first_name": "", "last_name": "", "email": "", "is_active": "on"}


def test_a_user_is_made_with_a_password(admin):
    assert "first password" in errors(admin.post(address(User, "add"), USER))
    assert "too short" in errors(admin.post(address(User, "add"), {**USER, "new_password": "x"}))
    assert admin.post(address(User, "add"), {**USER, "new_password": makers.PASSWORD}).status_code == 302
    dora = User.objects.get(username="dora")
    assert dora.check_password(makers.PASSWORD)
    assert not dora.is_staff


def test_a_user_is_changed(admin, bob, organization):
    where = address(User, "change", bob.pk)
    values = {**USER, "username": "bob", "is_superuser": "on", "new_password": "a new and long one", **NO_MEMBERSHIPS}
    assert admin.post(where, values).status_code == 302
    bob.refresh_from_db()
    assert (bob.is_staff, bob.check_password("a new and long one")) == (True, True)


def test_two_users_have_not_one_name(admin, alice):
    assert "Somebody else" in errors(
        admin.post(address(User, "add"), {**USER, "username": "ALICE", "new_password": makers.PASSWORD})
    )


def test_the_last_administrator_stays_one(admin, ada):
    values = {**USER, "username": "ada", **NO_MEMBERSHIPS}
    assert "Nobody would be left" in errors(admin.post(address(User, "change", ada.pk), values))


def test_who_changes_their_own_password_stays_signed_in(admin, ada):
    values = {**USER, "username": "ada", "is_superuser": "on", "new_password": "a new and long one", **NO_MEMBERSHIPS}
    admin.post(address(User, "change", ada.pk), values)
    assert admin.get(reverse("admin:index")).status_code == 200
