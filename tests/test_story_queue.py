"""The queue: asked for before a script is there, shared by scripts, claimed once, cancelled, asked again."""

from collections import Counter

import pytest

from .scripts import VERSIONS
from .waiting import until

pytestmark = pytest.mark.story
WAIT_FOR_FILE = "while not os.path.exists({path!r}):\n    threading.Event().wait(0.05)\nreturn 'went on'"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_that_was_asked_for_early_starts_when_a_script_connects(server, script, version):
    plugin = server.new_plugin(name="Early")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    queued = server.session(number)
    assert queued["state"] == "queued"
    assert queued["waiting"]["reason"]
    script(server, version, plugin, "return 'better late'")
    assert server.wait_state(number)["message"] == "better late"


def test_a_plugin_runs_one_session_at_a_time(server, script, tmp_path):
    plugin = server.new_plugin(name="Single")
    project = server.new_project(plugin, assets=1)
    go = tmp_path / "go"
    script(server, "1.4.10", plugin, WAIT_FOR_FILE.format(path=str(go)))
    first, second = server.run(project, plugin), server.run(project, plugin)
    server.wait_state(first, "running")
    waiting = server.session(second)
    assert (waiting["state"], waiting["waiting"]["position"]) == ("queued", 1)
    go.touch()
    assert server.wait_state(second)["state"] == "succeeded"
    sent = "SELECT sent_at, finished_at FROM pluginhost_session WHERE id IN (?, ?) ORDER BY id"
    (_, ended), (began, _) = server.rows(sent, first, second)
    assert began >= ended


def test_concurrency_is_how_many_a_script_gets_at_once(server, script, tmp_path):
    plugin = server.new_plugin(name="Double", concurrency=2)
    project = server.new_project(plugin, assets=1)
    go = tmp_path / "go"
    script(server, "1.4.10", plugin, WAIT_FOR_FILE.format(path=str(go)))
    numbers = [server.run(project, plugin) for _ in range(3)]
    for number in numbers[:2]:
        server.wait_state(number, "running")
    assert server.session(numbers[2])["state"] == "queued"
    go.touch()
    assert all(server.wait_state(number)["state"] == "succeeded" for number in numbers)


def test_two_scripts_of_one_plugin_share_the_queue(server, script, tmp_path):
    """Neither goes on before the other has begun, so each of them must have got one."""
    plugin = server.new_plugin(name="Shared")
    project = server.new_project(plugin, assets=1)
    body = """
    me = str(os.getpid())
    open(os.path.join({folder!r}, me), 'w').close()
    while len(os.listdir({folder!r})) < 2:
        threading.Event().wait(0.02)
    return me
    """
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    for version in VERSIONS:
        script(server, version, plugin, body.format(folder=str(meeting)))
    server.wait_online(plugin, connections=2)
    numbers = [server.run(project, plugin) for _ in range(8)]
    sessions = [server.wait_state(number) for number in numbers]
    assert {session["state"] for session in sessions} == {"succeeded"}
    assert len({session["message"] for session in sessions}) == 2


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_thousand_queued_runs_are_each_claimed_once(server, script, tmp_path):
    plugin = server.new_plugin(name="Thousand", concurrency=8)
    project = server.new_project(plugin, assets=1)
    server.manage(
        "shell",
        "-c",
        "from pluginhost.actions import sessions; from pluginhost.models import Plugin, Project, User\n"
        "from pluginhost.principal import Principal\n"
        "who = Principal(user=User.objects.get(username='admin'))\n"
        f"plugin = Plugin.objects.get(uid='{plugin['id']}'); project = Project.objects.get(uid='{project}')\n"
        "for _ in range(1000): sessions.start(who, project, plugin, sessions.Request())",
    )
    seen = tmp_path / "seen"
    body = f"open({str(seen)!r}, 'a').write(data['session'] + chr(10))\nreturn str(os.getpid())"
    for version in VERSIONS:
        script(server, version, plugin, body)
    ended = "SELECT count(*) FROM pluginhost_session s JOIN pluginhost_plugin p ON p.id = s.plugin_id"
    ended += " WHERE p.uid = ? AND s.state = 'succeeded'"
    until(lambda: server.rows(ended, plugin["id"]) == [(1000,)], "a thousand runs to end", within=400)
    orders = Counter(seen.read_text().split())
    assert len(orders) == 1000
    assert set(orders.values()) == {1}
    messages = "SELECT r.body, count(*) FROM pluginhost_response r JOIN pluginhost_session s ON s.id = r.session_id"
    messages += " JOIN pluginhost_plugin p ON p.id = s.plugin_id WHERE p.uid = ? GROUP BY r.body"
    shares = [count for _, count in server.rows(messages, plugin["id"])]
    assert sum(shares) == 1000
    assert len(shares) == 2
    assert min(shares) > 50


