"""Paste-and-check: what would become of an import, by the same code that imports, with nothing stored."""

import io
import json

import pytest
from django.test import Client

from pluginhost import import_checks
from pluginhost.errors import Invalid, TooLarge
from pluginhost.models import Asset, Import, Notice, PreLabel, Rejection, Task
from pluginhost.protocol.import_items import CODES, NOTICES

from . import makers
from .v2 import item

BAD = {"schemaId": "c" * 24, "bounding-box": {"x": 1, "y": 2, "width": 0, "height": 4}}


@pytest.fixture(autouse=True)
def nothing_is_stored(db):
    yield
    assert not any(model.objects.exists() for model in (Import, PreLabel, Rejection, Notice))


def check(project, given):
    return import_checks.check(project, io.BytesIO(given if isinstance(given, bytes) else json.dumps(given).encode()))


def test_it_works(project):
    checked = check(project, {"jsonContent": [item(1), item(2, BAD), item(9), item(1, makers.box("b" * 24)), item(1)]})
    assert (checked.items, checked.accepted, checked.rejected, checked.unchanged) == (5, 2, 2, 1)
    assert (checked.assets, checked.objects) == (1, 2)
    assert checked.classes == {"c" * 24: 1, "b" * 24: 1}
    assert checked.reasons == {"degenerate": 1, "unknown_asset": 1}
    assert [one.path for one in checked.refused] == ["[1].objects[0].bounding-box.width", "[2].externalId"]
    assert checked.notices == {"merged": 1, "repeated": 1}


@pytest.mark.parametrize("shape", [lambda items: items, lambda items: {"labels": items, "project": "whatever"}])
def test_a_list_by_itself_and_the_older_name_are_understood(project, shape):
    assert check(project, shape([item(1), item(2)])).accepted == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "must be a JSON object"),
        (b"hello", "must be a JSON object"),
        (b"{}", "jsonContent: This must be a list of items."),
        (b'{"jsonContent": {}}', "jsonContent: This must be a list of items."),
        (b'{"jsonContent": [], "jsonContent": []}', "jsonContent stands twice"),
        (b'{"jsonContent": [], "labels": []}', "two names of one list"),
        (b"[{}", "a comma or the list's end was expected"),
        (b"[] []", "nothing more was expected"),
        (b'["\xff"]', "This is not UTF-8"),
    ],
)
def test_what_is_no_import_is_said_to_be_none(project, body, said):
    with pytest.raises(Invalid, match=said):
        check(project, body)


def test_more_than_a_check_takes_is_too_large(project, settings):
    settings.PLUGINHOST_BODY_LIMIT = 1000
    with pytest.raises(TooLarge, match="check a part of it"):
        check(project, [item(1)] * 50)


def test_the_scope_of_a_check_is_the_project(project):
    Task.objects.filter(asset__number=1).update(status=Task.Status.COMPLETED, stage=Task.COMPLETE)
    assert check(project, [item(1), item(2)]).reasons == {"not_todo": 1}


def test_items_of_one_asset_are_put_together_however_far_apart_they_stand(project, monkeypatch):
    monkeypatch.setattr("pluginhost.import_checks._AT_ONCE", 2)
    checked = check(project, [item(1), item(2), item(3), item(1), item(1, makers.box(x=3)), "text", item(4)])
    assert (checked.accepted, checked.unchanged, checked.rejected, checked.assets) == (5, 1, 1, 4)
    assert checked.refused[0].index == 5


