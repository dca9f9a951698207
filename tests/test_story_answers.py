"""What a callback may come back with, and how its session ends."""

import json

import pytest

from .clients import CLIENTS, EVERY_VERSION, Failure

pytestmark = [pytest.mark.story, pytest.mark.dialect]


@pytest.fixture(params=EVERY_VERSION)
def version(request):
    return request.param


@pytest.fixture
def ended(server, script, version):
    """Runs a callback with this body once, and gives the ended session."""

    def run(body, **fields):
        plugin = server.new_plugin(name="Answers", **fields)
        project = server.new_project(plugin, assets=1)
        script(server, version, plugin, body)
        return server.wait_state(server.run(project, plugin))

    return run


def test_a_text_is_the_message(ended):
    session = ended("return 'All *done*: ü, 漢字'")
    assert (session["state"], session["message"]) == ("succeeded", "All *done*: ü, 漢字")


def test_nothing_is_a_success_without_message(ended):
    session = ended("return None")
    assert (session["state"], session["message"] or "") == ("succeeded", "")


def test_an_object_is_kept_as_json(ended):
    session = ended("return {'boxes': [1, 2.5], 'name': 'ü', 'none': None}")
    assert session["state"] == "succeeded"
    assert json.loads(session["message"]) == {"boxes": [1, 2.5], "name": "ü", "none": None}


def test_bytes_are_kept(ended):
    session = ended("return b'\\x00\\x01PNG'")
    assert session["state"] == "succeeded"
    assert "AAFQTkc=" in session["message"]


def test_five_megabytes_are_kept_whole(ended):
    session = ended("return 'x' * 5_000_000 + 'end'")
    assert session["state"] == "succeeded"
    assert len(session["message"]) == 5_000_003


def test_an_exception_ends_it_with_a_reason(ended, version):
    """Some clients say why, some that it failed; those before say nothing at all, and the idle limit has to end it."""
    session = ended("raise RuntimeError('no model here')", idle_timeout_s=3)
    failure = CLIENTS[version].failure
    assert session["state"] == ("timed_out" if failure is Failure.SILENCE else "failed")
    assert session["reason"] or session["error"]
    assert ("no model here" in session["error"]) == (failure is Failure.WITH_WORDS)


def test_a_value_that_is_no_json_ends_by_the_idle_limit(ended):
    session = ended("return {1, 2}", idle_timeout_s=3)
    assert session["state"] in {"timed_out", "failed"}


def test_one_script_serves_run_after_run(server, script, version):
    plugin = server.new_plugin(name="Again")
    project = server.new_project(plugin, assets=1)
    script(server, version, plugin, "return json.loads(data['configJSON']).get('say', '')")
    for word in ("one", "two", "three"):
        assert server.wait_state(server.run(project, plugin, config={"say": word}))["message"] == word
