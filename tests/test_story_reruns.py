"""With real clients that know nothing of it: only what was left is run again, and a try goes on with the rest."""

import pytest

from .clients import VERSIONS
from .scripts import sample_of

pytestmark = pytest.mark.story


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sample_that_reads_one_page_of_ten_gets_the_others_by_running_again_what_was_not_reached(
    server, script, version
):
    plugin = server.new_plugin(name=f"One page {version}")
    project = server.new_project(plugin, assets=14)
    script(server, version, plugin, source=sample_of(version, server.url, plugin))
    server.wait_online(plugin)
    first = server.wait_state(server.run(project, plugin))
    assert (first["state"], first["counts"]["not_reached"]) == ("partial", 4)

    scope = {"from_session": first["id"], "outcomes": ["rejected", "not_reached"]}
    again = server.api("POST", f"/api/v1/sessions/{first['id']}/rerun", {"scope": scope})
    second = server.wait_state(again["id"])
    assert (second["state"], second["read"]) == ("succeeded", {"assets": 4, "of": 4})
    assert second["counts"]["accepted"] == 4
    assert server.session(first["id"])["reruns"] == [second["id"]]
    assert labeled(server, project) == 14


def test_a_try_shows_nothing_on_assets_and_goes_on_with_the_rest(server, script):
    plugin = server.new_plugin(name="Tried")
    project = server.new_project(plugin, assets=8)
    script(server, "1.4.10", plugin, source=sample_of("1.4.10", server.url, plugin))
    server.wait_online(plugin)
    tried = server.wait_state(server.run(project, plugin, scope={"first": 3}, review_first=True))
    assert (tried["state"], tried["counts"]["accepted"]) == ("succeeded", 3)
    assert labeled(server, project) == 0

    rest = {"scope": {"rest_of": tried["id"]}, "review_first": False}
    again = server.api("POST", f"/api/v1/sessions/{tried['id']}/rerun", rest)
    assert server.wait_state(again["id"])["read"] == {"assets": 5, "of": 5}
    assert labeled(server, project) == 5
    server.api("POST", f"/api/v1/sessions/{tried['id']}/apply")
    assert labeled(server, project) == 8


def labeled(server, project):
    tasks = server.api("GET", f"/v2/project/{project}/tasks?limit=100")["data"]["tasks"]
    return sum(task["isPreLabeled"] for task in tasks)


HALF_WRONG = """
items = []
for asset in sdk.get_assets(project, limit=100)['data']['assets']:
    number = int(asset['externalId'][6:11])
    width = 0 if number > 2 and not os.path.exists(FIXED) else 30
    car = data['categorySchema'][0]['schemaId']
    box = {'x': 1, 'y': 2, 'width': width, 'height': 40}
    items.append({'externalId': asset['externalId'], 'objects': [{'schemaId': car, 'bounding-box': box}]})
sdk.import_labels(project, items)
open(FIXED, 'w').close()
return f'{len(items)} sent'
"""


def test_what_was_refused_is_run_again_by_itself_and_what_was_turned_down_only_where_it_is_named(
    server, script, tmp_path
):
    plugin = server.new_plugin(name="Half wrong")
    project = server.new_project(plugin, assets=5)
    (tool,) = {one["title"]: one["schemaId"] for one in tools_of(server, project) if one["title"] == "Car"}.values()
    script(server, "1.4.10", plugin, HALF_WRONG.replace("FIXED", repr(str(tmp_path / "fixed"))))
    server.wait_online(plugin)
    first = server.wait_state(server.run(project, plugin, class_mapping={"Car": tool}, review_first=True))
    assert (first["state"], first["reason"]) == ("partial", "3 items were rejected.")
    assert (first["counts"]["accepted"], first["counts"]["rejected"]) == (2, 3)

    turned_down = server.api("GET", f"/v2/project/{project}/assets?limit=1")["data"]["assets"][0]["_id"]
    server.api("POST", f"/api/v1/sessions/{first['id']}/accept", {"without": [turned_down]})
    counts = server.session(first["id"])["counts"]
    assert (counts["accepted"], counts["discarded"], counts["rejected"]) == (1, 1, 3)

    left = {"scope": {"from_session": first["id"]}, "review_first": False}
    second = server.wait_state(server.api("POST", f"/api/v1/sessions/{first['id']}/rerun", left)["id"])
    assert (second["read"], second["counts"]["accepted"]) == ({"assets": 3, "of": 3}, 3)
    named = {"scope": {"from_session": first["id"], "outcomes": ["discarded"]}, "review_first": False}
    third = server.wait_state(server.api("POST", f"/api/v1/sessions/{first['id']}/rerun", named)["id"])
    assert (third["read"], third["counts"]["accepted"]) == ({"assets": 1, "of": 1}, 1)
    assert labeled(server, project) == 5


def tools_of(server, project):
    return server.api("GET", f"/v2/project/{project}")["data"]["project"]["categorySchema"]["tools"]
