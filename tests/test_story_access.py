"""Strangers see nothing, and members what their role allows: pages, the API, `/v2` and the WebSockets alike."""

from __future__ import annotations

import re

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from dashboard.urls import urlpatterns

from .peer import peer_of
from .visitor import PASSWORD, Visitor, make_member, make_people

pytestmark = pytest.mark.story
PAGES = (
    "/plugins/{plugin}/",
    "/plugins/{plugin}/development/",
    "/plugins/{plugin}/connections/",
    "/plugins/{plugin}/sessions/",
    "/projects/{project}/",
    "/projects/{project}/assets/1/",
    "/projects/{project}/labeling-tools/",
    "/projects/{project}/batches/",
    "/projects/{project}/plugins/",
    "/projects/{project}/sessions/",
    "/projects/{project}/imports/",
    "/sessions/{session}/",
    "/sessions/{session}/results/",
    "/sessions/{session}/inputs/",
    "/sessions/{session}/timeline/",
    "/sessions/{session}/log/",
    "/imports/{imported}/",
)
OWNERS_PAGES = (
    "/plugins/{plugin}/settings/",
    "/projects/{project}/settings/",
    "/projects/{project}/plugins/{plugin}/run/",
)
CHANGES = (
    "/plugins/{plugin}/secret/",
    "/plugins/{plugin}/rotate/",
    "/plugins/{plugin}/quarantine/",
    "/plugins/{plugin}/release/",
    "/plugins/{plugin}/delete/",
    "/projects/{project}/assets/add/",
    "/projects/{project}/labeling-tools/",
    "/projects/{project}/labeling-tools/check/",
    "/projects/{project}/settings/",
    "/projects/{project}/delete/",
    "/projects/{project}/plugins/{plugin}/enable/",
    "/projects/{project}/plugins/{plugin}/disable/",
    "/projects/{project}/plugins/{plugin}/run/",
    "/sessions/{session}/cancel/",
    "/sessions/{session}/rerun/",
    "/sessions/{session}/rename/",
)
CALLS = (
    "/api/v1/plugins/{plugin}",
    "/api/v1/plugins/{plugin}/connections",
    "/api/v1/projects/{project}",
    "/api/v1/projects/{project}/plugins",
    "/api/v1/sessions/{session}",
    "/api/v1/sessions/{session}/log",
    "/api/v1/sessions/{session}/imports",
    "/api/v1/imports/{imported}",
    "/api/v1/imports/{imported}/items",
    "/v2/project/{project}",
    "/v2/project/{project}/assets",
    "/v2/project/{project}/tasks",
    "/v2/task/{task}",
)
CHANGING_CALLS = (
    ("GET", "/api/v1/plugins/{plugin}/secret", None),
    ("POST", "/api/v1/plugins/{plugin}/rotate-secret", {}),
    ("PATCH", "/api/v1/plugins/{plugin}", {"name": "Mine"}),
    ("DELETE", "/api/v1/plugins/{plugin}", None),
    ("POST", "/api/v1/projects/{project}/plugins/{plugin}/sessions", {}),
    ("PUT", "/api/v1/projects/{project}/plugins/{plugin}", {}),
    ("POST", "/api/v1/sessions/{session}/cancel", {}),
    ("POST", "/api/v1/sessions/{session}/rerun", {}),
    ("PATCH", "/api/v1/projects/{project}", {"name": "Mine"}),
    ("DELETE", "/api/v1/projects/{project}", None),
    ("POST", "/v2/project/{project}", {"categorySchema": {"tools": []}}),
    ("POST", "/v2/project/{project}/cloud", {"assets": [{"data": "x", "externalId": "x"}]}),
    ("POST", "/v2/import/labels", {"project": "{project}", "jsonContent": []}),
)
SOCKETS = ("/ws/look/?watch=plugin:{plugin}", "/ws/look/?watch=project:{project}", "/ws/sessions/{session}/")


@pytest.fixture(scope="module")
def names(server):
    """Everything of the owner's that others may ask for, with one ended session and its import."""
    plugin = server.new_plugin(name="Private plugin")
    project = server.new_project(plugin, assets=2)
    number = server.run(project, plugin)
    with peer_of(server, plugin) as peer:
        order = peer.wait_order()
        label = {"externalId": "image_00001.jpg", "objects": []}
        server.api("POST", "/v2/import/labels", {"project": project, "jsonContent": [label]}, key=order["apiKey"])
        peer.log(order["session"], "private line")
        peer.emit("response", {"response": "private message", "session": order["session"]})
        server.wait_state(number)
    imported = server.api("GET", f"/api/v1/sessions/{number}/imports")["items"][0]["id"]
    task = server.api("GET", f"/v2/project/{project}/tasks")["data"]["tasks"][0]["_id"]
    return {"plugin": plugin["id"], "project": project, "session": number, "imported": imported, "task": task}


