"""Our own client, in processes of its own: nothing is lost, whatever happens to the line, the server or the script."""

from __future__ import annotations

import json

import pytest

from .cut_line import cut_line
from .server import ROOT
from .waiting import until

pytestmark = pytest.mark.story

TALKING = """
number = 0
while not os.path.exists({go!r}):
    number += 1
    logger.info("line %d", number)
    time.sleep(0.002)
print(number, file=open({said!r}, "w"))
return f"said {{number}} lines"
"""
WORKING = """
logger.info("at work")
while not os.path.exists({go!r}):
    time.sleep(0.02)
logger.info("done")
return "finished after all"
"""


@pytest.fixture
def go(tmp_path):
    return tmp_path / "go"


@pytest.fixture
def plugin(server):
    return server.new_plugin(name="Own")


@pytest.fixture
def project(server, plugin):
    return server.new_project(plugin, assets=3)


def assert_all_there(server, number, said):
    """Every line that the script said, once and in its order."""
    messages = server.messages_of(number)
    assert messages == [f"line {count}" for count in range(1, int(said.read_text()) + 1)]


def response_of(server, number):
    return server.rows("SELECT form, body FROM pluginhost_response WHERE session_id = ?", number)


def wait_end(server, number):
    assert server.wait_state(number)["state"] == "succeeded"
    return number


def connection_of(server, plugin, *columns):
    query = (
        f"SELECT {', '.join(f'c.{column}' for column in columns)} FROM pluginhost_connection c"
        " JOIN pluginhost_plugin p ON p.id = c.plugin_id WHERE p.uid = ? ORDER BY c.id DESC LIMIT 1"
    )
    return server.rows(query, plugin["id"])[0]


# --- it works ---


def test_it_works(server, plugin, project, own_script):
    body = """
    sdk = SDK(data["apiKey"])
    assets = list(sdk.all_assets(data["projectId"], limit=2))
    schema = {pair["modelClass"]: pair["schemaId"] for pair in data["categorySchema"] or []}
    logger.info("%d assets, %s", len(assets), "three", seconds=1.5, line="mine")
    data["progress"](3, 3)
    return f"{len(assets)} seen"
    """
    script = own_script(server, plugin, body)
    number = server.run(project, plugin)
    session = server.wait_state(number)
    assert (session["state"], session["message"]) == ("succeeded", "3 seen")
    (line,) = server.log_of(number)
    assert line["message"] == "3 assets, three"
    assert line["extra"] == {"seconds": 1.5, "line_": "mine"}
    rows = server.rows("SELECT progress_done, progress_total FROM pluginhost_session WHERE id = ?", number)
    assert rows == [(3, 3)]
    assert script.is_alive()
    dialect, version, instance = connection_of(server, plugin, "dialect", "client_version", "instance")
    assert (dialect, version) == ("pluginhost.client", "1.0.0")
    assert instance


@pytest.mark.parametrize(
    "callback",
    [
        "def callback(**data): return data['projectId']",
        "def callback(projectId, logger, **rest): return projectId",
        "def callback(projectId): return projectId",
        "async def callback(data):\n    await asyncio.sleep(0.01)\n    return data['projectId']",
        "async def callback(**data):\n    await asyncio.sleep(0.01)\n    return data['projectId']",
    ],
)
def test_every_way_to_write_a_callback(server, plugin, project, own_script, callback):
    own_script(server, plugin, callback)
    session = server.wait_state(server.run(project, plugin))
    assert (session["state"], session["message"]) == ("succeeded", project)


def test_a_callback_that_raises_fails_its_session_with_the_reason_and_the_traceback(
    server, plugin, project, own_script
):
    own_script(server, plugin, "raise ValueError('no such model')")
    number = server.run(project, plugin)
    session = server.wait_state(number)
    assert (session["state"], session["reason"]) == ("failed", "ValueError: no such model")
    (line,) = server.log_of(number)
    assert "Traceback (most recent call last):" in line["message"]
    assert line["level"] in ("ERROR", 40)


