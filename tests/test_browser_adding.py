"""Files, CSV files and batches in a real browser: dropped, stopped, retried, selected by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.story, pytest.mark.browser]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def make_files(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if "empty" in name else PNG)
    return folder


def drop(page, *paths):
    """Drop files and folders from the desk onto the page, as the system does."""
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    devtools = page.context.new_cdp_session(page)
    box = page.locator("[data-drop]").bounding_box()
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 40, "y": box["y"] + 40, "data": data})


def names_of(server, project):
    assets = server.api("GET", f"/v2/project/{project}/assets")["data"]["assets"]
    return [asset["externalId"] for asset in assets]


@pytest.fixture
def adding(server, page):
    """The page on which files are added to a new project, and the project."""
    project = server.new_project(assets=0)
    page.goto(f"/projects/{project}/assets/add/")
    page.wait_for_load_state()
    return project


def start(page):
    return page.locator("[data-start]")


def words(page):
    return page.locator("[data-words]")


def test_a_folder_is_dropped_and_every_file_becomes_an_asset(server, page, adding, tmp_path):
    folder = make_files(tmp_path / "night", "1.png", "2.png", "deep/3.png", "empty.png", "notes.zip", ".DS_Store")
    drop(page, folder)
    expect(words(page)).to_contain_text("3 files")
    expect(words(page)).to_contain_text("2 refused")
    expect(page.get_by_text("The file is empty.")).to_be_visible()
    expect(page.get_by_text("Unpack it and choose what is in it.")).to_be_visible()
    page.get_by_label("Keep the path").check()
    page.get_by_label("Batch").fill("night")
    start(page).click()
    expect(words(page)).to_have_text("3 assets added · 2 refused")
    page.get_by_role("link", name="Show the assets").click()
    expect(page.locator(".tile")).to_have_count(3)
    expect(page.get_by_text("night/deep/3.png")).to_be_visible()
    assert sorted(names_of(server, adding)) == ["night/1.png", "night/2.png", "night/deep/3.png"]


def test_what_is_there_already_is_said_before(server, page, adding, tmp_path):
    folder = make_files(tmp_path, "a.png", "b.png", "again/b.png")
    page.locator("#files").set_input_files(folder / "a.png")
    start(page).click()
    expect(words(page)).to_have_text("1 asset added")
    page.goto(page.url)
    page.locator("#folder").set_input_files(folder)
    said = page.locator("[data-there]")
    expect(said).to_contain_text("1 file has an external ID that is in the project already.")
    expect(said).to_contain_text("1 file has the same external ID as another chosen one. They are skipped.")
    page.get_by_label("Add it anyway").check()
    expect(said).to_contain_text("They are added anyway.")
    page.get_by_label("Skip it").check()
    start(page).click()
    expect(words(page)).to_have_text("1 asset added · 2 skipped")
    assert sorted(names_of(server, adding)) == ["a.png", "b.png"]


def test_failed_files_are_retried_and_only_they(server, page, adding, tmp_path):
    folder = make_files(tmp_path, *(f"{n}.png" for n in range(8)))
    page.route("**/files/**", lambda route: route.abort() if "3.png" in route.request.url else route.continue_())
    page.locator("#folder").set_input_files(folder)
    start(page).click()
    expect(words(page)).to_have_text("7 assets added · 1 failed")
    expect(page.get_by_text("The connection broke")).to_be_visible()
    page.unroute("**/files/**")
    page.get_by_role("button", name="Retry 1 failed file").click()
    expect(words(page)).to_have_text("8 assets added")
    assert len(names_of(server, adding)) == 8


def test_an_answer_that_is_lost_adds_nothing_twice(server, page, adding, tmp_path):
    def lose(route):
        route.fetch()  # the server did it, and nobody heard
        route.abort()

    page.route("**/uploads/add/", lose, times=1)
    page.locator("#folder").set_input_files(make_files(tmp_path, "1.png", "2.png"))
    start(page).click()
    expect(words(page)).to_have_text("2 failed")
    page.get_by_role("button", name="Retry 2 failed files").click()
    expect(words(page)).to_have_text("2 assets added")
    assert len(names_of(server, adding)) == 2


def test_stopped_it_goes_on_later_and_one_can_be_left_out(server, page, adding, tmp_path):
    held = []
    page.route("**/files/**", lambda route: held.append(route))
    page.locator("#folder").set_input_files(make_files(tmp_path, *(f"{n}.png" for n in range(6))))
    start(page).click()
    expect(page.locator("[data-rows] progress:visible")).to_have_count(4)  # so many at a time
    page.get_by_role("button", name="Stop").click()
    expect(words(page)).to_contain_text("6 files")
    page.unroute("**/files/**")
    page.get_by_role("button", name="Leave out 5.png").click()
    start(page).click()
    expect(words(page)).to_have_text("5 assets added")
    assert sorted(names_of(server, adding)) == [f"{n}.png" for n in range(5)]


def test_leaving_while_files_are_on_their_way_asks(page, adding, tmp_path):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.route("**/files/**", lambda route: None)
    page.locator("#folder").set_input_files(make_files(tmp_path, "1.png"))
    start(page).click()
    expect(page.locator("[data-rows] progress:visible")).to_have_count(1)
    page.get_by_role("link", name="Batches").click()
    expect(page).to_have_url(re.compile("/batches/$"))
    assert asked == ["beforeunload"]


def test_what_was_added_can_be_removed_again(server, page, adding, tmp_path):
    page.locator("#folder").set_input_files(make_files(tmp_path, "1.png", "2.png"))
    start(page).click()
    page.get_by_role("button", name="Remove the 2 assets again").click()
    expect(page.get_by_text("2 assets were deleted.")).to_be_visible()
    assert names_of(server, adding) == []


def test_a_csv_file_is_looked_at_mended_and_added(server, page, adding, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("picture;where;what\na;https://example.org/a.jpg;Straße\nb;nonsense;x\n".encode("cp1252"))
    page.goto(f"/projects/{adding}/assets/add/?by=csv")
    page.locator("#id_table").set_input_files(path)
    page.get_by_role("button", name="Next: the columns").click()
    expect(page.get_by_text("Straße")).to_be_visible()
    expect(page.get_by_text("«nonsense»").first).to_be_visible()
    page.locator("#column_0").select_option("external_id")
    page.wait_for_url("**column_0=external_id**")
    expect(page.locator("#column_0")).to_be_focused()
    page.get_by_role("button", name="Add 1 asset").click()
    expect(page.get_by_text("Nothing was added: 1 of 2 rows are wrong")).to_be_visible()
    page.get_by_label("Add the good rows only").check()
    page.get_by_role("button", name="Add 1 asset").click()
    expect(page.get_by_text("1 asset was added from this file.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="The refused rows").click()
    assert "«nonsense»" in download.value.path().read_text(encoding="utf-8-sig")
    assert names_of(server, adding) == ["a"]


# --- selecting assets ---


@pytest.fixture
def shown(server, page):
    """A project's assets on the page, and the project."""
    page.context.route("https://example.org/**", lambda route: route.fulfill(body=b"", content_type="image/svg+xml"))
    project = server.new_project(assets=45)
    page.goto(f"/projects/{project}/")
    page.wait_for_load_state()
    return project


