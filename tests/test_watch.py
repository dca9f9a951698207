"""On SQLite the database's own version is the nudge between processes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect

from dashboard.serve.watch import Version
from pluginhost import nudge
from pluginhost.models import User

from .server import Server
from .visitor import Visitor

pytestmark = pytest.mark.sqlite


@pytest.mark.story
def test_what_another_process_writes_is_looked_at(new_server):
    server: Server = new_server()
    visitor = Visitor(server).sign_in()
    plugin = server.new_plugin()
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    url = f"ws://127.0.0.1:{server.port}/ws/look/?watch=plugin:{plugin['id']}"
    with connect(url, additional_headers={"Cookie": cookies}, origin=server.url) as line:
        server.manage("createapikey", "admin")
        assert json.loads(line.recv(timeout=30)) == {"look": True}


@pytest.fixture
def version(transactional_db: None) -> Iterator[Version]:
    made = Version()
    yield made
    made.close()


def test_a_write_without_a_nudge_is_news_once(version):
    User.objects.create_user("dora")
    assert version.has_news()
    assert not version.has_news()


def test_what_was_nudged_for_is_no_news(version):
    """Else everybody would look at each line that comes."""
    User.objects.create_user("dora")
    nudge.project(1)
    assert not version.has_news()


def test_without_a_write_there_is_no_news(version):
    assert not version.has_news()