def test_a_script_that_exits_in_its_callback_fails_and_goes_on(server, plugin, project, own_script):
    script = own_script(server, plugin, "sys.exit(3)")
    assert server.wait_state(server.run(project, plugin))["reason"] == "SystemExit: 3"
    assert server.wait_state(server.run(project, plugin))["state"] == "failed"
    assert script.is_alive()


def test_what_is_no_json_is_said(server, plugin, project, own_script):
    own_script(server, plugin, "return {'found': {3, 1, 2}, 'lock': threading.Lock()}")
    reason = server.wait_state(server.run(project, plugin))["reason"]
    assert "the returned value['lock'] is a lock, which is no JSON" in reason


def test_a_callback_that_returns_nothing_has_succeeded(server, plugin, project, own_script):
    own_script(server, plugin, "pass")
    session = server.wait_state(server.run(project, plugin))
    assert (session["state"], session["reason"]) == ("succeeded", "Nothing was imported.")


@pytest.mark.parametrize("sample", ["batch_model_1_1.py", "batch_model_1_4.py"])
def test_the_vendors_samples_run_by_changing_their_imports(server, own_script, sample):
    plugin = server.new_plugin(name=f"Ported {sample}")
    project = server.new_project(plugin, assets=12)
    text = (ROOT / "examples" / sample).read_text()
    for package in ("from imerit_ango.", "from ango."):
        text = text.replace(package, "from pluginhost.client.")
    for blank, value in {
        "<YOUR HOST>": server.url,
        "<YOUR PLUGIN ID>": plugin["id"],
        "<YOUR PLUGIN SECRET>": plugin["secret"],
    }.items():
        text = text.replace(blank, value)
    own_script(server, plugin, source=text)
    number = server.run(project, plugin)
    session = server.wait_state(number)
    assert (session["state"], session["counts"]["accepted"]) == ("partial", 10), session
    assert len(server.messages_of(number)) == 10


# --- the line breaks ---


def test_no_line_of_the_log_is_lost_when_the_connection_breaks_again_and_again(
    server,
    plugin,
    project,
    own_script,
    go,
    tmp_path,
):
    said = tmp_path / "said"
    with cut_line(server) as line:
        script = own_script(server, plugin, TALKING.format(go=str(go), said=str(said)), host=line.url)
        number = server.run(project, plugin)
        for _ in range(4):
            before = server.wait_state(number, "running", "lost")["log_lines"]
            until(lambda before=before: server.session(number)["log_lines"] > before + 50, "more lines")
            line.break_off()
        go.touch()
        session = server.wait_state(number)
        assert script.is_alive()
    assert session["state"] == "succeeded"
    assert_all_there(server, number, said)


def test_what_is_said_and_answered_while_the_line_is_down_arrives_when_it_stands_again(
    server,
    plugin,
    project,
    own_script,
    go,
):
    with cut_line(server) as line:
        own_script(server, plugin, WORKING.format(go=str(go)), host=line.url)
        number = server.run(project, plugin)
        until(lambda: server.messages_of(number) == ["at work"], "the first line")
        line.cut()
        server.wait_state(number, "lost")
        go.touch()
        until(lambda: line.passed >= 1, "tries in vain")
        line.mend()
        session = server.wait_state(number)
    assert (session["state"], session["message"]) == ("succeeded", "finished after all")
    assert server.messages_of(number) == ["at work", "done"]
    assert len(response_of(server, number)) == 1


def test_a_kill_of_the_serving_child_and_a_hand_over_lose_nothing(new_server, own_script, go, tmp_path):
    server = new_server(sweep_seconds=1)
    plugin = server.new_plugin(name="Restarts")
    project = server.new_project(plugin, assets=1)
    said = tmp_path / "said"
    script = own_script(server, plugin, TALKING.format(go=str(go), said=str(said)))
    number = server.run(project, plugin)
    for restart in (server.kill_child, server.hand_over, server.kill_child):
        before = server.wait_state(number, "running", "lost")["log_lines"]
        until(lambda before=before: server.session(number)["log_lines"] > before + 100, "more lines")
        restart()
        server.wait_ready()
    server.kill_child()
    go.touch()
    server.wait_ready()
    session = server.wait_state(number)
    assert session["state"] == "succeeded", session
    assert script.is_alive()
    assert_all_there(server, number, said)


