"""Asking for a session: its inputs are frozen, it waits in the queue, and it is asked once."""

import pytest

from pluginhost.actions import plugins, sessions
from pluginhost.errors import Conflict, Invalid
from pluginhost.models import Session

from . import makers


def test_it_works(alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    assert session.state == Session.State.QUEUED
    assert session.scope.count == 5
    assert session.inputs.category_schema == [
        {"schemaId": "c" * 24, "modelClass": "Car"},
        {"schemaId": "b" * 24, "modelClass": "Bus"},
    ]


def test_inputs_are_frozen_when_the_plugin_is_edited_later(alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    plugins.edit(makers.principal(alice), plugin, {"default_config": {"threshold": 0.9}})
    again = sessions.rerun(makers.principal(alice), session)
    assert "0.5" in again.inputs.config
    assert (again.rerun_of, again.attempt) == (session, 2)


def test_a_rerun_with_changes_keeps_the_rest(alice, project, plugin):
    session = makers.make_session(alice, project, plugin, scope={"first": 2})
    again = sessions.rerun(makers.principal(alice), session, {"config": {"threshold": 0.1}})
    assert '"threshold": 0.1' in again.inputs.config
    assert again.scope == session.scope


def test_the_same_idempotency_key_gives_the_same_session(alice, project, plugin):
    first = makers.make_session(alice, project, plugin, idempotency_key="once")
    assert makers.make_session(alice, project, plugin, idempotency_key="once") == first


def test_the_same_idempotency_key_gives_the_same_rerun(alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    first = sessions.rerun(makers.principal(alice), session, {"idempotency_key": "again"})
    assert sessions.rerun(makers.principal(alice), session, {"idempotency_key": "again"}) == first
    assert first.attempt == 2


def test_a_plugin_that_is_not_enabled_cannot_run(alice, project, plugin):
    with pytest.raises(Conflict, match="not enabled"):
        sessions.start(makers.principal(alice), project, plugin, sessions.Request())


@pytest.mark.parametrize("scope", [{}, {"all": False}, {"first": 0}, {"assets": ["x"]}, {"what": 1}])
def test_a_scope_that_means_nothing_is_refused(alice, project, plugin, scope):
    with pytest.raises(Invalid):
        makers.make_session(alice, project, plugin, scope=scope)


def test_a_mapping_to_a_tool_that_is_not_there_is_refused(alice, project, plugin):
    with pytest.raises(Invalid, match="No labeling tool"):
        makers.make_session(alice, project, plugin, class_mapping={"Car": "nowhere"})


def test_nothing_mapped_is_null_on_the_wire(alice, project, plugin):
    session = makers.make_session(alice, project, plugin, class_mapping={})
    assert session.inputs.category_schema is None


def test_cancelling_a_queued_session_ends_it(alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    sessions.cancel(makers.principal(alice), session)
    session.refresh_from_db()
    assert session.state == Session.State.CANCELLED
    with pytest.raises(Conflict):
        sessions.cancel(makers.principal(alice), session)


def test_attempts_are_counted_on_when_the_first_of_them_was_deleted(alice, project, plugin):
    first = makers.make_session(alice, project, plugin)
    second = sessions.rerun(makers.principal(alice), first)
    third = sessions.rerun(makers.principal(alice), second)
    first.delete()  # as retention does it
    again = sessions.rerun(makers.principal(alice), Session.objects.get(pk=third.pk))
    assert (second.attempt, third.attempt, again.attempt) == (2, 3, 4)
    assert sessions.rerun(makers.principal(alice), again).attempt == 5
