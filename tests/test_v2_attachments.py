"""`/v2` attachments: added to every asset of an external id, each once."""

import pytest

from pluginhost.actions import attachments
from pluginhost.models import Asset, AuditEvent

from . import makers
from .v2 import by_session, by_user

TEXT = {"type": "TEXT", "value": "Taken at night"}
IMAGE = {"type": "IMAGE", "value": "https://example.org/map.png"}


def attach(v2, project, *items):
    return v2.post("attachments", {"project": project.uid, "attachments": list(items)})


def to(number, *attachments):
    return {"externalId": f"image_{number:04}.jpg", "attachments": list(attachments)}


def attached(number):
    return Asset.objects.get(number=number).attachments


def test_attachments_are_added_beside_those_that_are_there(alice, project):
    v2 = by_user(alice)
    assert attach(v2, project, to(1, TEXT), to(2, TEXT, IMAGE))[1]["data"] == {"assets": 2}
    assert attach(v2, project, to(1, IMAGE, IMAGE), to(1, TEXT))[0] == 200
    assert (attached(1), attached(2), attached(3)) == ([TEXT, IMAGE], [TEXT, IMAGE], None)
    assert v2.data(f"project/{project.uid}/assets", {"limit": 1})["assets"][0]["attachments"] == [TEXT, IMAGE]
    assert AuditEvent.objects.filter(verb="assets.attachments_added").count() == 2


def test_all_assets_of_an_external_id_get_them(alice, project):
    Asset.objects.filter(number__in=[4, 5]).update(external_id="twin")
    assert attach(by_user(alice), project, {"externalId": "twin", "attachments": [TEXT]})[1]["data"] == {"assets": 2}
    assert attached(4) == attached(5) == [TEXT]


def test_our_own_files_are_handed_out_signed(alice, project):
    v2 = by_user(alice)
    url = v2.data("getUploadUrl", {"name": "map.png", "project": project.uid})["uploadUrl"]
    image = {"type": "IMAGE", "value": url.split("?")[0]}
    assert attach(v2, project, to(1, image))[0] == 400
    v2.client.put(url, b"\x89PNG\r\n\x1a\n")
    assert attach(v2, project, to(1, image))[0] == 200
    (shown,) = v2.data(f"project/{project.uid}/assets", {"limit": 1})["assets"][0]["attachments"]
    assert b"".join(v2.client.get(shown["value"]).streaming_content).startswith(b"\x89PNG")
    assert attached(1)[0]["value"].startswith("/files/")


def test_too_many_on_one_asset_change_none_of_the_others(alice, project, monkeypatch):
    monkeypatch.setattr(attachments, "_LOOKED_UP", 1)
    monkeypatch.setattr(attachments, "MOST_OF_ONE", 1)
    status, answer = attach(by_user(alice), project, to(1, TEXT), to(2, TEXT, IMAGE))
    assert (status, "Asset 2 would have more than 1" in answer["message"]) == (400, True)
    assert (attached(1), attached(2)) == (None, None)


def test_a_stranger_gets_404_and_who_may_not_add_403(charlie, bob, rita, project):
    assert attach(by_user(charlie), project, to(1, TEXT))[0] == 404
    assert attach(by_user(bob), project, to(1, TEXT))[0] == attach(by_user(rita), project, to(1, TEXT))[0] == 403
    assert attached(1) is None


def test_a_session_key_adds_them_in_its_scope(alice, organization, project, plugin):
    v2, _ = by_session(alice, project, plugin, scope={"first": 2})
    assert attach(v2, project, to(2, TEXT))[0] == 200
    status, answer = attach(v2, project, to(1, TEXT), to(3, TEXT))
    assert status == 400
    assert "in the scope of this session" in answer["message"]
    other = makers.make_project(alice, organization, assets=1, name="Other")
    assert attach(v2, other, to(1, TEXT))[0] == 404
    assert (attached_of(project, 1), attached_of(project, 3)) == (None, None)


def attached_of(project, number):
    return Asset.objects.get(project=project, number=number).attachments


@pytest.mark.parametrize(
    ("items", "path"),
    [
        (None, "attachments"),
        ([], "attachments"),
        (["x"], "attachments[0].externalId"),
        ([{"attachments": [TEXT]}], "attachments[0].externalId"),
        ([{"externalId": 5, "attachments": [TEXT]}], "attachments[0].externalId"),
        ([to(1)], "attachments[0].attachments"),
        ([to(1, "x")], "attachments[0].attachments[0]"),
        ([to(1, {"type": "SOUND", "value": "x"})], "attachments[0].attachments[0].type"),
        ([to(1, {"type": "TEXT", "value": 5})], "attachments[0].attachments[0].value"),
        ([to(1, TEXT), to(9, TEXT)], "attachments[1].externalId"),
    ],
)
def test_what_means_nothing_is_refused_and_named(alice, project, items, path):
    status, answer = by_user(alice).post("attachments", {"project": project.uid, "attachments": items})
    assert (status, answer["errors"][0]["path"]) == (400, path)
    assert attached(1) is None


def test_an_asset_has_so_many_and_no_more(alice, project):
    many = [{"type": "TEXT", "value": str(number)} for number in range(1001)]
    status, answer = attach(by_user(alice), project, to(1, *many))
    assert status == 400
    assert "more than 1,000" in answer["message"]
    assert attached(1) is None


def test_the_project_has_to_be_named(alice, project):
    assert by_user(alice).post("attachments", {"attachments": [to(1, TEXT)]})[0] == 400
