"""The editor of labeling tools in a real browser: made, ordered, renamed and deleted with the keyboard alone."""

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.story, pytest.mark.browser]


def schema_of(server, project):
    return server.api("GET", f"/v2/project/{project}")["data"]["project"]["categorySchema"]


def titles(server, project, kind="tools"):
    return [item["title"] for item in schema_of(server, project)[kind]]


def set_tools(server, project, **lists):
    schema = {"tools": [], "classifications": [], "relations": [], **lists}
    return server.api("POST", f"/v2/project/{project}", {"categorySchema": schema})["data"]["project"]["categorySchema"]


def open_tools(page, project):
    page.goto(f"/projects/{project}/labeling-tools/")
    page.wait_for_load_state()
    expect(page.locator("[data-editor]")).to_be_visible()


def save(page):
    page.get_by_role("button", name="Save the labeling tools").click()


def expect_saved(page):
    expect(page.get_by_text("The labeling tools are saved.")).to_be_visible()
    page.wait_for_load_state()


def section(page, title):
    return page.get_by_role("region", name=title)


def in_order(page, title="Drawn on the asset"):
    return section(page, title).locator("> .toolcards > .orow > .toolcard > .toolhead .tooltitle b")


@pytest.fixture
def project(server):
    return server.new_project(assets=1)


# --- making ---


def test_a_tool_with_a_question_and_a_follow_up_is_made_by_keyboard(server, page, project):
    open_tools(page, project)
    page.get_by_text("Add a tool").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="An upright rectangle")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("Bounding box was added. Give it a title.")
    page.keyboard.type("Tram")
    tram = section(page, "Drawn on the asset").locator("> .toolcards > .orow").nth(2)
    tram.get_by_role("button", name="Teal").click()
    tram.get_by_label("Shortcut key").fill("t")

    tram.get_by_text("Add a question").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("Seen from")
    question = tram.locator(".toolbody .orow").first
    adding = question.get_by_label("Add an option")
    adding.focus()
    page.keyboard.type("Front")
    page.keyboard.press("Enter")
    page.keyboard.type("Side")
    page.keyboard.press("Enter")
    expect(adding).to_be_focused()
    page.get_by_label("Ask more after: Side").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("^Text")).click()
    page.keyboard.type("Which side?")
    page.keyboard.press("Control+Enter")
    expect_saved(page)

    tool = schema_of(server, project)["tools"][2]
    assert (tool["tool"], tool["title"], tool["color"], tool["shortcutKey"]) == (
        "bounding-box", "Tram", "#0f8a94", "t",
    )  # fmt: skip
    (asked,) = tool["classifications"]
    assert (asked["tool"], asked["title"], [option["value"] for option in asked["options"]]) == (
        "radio", "Seen from", ["Front", "Side"],
    )  # fmt: skip
    (after,) = asked["classifications"]
    assert (after["title"], after["parentOptionId"]) == ("Which side?", asked["options"][1]["schemaId"])


@pytest.mark.parametrize(
    ("start", "kind", "word"),
    [("Add a tool", "tools", word) for word in ("Rotated bounding box", "Polygon", "Segmentation", "Line", "Point",
                                                "Brush", "Words in a text", "Part of a PDF", "3D")]
    + [("Add a question", "classifications", word) for word in ("Some of several", "One from a list",
                                                                "Some from a list", "Yes or no",
                                                                "Order of preference", "Instance")]
    + [("Add a relation", "relations", word) for word in ("One to one", "One to many", "Group")],
)  # fmt: skip
def test_every_kind_can_be_added(server, page, project, start, kind, word):
    open_tools(page, project)
    page.get_by_text(start).click()
    page.locator(".kindmenu[open] .item", has=page.get_by_text(word, exact=True)).click()
    page.keyboard.type(f"A {word}")
    save(page)
    expect_saved(page)
    expect(page.locator(".kindword", has_text=word)).to_have_count(1)
    assert titles(server, project, kind)[-1] == f"A {word}"


def test_a_tree_is_grown_and_its_paths_are_options(server, page, project):
    open_tools(page, project)
    page.get_by_text("Add a question").click()
    page.get_by_role("button", name=re.compile("^From a tree")).click()
    page.keyboard.type("Place")
    page.get_by_label("Add a branch").fill("City")
    page.keyboard.press("Enter")
    page.get_by_label("Add below City").click()
    page.keyboard.type("Centre")
    save(page)
    expect_saved(page)
    (item,) = schema_of(server, project)["classifications"]
    assert [option["value"] for option in item["options"]] == ["City", "City / Centre"]
    assert item["options"][1]["schemaId"] == item["treeOptions"][0]["children"][0]["key"]


