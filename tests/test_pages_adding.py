"""Adding assets on the pages: files, lists of addresses, and what the page's script asks for."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dashboard.forms import adding
from pluginhost.actions import uploads
from pluginhost.models import Asset, AuditEvent, Batch, StoredFile

from . import makers

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture(autouse=True)
def files_here(settings, tmp_path):
    settings.PLUGINHOST_FILES_DIR = tmp_path


def send(client, project, by, **given):
    address = f"{reverse('project_assets_add', args=[project.uid])}?by={by}"
    return client.post(address, given, follow=True)


def said(response):
    return response.content.decode()


def ask(client, project, name, given):
    response = client.post(reverse(name, args=[project.uid]), json.dumps(given), content_type="application/json")
    return response.status_code, response.json()


def added(project):
    """(external id, data) of the assets past the first five."""
    return list(
        Asset.objects.filter(project=project, number__gt=5).order_by("number").values_list("external_id", "data")
    )


def upload(client, project, name, body=PNG):
    """Put a file as the page does; its key."""
    _, given = ask(client, project, "project_uploads_reserve", {"names": [name]})
    (place,) = given["files"]
    assert Client().put(place["url"], body, content_type="application/octet-stream").status_code == 200
    return place["key"]


# --- who ---


@pytest.mark.parametrize("by", ["files", "addresses", "csv", "nonsense"])
def test_a_manager_is_shown_each_way(as_alice, project, by):
    assert as_alice.get(reverse("project_assets_add", args=[project.uid]), {"by": by}).status_code == 200


@pytest.mark.parametrize("name", ["project_uploads_reserve", "project_uploads_add", "project_assets_known"])
def test_only_managers_ask_and_strangers_learn_nothing(client, bob, charlie, project, name):
    for user, status in ((bob, 403), (charlie, 404)):
        client.force_login(user)
        answer, given = ask(client, project, name, {"names": ["a.jpg"], "externalIds": ["image_0001.jpg"], "files": []})
        assert (answer, set(given)) == (status, {"message"})


@pytest.mark.parametrize("name", ["project_uploads_reserve", "project_uploads_add", "project_assets_known"])
def test_another_site_cannot_ask(alice, project, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(reverse(name, args=[project.uid]), "{}", content_type="application/json").status_code == 403


# --- a list of addresses ---


def test_assets_are_added_by_their_addresses(as_alice, project):
    lines = (
        "https://example.org/a.jpg\nstreet b\thttps://example.org/b.jpg\n\nstreet c , https://example.org/c.jpg?x=1,2\n"
    )
    response = send(as_alice, project, "addresses", lines=lines, batch=" night ")
    assert added(project) == [
        ("a.jpg", "https://example.org/a.jpg"),
        ("street b", "https://example.org/b.jpg"),
        ("street c", "https://example.org/c.jpg?x=1,2"),
    ]
    assert Batch.objects.get(project=project, name="night").places.count() == 3
    assert f"{reverse('project', args=[project.uid])}?after=5" in said(response)
    assert AuditEvent.objects.get(verb="assets.added").details["count"] == 3


def test_a_comma_in_an_address_parts_nothing(as_alice, project):
    send(as_alice, project, "addresses", lines="https://example.org/w_100,h_100/a.jpg")
    assert added(project) == [("a.jpg", "https://example.org/w_100,h_100/a.jpg")]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("nonsense", "an address begins with http:// or https://, not «nonsense»"),
        ("s3://bucket/a.jpg", "an address begins with"),
        ("https:///a.jpg", "names no server"),
        ("http://[", "names no server"),
        ("https://example.org/a b.jpg", "write it as %20"),
        ("x" * 1001 + "\thttps://example.org/a.jpg", "longer than 1,000"),
        ("id\t", "an address begins with"),
    ],
)
def test_a_line_that_is_no_address_is_named(as_alice, project, line, sentence):
    shown = said(send(as_alice, project, "addresses", lines=f"https://example.org/a.jpg\n\n{line}", batch="night"))
    assert "Line 3:" in shown
    assert sentence in shown
    assert "https://example.org/a.jpg" in shown  # what was typed is still there
    assert added(project) == []
    assert not Batch.objects.exists()


def test_of_many_wrong_lines_the_first_are_named_and_the_others_counted(as_alice, project):
    shown = said(send(as_alice, project, "addresses", lines="x\n" * 50))
    assert "Line 20:" in shown
    assert "Line 21:" not in shown
    assert "30 more lines are wrong." in shown


@pytest.mark.parametrize("lines", ["", " \n\n"])
def test_adding_nothing_is_refused(as_alice, project, lines):
    assert "Give at least one address" in said(send(as_alice, project, "addresses", lines=lines))


def test_external_ids_that_are_there_are_asked_about_first(as_alice, project):
    lines = "https://example.org/image_0001.jpg\nhttps://example.org/new.jpg"
    shown = said(send(as_alice, project, "addresses", lines=lines, batch="night"))
    assert "1 external ID is in the project already:</b> image_0001.jpg" in shown
    assert added(project) == []
    assert "1 asset skipped" in said(send(as_alice, project, "addresses", lines=lines, duplicates="skip"))
    assert [name for name, _ in added(project)] == ["new.jpg"]
    send(as_alice, project, "addresses", lines=lines, duplicates="add")
    assert [name for name, _ in added(project)] == ["new.jpg", "image_0001.jpg", "new.jpg"]


def test_skipping_everything_says_that_nothing_was_added(as_alice, project):
    lines = "https://example.org/image_0001.jpg"
    assert "Nothing was added." in said(send(as_alice, project, "addresses", lines=lines, duplicates="skip"))


# --- files, without script ---


def test_files_are_uploaded_with_the_form(as_alice, project):
    given = [SimpleUploadedFile("a.png", PNG), SimpleUploadedFile("notes.txt", b"words")]
    send(as_alice, project, "files", files=given, batch="night", duplicates="skip")
    assert [name for name, _ in added(project)] == ["a.png", "notes.txt"]
    assert all(data.startswith("/files/") for _, data in added(project))
    assert Batch.objects.get().places.count() == 2


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("a.exe", b"MZ", "Files that end in .exe are not taken"),
        ("a.zip", b"PK", "Unpack it"),
        ("README", b"x", "has no ending"),
        ("a.png", b"", "The file is empty"),
        ("a.png", b"<html>", "is not such a picture"),
    ],
)
def test_a_file_that_is_no_asset_is_refused_with_a_reason(as_alice, project, name, body, sentence):
    shown = said(send(as_alice, project, "files", files=[SimpleUploadedFile(name, body)]))
    assert sentence in shown
    assert name in shown
    assert added(project) == []


def test_no_file_at_all_is_said(as_alice, project):
    assert "Choose at least one file." in said(send(as_alice, project, "files"))


# --- files, as the page's script sends them ---


def test_each_file_has_a_place_and_becomes_an_asset(as_alice, alice, project):
    keys = [upload(as_alice, project, name) for name in ("a.png", "b.png")]
    files = [{"key": key, "externalId": f"night/{n}.png"} for n, key in enumerate(keys)]
    _, given = ask(as_alice, project, "project_uploads_add", {"files": files, "batch": "night"})
    shown = f"{reverse('project', args=[project.uid])}?after=5"
    assert given == {"added": 2, "skipped": [], "refused": {}, "shown": shown, "numbers": "6-7"}
    assert added(project) == [(f"night/{n}.png", f"/files/{key}") for n, key in enumerate(keys)]
    assert Batch.objects.get().places.count() == 2


def test_sent_again_nothing_is_added_twice(as_alice, project):
    files = [{"key": upload(as_alice, project, "a.png"), "externalId": "a.png"}]
    for duplicates in ("skip", "add", "add"):
        answer = ask(as_alice, project, "project_uploads_add", {"files": files * 2, "duplicates": duplicates})
        assert answer[1]["added"] == 1
    assert len(added(project)) == 1


def test_known_external_ids_are_skipped_or_added(as_alice, project):
    first, second = upload(as_alice, project, "a.png"), upload(as_alice, project, "a.png")
    files = [{"key": first, "externalId": "image_0001.jpg"}, {"key": second, "externalId": "new.png"}]
    _, given = ask(as_alice, project, "project_uploads_add", {"files": files, "duplicates": "skip"})
    assert (given["added"], given["skipped"]) == (1, [first])
    _, given = ask(as_alice, project, "project_uploads_add", {"files": files[:1], "duplicates": "add"})
    assert (given["added"], given["skipped"]) == (1, [])


def test_what_did_not_arrive_or_is_no_picture_is_refused(as_alice, project):
    empty, fake = upload(as_alice, project, "a.png", b""), upload(as_alice, project, "b.png", b"<html>")
    missing = ask(as_alice, project, "project_uploads_reserve", {"names": ["c.png"]})[1]["files"][0]["key"]
    files = [{"key": key, "externalId": "x" * (1001 if key == "d" else 1)} for key in (empty, fake, missing, "d")]
    _, given = ask(as_alice, project, "project_uploads_add", {"files": files})
    assert given["added"] == 0
    assert "empty" in given["refused"][empty]
    assert "not such a picture" in given["refused"][fake]
    assert "did not arrive whole" in given["refused"][missing]
    assert "not there any more" in given["refused"]["d"]


def test_a_name_too_long_is_refused(as_alice, project):
    key = upload(as_alice, project, "a.png")
    _, given = ask(as_alice, project, "project_uploads_add", {"files": [{"key": key, "externalId": "x" * 1001}]})
    assert "longer than 1,000" in given["refused"][key]


def test_uploads_of_others_are_not_to_be_had(as_alice, alice, organization, project, charlie):
    other = makers.make_project(alice, organization, name="Other")
    key = upload(as_alice, other, "a.png")
    _, given = ask(as_alice, project, "project_uploads_add", {"files": [{"key": key, "externalId": "a"}]})
    assert given["added"] == 0
    theirs = makers.make_project(charlie, makers.make_organization(charlie))
    (place,) = uploads.reserve(makers.principal(charlie), theirs, ["x.png"])
    _, given = ask(as_alice, project, "project_uploads_add", {"files": [{"key": place.key, "externalId": "a"}]})
    assert given["refused"]


def test_places_are_refused_by_name(as_alice, project):
    _, given = ask(as_alice, project, "project_uploads_reserve", {"names": ["a.exe", "b.jpg", "c.zip"]})
    first, second, third = given["files"]
    assert "not taken" in first["refused"]
    assert second["url"].startswith("/files/")
    assert "Unpack" in third["refused"]
    assert StoredFile.objects.count() == 1


def test_the_page_asks_which_external_ids_are_there(as_alice, project):
    _, given = ask(as_alice, project, "project_assets_known", {"externalIds": ["image_0001.jpg", "new.jpg"]})
    assert given == {"known": ["image_0001.jpg"]}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("project_uploads_reserve", {}),
        ("project_uploads_reserve", {"names": "a.jpg"}),
        ("project_uploads_reserve", {"names": [1]}),
        ("project_uploads_reserve", {"names": ["a.jpg"] * 201}),
        ("project_uploads_reserve", []),
        ("project_uploads_add", {"files": []}),
        ("project_uploads_add", {"files": [{"key": 1, "externalId": "x"}]}),
        ("project_uploads_add", {"files": ["x"]}),
        ("project_uploads_add", {"files": [{"key": "x", "externalId": "x"}] * 201}),
        ("project_assets_known", {"externalIds": ["x"] * 1001}),
        ("project_assets_known", {"externalIds": None}),
    ],
)
def test_what_makes_no_sense_is_answered_in_json(as_alice, project, name, given):
    status, answer = ask(as_alice, project, name, given)
    assert status == 400
    assert "Send" in answer["message"]


def test_what_is_no_json_is_answered_in_json(as_alice, project):
    address = reverse("project_uploads_add", args=[project.uid])
    response = as_alice.post(address, "{" * 100_000, content_type="application/json")
    assert (response.status_code, response.json()) == (400, {"message": "Send JSON."})


def test_a_pasted_list_has_an_end(as_alice, project, monkeypatch):
    monkeypatch.setattr(adding, "MOST_LINES", 3)
    monkeypatch.setattr(adding, "MOST_PASTED", 2**20)
    assert "at most 3 lines" in said(send(as_alice, project, "addresses", lines="\n" * 4))
    assert "at most 1 MB" in said(send(as_alice, project, "addresses", lines="https://example.org/" + "ş" * 2**19))
    assert "1 asset added" in said(send(as_alice, project, "addresses", lines="\n\nhttps://example.org/a.png"))


@pytest.mark.parametrize("name", ["half \ud800 a pair.png", "a nul \0.png"])
def test_names_that_cannot_be_stored_are_asked_for_and_reserved_nevertheless(as_alice, project, name):
    assert ask(as_alice, project, "project_assets_known", {"externalIds": [name]}) == (200, {"known": []})
    assert ask(as_alice, project, "project_uploads_reserve", {"names": [name]})[0] == 200


def test_json_nested_too_deep_is_answered_in_json(as_alice, project):
    given = []
    for _ in range(200):
        given = [given]
    status, answer = ask(as_alice, project, "project_uploads_add", {"files": given})
    assert (status, answer) == (400, {"message": "Send JSON."})


def test_a_chunk_takes_few_queries(as_alice, project, django_assert_max_num_queries):
    keys = [upload(as_alice, project, f"{n}.png") for n in range(30)]
    files = [{"key": key, "externalId": f"{n}.png"} for n, key in enumerate(keys)]
    with django_assert_max_num_queries(40):
        ask(as_alice, project, "project_uploads_add", {"files": files})
    assert len(added(project)) == 30
