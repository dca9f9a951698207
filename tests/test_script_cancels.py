"""A cancelled session is ended by restarting its managed script, where that is wanted and harms no other."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pluginhost.actions import managed_scripts, processes, script_cancels, script_starts, sessions
from pluginhost.models import AuditEvent, Connection, ManagedScript, ScriptInstance, ScriptStart, Session

from . import makers


@pytest.fixture(autouse=True)
def _allowed(settings, tmp_path):
    settings.PLUGINHOST_DATA_DIR = tmp_path / "data"
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"


@pytest.fixture
def script(alice, plugin):
    """The demo's, up since a minute as one process."""
    owner = makers.principal(alice)
    managed_scripts.configure(owner, plugin, {"source": "demo", "restarts_on_cancel": True})
    made = managed_scripts.start(owner, plugin)
    keeper = processes.begin("supervise", "keeper")
    ManagedScript.objects.filter(pk=made.pk).update(keeper=keeper)
    script_starts.have_instances(made)
    instance = ScriptInstance.objects.select_related("script").get(script=made)
    start = script_starts.note_starting(keeper, instance, None, None, timezone.now() - timedelta(minutes=1))
    script_starts.note_pid(start, 4711)
    return managed_scripts.of(plugin)


@pytest.fixture
def session(script, alice, project, plugin):
    return makers.make_running(alice, project, plugin)


def cancel(alice, session):
    sessions.cancel(makers.principal(alice), session)


def looked(plugin, **later):
    """Whether a look of its supervisor restarts it."""
    script = managed_scripts.of(plugin)
    restarted = script_cancels.restart_for_cancelled([script], timezone.now() + timedelta(**later))
    assert managed_scripts.of(plugin).revision == script.revision + restarted
    return bool(restarted)


def test_it_is_restarted_once_and_the_audit_trail_says_why(alice, session, plugin):
    assert not looked(plugin)
    cancel(alice, session)
    assert looked(plugin)
    event = AuditEvent.objects.get(verb="script.restarted")
    assert (event.actor, event.details["why"]) == (None, f"#{session.pk} was cancelled")
    assert not looked(plugin)


def test_not_again_once_the_next_process_is_there(alice, session, plugin):
    cancel(alice, session)
    assert looked(plugin)
    fresh = managed_scripts.of(plugin)
    ScriptStart.objects.update(revision=fresh.revision, started_at=timezone.now())
    assert not looked(plugin)


def test_not_unless_its_owner_wants_it(alice, session, plugin):
    ManagedScript.objects.update(restarts_on_cancel=False)
    cancel(alice, session)
    assert not looked(plugin)


def test_not_while_it_is_at_work_on_another(alice, session, plugin, project):
    other = makers.make_session(alice, project, plugin)
    Session.objects.filter(pk=other.pk).update(
        state="running", started_at=timezone.now(), connection=session.connection
    )
    cancel(alice, session)
    assert not looked(plugin)
    Session.objects.filter(pk=other.pk).update(state="succeeded", finished_at=timezone.now())
    assert looked(plugin)


def test_not_for_what_runs_elsewhere(alice, session, plugin):
    """The session is on a connection that is older than the process."""
    Connection.objects.update(opened_at=timezone.now() - timedelta(hours=1))
    cancel(alice, session)
    assert not looked(plugin)


def test_not_where_another_script_is_connected_that_may_have_it(alice, session, plugin):
    makers.make_connection(plugin, sid="other")
    cancel(alice, session)
    assert not looked(plugin)


def test_our_own_client_has_time_to_stop_by_itself(alice, session, plugin, settings):
    Connection.objects.update(told={"pid": 4711})
    cancel(alice, session)
    assert not looked(plugin)
    assert looked(plugin, seconds=settings.PLUGINHOST_CANCEL_SECONDS / 2)


def test_a_stopped_one_is_not_started(alice, session, plugin):
    cancel(alice, session)
    managed_scripts.stop(makers.principal(alice), plugin)
    assert not looked(plugin)


def test_nor_one_that_may_not_be_started_any_more(alice, session, plugin, settings):
    cancel(alice, session)
    ManagedScript.objects.update(source="uploaded")
    settings.PLUGINHOST_MANAGED_SCRIPTS = "0"
    assert not looked(plugin)
