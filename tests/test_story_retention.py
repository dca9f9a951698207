"""Retention through a real server: the owner sets the rule in the page, and its worker does the rest."""

from __future__ import annotations

import pytest

from .peer import peer_of
from .visitor import Visitor
from .waiting import until

pytestmark = pytest.mark.story

AGED = (
    "from datetime import timedelta; from django.utils import timezone; from pluginhost.models import Session; "
    "Session.objects.filter(pk={number}).update(finished_at=timezone.now() - timedelta(days=40))"
)


def test_what_is_kept_no_longer_goes_right_after_the_rule_was_set(server):
    plugin = server.new_plugin(name="Kept")
    number = server.run(server.new_project(plugin), plugin)
    with peer_of(server, plugin):
        server.wait_online(plugin)
        server.api("POST", f"/api/v1/sessions/{number}/cancel")
        server.wait_state(number)
    server.manage("shell", "-c", AGED.format(number=number))
    (organization,) = server.api("GET", "/api/v1/me")["organizations"]
    asked = {"session_days": "30", "is_meant": "1"}
    answer = Visitor(server).sign_in().post(f"/organizations/{organization['id']}/retention/", asked)
    assert answer.status_code == 302, answer.text[:500]
    gone = f"/api/v1/sessions/{number}"
    until(lambda: server.request("GET", gone).status_code == 410, "the old session to be deleted")
    assert "sessions are kept for 30 days here" in server.request("GET", gone).json()["message"]
