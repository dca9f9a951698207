"""Stored files: put once with a token, read with a token or by a member, and harmless in a browser."""

import io
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from pluginhost import file_links
from pluginhost.actions import files, projects
from pluginhost.errors import Conflict, TooLarge
from pluginhost.models import Export, StoredFile

from . import makers
from .v2 import by_session, by_user

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10


def reserved(alice, project, name="cat.png", kind="assets"):
    return by_user(alice).data("getUploadUrl", {"name": name, "project": project.uid, "type": kind})["uploadUrl"]


def shown(url):
    """The signed address for reading what was put at `url`."""
    return file_links.shown_link("", urlsplit(url).path.removeprefix("/files/"))


def status(response):
    """Its status code; the body is read, which closes the file."""
    assert response.content if not response.streaming else list(response.streaming_content)
    return response.status_code


def content(response):
    assert response.status_code in (200, 206)
    return b"".join(response.streaming_content)


def test_it_works(alice, project):
    url = reserved(alice, project)
    assert url.startswith("http://testserver/files/")
    assert url.split("?")[0].endswith("/cat.png")
    assert "&" not in url
    client = Client()
    put = client.generic("PUT", url, PNG, content_type="")
    assert put.status_code == 200
    assert content(client.get(shown(url))) == PNG
    stored = StoredFile.objects.get()
    assert (stored.size, stored.content_type, stored.project, stored.created_by) == (
        len(PNG),
        "image/png",
        project,
        alice,
    )


def test_a_second_put_is_refused_and_changes_nothing(alice, project):
    url = reserved(alice, project)
    client = Client()
    client.put(url, PNG)
    assert client.put(url, b"other").status_code == 409
    assert content(client.get(shown(url))) == PNG


def test_two_puts_at_once_leave_one(alice, project):
    reserved(alice, project)
    one, two = StoredFile.objects.get(), StoredFile.objects.get()
    files.receive(one, io.BytesIO(b"first"), 100)
    with pytest.raises(Conflict):
        files.receive(two, io.BytesIO(b"second"), 100)
    assert files.path_of(one).read_bytes() == b"first"
    assert [path.name for path in files.path_of(one).parent.iterdir()] == ["cat.png"]


@pytest.mark.parametrize(
    "spoil", [lambda t: "", lambda t: t[:-1] + "x", lambda t: "9" + t, lambda t: "x." + t, lambda t: "²." + t]
)
def test_a_put_without_a_good_token_is_403(alice, project, spoil):
    path, token = reserved(alice, project).split("?t=")
    assert Client().put(f"{path}?t={quote(spoil(token))}", PNG).status_code == 403
    assert StoredFile.objects.get().size is None


def test_a_token_is_for_one_method_one_key_and_its_time(alice, project):
    first, second = reserved(alice, project), reserved(alice, project)
    client = Client()
    client.put(first, PNG)
    token = first.split("?t=")[1]
    assert client.put(f"{second.split('?')[0]}?t={token}", PNG).status_code == 403
    assert status(client.get(first)) == 404
    reading = shown(first)
    with time_machine.travel("2099-01-01"):
        assert client.put(second, PNG).status_code == 403
        assert status(client.get(reading)) == 404


def test_a_file_over_the_limit_is_413_and_not_kept(alice, project, settings):
    settings.PLUGINHOST_UPLOAD_LIMIT = 100
    url = reserved(alice, project)
    assert Client().put(url, PNG).status_code == 413
    stored = StoredFile.objects.get()
    with pytest.raises(TooLarge):
        files.receive(stored, io.BytesIO(PNG), 100)
    assert list(files.path_of(stored).parent.iterdir()) == []


def test_an_empty_file_is_a_file(alice, project):
    url = reserved(alice, project)
    assert Client().put(url, b"").status_code == 200
    assert content(Client().get(shown(url))) == b""


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b/c?d#e&f.png", "…", ".hidden", "x" * 500 + ".png", "\0"])
def test_any_name_is_made_harmless(alice, project, name):
    url = reserved(alice, project, name=name)
    assert Client().put(url, PNG).status_code == 200
    assert content(Client().get(shown(url))) == PNG
    assert StoredFile.objects.get().key.count("/") == 1


def test_a_member_reads_with_the_cookie_and_strangers_get_404(alice, bob, charlie, project):
    url = reserved(alice, project)
    Client().put(url, PNG)
    path = url.split("?")[0]
    client = Client()
    assert status(client.get(path)) == 404
    for user, expected in ((alice, 200), (bob, 200), (charlie, 404)):
        client.force_login(user)
        assert status(client.get(path)) == expected


def test_a_file_without_project_is_its_uploaders(alice, bob, organization):
    url = by_user(alice).data("getUploadUrl", {"name": "x.png"})["uploadUrl"]
    Client().put(url, PNG)
    client = Client()
    client.force_login(bob)
    assert status(client.get(url.split("?")[0])) == 404
    client.force_login(alice)
    assert status(client.get(url.split("?")[0])) == 200


@pytest.mark.parametrize(
    ("body", "content_type", "is_shown"),
    [
        (PNG, "image/png", True),
        (b"\xff\xd8\xff\xe0", "image/jpeg", True),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", True),
        (b"\0\0\0\x1cftypavif", "image/avif", True),
        (b"\0\0\0\x1cftypisom", "video/mp4", True),
        (b"ID3\x04", "audio/mpeg", True),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "application/octet-stream", False),
        (b"<!doctype html><script>alert(1)</script>", "application/octet-stream", False),
        (b"%PDF-1.7", "application/octet-stream", False),
    ],
)
def test_only_what_is_harmless_is_shown_in_place(alice, project, body, content_type, is_shown):
    url = reserved(alice, project, name="cat.png")
    Client().put(url, body)
    answer = Client().get(shown(url))
    assert content(answer) == body
    assert answer["Content-Type"] == content_type
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Content-Disposition"].startswith("attachment") is not is_shown


