"""Walking big JSON: the same as `json.loads`, whatever the size of the pieces that come, and one item at a time."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluginhost.protocol.json_place import NotJson
from pluginhost.protocol.json_values import Unreadable
from pluginhost.protocol.streams import Rewindable
from pluginhost.protocol.walk import Walk

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(st.text(max_size=5), values | st.lists(values, max_size=6), max_size=5)


class Dripping(io.BytesIO):
    """Gives at most `size` bytes at a time, as a slow sender would."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._most = size

    def read(self, size=-1, /):
        return super().read(min(size, self._most))


def walked(content: bytes, size: int = 7) -> dict:
    walk = Walk(Dripping(content, size), read_bytes=size)
    found = {}
    for name in walk.members():
        found[name] = list(walk.items()) if name == "items" else walk.value()
    return found


@given(documents, st.lists(values, max_size=5), st.integers(1, 50), st.booleans(), st.sampled_from([None, 1]))
def test_it_reads_what_json_reads(document, items, size, is_ascii, indent):
    document["items"] = items
    text = json.dumps(document, ensure_ascii=is_ascii, indent=indent)
    assert walked(text.encode("utf-8", "surrogatepass"), size) == document


records = st.fixed_dictionaries(
    {"a": values | st.lists(st.fixed_dictionaries({"a": values}), max_size=3)}, optional={"b": values}
)


@given(st.lists(records | values, max_size=12), st.integers(1, 300), st.sampled_from([None, 1]))
def test_items_that_are_alike_are_read_as_json_reads_them(items, size, indent):
    text = json.dumps({"items": items}, indent=indent)
    assert walked(text.encode(), size) == json.loads(text)


WHAT_ONLY_JSON_TAKES = ["NaN", "-Infinity", "1e400", '"\\ud800"', "1" * 200, '"}, {\\"a\\": 1"', '[{"a": 1}, {"a": 2}]']


@pytest.mark.parametrize("odd", WHAT_ONLY_JSON_TAKES)
def test_an_odd_value_among_many_items_is_read_as_json_reads_it(odd):
    items = [f'{{"a": {number}}}' for number in range(50)]
    items[20] = f'{{"a": {odd}}}'
    text = f'{{"items": [{", ".join(items)}]}}'
    for size in (40, 100, 10_000):
        assert repr(walked(text.encode(), size)) == repr(json.loads(text))


@pytest.mark.parametrize("broken", ["{,}", "1 2", '{"a": 1', "{'a': 1}", "]", '"\t"'])
def test_a_broken_item_among_many_is_found_where_it_stands(broken):
    items = ", ".join('{"a": 1}' for _ in range(50))
    with pytest.raises(NotJson):
        walked(f'{{"items": [{items}, {broken}, {items}]}}'.encode(), 10_000)


@given(documents, st.integers(1, 50))
def test_members_that_nobody_reads_are_passed_over(document, size):
    walk = Walk(Dripping(json.dumps(document).encode(), size), read_bytes=size)
    assert list(walk.members()) == list(document)


@given(st.binary(max_size=60), st.integers(1, 9))
def test_whatever_comes_is_read_or_refused(content, size):
    with suppress(NotJson):
        walked(content, size)


@pytest.mark.parametrize(
    "text", ["", "[]", "1", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,}', '{"a":1} x', '{"a" 1}', "{1:2}", '{"a":[1,]}']
)
def test_what_is_not_an_object_is_refused(text):
    with pytest.raises(NotJson):
        list(Walk(io.BytesIO(text.encode())).members())


def test_a_broken_item_says_where_it_is_wrong():
    with pytest.raises(NotJson, match="character 17"):
        walked(b'{"items": [{"a": }]}', 1000)


def test_a_list_is_expected_where_a_list_is_asked_for():
    with pytest.raises(NotJson, match="a list was expected"):
        walked(b'{"items": {}}')