def test_many_options_are_pasted_at_once(server, page, project):
    open_tools(page, project)
    page.get_by_text("Add a question").click()
    page.get_by_role("button", name=re.compile("^One from a list")).click()
    page.keyboard.type("City")
    page.get_by_label("Add an option").focus()
    page.evaluate("navigator.clipboard.writeText('Ankara\\nİzmir\\n\\n  Bursa ')")
    page.keyboard.press("Control+v")
    expect(page.locator("#announcer")).to_have_text("3 were added.")
    save(page)
    expect_saved(page)
    (item,) = schema_of(server, project)["classifications"]
    assert [option["value"] for option in item["options"]] == ["Ankara", "İzmir", "Bursa"]


def test_a_pattern_is_tried_before_it_is_saved(server, page, project):
    open_tools(page, project)
    page.get_by_text("Add a question").click()
    page.get_by_role("button", name=re.compile("^Text")).click()
    page.keyboard.type("Plate")
    page.get_by_label("Pattern", exact=True).fill(r"^\d+$")
    page.get_by_label("Try the pattern").fill("12a")
    expect(page.get_by_text("«12a» does not fit.")).to_be_visible()
    page.get_by_label("Try the pattern").fill("12")
    expect(page.get_by_text("«12» fits.")).to_be_visible()
    page.get_by_label("Pattern", exact=True).fill("(")
    expect(page.get_by_text("Not a regular expression")).to_be_visible()


def test_a_start_is_taken_from_a_template(server, page):
    project = server.api("POST", "/api/v1/projects", {"name": "Fresh"})["id"]
    page.goto(f"/projects/{project}/labeling-tools/")
    page.get_by_role("link", name="Names in texts").click()
    expect(in_order(page)).to_have_text(["Person", "Place", "Organization"])
    save(page)
    expect_saved(page)
    assert titles(server, project) == ["Person", "Place", "Organization"]


# --- changing ---


def test_the_order_is_changed_by_keyboard_and_said(server, page, project):
    open_tools(page, project)
    down = page.get_by_role("button", name="Move down: Car")
    down.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("Car is now 2 of 2.")
    expect(in_order(page)).to_have_text(["Bus", "Car"])
    expect(down).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("Car is last already.")
    page.locator(".tooltitle", has_text="Bus").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(in_order(page)).to_have_text(["Car", "Bus"])
    page.keyboard.press("Alt+ArrowUp")
    save(page)
    expect_saved(page)
    assert titles(server, project) == ["Bus", "Car"]


def test_the_order_is_changed_by_dragging(server, page, project):
    set_tools(server, project, tools=[{"tool": "point", "title": title} for title in ("A", "B", "C")])
    open_tools(page, project)
    grip = page.locator(".grip").nth(2).bounding_box()
    target = page.locator(".toolhead").nth(0).bounding_box()
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(target["x"] + 10, target["y"] + 40, steps=5)
    page.mouse.move(target["x"] + 10, target["y"] + 4, steps=5)
    page.mouse.up()
    expect(in_order(page)).to_have_text(["C", "A", "B"])
    save(page)
    expect_saved(page)
    assert titles(server, project) == ["C", "A", "B"]


def test_escape_puts_a_dragged_row_back(server, page, project):
    open_tools(page, project)
    grip = page.locator(".grip").nth(0).bounding_box()
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(grip["x"] + 5, grip["y"] + 80, steps=5)
    expect(in_order(page)).to_have_text(["Bus", "Car"])
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(in_order(page)).to_have_text(["Car", "Bus"])
    expect(page.get_by_text("Not saved yet")).to_be_hidden()


ODD = {
    "tool": "radio", "title": "Odd", "exportName": "odd",
    "vendor": {"big": 12345678901234567890, "float": 1.0, "none": None},
    "options": [{"value": "yes", "schemaId": "y", "weight": [1, 2]}, "no"], "color": "#ABCDEF",
}  # fmt: skip


def test_renaming_keeps_ids_options_and_what_nobody_knows(server, page, project):
    before = set_tools(server, project, classifications=[ODD])
    open_tools(page, project)
    page.locator(".tooltitle", has_text="Odd").click()
    page.get_by_label("Title", exact=True).fill("Even")
    page.get_by_label("Option", exact=True).first.fill("certainly")
    expect(page.get_by_text("Also has exportName, vendor: kept as they are")).to_be_visible()
    save(page)
    expect_saved(page)
    after = schema_of(server, project)
    wanted = json.loads(json.dumps(before).replace('"Odd"', '"Even"').replace('"yes"', '"certainly"'))
    assert json.dumps(after, sort_keys=True) == json.dumps(wanted, sort_keys=True)