def test_it_takes_few_queries(project, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        check(project, [item(number) for number in range(1, 900)])


# --- by the API ---


def post(user, project, body, content_type="application/json"):
    headers = {"Authorization": f"Bearer {makers.make_api_key(user)}"} if user else {}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Client().post(
        f"/api/v1/projects/{project.uid}/imports/check", raw, content_type=content_type, headers=headers
    )
    return response.status_code, response.json()


def test_the_api_tells_each_reason_with_its_sentence(alice, project):
    status, told = post(alice, project, {"jsonContent": [item(1), item(2, BAD)]})
    assert (status, told["accepted"], told["rejected"], told["assets"]) == (200, 1, 1, 1)
    assert told["reasons"] == [{"code": "degenerate", "count": 1, "sentence": CODES["degenerate"]}]
    (rejection,) = told["rejections"]
    assert rejection == {
        "index": 1,
        "external_id": "image_0002.jpg",
        "asset": project.assets.get(number=2).uid,
        "code": "degenerate",
        "path": "[1].objects[0].bounding-box.width",
        "message": "The width must not be 0.",
    }


def test_the_api_tells_notices_with_the_asset(alice, project):
    _, told = post(alice, project, [item(1, makers.box(x=630))])
    assert told["notices"] == [{"code": "outside_image", "count": 1, "sentence": NOTICES["outside_image"]}]
    assert told["remarks"][0]["asset"] == Asset.objects.get(number=1).uid


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b'{"items": []}', b"\xff", b"NaN", b"[" * 10_000])
def test_the_api_refuses_what_is_no_import(alice, project, body):
    status, told = post(alice, project, body)
    assert (status, told["status"]) == (400, "error")
    assert told["message"]


def test_the_api_needs_a_key(project):
    assert post(None, project, [])[0] == 401


def test_a_viewer_may_check(bob, project):
    assert post(bob, project, [item(1)])[1]["accepted"] == 1


def test_a_stranger_gets_404(charlie, project):
    assert post(charlie, project, [item(1)])[0] == 404


# --- on the page ---


@pytest.fixture
def page(alice, project):
    client = Client()
    client.force_login(alice)
    return lambda **given: client.post(f"/projects/{project.uid}/imports/check/", given)


def said(response):
    return response.content.decode()


def test_the_page_asks_for_json(alice, project):
    client = Client()
    client.force_login(alice)
    shown = said(client.get(f"/projects/{project.uid}/imports/check/"))
    assert 'name="text" id="id_text"' in shown
    assert 'type="file"' in shown


def test_the_page_says_what_it_does_not_look_at(alice, project, settings):
    settings.PLUGINHOST_BODY_LIMIT = 3 * 2**20
    client = Client()
    client.force_login(alice)
    shown = said(client.get(f"/projects/{project.uid}/imports/check/"))
    for words in ("A session's scope.", "out_of_scope", "What is there already.", "More than 3 MB."):
        assert words in shown
    assert f'data-most-bytes="{3 * 2**20 - 2_048}"' in shown


def test_the_page_tells_what_would_become_of_it(page):
    shown = said(page(text=json.dumps([item(1), item(2, BAD)])))
    assert "[1].objects[0].bounding-box.width" in shown
    assert "The width must not be 0." in shown
    assert CODES["degenerate"] in shown


def test_a_file_is_checked_too(page):
    shown = said(page(file=io.BytesIO(json.dumps([item(1, makers.box(x=630))]).encode())))
    assert NOTICES["outside_image"] in shown


def test_the_page_says_where_it_is_no_json(page):
    response = page(text='[{"externalId": }]')
    assert response.status_code == 200
    assert "This is not JSON at character 16" in said(response)


def test_the_page_asks_again_where_nothing_was_given(page):
    assert "Paste the JSON or choose a file" in said(page(text=" "))
    assert "not both" in said(page(text="[]", file=io.BytesIO(b"[]")))


def test_what_was_pasted_is_shown_again_and_never_as_markup(page):
    shown = said(page(text='[{"externalId": "<script>alert(1)</script>"}]'))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_a_good_import_is_said_to_be_good(page):
    assert "would be taken" in said(page(text=json.dumps([item(1), item(2)])))


def test_the_page_of_a_strangers_project_is_404(charlie, project):
    client = Client()
    client.force_login(charlie)
    assert client.get(f"/projects/{project.uid}/imports/check/").status_code == 404
    assert client.post(f"/projects/{project.uid}/imports/check/", {"text": "[]"}).status_code == 404


def test_the_page_takes_few_queries(page, django_assert_max_num_queries):
    text = json.dumps([item(1), item(2, BAD), item(9)] * 50)
    with django_assert_max_num_queries(14):
        page(text=text)