def test_a_range_is_put_into_a_batch_by_keyboard(server, page, shown):
    for key in ("j", "j", "x", "j", "j", "X", "b"):
        page.keyboard.press(key)
    expect(page.get_by_text("3 selected")).to_be_visible()
    expect(page.locator("#bulk-name")).to_be_focused()
    page.keyboard.type("night")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="night").click()
    expect(page.locator(".tile")).to_have_count(3)
    expect(page.get_by_text("image_00002.jpg")).to_be_visible()
    expect(page.get_by_text("image_00004.jpg")).to_be_visible()


def test_a_range_is_ticked_with_shift(page, shown):
    page.get_by_label("Select image_00003.jpg").check()
    page.get_by_label("Select image_00006.jpg").click(modifiers=["Shift"])
    expect(page.get_by_text("4 selected")).to_be_visible()
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.locator("[data-bulk]")).to_be_hidden()


def test_all_that_match_are_put_into_a_batch_and_taken_out(page, shown):
    page.get_by_label("Filter by external ID").fill("0004")
    expect(page.locator(".tile")).to_have_count(7)
    page.get_by_label("Select image_00040.jpg").check()
    page.get_by_label("All 7 matching").check()
    expect(page.get_by_text("7 selected")).to_be_visible()
    page.get_by_text("Add to a batch").click()
    page.locator("#bulk-name").fill("forties")
    page.get_by_role("button", name="Add to the batch").click()
    page.get_by_role("link", name="forties").click()
    expect(page).to_have_url(re.compile("/batches/[0-9a-f]+/$"))  # seven tiles were on the page before, too
    expect(page.locator(".tile")).to_have_count(7)
    page.get_by_label("Select image_00040.jpg").check()
    page.get_by_role("button", name="Remove from forties").click()
    expect(page.locator(".tile")).to_have_count(6)


def test_assets_are_deleted_only_by_who_is_sure(server, page, shown):
    page.get_by_label("Select image_00001.jpg").check()
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete them").click()
    expect(page.get_by_text("Tick that you are sure")).to_be_visible()
    page.get_by_label("Select image_00001.jpg").check()
    page.get_by_text("Delete…").click()
    page.get_by_label("I am sure").check()
    page.get_by_role("button", name="Delete them").click()
    expect(page.get_by_text("1 asset was deleted.")).to_be_visible()
    expect(page.locator("main .meta").first).to_contain_text("44 assets")


def test_on_a_phone_assets_are_selected_too(page, shown):
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_label("Select image_00001.jpg").check()
    page.get_by_text("Add to a batch").click()
    page.locator("#bulk-name").fill("night")
    page.get_by_role("button", name="Add to the batch").click()
    expect(page.get_by_role("link", name="night")).to_be_visible()


def test_a_batch_is_renamed_and_deleted(page, shown):
    page.goto(f"/projects/{shown}/batches/")
    page.get_by_role("textbox", name="Name").fill("night")
    page.get_by_role("button", name="Make the batch").click()
    page.get_by_role("button", name="Rename…").click()
    page.get_by_role("textbox", name="Name").fill("dusk")
    page.get_by_role("button", name="Save the name").click()
    expect(page.get_by_role("heading", name="dusk", exact=True)).to_be_visible()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete the batch").click()
    expect(page.get_by_text("The batch dusk was deleted.")).to_be_visible()