@pytest.mark.parametrize("version", VERSIONS)
def test_cancelling_a_running_session_voids_its_key_and_ends_it(server, script, version, tmp_path):
    plugin = server.new_plugin(name="Stopped")
    project = server.new_project(plugin, assets=1)
    go, key = tmp_path / "go", tmp_path / "key"
    body = f"open({str(key)!r}, 'w').write(data['apiKey'])\n" + WAIT_FOR_FILE.format(path=str(go))
    script(server, version, plugin, body)
    number = server.run(project, plugin)
    until(lambda: key.exists() and key.read_text(), "the callback to begin")
    server.api("POST", f"/api/v1/sessions/{number}/cancel")
    assert server.session(number)["state"] == "cancelling"
    assert server.request("GET", f"/v2/project/{project}/assets", key=key.read_text()).status_code == 401
    go.touch()
    assert server.wait_state(number)["state"] == "cancelled"
    assert server.request("POST", f"/api/v1/sessions/{number}/cancel").status_code == 409


def test_cancelling_a_queued_session_ends_it_at_once(server):
    plugin = server.new_plugin(name="Never")
    project = server.new_project(plugin, assets=1)
    number = server.run(project, plugin)
    server.api("POST", f"/api/v1/sessions/{number}/cancel")
    assert server.session(number)["state"] == "cancelled"


def test_a_rerun_gets_the_same_frozen_inputs(server, script):
    plugin = server.new_plugin(name="Twice", default_config={"level": 1})
    project = server.new_project(plugin, assets=2)
    script(server, "1.4.10", plugin, "return json.dumps([data['configJSON'], data['categorySchema']])")
    first = server.wait_state(server.run(project, plugin, config={"level": 7}, scope={"first": 1}))
    server.api("PATCH", f"/api/v1/plugins/{plugin['id']}", {"default_config": {"level": 2}})
    again = server.api("POST", f"/api/v1/sessions/{first['id']}/rerun", {})
    second = server.wait_state(again["id"])
    assert second["message"] == first["message"]
    assert '"level": 7' in json_of(second)
    assert (second["rerun_of"], second["inputs"]["asset_count"]) == (first["id"], 1)


def json_of(session):
    return session["message"].replace('\\"', '"')


@pytest.mark.parametrize("version", VERSIONS)
def test_with_no_class_mapped_the_script_gets_null(server, script, version):
    plugin = server.new_plugin(name="Unmapped")
    project = server.new_project(plugin, assets=1)
    script(server, version, plugin, "return repr(data['categorySchema'])")
    session = server.wait_state(server.run(project, plugin, class_mapping={}))
    assert (session["state"], session["message"]) == ("succeeded", "None")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_scope_is_all_that_its_key_sees(server, script, version):
    plugin = server.new_plugin(name="Scoped")
    project = server.new_project(plugin, assets=9)
    answer = "answer = sdk.get_assets(project, page=1, limit=100)['data']\n"
    script(server, version, plugin, answer + "return f\"{len(answer['assets'])} of {answer['total']}\"")
    session = server.wait_state(server.run(project, plugin, scope={"first": 4}))
    assert session["message"] == "4 of 4"
