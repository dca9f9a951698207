"""Work is claimed from the database, each session once, the oldest first."""

import json

from pluginhost.actions import claims, connections, sessions
from pluginhost.models import Session

from . import makers


def test_it_works(alice, project, plugin):
    connection = makers.make_connection(plugin)
    session = makers.make_session(alice, project, plugin, config={"threshold": 0.3})
    order = claims.claim(connection.pk)
    session.refresh_from_db()
    assert (session.state, session.connection) == (Session.State.RUNNING, connection)
    assert order.payload["projectId"] == project.uid
    assert order.payload["session"] == session.uid
    assert json.loads(order.payload["configJSON"]) == {"threshold": 0.3}
    assert order.payload["tags"] == order.payload["batches"] == []
    assert order.payload["categorySchema"][0]["modelClass"] == "Car"


def test_a_second_claim_gets_nothing(alice, project, plugin):
    makers.make_session(alice, project, plugin)
    assert claims.claim(makers.make_connection(plugin).pk)
    assert claims.claim(makers.make_connection(plugin).pk) is None


def test_the_oldest_is_taken_first(alice, project, plugin):
    asked = [makers.make_session(alice, project, plugin).pk for _ in range(3)]
    taken = [claims.claim(makers.make_connection(plugin).pk).session_id for _ in range(3)]
    assert taken == asked


def test_a_busy_script_gets_no_more_than_it_takes_at_once(alice, project, organization):
    plugin = makers.make_plugin(alice, organization, concurrency=2)
    connection = makers.make_connection(plugin)
    for _ in range(3):
        makers.make_session(alice, project, plugin)
    assert [claims.claim(connection.pk) is not None for _ in range(3)] == [True, True, False]


def test_a_look_that_finds_nothing_to_do_asks_for_no_lock(alice, project, plugin, django_assert_num_queries):
    connection = makers.make_connection(plugin)
    with django_assert_num_queries(1):
        assert claims.claim(connection.pk) is None
    for _ in range(2):
        makers.make_session(alice, project, plugin)
    assert claims.claim(connection.pk)
    with django_assert_num_queries(3):  # busy: neither SAVEPOINT nor BEGIN
        assert claims.claim(connection.pk) is None


def test_another_plugins_script_gets_nothing(alice, project, plugin, organization):
    makers.make_session(alice, project, plugin)
    other = makers.make_plugin(alice, organization, name="Other")
    assert claims.claim(makers.make_connection(other).pk) is None


def test_what_could_not_be_sent_keeps_its_place_in_the_queue(alice, project, plugin):
    first, second = (makers.make_session(alice, project, plugin) for _ in range(2))
    connection = makers.make_connection(plugin)
    assert claims.give_back(claims.claim(connection.pk).session_id, connection.pk)
    assert claims.claim(connection.pk).session_id == first.pk
    second.refresh_from_db()
    assert second.state == Session.State.QUEUED


def test_a_session_cancelled_between_claim_and_send_is_not_sent(alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    connection = makers.make_connection(plugin)
    claims.claim(connection.pk)
    sessions.cancel(makers.principal(alice), session)
    assert not claims.mark_sent(session.pk, connection.pk)
    session.refresh_from_db()
    assert session.state == Session.State.CANCELLED


def test_a_connection_that_lost_its_claim_can_neither_send_nor_give_back(alice, project, plugin):
    session = makers.make_session(alice, project, plugin)
    first, second = makers.make_connection(plugin), makers.make_connection(plugin)
    claims.claim(first.pk)
    connections.close(first, "gone", first.opened_at)
    claims.claim(second.pk)
    assert not claims.mark_sent(session.pk, first.pk)
    assert not claims.give_back(session.pk, first.pk)
    assert claims.mark_sent(session.pk, second.pk)
    assert not claims.give_back(session.pk, second.pk)


def test_the_order_of_a_closed_connection_stays_in_the_queue(alice, project, plugin):
    connection = makers.make_connection(plugin)
    connections.close(connection, "gone", connection.opened_at)
    makers.make_session(alice, project, plugin)
    assert claims.claim(connection.pk) is None
