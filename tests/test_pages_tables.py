"""A CSV file on its way into a project: what is shown before, what is added, and what is refused."""

import csv
import io
import json

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client
from django.urls import reverse

from pluginhost.actions import uploads
from pluginhost.models import Asset, AuditEvent, Batch, StoredFile

from . import makers

URL = "https://example.org"


@pytest.fixture(autouse=True)
def files_here(settings, tmp_path):
    settings.PLUGINHOST_FILES_DIR = tmp_path


def sent(client, project, text, name="list.csv"):
    """Upload a file by the form; the address of the page that asks on."""
    address = f"{reverse('project_assets_add', args=[project.uid])}?by=csv"
    content = text if isinstance(text, bytes) else text.encode()
    response = client.post(address, {"table": SimpleUploadedFile(name, content)})
    assert response.status_code == 302, response.content.decode()[:2000]
    return response.headers["Location"]


def shown(client, address, **query):
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


def add(client, address, **given):
    return client.post(
        address, {"take": "all", "duplicates": "skip", "batch": "", **given}, follow=True
    ).content.decode()


def added(project):
    return list(Asset.objects.filter(project=project, number__gt=5).order_by("number"))


def downloaded(client, address):
    """The answer and its text; it is sent as ASGI sends it."""
    there = AsyncClient()
    there.cookies = client.cookies

    async def fetch():
        response = await there.get(address)
        return response, b"".join([piece async for piece in response.streaming_content])

    response, body = async_to_sync(fetch)()
    return response, body.decode("utf-8-sig")


def test_it_works(as_alice, project):
    address = sent(
        as_alice, project, f"id,url,batch,width,height,weather\na,{URL}/a.jpg,x;y,640,480,rain\nb,{URL}/b.jpg,x,,,\n"
    )
    page = shown(as_alice, address)
    assert "<b>2</b> good" in page
    assert "Add 2 assets" in page
    page = add(as_alice, address, batch="all of them")
    assert "2 assets were added from this file." in page
    assert f"{reverse('project', args=[project.uid])}?after=5" in page
    first, second = added(project)
    assert (first.external_id, first.data) == ("a", f"{URL}/a.jpg")
    assert (first.metadata, first.context_data) == ({"width": 640, "height": 480}, {"weather": "rain"})
    assert (second.metadata, second.context_data) == (None, None)
    assert {batch.name: batch.places.count() for batch in Batch.objects.all()} == {"x": 2, "y": 1, "all of them": 2}
    assert AuditEvent.objects.get(verb="assets.added").details["count"] == 2


def test_a_file_sent_by_the_script_leads_to_the_same_page(as_alice, project):
    given = json.dumps({"names": ["list.csv"], "kind": "lists"})
    address = reverse("project_uploads_reserve", args=[project.uid])
    (place,) = as_alice.post(address, given, content_type="application/json").json()["files"]
    assert Client().put(place["url"], f"url\n{URL}/a.jpg\n".encode()).status_code == 200
    assert "Add 1 asset" in shown(as_alice, place["page"])


def test_what_the_columns_are_can_be_said(as_alice, project):
    address = sent(as_alice, project, f"one,two,three\n{URL}/a.jpg,first,night\n")
    assert "Add 1 asset" in shown(as_alice, address)  # the address was recognized
    query = {"column_0": "address", "column_1": "external_id", "column_2": "batch"}
    assert "Add 1 asset" in shown(as_alice, address, **query)
    add(as_alice, f"{address}?column_0=address&column_1=external_id&column_2=batch")
    assert added(project)[0].external_id == "first"
    assert Batch.objects.get().name == "night"


def test_without_an_address_nothing_can_be_added(as_alice, project):
    address = sent(as_alice, project, "name,size\na,b\n")
    page = shown(as_alice, address)
    assert "Say which column has the address" in page
    assert "disabled" in page
    assert added(project) == []
    add(as_alice, address)
    assert added(project) == []


def test_wrong_rows_are_shown_with_their_lines(as_alice, project):
    page = shown(as_alice, sent(as_alice, project, f"id,url\na,{URL}/a.jpg\nb,nonsense\n"))
    assert "<b>1</b> wrong" in page
    assert "<b>Line 3:</b> An address begins with http:// or https://, not «nonsense»." in page


def test_all_or_nothing_adds_nothing(as_alice, project):
    address = sent(as_alice, project, f"id,url,batch\na,{URL}/a.jpg,x\nb,nonsense,y\n")
    assert "Nothing was added: 1 of 2 rows are wrong." in add(as_alice, address, batch="z")
    assert added(project) == []
    assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_good_rows_are_added_and_the_others_can_be_had(as_alice, project):
    address = sent(as_alice, project, f'id,url,note\na,{URL}/a.jpg,\nb,nonsense,"=1+1, ş"\nc,,\n')
    page = add(as_alice, address, take="good")
    assert "1 asset was added from this file." in page
    assert "2 rows were refused." in page
    assert [asset.external_id for asset in added(project)] == ["a"]
    response, text = downloaded(as_alice, f"{address}refused/")
    assert response.headers["Content-Disposition"] == 'attachment; filename="refused rows.csv"'
    head, first, second = csv.reader(io.StringIO(text))
    assert head == ["line", "why it was refused", "id", "url", "note"]
    assert first == ["3", "An address begins with http:// or https://, not «nonsense».", "b", "nonsense", "=1+1, ş"]
    assert second[:2] == ["4", "It has no address."]


