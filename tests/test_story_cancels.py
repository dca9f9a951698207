"""Cancel for real: what a published client goes on saying counts for nothing, and a managed script is restarted."""

import pytest

from .scripts import VERSIONS, source_of
from .test_story_supervision import Kept, with_client
from .waiting import until

pytestmark = pytest.mark.story

GOES_ON = """
open({key!r}, 'w').write(data['apiKey'])
logger.info('begun')
while not os.path.exists({go!r}):
    threading.Event().wait(0.05)
logger.info('[9/9] still at work')
return 'done after all'
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_after_a_cancel_the_key_is_dead_and_the_rest_came_late(server, script, version, tmp_path):
    plugin = server.new_plugin(name=f"Stopped {version}")
    project = server.new_project(plugin, assets=1)
    go, key = tmp_path / "go", tmp_path / "key"
    script(server, version, plugin, GOES_ON.format(go=str(go), key=str(key)))
    number = server.run(project, plugin)
    until(lambda: server.session(number)["log_lines"] == 1, "the callback to begin")
    assert server.request("GET", f"/v2/project/{project}/assets", key=key.read_text()).status_code == 200
    server.api("POST", f"/api/v1/sessions/{number}/cancel")
    assert server.request("GET", f"/v2/project/{project}/assets", key=key.read_text()).status_code == 401
    go.touch()
    session = server.wait_state(number)
    assert (session["state"], session["message"]) == ("cancelled", None)
    assert session["progress"] == {"done": 1, "total": 1}, "what it had read before, not what it says now"
    late = server.rows("SELECT message, came_late FROM pluginhost_logline WHERE session_id = ? ORDER BY number", number)
    assert [(message, bool(is_late)) for message, is_late in late] == [("begun", False), ("[9/9] still at work", True)]
    responses = server.rows("SELECT body, came_late FROM pluginhost_response WHERE session_id = ?", number)
    assert [(body, bool(is_late)) for body, is_late in responses] == [("done after all", True)]


def test_a_managed_script_is_restarted_to_end_it(new_server):
    server = new_server(managed_scripts=1)
    kept = Kept(server, server.new_plugin())
    project = server.new_project(kept.plugin)
    body = "logger.info('begun')\nthreading.Event().wait(600)"
    kept.upload(source_of("1.4.10", body, server.url, kept.plugin), restarts_on_cancel=True, **with_client("1.4.10"))
    server.wait_online(kept.plugin)
    pid = kept.wait_pid()
    number = server.run(project, kept.plugin)
    until(lambda: server.session(number)["log_lines"] == 1, "the callback to begin")
    server.api("POST", f"/api/v1/sessions/{number}/cancel")
    session = server.wait_state(number, within=25)
    assert (session["state"], session["reason"]) == ("cancelled", "Cancelled; its script has gone.")
    kept.wait_pid(besides=pid)
    server.wait_online(kept.plugin)
