"""Retention: what is old or too much goes, little by little, and what is said of it stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from pluginhost import access, log_reading, prelabels, retention
from pluginhost.actions import assets, files
from pluginhost.actions import retention as actions
from pluginhost.errors import Gone, Invalid, NotFound
from pluginhost.models import (
    Asset,
    AuditEvent,
    DeletedSession,
    Import,
    LogHead,
    LogLine,
    RetentionRule,
    Session,
    StoredFile,
)
from pluginhost.protocol.asset_items import data_digest

from . import makers
from .v2 import by_user, item, send

pytestmark = pytest.mark.django_db


def ended(alice, project, plugin, *, days, lines=3, size=1_000_000):
    """A session that ended so many days ago, with a log."""
    session = makers.make_session(alice, project, plugin)
    at = timezone.now() - timedelta(days=days)
    Session.objects.filter(pk=session.pk).update(state="succeeded", started_at=at, finished_at=at)
    LogLine.objects.bulk_create(
        LogLine(session=session, number=number, at=at, level=20, message=f"Line {number}")
        for number in range(1, lines + 1)
    )
    LogHead.objects.filter(session=session).update(last=lines, info=lines, bytes=size)
    session.refresh_from_db()
    return session


def rule_of(organization, **fields):
    return actions.keep(makers.principal(organization.members.get(role="owner").user), organization, fields)


def lines_of(session):
    return LogLine.objects.filter(session=session).count()


# --- the rule ---


def test_a_rule_is_set_changed_and_written_down(organization):
    rule_of(organization, log_days=30, session_count=500)
    rule_of(organization, log_days=None)
    rule = RetentionRule.objects.get(organization=organization)
    assert (rule.log_days, rule.session_count) == (None, 500)
    written = AuditEvent.objects.filter(verb="organization.retention_set")
    assert [event.details["log_days"] for event in written.order_by("id")] == [30, None]


@pytest.mark.parametrize("value", [0, -1, 3651, "30", 1.5, True])
def test_a_rule_out_of_range_is_refused_and_named(organization, value):
    with pytest.raises(Invalid) as refused:
        rule_of(organization, log_days=value)
    assert refused.value.errors[0]["path"] == "log_days"
    assert not RetentionRule.objects.exists()


def test_without_a_rule_everything_is_kept(alice, organization, project, plugin):
    session = ended(alice, project, plugin, days=5000)
    actions.apply(RetentionRule(organization=organization))
    assert lines_of(session) == 3
    assert Session.objects.filter(pk=session.pk).exists()


# --- logs ---


def test_old_logs_go_and_it_is_said_why(alice, organization, project, plugin):
    old, young = ended(alice, project, plugin, days=31), ended(alice, project, plugin, days=29)
    actions.apply(rule_of(organization, log_days=30))
    head = LogHead.objects.get(session=old)
    assert (lines_of(old), lines_of(young)) == (0, 3)
    assert (head.last, head.deleted_up_to, head.bytes) == (3, 3, 0)
    assert head.deleted_why == "logs are kept for 30 days here."
    assert LogHead.objects.get(session=young).deleted_at is None


def test_a_log_longer_than_one_step_goes_whole(alice, organization, project, plugin, monkeypatch):
    monkeypatch.setattr(actions, "_LINES", 2)
    session = ended(alice, project, plugin, days=31, lines=7)
    actions.apply(rule_of(organization, log_days=30))
    assert lines_of(session) == 0


def test_what_time_did_not_allow_is_done_the_next_time(alice, organization, project, plugin):
    session = ended(alice, project, plugin, days=31)
    rule = rule_of(organization, log_days=30)
    actions._logs(retention.logs_by_age(rule), "logs are kept for 30 days here.")
    assert lines_of(session) == 3
    assert log_reading.page(session.pk).lines == []
    assert log_reading.total(session.pk) == 0
    assert list(log_reading.chunks(session.pk, log_reading.ALL, "text")) == []
    actions.apply(rule)
    assert lines_of(session) == 0


def test_the_oldest_logs_go_when_all_are_too_much(alice, organization, project, plugin):
    oldest, older, newest = (ended(alice, project, plugin, days=days) for days in (9, 8, 7))
    actions.apply(rule_of(organization, log_megabytes=2))
    assert [lines_of(session) for session in (oldest, older, newest)] == [0, 3, 3]
    assert LogHead.objects.get(session=oldest).deleted_why == "logs are kept up to 2 MB here."


def test_a_line_that_came_after_the_deletion_is_there(alice, organization, project, plugin):
    session = ended(alice, project, plugin, days=31)
    rule = rule_of(organization, log_days=30)
    actions.apply(rule)
    LogLine.objects.create(session=session, number=4, at=timezone.now(), level=20, message="Late", came_late=True)
    LogHead.objects.filter(session=session).update(last=4, info=F("info") + 1, bytes=4)
    actions.apply(rule)
    assert [line["number"] for line in log_reading.page(session.pk).lines] == [4]
    assert log_reading.total(session.pk) == 1


@pytest.mark.parametrize("days", [0, 0.9])
def test_what_ended_within_a_day_is_kept(alice, organization, project, plugin, days):
    session = ended(alice, project, plugin, days=days)
    actions.apply(rule_of(organization, log_megabytes=1, session_count=1, session_days=1, log_days=1))
    assert lines_of(session) == 3


def test_a_session_that_runs_is_never_touched(alice, organization, project, plugin):
    session = ended(alice, project, plugin, days=100, size=5_000_000)
    Session.objects.filter(pk=session.pk).update(state="running", finished_at=None)
    actions.apply(rule_of(organization, log_megabytes=1, log_days=1, session_count=1, session_days=1))
    assert lines_of(session) == 3


def test_other_organizations_are_left_alone(alice, organization, project, plugin, charlie):
    foreign = makers.make_organization(charlie)
    theirs = ended(
        charlie, makers.make_project(charlie, foreign, assets=1), makers.make_plugin(charlie, foreign), days=99
    )
    actions.apply(rule_of(organization, log_days=1, session_days=1, log_megabytes=1, session_count=1))
    assert lines_of(theirs) == 3
    assert Session.objects.filter(pk=theirs.pk).exists()


# --- sessions ---


def test_old_sessions_go_with_their_logs_and_their_labels_stay(alice, organization, project, plugin):
    session = ended(alice, project, plugin, days=91)
    found = makers.make_labels(project, plugin=plugin, session=session, objects={1: [makers.box("c" * 24)]})
    asset = Asset.objects.get(project=project, number=1)
    before = prelabels.live([asset.pk])
    actions.apply(rule_of(organization, session_days=90))
    assert not Session.objects.filter(pk=session.pk).exists()
    assert lines_of(session) == 0
    assert prelabels.live([asset.pk]) == before != {}
    kept = Import.objects.get(pk=found.pk)
    assert (kept.session_id, kept.deleted_session) == (None, session.pk)
    remembered = DeletedSession.objects.get(pk=session.pk)
    assert (remembered.uid, remembered.state, remembered.plugin_name) == (session.uid, "succeeded", plugin.name)


def test_a_later_import_of_a_deleted_session_still_stands_for_its_earlier_one(alice, organization, project, plugin):
    session = ended(alice, project, plugin, days=91)
    for name in ("c" * 24, "d" * 24):
        makers.make_labels(project, plugin=plugin, session=session, existing="add", objects={1: [makers.box(name)]})
    asset = Asset.objects.get(project=project, number=1)
    before = prelabels.live([asset.pk])
    assert len(before[asset.pk]["objects"]) == 1
    actions.apply(rule_of(organization, session_days=90))
    assert prelabels.live([asset.pk]) == before


def test_the_newest_sessions_are_kept_and_the_others_go(alice, organization, project, plugin):
    rows = [ended(alice, project, plugin, days=days) for days in (5, 4, 3, 2)]
    actions.apply(rule_of(organization, session_count=2))
    assert set(Session.objects.values_list("pk", flat=True)) == {rows[2].pk, rows[3].pk}
    assert DeletedSession.objects.get(pk=rows[0].pk).why == "the newest 2 sessions are kept here."


def test_a_rerun_outlives_what_it_is_a_rerun_of(alice, organization, project, plugin):
    first, second = ended(alice, project, plugin, days=99), ended(alice, project, plugin, days=3)
    Session.objects.filter(pk=second.pk).update(rerun_of=first, first_attempt=first, attempt=2)
    actions.apply(rule_of(organization, session_days=90))
    second.refresh_from_db()
    assert (second.rerun_of, second.attempt) == (None, 2)


def test_members_are_told_of_a_deleted_session_and_strangers_are_not(
    alice, bob, charlie, organization, project, plugin
):
    session = ended(alice, project, plugin, days=91)
    actions.apply(rule_of(organization, session_days=90))
    for asked in (session.pk, session.uid):
        with pytest.raises(Gone, match="sessions are kept for 90 days here") as told:
            access.session(makers.principal(bob), asked)
        assert f"#{session.pk}" in told.value.sentence
        with pytest.raises(NotFound) as refused:
            access.session(makers.principal(charlie), asked)
        assert not isinstance(refused.value, Gone)


# --- files ---


def stored(project, owner, *, days, name="a.png", content=b"x" * 600_000, kind="assets"):
    place = files.reserve(makers.principal(owner), project, name, kind)
    target = files.path_of(place)
    target.parent.mkdir(parents=True)
    target.write_bytes(content)
    StoredFile.objects.filter(pk=place.pk).update(size=len(content), created_at=timezone.now() - timedelta(days=days))
    place.refresh_from_db()
    return place


@pytest.fixture
def files_dir(settings, tmp_path):
    settings.PLUGINHOST_FILES_DIR = tmp_path


def show(project, key, **columns):
    """An asset of the project that shows this file."""
    asset = Asset.objects.filter(project=project).order_by("number").first()
    Asset.objects.filter(pk=asset.pk).update(
        **(columns or {"data": f"/files/{key}", "data_digest": data_digest(f"/files/{key}")})
    )


def test_old_files_that_nothing_uses_go_from_the_disk(alice, organization, project, files_dir, as_bob, charlie):
    old, young = stored(project, alice, days=31), stored(project, alice, days=29)
    actions.apply(rule_of(organization, file_days=30))
    assert (files.path_of(old).exists(), files.path_of(young).exists()) == (False, True)
    gone = as_bob.get(f"/files/{old.key}")
    assert gone.status_code == 410
    assert "files that nothing uses are kept for 30 days here" in gone.json()["message"]
    as_bob.force_login(charlie)
    assert as_bob.get(f"/files/{old.key}").status_code == 404


def test_what_an_asset_shows_is_kept(alice, organization, project, files_dir):
    shown = stored(project, alice, days=99)
    show(project, shown.key)
    actions.apply(rule_of(organization, file_days=30, file_megabytes=1))
    assert files.path_of(shown).exists()


@pytest.mark.parametrize("column", ["dataset", "attachments"])
def test_pages_and_attachments_are_kept(alice, organization, project, files_dir, column):
    shown = stored(project, alice, days=99)
    value = f"/files/{shown.key}"
    show(project, shown.key, **{column: [value] if column == "dataset" else [{"type": "IMAGE", "value": value}]})
    actions.apply(rule_of(organization, file_days=30))
    assert files.path_of(shown).exists()


def test_masks_stay_with_the_labels_that_name_them(alice, organization, project, files_dir):
    mask = stored(project, alice, days=99, kind="brushes")
    actions.apply(rule_of(organization, file_days=30))
    assert files.path_of(mask).exists()


@pytest.mark.parametrize("name", ["brushDataUrl", "medicalBrushDataUrl"])
@pytest.mark.parametrize("host", ["", "http://testserver"])
def test_what_labels_name_is_a_mask_whatever_it_was_uploaded_as(alice, organization, project, files_dir, name, host):
    mask, other = stored(project, alice, days=99), stored(project, alice, days=99)
    send(by_user(alice), project, item(1, **{name: f"{host}/files/{mask.key}?t=signed"}))
    send(by_user(alice), project, item(99, **{name: f"/files/{other.key}"}))
    actions.apply(rule_of(organization, file_days=30))
    assert (files.path_of(mask).exists(), files.path_of(other).exists()) == (True, False)


def test_labels_name_no_masks_of_other_projects(alice, organization, project, files_dir):
    theirs = stored(makers.make_project(alice, organization, name="Other"), alice, days=99)
    send(by_user(alice), project, item(1, brushDataUrl=f"/files/{theirs.key}"))
    actions.apply(rule_of(organization, file_days=30))
    assert not files.path_of(theirs).exists()


def test_the_oldest_files_go_when_all_are_too_much(alice, organization, project, files_dir):
    oldest, newest = stored(project, alice, days=9), stored(project, alice, days=8)
    actions.apply(rule_of(organization, file_megabytes=1))
    assert (files.path_of(oldest).exists(), files.path_of(newest).exists()) == (False, True)


def test_many_files_are_gone_through_without_missing_one(alice, organization, project, files_dir, monkeypatch):
    monkeypatch.setattr(retention, "_CHUNK", 2)
    places = [stored(project, alice, days=40 + day, content=b"x") for day in range(5)]
    actions.apply(rule_of(organization, file_days=30))
    assert [files.path_of(place).exists() for place in places] == [False] * 5


def test_a_file_said_to_be_deleted_goes_after_a_crash(alice, organization, project, files_dir):
    place = stored(project, alice, days=31)
    StoredFile.objects.filter(pk=place.pk).update(deleted_at=timezone.now(), deleted_why="so.")
    actions.apply(rule_of(organization, file_days=30))
    assert not files.path_of(place).exists()


def test_a_deleted_file_cannot_become_an_asset(alice, organization, project, files_dir):
    place = stored(project, alice, days=31)
    actions.apply(rule_of(organization, file_days=30))
    item = {"data": f"http://testserver/files/{place.key}", "externalId": "a"}
    with pytest.raises(Invalid, match="was deleted"):
        assets.add(makers.principal(alice), project, [item], in_batches=[], host="testserver")