def test_a_line_that_is_dead_without_a_word_is_found_out_and_opened_again(new_server, own_script, go, tmp_path):
    server = new_server(ping_interval=1, ping_timeout=2)
    plugin = server.new_plugin(name="Pulled")
    project = server.new_project(plugin, assets=1)
    said = tmp_path / "said"
    with cut_line(server) as line:
        own_script(server, plugin, TALKING.format(go=str(go), said=str(said)), host=line.url)
        number = server.run(project, plugin)
        until(lambda: server.session(number)["log_lines"] > 20, "lines")
        line.freeze()
        before = line.passed
        until(lambda: line.passed > before, "another try")
        go.touch()
        assert server.wait_state(number)["state"] == "succeeded"
    assert_all_there(server, number, said)


def test_no_thread_is_left_of_a_line_that_broke(server, plugin, project, own_script):
    with cut_line(server) as line:
        script = own_script(server, plugin, "return threading.active_count()", host=line.url)
        first = json.loads(response_of(server, wait_end(server, server.run(project, plugin)))[0][1])
        for count in range(6):
            line.break_off()
            until(lambda count=count: line.passed > count + 1, "the next line")
            until(lambda count=count: script.said().count("Connected to") == count + 2, "its welcome")
        last = json.loads(response_of(server, wait_end(server, server.run(project, plugin)))[0][1])
    assert last <= first + 1


# --- the script goes ---


def test_an_answer_outlives_the_script_where_there_is_a_spool(server, plugin, project, own_script, go, tmp_path):
    spool = tmp_path / "spool"
    with cut_line(server) as line:
        script = own_script(server, plugin, WORKING.format(go=str(go)), host=line.url, spool=str(spool))
        number = server.run(project, plugin)
        until(lambda: server.messages_of(number) == ["at work"], "the first line")
        line.cut()
        go.touch()
        until(lambda: list(spool.glob("*/*.answer.json")), "the answer on disk")
        script.kill()
        line.mend()
        go.unlink()
        script.start_anew()
        session = server.wait_state(number)
        assert (session["state"], session["message"]) == ("succeeded", "finished after all")
        assert server.messages_of(number) == ["at work", "done"]
        until(lambda: not list(spool.glob("*/*.answer.json")), "the spool to be empty")


def test_a_script_that_died_and_is_back_has_its_sessions_ended_at_once(server, plugin, project, own_script, go):
    script = own_script(server, plugin, WORKING.format(go=str(go)))
    number = server.run(project, plugin)
    until(lambda: server.messages_of(number) == ["at work"], "the first line")
    script.kill()
    server.wait_state(number, "lost")
    script.start_anew()
    session = server.wait_state(number, within=20)  # its grace is 90 s
    assert session["state"] == "crashed"
    assert "Its script ended while it was at work" in session["reason"]


def test_a_script_that_is_asked_to_end_finishes_what_is_nearly_done(server, plugin, project, own_script, go):
    script = own_script(server, plugin, WORKING.format(go=str(go)), patience=60)
    number = server.run(project, plugin)
    until(lambda: server.messages_of(number) == ["at work"], "the first line")
    script.process.terminate()
    until(lambda: "Asked to end" in script.said(), "the script to hear it")
    waiting = server.run(project, plugin)
    go.touch()
    assert script.process.wait(30) == 0
    assert server.wait_state(number)["message"] == "finished after all"
    assert server.session(waiting)["state"] == "queued"


def test_a_script_that_is_asked_to_end_hands_back_what_takes_too_long(server, plugin, project, own_script, go):
    script = own_script(server, plugin, WORKING.format(go=str(go)), patience=0.5)
    number = server.run(project, plugin)
    until(lambda: server.messages_of(number) == ["at work"], "the first line")
    assert script.terminate() == 0
    session = server.session(number)
    assert (session["state"], session["reason"]) == ("queued", "Handed back by its script, which was stopped.")
    go.touch()
    script.start_anew()
    assert server.wait_state(number)["message"] == "finished after all"
    assert server.messages_of(number) == ["at work", "at work", "done"]