def test_under_asgi_it_is_sent_piece_by_piece(alice, project):
    url = reserved(alice, project)
    body = PNG * 300
    Client().put(url, body)

    async def pieces():
        answer = await AsyncClient().get(shown(url))
        return [piece async for piece in answer]

    found = async_to_sync(pieces)()
    assert len(found) == 3
    assert b"".join(found) == body


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=10-", 10, 2567), ("bytes=-5", 2563, 2567), ("bytes=5-99999", 5, 2567)],
)
def test_a_range_is_a_part(alice, project, header, first, last):
    url = reserved(alice, project)
    Client().put(url, PNG)
    answer = Client().get(shown(url), headers={"Range": header})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {first}-{last}/{len(PNG)}"
    assert content(answer) == PNG[first : last + 1]


def test_a_range_past_the_end_is_416_and_nonsense_is_the_whole(alice, project):
    url = reserved(alice, project)
    Client().put(url, PNG)
    assert Client().get(shown(url), headers={"Range": "bytes=9999-"}).status_code == 416
    assert content(Client().get(shown(url), headers={"Range": "lines=1-2"})) == PNG


def test_other_methods_are_405_and_unknown_files_404(alice, project):
    url = reserved(alice, project)
    assert Client().post(url, PNG, content_type="image/png").status_code == 405
    assert Client().get(shown(url)).status_code == 404
    assert Client().get("/files/nothing/here").status_code == 404
    assert Client().put(file_links.upload_link("", "nothing/here"), b"x").status_code == 404


# --- the addresses ---


def test_a_signed_address_is_given_before_the_file_is_there(alice, project):
    url = reserved(alice, project, kind="exports")
    v2 = by_user(alice)
    path = f"/v2/getSignedUrl?name={url}&project={project.uid}&type=exports"
    signed = v2.client.get(path, headers={"apikey": v2.key}).json()["data"]["signedUrl"]
    assert v2.client.get(signed).status_code == 404
    v2.client.put(url, PNG)
    assert content(v2.client.get(signed)) == PNG


def test_strangers_are_given_no_addresses(alice, bob, charlie, project):
    url = reserved(alice, project)
    query = {"name": "x.png", "project": project.uid}
    assert by_user(charlie).get("getUploadUrl", query)[0] == 404
    assert by_user(bob).get("getUploadUrl", query)[0] == 403
    assert by_user(charlie).get("getUploadUrl", {"name": "x.png"})[0] == 403
    assert by_user(charlie).get("getSignedUrl", {"name": url})[0] == 404
    assert by_user(alice).get("getSignedUrl", {"name": "https://example.org/x"})[0] == 404
    assert by_user(alice).get("getUploadUrl")[0] == 400
    assert by_user(alice).get("getUploadUrl", {"name": "x", "type": "rockets"})[0] == 400


def test_a_session_key_uploads_into_its_project(alice, organization, project, plugin):
    v2, _ = by_session(alice, project, plugin)
    url = v2.data("getUploadUrl", {"name": "x.png"})["uploadUrl"]
    assert StoredFile.objects.get().project == project
    assert v2.get("getSignedUrl", {"name": url})[0] == 200
    other = makers.make_project(alice, organization, name="Other")
    assert v2.get("getUploadUrl", {"name": "x.png", "project": other.uid})[0] == 404
    assert v2.get("getSignedUrl", {"name": reserved(alice, other)})[0] == 404


def test_what_an_older_client_uploads_with_a_session_key_becomes_an_asset(alice, project, plugin):
    """It names no project: the file is of the session's."""
    v2, session = by_session(alice, project, plugin)
    url = v2.data("getUploadUrl", {"name": "x.png"})["uploadUrl"]
    v2.client.put(url, PNG)
    assert StoredFile.objects.get().project == session.project
    added = v2.posted(f"project/{project.uid}/cloud", {"assets": [{"data": url.split("?")[0]}]})
    assert added["assets"].startswith("1 / 1 assets")


def test_a_session_key_gets_nothing_that_its_runner_uploaded_for_no_project(alice, project, plugin):
    url = by_user(alice).data("getUploadUrl", {"name": "private.png"})["uploadUrl"]
    Client().put(url, PNG)
    v2, _ = by_session(alice, project, plugin)
    assert v2.get("getSignedUrl", {"name": url})[0] == 404
    body = {"assets": [{"data": url.split("?")[0]}]}
    assert v2.post(f"project/{project.uid}/cloud", body)[0] == 400
    assert by_user(alice).get("getSignedUrl", {"name": url})[0] == 200
    assert by_user(alice).post(f"project/{project.uid}/cloud", body)[0] == 200


def test_a_session_key_gets_no_exports_but_its_own(alice, project, plugin):
    v2, _ = by_session(alice, project, plugin, scope={"first": 1})
    asked = {"project": project.uid, "includeMetadata": "true"}
    own, alices = (one.data("export", asked)["exportPath"] for one in (v2, by_user(alice)))
    assert Export.objects.count() == 2
    assert [v2.get("getSignedUrl", {"name": url})[0] for url in (own, alices)] == [200, 404]
    assert v2.post(f"project/{project.uid}/cloud", {"assets": [{"data": alices}]})[0] == 400


def test_no_address_of_a_deleted_projects_file_is_given(alice, project):
    url = reserved(alice, project)
    projects.delete(makers.principal(alice), project)
    assert by_user(alice).get("getSignedUrl", {"name": url})[0] == 404