def test_a_copy_has_ids_of_its_own(server, page, project):
    set_tools(server, project, classifications=[ODD])
    open_tools(page, project)
    page.get_by_role("button", name="Duplicate: Odd").click()
    page.keyboard.type("Twin")
    save(page)
    expect_saved(page)
    first, twin = schema_of(server, project)["classifications"]
    assert (twin["title"], twin["vendor"]["float"]) == ("Twin", 1.0)
    assert twin["schemaId"] != first["schemaId"]
    assert not {option["schemaId"] for option in twin["options"]} & {option["schemaId"] for option in first["options"]}


def test_the_schema_id_is_copied(server, page, project):
    schema_id = schema_of(server, project)["tools"][0]["schemaId"]
    open_tools(page, project)
    page.locator(".tooltitle", has_text="Car").click()
    page.get_by_role("button", name="Copy the schemaId of Car").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == schema_id


# --- deleting ---


def test_deleting_can_be_undone_and_is_said_before_it_happens(server, page):
    plugin = server.new_plugin(name="Finder")
    project = server.new_project(plugin, assets=1)
    open_tools(page, project)
    page.get_by_role("button", name="Delete: Bus").click()
    expect(page.get_by_role("button", name="Undo: keep Bus")).to_be_focused()
    page.keyboard.press("Enter")
    expect(in_order(page)).to_have_text(["Car", "Bus"])

    page.get_by_role("button", name="Delete: Car").click()
    expect(page.locator(".goes")).to_contain_text("mapped by Finder: Car")
    save(page)
    warning = page.get_by_role("alert").filter(has_text="Nothing is saved yet")
    expect(warning).to_be_focused()
    expect(warning).to_contain_text("Finder maps its class Car to it, which is left out of its next sessions")
    assert titles(server, project) == ["Car", "Bus"]
    page.get_by_role("button", name="Delete 1, and save").click()
    expect_saved(page)
    assert titles(server, project) == ["Bus"]
    page.goto(f"/projects/{project}/plugins/")
    expect(page.get_by_text("1 of 2 mapped. Left out, since the tool was deleted: Car")).to_be_visible()


def test_a_deleted_option_takes_its_follow_up_along(server, page, project):
    options = [{"value": "yes", "schemaId": "y"}, {"value": "no", "schemaId": "n"}]
    nested = [{"tool": "text", "title": "Why?", "parentOptionId": "n"}]
    asked = {"tool": "radio", "title": "Sure", "options": options, "classifications": nested}
    set_tools(server, project, classifications=[asked])
    open_tools(page, project)
    page.locator(".tooltitle", has_text="Sure").click()
    page.get_by_role("button", name="Delete: no").click()
    expect(page.get_by_text("1 question asked after it goes, too")).to_be_visible()
    save(page)
    expect(page.get_by_role("alert").filter(has_text="Nothing is saved yet")).to_contain_text("Why?")
    page.get_by_role("button", name="Delete 2, and save").click()
    expect_saved(page)
    (item,) = schema_of(server, project)["classifications"]
    assert ([option["value"] for option in item["options"]], item["classifications"]) == (["yes"], [])


# --- errors and the JSON view ---


def test_what_is_wrong_is_said_at_the_field_and_linked_from_the_top(server, page, project):
    open_tools(page, project)
    page.locator(".tooltitle", has_text="Bus").click()
    page.get_by_label("Title", exact=True).fill("")
    page.get_by_label("Shortcut key").focus()
    summary = page.locator("[data-summary]")
    expect(summary).to_contain_text("Give it a title")
    expect(page.get_by_label("Title", exact=True)).to_have_attribute("aria-invalid", "true")
    page.locator(".toolhead .tooltitle").nth(1).click()
    expect(page.get_by_label("Title", exact=True)).to_be_hidden()
    page.get_by_role("button", name="JSON").click()
    page.get_by_role("button", name="Editor").click()  # and its fields are made anew
    expect(page.locator(".toolhead .badge")).to_have_text(["1 to mend"])
    summary.get_by_role("link").click()
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    expect(page.get_by_label("Title", exact=True)).to_have_accessible_description(re.compile("Give it a title"))
    page.keyboard.type("Bus")
    page.get_by_label("Shortcut key").focus()
    expect(summary).to_be_hidden()


def test_another_kind_is_said_where_it_is_chosen(server, page):
    plugin = server.new_plugin(name="Chooser")
    project = server.new_project(plugin, assets=1)
    open_tools(page, project)
    page.locator(".tooltitle", has_text="Car").click()
    page.get_by_label("Kind").select_option("Polygon")
    expect(page.get_by_text("It was: Bounding box. What is drawn or answered keeps its form.")).to_be_visible()
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("what it sends as bounding box is rejected from then on")
    page.get_by_role("button", name="Change 1, and save").click()
    expect_saved(page)
    assert schema_of(server, project)["tools"][0]["tool"] == "polygon"