# --- what the host asks of it ---


def test_a_cancelled_session_is_known_to_its_callback_at_once(server, plugin, project, own_script):
    body = "logger.info('at work')\nassert data['cancelled'].wait(60)\nreturn 'stopped in the middle'"
    own_script(server, plugin, body)
    number = server.run(project, plugin)
    until(lambda: server.messages_of(number) == ["at work"], "the first line")
    server.api("POST", f"/api/v1/sessions/{number}/cancel")
    session = server.wait_state(number, within=10)  # a published client's would end after 30 s
    assert (session["state"], session["reason"]) == ("cancelled", "Cancelled; its script has finished.")


def test_no_more_at_once_than_the_script_says(server, project, own_script):
    plugin = server.new_plugin(name="Narrow", concurrency=5)
    server.enable(project, plugin)
    own_script(server, plugin, "logger.info('at work')\ndata['cancelled'].wait(60)", concurrency=2)
    numbers = [server.run(project, plugin) for _ in range(3)]
    for number in numbers[:2]:
        until(lambda number=number: server.messages_of(number) == ["at work"], "work on the first two")
    assert server.session(numbers[2])["state"] == "queued"
    server.api("POST", f"/api/v1/sessions/{numbers[0]}/cancel")
    until(lambda: server.messages_of(numbers[2]) == ["at work"], "the third, when there is room")


def test_what_is_said_in_quarantine_is_said_again_when_it_is_over(server, plugin, project, own_script, go, tmp_path):
    said = tmp_path / "said"
    own_script(server, plugin, TALKING.format(go=str(go), said=str(said)))
    number = server.run(project, plugin)
    until(lambda: server.session(number)["log_lines"] > 50, "lines")
    server.api("POST", f"/api/v1/plugins/{plugin['id']}/quarantine", {"reason": "Look at it."})
    server.wait_state(number, "lost")
    server.api("POST", f"/api/v1/plugins/{plugin['id']}/release")
    go.touch()
    assert server.wait_state(number)["state"] == "succeeded"
    assert_all_there(server, number, said)


def test_a_drained_script_finishes_what_it_has_and_gets_no_more(server, plugin, project, own_script, go):
    script = own_script(server, plugin, WORKING.format(go=str(go)))
    number = server.run(project, plugin)
    until(lambda: server.messages_of(number) == ["at work"], "the first line")
    server.manage(
        "shell",
        "--command",
        "from pluginhost.actions import connection_wishes\n"
        "from pluginhost.models import Connection, User\n"
        "from pluginhost import authentication\n"
        f"here = Connection.objects.open().get(plugin__uid={plugin['id']!r})\n"
        "connection_wishes.drain(authentication.by_user(User.objects.get(username='admin')), here)\n",
    )
    until(lambda: "sends no more sessions" in script.said(), "the script to be told")
    waiting = server.run(project, plugin)
    go.touch()
    assert server.wait_state(number)["message"] == "finished after all"
    assert server.session(waiting)["state"] == "queued"


# --- large answers ---


def test_a_large_answer_goes_by_http_and_arrives_after_the_last_line(server, plugin, project, own_script):
    body = """
    for number in range(200):
        logger.info("line %d", number)
    return {"boxes": [[number, number + 1] for number in range(200_000)]}
    """
    own_script(server, plugin, body)
    number = server.run(project, plugin)
    assert server.wait_state(number)["state"] == "succeeded"
    ((form, text),) = response_of(server, number)
    assert form == "json"
    assert len(text) > 2_000_000
    late = server.rows("SELECT came_late FROM pluginhost_logline WHERE session_id = ?", number)
    assert [bool(is_late) for (is_late,) in late] == [False] * 200


def test_an_answer_that_nobody_can_take_fails_its_session_with_words(new_server, own_script):
    server = new_server(message_limit=2**20)
    plugin = server.new_plugin()
    project = server.new_project(plugin, assets=1)
    script = own_script(server, plugin, "return 'x' * 2_000_000")
    session = server.wait_state(server.run(project, plugin))
    assert session["state"] == "failed"
    assert "The host refused the answer" in session["reason"]
    assert script.is_alive()