@pytest.fixture(scope="module")
def people(server, names):
    make_people(server, "bob", "charlie")
    make_member(server, "bob", "viewer")
    return {
        "admin": Visitor(server).sign_in(),
        "bob": Visitor(server).sign_in("bob", PASSWORD),
        "charlie": Visitor(server).sign_in("charlie", PASSWORD),
        "nobody": Visitor(server),
    }


@pytest.fixture(scope="module")
def keys(server, people):
    return {"admin": server.key, "bob": server.create_key("bob"), "charlie": server.create_key("charlie")}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_there_for_members_only(names, people, path):
    address = path.format(**names)
    answers = {name: visitor.get(address).status_code for name, visitor in people.items()}
    assert answers == {"admin": 200, "bob": 200, "charlie": 404, "nobody": 302}


@pytest.mark.parametrize("path", OWNERS_PAGES)
def test_a_page_that_changes_things_is_for_more_than_viewers(names, people, path):
    address = path.format(**names)
    answers = {name: visitor.get(address).status_code for name, visitor in people.items()}
    assert answers == {"admin": 200, "bob": 403, "charlie": 404, "nobody": 302}


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_is_not_for_viewers_and_not_there_for_strangers(names, people, path):
    address = path.format(**names)
    answers = {name: people[name].post(address).status_code for name in ("bob", "charlie", "nobody")}
    assert answers == {"bob": 403, "charlie": 404, "nobody": 302}


@pytest.mark.parametrize("route", [str(one.pattern) for one in urlpatterns if "<" in str(one.pattern)])
def test_every_address_of_an_object_is_not_there_for_strangers(names, people, route):
    """Whatever is added to the table of contents: with a wrong method it may be 405, which says nothing either."""
    address = "/" + filled(route, names)
    answers = {people["charlie"].get(address).status_code, people["charlie"].post(address).status_code}
    assert 404 in answers
    assert answers <= {404, 405}


def filled(route, names):
    """The route with the ids of what is there, and 1 for other numbers."""
    own = names["plugin"] if route.startswith("plugins/") else names["project"]
    known = {"uid": own, "plugin_uid": names["plugin"], "session_id": names["session"], "import_id": names["imported"]}
    return re.sub(r"<\w+:(\w+)>", lambda found: str(known.get(found[1], 1)), route)


@pytest.mark.parametrize("path", CALLS)
def test_a_call_answers_members_only(server, names, keys, path):
    address = path.format(**names)
    answers = {name: server.request("GET", address, key=key).status_code for name, key in keys.items()}
    assert answers == {"admin": 200, "bob": 200, "charlie": 404}
    assert server.request("GET", address, key="ph_wrong").status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), CHANGING_CALLS)
def test_a_changing_call_is_not_for_viewers_and_not_there_for_strangers(server, names, keys, method, path, body):
    filled = {**body, "project": names["project"]} if body and "project" in body else body
    statuses = {
        name: server.request(method, path.format(**names), key=keys[name], json=filled).status_code
        for name in ("bob", "charlie")
    }
    assert statuses == {"bob": 403, "charlie": 404}


@pytest.mark.parametrize("path", ["/api/v1/plugins", "/api/v1/projects", "/api/v1/sessions"])
def test_lists_hold_nothing_for_strangers(server, names, keys, path):
    assert server.api("GET", path, key=keys["charlie"])["items"] == []
    assert server.api("GET", path, key=keys["bob"])["items"] != []


@pytest.mark.parametrize("path", ["/plugins/", "/projects/", "/sessions/"])
def test_list_pages_name_nothing_to_strangers(names, people, path):
    said = people["charlie"].page(path)
    assert "Private plugin" not in said
    assert names["project"] not in said


def test_v2_lists_no_project_for_strangers(server, names, keys):
    listed = server.api("GET", "/v2/listProjects", key=keys["charlie"])["data"]
    assert (listed["projects"], listed["total"]) == ([], 0)


@pytest.mark.parametrize("path", SOCKETS)
def test_a_websocket_opens_for_members_only(server, names, people, path):
    address = path.format(**names)
    assert opens(server, address, people["bob"])
    assert not opens(server, address, people["charlie"])
    assert not opens(server, address, people["nobody"])


def test_a_websocket_from_another_site_is_refused(server, names, people):
    address = "/ws/sessions/{session}/".format(**names)
    assert not opens(server, address, people["admin"], origin="http://evil.example")


def opens(server, path, visitor, origin=None):
    """Whether the socket is let in, and stays so."""
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    address = server.url.replace("http", "ws", 1) + path
    try:
        with connect(
            address, additional_headers={"Cookie": cookie}, origin=origin or server.url, open_timeout=20
        ) as socket:
            socket.recv(2)
            return True
    except TimeoutError:
        return True
    except InvalidStatus as refused:
        return refused.response.status_code not in (403, 404)
    except ConnectionClosed as closed:
        return closed.rcvd is None or closed.rcvd.code not in (4401, 4403, 4404)