def test_a_key_that_two_have_is_said(server, page, project):
    open_tools(page, project)
    for title in ("Car", "Bus"):
        page.locator(".tooltitle", has_text=title).click()
        page.get_by_label("Shortcut key").last.fill("1")
    page.keyboard.press("Tab")
    expect(page.locator(".error", has_text="1 is the key of another one, too.")).to_have_count(2)
    save(page)
    expect_saved(page)


def test_json_that_is_wrong_is_named_by_its_line_and_the_views_share_what_is_unsaved(server, page, project):
    open_tools(page, project)
    page.locator(".tooltitle", has_text="Car").click()
    page.get_by_label("Title", exact=True).fill("Lorry")
    page.get_by_role("button", name="JSON").click()
    area = page.get_by_label("All of them as JSON")
    expect(area).to_have_value(re.compile('"title": "Lorry"'))
    text = area.input_value()
    area.fill(text.replace('"Lorry"', '""'))
    line = text[: text.index('"title": "Lorry"')].count("\n") + 1
    problem = page.get_by_role("link", name=f"Line {line}: categorySchema.tools[0].title")
    problem.click()
    assert area.evaluate("a => a.value.slice(a.selectionStart, a.selectionEnd)").strip().startswith('"title": ""')

    area.fill("{")
    page.get_by_role("button", name="Editor").click()
    expect(page.get_by_text("This is not JSON yet. Mend it here first.")).to_be_visible()
    expect(area).to_have_value("{")
    area.fill(text)
    page.get_by_role("button", name="Editor").click()
    expect(in_order(page)).to_have_text(["Lorry", "Bus"])
    save(page)
    expect_saved(page)
    assert titles(server, project) == ["Lorry", "Bus"]


def test_enter_in_a_field_saves_nothing(server, page, project):
    open_tools(page, project)
    page.get_by_role("button", name="Delete: Bus").click()
    save(page)
    expect(page.get_by_role("button", name="Delete 1, and save")).to_be_visible()
    page.wait_for_load_state()
    page.locator(".tooltitle", has_text="Car").click()
    page.get_by_label("Title", exact=True).press("Enter")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    assert titles(server, project) == ["Car", "Bus"]


# --- leaving, and others ---


def test_leaving_with_unsaved_changes_asks(server, page, project):
    open_tools(page, project)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.locator(".tooltitle", has_text="Car").click()
    page.get_by_label("Title", exact=True).fill("Lorry")
    page.get_by_role("link", name="Discard changes").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Lorry")
    assert asked == ["beforeunload"]


def test_who_is_outrun_is_told_at_once_and_when_saving(server, page, project):
    open_tools(page, project)
    page.locator(".tooltitle", has_text="Car").click()
    page.get_by_label("Title", exact=True).fill("Lorry")
    newer = schema_of(server, project)
    server.api("POST", f"/v2/project/{project}", {"categorySchema": {**newer, "tools": newer["tools"][:1]}})
    expect(page.get_by_text("Somebody saved other labeling tools just now.")).to_be_visible()
    save(page)
    expect(page.get_by_text("Somebody saved other labeling tools while you were editing.")).to_be_visible()
    expect(in_order(page)).to_have_text(["Lorry", "Bus"])
    expect(page.get_by_role("link", name="Look at the newer ones")).to_be_visible()
    assert titles(server, project) == ["Car"]
    save(page)
    expect_saved(page)
    assert titles(server, project) == ["Lorry", "Bus"]


# --- a phone ---


def test_on_a_phone_everything_is_in_reach(server, page, project):
    page.set_viewport_size({"width": 390, "height": 844})
    options = [{"value": f"an option with a rather long text, number {number}"} for number in range(3)]
    nested = [{"tool": "checkbox", "title": "Parts", "options": options}]
    set_tools(server, project, tools=[{"tool": "polygon", "title": "Road" * 30, "classifications": nested}])
    open_tools(page, project)
    page.locator(".tooltitle").first.click()
    page.locator(".toolbody .tooltitle").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name=re.compile("Move down: an option .* number 0")).click()
    page.get_by_role("button", name="JSON").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    save(page)
    expect_saved(page)
    (asked,) = schema_of(server, project)["tools"][0]["classifications"]
    assert [option["value"][-1] for option in asked["options"]] == ["1", "0", "2"]


def test_without_script_the_text_is_a_form(server, browser, page, project):
    cookies = page.context.cookies()
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(f"/projects/{project}/labeling-tools/")
    area = plain.get_by_label("All of them as JSON")
    area.fill(area.input_value().replace('"Car"', '"Lorry"'))
    save(plain)
    expect(plain.get_by_text("The labeling tools are saved.")).to_be_visible()
    context.close()
    assert titles(server, project) == ["Lorry", "Bus"]
