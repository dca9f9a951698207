"""Imports over the real line: bodies that break off, scripts that import at once, a server that dies in the middle."""

from __future__ import annotations

import json
import socket
import threading

import pytest
import requests

from .waiting import until

pytestmark = pytest.mark.story
LIVE = (
    "SELECT COUNT(*) FROM pluginhost_prelabel p JOIN pluginhost_import i ON i.id = p.origin_id"
    " WHERE i.state = 'applied'"
)
RECEIVING = LIVE.replace("'applied'", "'receiving'")


def items_for(server, project, count, x=1):
    (tool,) = server.rows("SELECT category_schema FROM pluginhost_project WHERE uid = ?", project)[0]
    tools = (json.loads(tool) if isinstance(tool, str) else tool)["tools"]
    box = {"schemaId": tools[0]["schemaId"], "bounding-box": {"x": x, "y": 2, "width": 3, "height": 4}}
    return [{"externalId": f"image_{number:05}.jpg", "objects": [box]} for number in range(1, count + 1)]


def send(server, project, items):
    return server.api("POST", "/v2/import/labels", {"project": project, "jsonContent": items})["data"]


def test_a_connection_that_is_cut_in_the_middle_of_the_body_leaves_nothing(server):
    project = server.new_project(assets=3)
    before = server.rows("SELECT COUNT(*) FROM pluginhost_import")
    body = json.dumps({"project": project, "jsonContent": items_for(server, project, 3)}).encode()
    head = (
        f"POST /v2/import/labels HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\napikey: {server.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(head.encode() + body[:-20])
    assert send(server, project, [])["items"] == 0  # it still answers
    assert server.rows("SELECT COUNT(*) FROM pluginhost_import") == [(before[0][0] + 1,)]
    assert server.rows(f"{LIVE} AND i.project_id = (SELECT id FROM pluginhost_project WHERE uid = ?)", project) == [
        (0,)
    ]


def test_two_scripts_that_import_the_same_assets_at_once(server):
    project = server.new_project(assets=400)
    both = [items_for(server, project, 400, x) for x in (1, 2)]
    told = []
    senders = [threading.Thread(target=lambda mine=mine: told.append(send(server, project, mine))) for mine in both]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(120)
    assert [one["accepted"] + one["unchanged"] for one in told] == [400, 400]
    query = (
        "SELECT applied_seq FROM pluginhost_import i JOIN pluginhost_project p ON p.id = i.project_id WHERE p.uid = ?"
    )
    assert sorted(server.rows(query, project)) == [(1,), (2,)]
    page = server.api("GET", f"/v2/project/{project}/tasks?limit=400&includeAnswer=true")["data"]["tasks"]
    drawn = [[tool["bounding-box"]["x"] for tool in task["answer"]["tools"]] for task in page]
    assert drawn in ([[1]] * 400, [[2]] * 400)  # the later one as a whole


def test_a_server_that_is_killed_in_the_middle_keeps_nothing_and_a_retry_doubles_nothing(new_server):
    server = new_server()
    project = server.new_project(assets=3_000)
    first = items_for(server, project, 3_000)
    items = first + [
        {**one, "objects": [{**one["objects"][0], "objectId": str(n)}]} for n in range(12) for one in first
    ]
    assert server.key  # made before the time that counts
    sender = threading.Thread(target=lambda: _send_in_vain(server, project, items))
    sender.start()
    until(lambda: server.rows(RECEIVING)[0][0] > 0, "rows of an import that is being received", within=60)
    server.kill_child()
    sender.join(120)
    server.wait_ready()
    assert server.rows(LIVE) == [(0,)]
    assert server.api("GET", f"/api/v1/projects/{project}")["counts"]["pre_labeled"] == 0
    data = send(server, project, first)
    assert (data["accepted"], data["unchanged"], data["rejected"]) == (3_000, 0, 0)
    assert send(server, project, first)["unchanged"] == 3_000
    page = server.api("GET", f"/v2/project/{project}/tasks?limit=500&includeAnswer=true")["data"]["tasks"]
    assert all(len(task["answer"]["tools"]) == 1 for task in page)
    assert server.api("GET", f"/api/v1/projects/{project}")["counts"]["pre_labeled"] == 3_000


def _send_in_vain(server, project, items):
    try:
        send(server, project, items)
    except requests.ConnectionError:
        return
    raise AssertionError("the server answered before it was killed")
