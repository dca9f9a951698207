"""CSV files as they come: how they are written is found out, and what is wrong with a row is said with its line."""

import tracemalloc

import pytest

from dashboard import asset_rows, asset_table
from dashboard.asset_rows import ADDRESS, BATCH, CONTEXT, DATA, EXTERNAL_ID, HEIGHT, NOTHING, WIDTH
from dashboard.asset_table import table_of
from pluginhost.errors import Invalid

URL = "https://example.org/a.jpg"


@pytest.fixture
def table(tmp_path):
    """Writes a file and reads how it is written."""

    def write(content, **given):
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return table_of(path, **given)

    return write


def rows(table, *roles):
    return list(asset_rows.read(table, roles or asset_rows.guess(table), lambda address: None))


# --- how it is written ---


@pytest.mark.parametrize(
    ("encoded", "encoding"),
    [
        ("id,url\nstraße,x".encode(), "utf-8"),
        ("id,url\nstraße,x".encode("utf-8-sig"), "utf-8"),
        ("id,url\nstraße,x".encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + "id,url\nstraße,x".encode("utf-16-be"), "utf-16"),
        ("id,url\nstraße,x".encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_found_out(table, encoded, encoding):
    read = table(encoded)
    assert (read.encoding, read.columns) == (encoding, ["id", "url"])
    assert next(read.lines()).cells == ["straße", "x"]


def test_the_encoding_can_be_chosen(table):
    read = table("id,url\nşehir,x".encode("cp1254"), encoding="cp1254")
    assert next(read.lines()).cells[0] == "şehir"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(table, delimiter):
    cells = delimiter.join
    read = table("\n".join([cells(["id", "url", "note"]), cells(["1", URL, '"a, b; c"'])]))
    assert read.delimiter == delimiter
    assert next(read.lines()).cells == ["1", URL, "a, b; c"]


def test_commas_in_the_cells_do_not_mislead(table):
    read = table("name;place;url\n" + f"one, two, three;here, there;{URL}\n" * 5)
    assert (read.delimiter, len(read.columns)) == (";", 3)


def test_one_column_is_read(table):
    read = table(f"url\n{URL}\n")
    assert (read.columns, [line.cells for line in read.lines()]) == (["url"], [[URL]])


def test_without_names_the_columns_are_counted(table):
    read = table(f"1,{URL}\n2,{URL}\n")
    assert (read.has_header, read.columns) == (False, ["column 1", "column 2"])
    assert [line.number for line in read.lines()] == [1, 2]
    assert asset_rows.guess(read) == [CONTEXT, ADDRESS]


def test_lines_are_counted_as_an_editor_does(table):
    read = table(f'id,url\n\n"two\nlines",{URL}\n,,\nlast,{URL}\n')
    assert [line.number for line in read.lines()] == [3, 6]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_file_without_rows_says_so(table, content):
    with pytest.raises(Invalid, match="no rows"):
        table(content)


def test_a_forgotten_quotation_mark_is_said_with_its_line(table):
    read = table(f'id,url\n1,{URL}\n2,"{URL}\n' + f"3,{URL}\n" * 100_000)
    with pytest.raises(Invalid, match=r"Line 3 cannot be read.*quotation mark"):
        list(read.lines())


def test_a_wrong_letter_late_in_the_file_is_seen(table):
    content = "id,url\n" + f"a,{URL}\n" * 100_000
    assert table(content.encode() + "straße,x".encode("cp1252")).encoding == "cp1252"


def test_a_file_that_is_one_line_does_not_fill_the_memory(table, monkeypatch):
    monkeypatch.setattr(asset_table, "LONGEST_LINE", 1000)
    with pytest.raises(Invalid, match="Line 1 is longer"):
        table("x" * 2000)


def test_too_many_rows_are_refused(table, monkeypatch):
    monkeypatch.setattr(asset_table, "MOST_ROWS", 3)
    read = table("url\n" + f"{URL}\n" * 4)
    with pytest.raises(Invalid, match="more than 3 rows"):
        list(read.lines())


def test_too_many_empty_rows_are_refused_and_not_read_to_their_end(table, monkeypatch):
    monkeypatch.setattr(asset_table, "MOST_ROWS", 3)
    read = table(f"url\n{URL}\n" + "\n" * 4)
    assert len(list(read.lines())) == 1
    with pytest.raises(Invalid, match="first 6 rows are empty"):
        list(table(f"url\n{URL}\n" + "\n" * 5).lines())
    with pytest.raises(Invalid, match="first 6 rows are empty"):
        table("\n" * 7 + "url\n")


def test_too_many_columns_are_refused(table):
    with pytest.raises(Invalid, match="columns, more than 200"):
        table("a," * 300)


def test_a_large_file_is_read_in_little_memory(table):
    read = table("id,url\n" + f"some rather long external id,{URL}\n" * 50_000)
    tracemalloc.start()
    count = sum(1 for row in asset_rows.read(read, [EXTERNAL_ID, ADDRESS], lambda address: None) if not row.error)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 50_000
    assert peak < 1_000_000


# --- what the columns are ---


def test_roles_are_guessed_by_the_names(table):
    read = table("External ID,Image URL,batches,Width,height,weather,context.time,url\n")
    assert asset_rows.guess(read) == [EXTERNAL_ID, ADDRESS, BATCH, WIDTH, HEIGHT, CONTEXT, CONTEXT, CONTEXT]


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        ([EXTERNAL_ID], "Say which column"),
        ([ADDRESS, DATA], "Only one column"),
        ([ADDRESS, WIDTH, WIDTH], "Two columns are «Width"),
        ([ADDRESS, BATCH, BATCH, CONTEXT, CONTEXT, NOTHING], ""),
    ],
)
def test_roles_that_cannot_be_are_said(roles, sentence):
    assert sentence in asset_rows.wrong_with(roles)
    assert bool(sentence) == bool(asset_rows.wrong_with(roles))


def test_a_row_becomes_an_asset(table):
    read = table(f"id,url,batch,width,height,weather,context.time,mood\n a , {URL} ,x; y|z,640,480.0,rain,noon,\n")
    (row,) = rows(read)
    assert row.item == {
        "data": URL,
        "externalId": "a",
        "batches": ["x", "y", "z"],
        "metadata": {"width": 640, "height": 480},
        "contextData": {"weather": "rain", "time": "noon"},
    }


def test_data_may_be_text(table):
    (row,) = rows(table('data\n"Once, upon a time"\n'))
    assert row.item["data"] == "Once, upon a time"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("a,,,", "It has no address."),
        ("a,ftp://example.org/a.jpg,,", "An address begins with http:// or https://"),
        ("a,https://example.org/a b.jpg,,", "write it as %20"),
        (f"a,{URL},wide,480", "The width is «wide»"),
        (f"a,{URL},640,0", "The height is «0»"),
        (f"a,{URL},²,1", "The width is «²»"),
        (f"a,{URL},1e3,1", "The width is «1e3»"),
        (f"a,{URL},1,2,3,4", "It has 6 cells, more than the 4 columns"),
        (f"{'x' * 1001},{URL},,", "longer than 1,000"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(table, line, sentence):
    first, second = rows(table(f"id,url,width,height\n{line}\nb,{URL},1,1\n"))
    assert sentence in first.error
    assert first.item == {}
    assert second.error == ""


def test_an_address_that_is_neither_text_nor_http_is_refused(table):
    (row,) = rows(table("data\ns3://bucket/a.jpg\n"))
    assert "begins with http://" in row.error


def test_what_no_database_takes_is_replaced(table):
    (row,) = rows(table(f"id,url\na\0b,{URL}\n"))
    assert row.error == ""


def test_lines_are_written_as_they_are_read():
    assert asset_table.as_line(["a", 'b"c', "d,e"]) == b'a,"b""c","d,e"\r\n'
    assert asset_table.as_line([1, "ş"]).decode() == "1,ş\r\n"
