"""What the documents show to authors of plugins is run as it stands there."""

import json
import os
import re
import subprocess

import pytest

from .clients import CLIENTS, EVERY_VERSION
from .scripts import Script, ango_environment, source_of
from .sdk import Sdk
from .server import ROOT

pytestmark = pytest.mark.story
END = """
from imerit_ango.plugins import BatchModelPlugin, run
run(BatchModelPlugin({id!r}, {secret!r}, callback), host={host!r})
"""


def blocks(page):
    """The Python of a page, without the indent of a list around it."""
    found = re.findall(r"^( *)```python\n(.*?)^ *```", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)
    return [re.sub(f"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


CALLBACKS = [
    pytest.param(code, id=f"{page}-{number}")
    for page in ("config.md", "logging.md", "session-keys.md")
    for number, code in enumerate(blocks(page), start=1)
]


@pytest.mark.parametrize("code", CALLBACKS)
def test_a_callback_of_the_documents_does_its_run(server, script, code):
    plugin = server.new_plugin(name="Documented")
    project = server.new_project(plugin, assets=1)
    end = END.format(id=plugin["id"], secret=plugin["secret"], host=server.url)
    script(server, "1.4.10", plugin, source=code + end)
    session = server.wait_state(server.run(project, plugin))
    assert session["state"] == "succeeded", session
    assert session["message"]


def test_a_project_is_moved_by_the_guides_program(server, tmp_path):
    source = server.new_project(assets=12, name="To be moved")
    server.api("POST", f"/v2/batches/{source}", {"name": "Night"})
    assets = server.api("GET", f"/v2/project/{source}/assets")["data"]["assets"]
    body = {"projectId": source, "assets": [assets[0]["_id"]], "batches": ["Night"]}
    server.api("POST", "/v2/assignBatches", body)
    program = tmp_path / "move.py"
    program.write_text(blocks("moving.md")[0])
    sides = {"KEY": server.key, "HOST": server.url}
    given = {f"{side}_{what}": value for side in ("OLD", "NEW") for what, value in sides.items()}
    done = subprocess.run(
        [ango_environment("1.4.10"), program],
        env={**os.environ, **given, "PROJECT": source},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    target = done.stdout.split()[-1]
    old, new = (server.api("GET", f"/v2/project/{uid}")["data"]["project"] for uid in (source, target))
    assert new["categorySchema"] == old["categorySchema"]
    moved = server.api("GET", f"/v2/project/{target}/assets?limit=100")["data"]["assets"]
    assert [asset["externalId"] for asset in moved] == [f"image_{number:05}.jpg" for number in range(1, 13)]
    assert [bool(asset["batches"]) for asset in moved] == [True, *[False] * 11]


SCHEMA = {
    "type": "object",
    "properties": {"threshold": {"type": "number", "minimum": 0, "maximum": 1}},
    "additionalProperties": False,
}


def test_a_config_that_the_schema_refuses_is_told_as_documented(server):
    plugin = server.new_plugin(name="Strict", config_schema=SCHEMA)
    project = server.new_project(plugin, assets=1)
    address = f"/api/v1/projects/{project}/plugins/{plugin['id']}/sessions"
    refused = server.request("POST", address, json={"config": {"threshold": 2}})
    assert refused.status_code in (400, 422)
    message = refused.json()["message"]
    assert message in (ROOT / "docs" / "config.md").read_text()


# --- what a session's key may do ---

MAY = {
    "get_project": "sdk.get_project(project)['data']['project']['_id'] == project",
    "list_projects": "[one['_id'] for one in sdk.list_projects()['data']['projects']] == [project]",
    "get_batches": "sdk.get_batches(project) == []",
    "get_assets": "sdk.get_assets(project)['data']['total'] == 2",
    "get_tasks": "sdk.get_tasks(project)['data']['total'] == 2",
    "get_task": "sdk.get_task(task)['data']['task']['_id'] == task",
    "get_issues": "sdk.get_issues(project)['data']['issues'] == []",
    "export": "len(sdk.export(project, ExportOptions(stage=[]))) == 2",
    "import_labels": "sdk.import_labels(project, [{'externalId': 'image_00001.jpg', 'objects': []}])"
    "['status'] == 'success'",
    "create_batch": "sdk.create_batch(project, 'Night')['status'] == 'success'",
    "create_batches": "sdk.create_batches(project, ['Rain'])['status'] == 'success'",
    "assign_batches": "sdk.assign_batches(project, [asset], ['Night'])['status'] == 'success'",
    "create_attachment": "sdk.create_attachment(project, [{'externalId': 'image_00001.jpg', 'attachments': "
    "[{'type': 'TEXT', 'value': 'Look'}]}])['status'] == 'success'",
    "upload_files": "sdk.upload_files(project, [__file__])['status'] == 'success'",
    "upload_files_cloud": "sdk.upload_files_cloud(project, [{'data': 'https://example.org/a.png', 'externalId': 'a'}])"
    "['status'] == 'success'",
}
MAY_NOT = {
    "another project": "sdk.get_project(other)",
    "make a project": "sdk.create_project('Mine')",
    "labeling tools": "sdk.create_label_set(project)",
    "stages": "sdk.update_workflow_stages(project, [])",
    "delete": "sdk.delete_assets(project, [asset])",
    "assign": "sdk.assign_task(project, [task], 'Label', 'admin')",
    "review": "sdk.review_task(task, ReviewStatus.ACCEPTED)",
    "priority": "sdk.update_tasks_priority(project, 1)",
    "requeue": "sdk.requeue_tasks(project, 'Label')",
    "raise an issue": "sdk.create_issue(task, 'Wrong')",
    "notify": "sdk.send_notification(['admin'], 'Hello')",
}
ASKING = """
from imerit_ango.models.enums import ReviewStatus
from imerit_ango.models.export_options import ExportOptions
other = json.loads(data['configJSON'])['other']
asset = sdk.get_assets(project)['data']['assets'][0]
asset, task = asset['_id'], asset['labelTasks'][0]['_id']
found = {{}}
for name, call in {calls!r}.items():
    try:
        found[name] = repr(eval(call))
    except Exception as error:
        found[name] = 'raised ' + str(error)
return found
"""


@pytest.fixture(scope="module")
def told(server, tmp_path_factory):
    """What a run of the first two of three assets got for each call."""
    plugin = server.new_plugin(name="Curious")
    project, other = server.new_project(plugin, assets=3), server.new_project(assets=1)
    path = tmp_path_factory.mktemp("keys") / "script.py"
    path.write_text(source_of("1.4.10", ASKING.format(calls=MAY | MAY_NOT), server.url, plugin))
    running = Script(ango_environment("1.4.10"), path)
    try:
        number = server.run(project, plugin, scope={"first": 2}, config={"other": other})
        yield json.loads(server.wait_state(number)["message"])
    finally:
        running.stop()


@pytest.mark.parametrize("name", MAY)
def test_a_sessions_key_may(told, name):
    assert told[name] == "True", told[name]


@pytest.mark.parametrize("name", MAY_NOT)
def test_a_sessions_key_may_not(told, name):
    assert told[name].startswith('raised {"status": "fail", "message": ')
    assert "A session's key cannot" in told[name] or name == "another project"


@pytest.mark.parametrize("name", [name for name in MAY if "_" in name])
def test_what_it_may_stands_in_the_document(name):
    assert f"`{name}`" in (ROOT / "docs" / "session-keys.md").read_text()


# --- what the clients have ---


@pytest.mark.dialect
@pytest.mark.parametrize("version", EVERY_VERSION)
def test_the_table_of_calls_says_what_the_sdk_has(server, version):
    has = set(Sdk(server, version)("answer = dir(sdk)"))
    rows = re.findall(r"^\| (`.+`) \| ((?:(?:yes|–)(?: \| )?)+) \|$", (ROOT / "docs" / "clients.md").read_text(), re.M)
    assert len(rows) > 10
    place = list(CLIENTS).index(version)
    for calls, words in rows:
        for call in re.findall(r"`(\w+)`", calls):
            assert (call in has) == (words.split(" | ")[place] == "yes"), call