def test_a_byte_order_mark_is_passed_over():
    assert walked(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_bytes_that_are_not_utf_8_are_refused():
    with pytest.raises(NotJson, match="UTF-8"):
        walked(b'{"a": "\xff"}')


def test_an_item_nested_too_deeply_stands_for_itself_alone():
    deep = b"[" * 100_000 + b"]" * 100_000
    found = walked(b'{"items": [1, ' + deep + b', "]", 2]}', 1000)["items"]
    assert found == [1, Unreadable("it is nested too deeply"), "]", 2]


def test_a_number_of_thousands_of_digits_stands_for_itself_alone():
    found = walked(b'{"items": [{"a": ' + b"9" * 6000 + b"}, " + b"8" * 6000 + b", 2]}", 1000)["items"]
    assert found == [Unreadable("it has a number of thousands of digits")] * 2 + [2]


@pytest.mark.parametrize("size", [7, 100, 10_000])
def test_a_key_that_stands_twice_is_told_with_its_place(size):
    odd = '{"a": 1, "b": [0, {"c": {"d": 1, "\\u0064": 2}}]}'
    alike = ", ".join('{"a": 1}' for _ in range(30))
    found = walked(f'{{"items": [{alike}, {odd}, {alike}]}}'.encode(), size)["items"]
    assert (
        found
        == [{"a": 1}] * 30 + [Unreadable('the key "d" stands twice', "duplicate_key", ".b[1].c")] + [{"a": 1}] * 30
    )


def test_a_key_that_stands_twice_is_found_however_deep_or_long_its_object_is():
    deep = '{"a":' * 400 + '{"b": 1, "b": 2}' + "}" * 400
    names = ", ".join(f'"{number}": 0' for number in range(60_000))
    found = walked(f'{{"items": [{deep}, {{{names}, "9": 1}}]}}'.encode(), 100_000)["items"]
    assert [(one.code, one.path) for one in found] == [("duplicate_key", ".a" * 400), ("duplicate_key", "")]


LONG = {
    "a text": b'"' + b"x" * 5000 + b'"',
    "a text of quotes": b'"' + b'\\"' * 3001 + b'"',
    "a number": b"9" * 5000,
    "a fraction": b"0." + b"9" * 5000,
    "a list": b"[" + b'"]", ' * 2000 + b"1]",
    "an object": b'{"a": {"b": [' + b"{}, " * 3000 + b'"\\\\"]}}',
}


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("long", LONG.values(), ids=LONG.keys())
def test_an_item_over_the_limit_stands_for_itself_alone(long, size):
    walk = Walk(io.BytesIO(b'{"items": [1, ' + long + b", 2]}"), read_bytes=size, most=1000)
    assert next(walk.members()) == "items"
    assert list(walk.items()) == [1, Unreadable("it has more than 1,000 characters", "too_large"), 2]


@pytest.mark.parametrize("broken", [b'{"a": oops}, ' + b"1, " * 5000 + b"2]", b'["' + b"x" * 5000, b"{" * 5000])
def test_a_broken_item_before_much_else_is_no_long_item(broken):
    walk = Walk(io.BytesIO(b'{"items": [' + broken), read_bytes=100, most=1000)
    assert next(walk.members()) == "items"
    with pytest.raises(NotJson, match="not JSON at character"):
        list(walk.items())


def test_no_more_than_one_item_is_held():
    class Endless:
        def __init__(self):
            self.read_bytes = 0

        def read(self, size, /):
            piece = b'{"items": [' if self.read_bytes == 0 else b'{"a": 1},' * 100
            self.read_bytes += len(piece)
            return piece

    stream = Endless()
    walk = Walk(stream, read_bytes=900)
    next(walk.members())
    for place, _ in enumerate(walk.items()):
        if place == 5000:
            break
    assert stream.read_bytes < 5000 * 9 + 3000


def test_a_stream_can_be_read_once_more_from_its_beginning():
    stream = Rewindable(io.BytesIO(b"0123456789"))
    assert stream.read(4) == b"0123"
    stream.rewind()
    assert b"".join(iter(lambda: stream.read(3), b"")) == b"0123456789"
    assert stream.size == 10
    stream.close()