def test_external_ids_that_are_there_are_counted_and_skipped(as_alice, project):
    address = sent(as_alice, project, f"id,url\nimage_0001.jpg,{URL}/1.jpg\nnew,{URL}/2.jpg\nnew,{URL}/3.jpg\n")
    assert "<b>1</b> in the project already" in shown(as_alice, address)
    page = add(as_alice, address)
    assert "1 asset was added from this file." in page
    assert "2 rows were skipped" in page


def test_external_ids_that_are_there_are_added_anyway(as_alice, project):
    address = sent(as_alice, project, f"id,url\nimage_0001.jpg,{URL}/1.jpg\nnew,{URL}/2.jpg\n")
    add(as_alice, address, duplicates="add")
    assert [asset.external_id for asset in added(project)] == ["image_0001.jpg", "new"]


def test_the_address_says_how_it_is_read(as_alice, project):
    address = sent(as_alice, project, f"id;url\nşehir;{URL}/a.jpg\n".encode("cp1254"))
    page = shown(as_alice, address, encoding="cp1254", delimiter=";")
    assert "şehir" in page
    assert '<option value="cp1254" selected>' in page
    assert "þehir" in shown(as_alice, address)


def test_a_file_that_cannot_be_read_says_why(as_alice, project):
    response = as_alice.get(sent(as_alice, project, "\n\n"), follow=True)
    assert "The file has no rows." in response.content.decode()
    broken = sent(as_alice, project, f'id,url\na,{URL}/a.jpg\nb,"{URL}\n' + "x\n" * 1_200_000)
    assert "Line 3 cannot be read" in shown(as_alice, broken)
    assert "Line 3 cannot be read" in add(as_alice, broken, take="good")
    assert added(project) == []


def test_what_is_in_a_file_is_shown_as_text(as_alice, project):
    page = shown(as_alice, sent(as_alice, project, f"<b>id</b>,url\n<script>x</script>,{URL}/a.jpg\n", "<i>.csv"))
    assert "<script>x" not in page
    assert "<b>id</b>" not in page


def test_own_files_may_be_listed_where_they_arrived(as_alice, alice, project):
    (place,) = uploads.reserve(makers.principal(alice), project, ["a.png"])
    address = sent(as_alice, project, f"id,data\na,/files/{place.key}\nb,/files/nothing/here\n")
    assert shown(as_alice, address).count("There is no such uploaded file in this project.") >= 2
    StoredFile.objects.filter(pk=place.pk).update(size=10)
    add(as_alice, address, take="good")
    assert [asset.data for asset in added(project)] == [f"/files/{place.key}"]


def test_a_file_is_its_senders_alone(client, alice, bob, charlie, organization, project):
    client.force_login(alice)
    address = sent(client, project, f"url\n{URL}/a.jpg\n")
    for user, status in ((bob, 403), (charlie, 404)):
        client.force_login(user)
        assert client.get(address).status_code == status
        assert client.post(address, {"take": "all"}).status_code == status
        assert client.get(f"{address}refused/").status_code == status


def test_a_file_is_not_an_asset(as_alice, alice, project):
    sent(as_alice, project, f"url\n{URL}/a.jpg\n")
    stored = StoredFile.objects.get(kind="lists")
    outcome = uploads.add(makers.principal(alice), project, [uploads.Uploaded(stored.key, "a")])
    assert outcome.refused


def test_the_next_file_takes_the_place_of_the_last(as_alice, project):
    first = sent(as_alice, project, f"url\n{URL}/a.jpg\n")
    sent(as_alice, project, f"url\n{URL}/b.jpg\n")
    assert as_alice.get(first).status_code == 404
    assert StoredFile.objects.filter(kind="lists").count() == 1


@pytest.mark.parametrize("table_id", ["nonsense", "0" * 24, "%"])
def test_a_file_that_is_not_there_is_404(as_alice, project, table_id):
    assert as_alice.get(reverse("project_table", args=[project.uid, table_id])).status_code == 404


def test_a_form_without_a_file_is_refused(as_alice, project):
    response = as_alice.post(f"{reverse('project_assets_add', args=[project.uid])}?by=csv", {})
    assert "required" in response.content.decode()


def test_more_rows_take_no_more_queries(as_alice, project, django_assert_max_num_queries):
    few = sent(as_alice, project, f"url\n{URL}/a.jpg\n")
    with django_assert_max_num_queries(40) as counted:
        shown(as_alice, few)
    most = len(counted)  # a request begins to count anew
    many = sent(as_alice, project, "url\n" + "".join(f"{URL}/{n}.jpg\n" for n in range(900)))
    with django_assert_max_num_queries(most):
        shown(as_alice, many)


def test_what_was_added_from_a_file_can_be_removed_again(as_alice, project):
    address = sent(as_alice, project, f"url\n{URL}/a.jpg\n{URL}/b.jpg\n")
    page = add(as_alice, address)
    assert 'name="numbers" value="6-7"' in page
    assert "Remove the 2 assets again" in page
    given = {"verb": "delete", "numbers": "6-7", "sure": "1"}
    as_alice.post(reverse("project_assets_change", args=[project.uid]), given)
    assert added(project) == []
    assert "were added from this file" not in shown(as_alice, address)
