"""Category schemas: what is completed, what is refused and where, what is advised, and what another one takes away."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from pluginhost.errors import Invalid
from pluginhost.protocol import category_schema, json_lines, schema_changes, tool_kinds
from pluginhost.protocol.schema_advice import advice
from pluginhost.protocol.schema_reading import DEEPEST, MOST_OPTIONS

# A busy machine is no reason to fail.
patiently = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
WORDS = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
TITLES = WORDS.map(lambda text: text.strip() or "untitled").map(str.strip).filter(bool)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | WORDS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(WORDS, inner, max_size=3),
    max_leaves=3,
)
KNOWN = {
    "tool", "title", "schemaId", "color", "options", "treeOptions", "classifications", "required", "columnField",
    "frameSpecific", "showDropdown", "richText", "shortcutKey", "regex", "parentOptionId",
}  # fmt: skip
MORE = some.dictionaries(WORDS.filter(lambda name: name not in KNOWN), JSON, max_size=2)
SWITCHES = some.none() | some.booleans()


def options():
    return some.lists(
        some.builds(lambda more, value: {**more, "value": value}, some.just({"extra": [1, None]}), WORDS), max_size=2
    )


def items(kinds, depth=1):
    """Items with everything that they may have, keys that nobody knows included; without ids."""
    fixed = {
        "tool": some.sampled_from(sorted(kinds)), "title": TITLES, "options": options(), "required": SWITCHES,
        "color": some.sampled_from(["#123456", "#ABCDEF"]), "regex": some.none() | WORDS, "shortcutKey": WORDS,
    }  # fmt: skip
    if depth:
        fixed["classifications"] = some.lists(items(tool_kinds.CLASSIFICATIONS, depth - 1), max_size=2)
    return some.builds(lambda more, own: {**more, **own}, MORE, some.fixed_dictionaries(fixed))


SCHEMAS = some.fixed_dictionaries(
    {name: some.lists(items(kinds), max_size=2) for name, kinds in tool_kinds.OF_KIND.items()}
)


def errors_of(schema):
    with pytest.raises(Invalid) as refused:
        category_schema.complete(schema)
    return {error["path"].removeprefix("categorySchema."): error["message"] for error in refused.value.errors}


def tool(**fields):
    return {"tool": "bounding-box", "title": "Car", **fields}


def question(**fields):
    return {"tool": "radio", "title": "Weather", **fields}


# --- completing ---


@patiently
@given(SCHEMAS)
def test_completing_keeps_all_that_was_given(schema):
    def keeps(given, read):
        if isinstance(given, dict):
            return all(keeps(value, read[name]) for name, value in given.items())
        if isinstance(given, list):
            return len(given) == len(read) and all(map(keeps, given, read))
        return given == read

    assert keeps(schema, category_schema.complete(schema))


@patiently
@given(SCHEMAS)
def test_completing_what_is_complete_changes_nothing(schema):
    complete = category_schema.complete(schema)
    assert category_schema.complete(json.loads(json.dumps(complete))) == complete


def test_ids_and_colours_are_made_where_they_are_missing():
    (made, kept) = category_schema.complete({"tools": [tool(), tool(schemaId="mine", color="#abcdef")]})["tools"]
    assert len(made["schemaId"]) == 32
    assert made["color"] in tool_kinds.PALETTE
    assert (kept["schemaId"], kept["color"]) == ("mine", "#abcdef")


def test_a_number_as_an_id_becomes_text():
    (read,) = category_schema.complete({"tools": [tool(schemaId=1699999999999)]})["tools"]
    assert read["schemaId"] == "1699999999999"


def test_options_may_be_plain_texts():
    (read,) = category_schema.complete({"classifications": [question(options=["sun", {"value": "rain"}])]})[
        "classifications"
    ]
    assert [option["value"] for option in read["options"]] == ["sun", "rain"]
    assert all(option["schemaId"] for option in read["options"])


def test_the_paths_of_a_tree_are_its_options():
    tree = [{"title": "A", "key": "a", "children": [{"title": "B", "key": "b", "children": [{"title": "C"}]}]}]
    had = [{"value": "old", "schemaId": "b", "note": "kept"}]
    item = question(tool="tree-dropdown", treeOptions=tree, options=had)
    (read,) = category_schema.complete({"classifications": [item]})["classifications"]
    assert [option["value"] for option in read["options"]] == ["A", "A / B", "A / B / C"]
    assert read["options"][1] == {"value": "A / B", "schemaId": "b", "note": "kept"}
    assert read["options"][2]["schemaId"] == read["treeOptions"][0]["children"][0]["children"][0]["key"]


def test_what_no_database_stores_is_replaced():
    (read,) = category_schema.complete({"tools": [tool(title="a\0b", note=["\ud800"])]})["tools"]
    assert (read["title"], read["note"]) == ("a\ufffdb", ["\ufffd"])


def test_what_the_client_writes_stays_as_it_is():
    """ClassificationCategory.toDict of 1.4.10 with a tree; 1.1.6 writes the same without exportName."""
    node = {"title": "A", "children": [], "key": "k" * 32, "value": "k" * 32}
    item = {
        "tool": "tree-dropdown", "title": "Place", "required": False, "columnField": False, "color": "#0F9A1C",
        "shortcutKey": "", "classifications": [], "options": [{"value": "A", "schemaId": "k" * 32}],
        "schemaId": "5" * 32, "regex": None, "treeOptions": [node], "parentOptionId": None, "frameSpecific": False,
        "showDropdown": False, "richText": False, "exportName": "place", "defaultValue": False,
    }  # fmt: skip
    schema = {"tools": [], "classifications": [item], "relations": []}
    assert category_schema.complete(schema) == schema
    assert advice(schema) == []


# --- refusing ---


@pytest.mark.parametrize("schema", [None, 1, "x", []])
def test_what_is_no_object_is_refused(schema):
    assert errors_of(schema) == {"categorySchema": "This must be an object with tools, classifications and relations."}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"tool": "box"}, "tool"),
        ({"tool": ["box"]}, "tool"),
        ({"title": " "}, "title"),
        ({"title": None}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"schemaId": ["x"]}, "schemaId"),
        ({"schemaId": True}, "schemaId"),
        ({"schemaId": "x" * 101}, "schemaId"),
        ({"required": "yes"}, "required"),
        ({"columnField": []}, "columnField"),
        ({"shortcutKey": 1}, "shortcutKey"),
        ({"regex": {}}, "regex"),
        ({"regex": "x" * 2001}, "regex"),
        ({"parentOptionId": 7}, "parentOptionId"),
        ({"options": {}}, "options"),
        ({"options": [None]}, "options[0].value"),
        ({"options": [{"value": 1}]}, "options[0].value"),
        ({"options": [{"value": "x" * 1001}]}, "options[0].value"),
        ({"treeOptions": "A"}, "treeOptions"),
        ({"treeOptions": [{"title": "A", "children": [{"key": "b"}]}]}, "treeOptions[0].children[0].title"),
        ({"classifications": [1]}, "classifications[0]"),
        ({"classifications": [{"tool": "point", "title": "x"}]}, "classifications[0].tool"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(fields, path):
    assert list(errors_of({"tools": [tool(), tool(**fields)]})) == [f"tools[1].{path}"]


def test_everything_wrong_is_named_at_once():
    errors = errors_of({"tools": [{"tool": "x", "title": ""}, 5], "relations": 3})
    assert list(errors) == ["tools[0].tool", "tools[0].title", "tools[1]", "relations"]


def test_of_very_much_wrong_the_first_fifty_are_named():
    assert len(errors_of({"tools": [1] * 1_000})) == 50


def test_an_id_that_stands_twice_is_refused():
    nested = tool(schemaId="x", classifications=[question(schemaId="x", options=["a"])])
    assert errors_of({"tools": [nested]}) == {"tools[0].classifications[0].schemaId": "x stands twice."}


def test_nesting_has_an_end():
    item = question()
    for _ in range(DEEPEST + 2):
        item = question(classifications=[item])
    assert any("nested deeper" in message for message in errors_of({"classifications": [item]}).values())


def test_the_number_of_options_has_an_end():
    errors = errors_of({"classifications": [question(options=["x"] * (MOST_OPTIONS + 1))]})
    assert "more than 20,000 options" in errors["classifications[0].options"]


def test_what_is_nested_beyond_reason_is_refused():
    value = {}
    for _ in range(500):
        value = {"x": value}
    assert "nested deeper" in errors_of({"tools": [], "more": value})["categorySchema"]


# --- advising ---

BLANK = [{"title": " "}]


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"tools": [tool(), tool(title="car ")]}, "tools[1].title"),
        ({"tools": [tool(shortcutKey="q"), tool(title="Bus", shortcutKey="Q")]}, "tools[0].shortcutKey"),
        ({"tools": [tool(color="red")]}, "tools[0].color"),
        ({"classifications": [question(tool="text", regex="(")]}, "classifications[0].regex"),
        ({"classifications": [question()]}, "classifications[0].options"),
        ({"classifications": [question(tool="tree-dropdown")]}, "classifications[0].treeOptions"),
        ({"classifications": [question(options=["a", " "])]}, "classifications[0].options[1].value"),
        ({"classifications": [question(options=["a", "b", "a"])]}, "classifications[0].options[2].value"),
        (
            {"classifications": [question(tool="tree-dropdown", treeOptions=[{"title": "A", "children": BLANK}])]},
            "classifications[0].treeOptions[0].children[0].title",
        ),
        (
            {"tools": [tool(classifications=[question(options=["a"], parentOptionId="gone")])]},
            "tools[0].classifications[0].parentOptionId",
        ),
    ],
)
def test_what_is_unlikely_to_be_meant_is_said_and_taken(schema, path):
    category_schema.complete(schema)
    assert path in [found["path"].removeprefix("categorySchema.") for found in advice(schema)]


def test_a_follow_up_of_a_branch_is_asked():
    nested = [question(options=["a"], parentOptionId="k")]
    tree = [{"title": "A", "children": [{"title": "B", "key": "k"}]}]
    assert advice({"classifications": [question(tool="tree-dropdown", treeOptions=tree, classifications=nested)]}) == []


def test_patterns_are_those_of_browsers():
    assert advice({"classifications": [question(tool="text", regex=r"^(?<day>\d+)(?=th)")]}) == []


def test_of_much_advice_the_first_fifty_are_given():
    assert len(advice({"tools": [tool() for _ in range(200)]})) == 50


@patiently
@given(SCHEMAS)
def test_there_is_advice_on_all_that_can_be_saved(schema):
    for found in advice(schema):
        assert found["path"].startswith("categorySchema.")


# --- what another one takes away ---


def before():
    answers = [{"value": "sun", "schemaId": "s"}, {"value": "rain", "schemaId": "r"}]
    nested = question(schemaId="n", title="Seen from", options=[])
    return category_schema.complete(
        {
            "tools": [tool(schemaId="c", classifications=[nested]), tool(schemaId="b", title="Bus")],
            "classifications": [question(schemaId="w", options=answers)],
        }
    )


def changes(change):
    old, new = before(), before()
    change(new)
    return [(found.title, found.kind, found.becomes) for found in schema_changes.between(old, new)]


def test_renaming_recolouring_and_moving_take_nothing_away():
    def change(new):
        new["tools"].reverse()
        new["tools"][0] |= {"title": "Coach", "color": "#000000"}
        new["classifications"][0]["options"].reverse()

    assert changes(change) == []


def test_a_whole_goes_with_its_parts():
    assert changes(lambda new: new["tools"].pop(0)) == [
        ("Car", "bounding-box", ""),
        ("Seen from", "radio", ""),
    ]


def test_another_kind_and_a_deleted_option_are_found():
    def change(new):
        new["tools"][1]["tool"] = "polygon"
        new["classifications"][0]["options"].pop()

    assert changes(change) == [("Bus", "bounding-box", "polygon"), ("rain", "option", "")]


# --- lines ---

TEXT = """{
 "tools": [
  {"tool": "x", "a": [1, {"b": 2}],
   "ti\\"tle": "]}"},
  {
   "options": [{}, {
 "value": 1}]}
 ]
}"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("c", 1), ("c.tools", 2), ("c.tools[0].tool", 3), ("c.tools[0].a[1].b", 3), ("c.tools[1]", 5),
        ("c.tools[1].options[1]", 6), ("c.tools[1].options[1].value", 7), ("c.tools[1].title", 5), ("c.relations", 1),
    ],
)  # fmt: skip
def test_a_path_has_its_line(path, line):
    json.loads(TEXT)
    assert json_lines.lines_of(TEXT, [path]) == {path: line}


@patiently
@given(JSON, some.sampled_from([None, 1]))
def test_every_text_that_is_json_can_be_read_for_lines(value, indent):
    assert json_lines.lines_of(json.dumps(value, indent=indent), ["c.a[1].b"])["c.a[1].b"] >= 1


# --- colours ---


def luminance(color):
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["#fffefc", "#14181f"])
@pytest.mark.parametrize("color", tool_kinds.PALETTE)
def test_every_colour_stands_out_from_both_grounds(color, ground):
    dark, light = sorted([luminance(color), luminance(ground)])
    assert (light + 0.05) / (dark + 0.05) >= 3
