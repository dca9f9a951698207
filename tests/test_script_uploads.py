"""Uploads of scripts: a file, a folder, a zip; and what is refused, with a sentence that says what to do."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest

from pluginhost import script_files
from pluginhost.actions import managed_scripts, script_codes
from pluginhost.errors import Forbidden, Invalid, NotFound, TooLarge
from pluginhost.models import AuditEvent, ManagedScript, ScriptCode
from pluginhost.script_uploads import Upload

from . import makers

GOOD = b"print('here')\n"


@pytest.fixture(autouse=True)
def _allowed(settings, tmp_path):
    settings.PLUGINHOST_DATA_DIR = tmp_path
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"


def file(name="script.py", content=GOOD):
    return Upload(name, io.BytesIO(content))


def zipped(name="script.zip", **contents):
    """`zipped(**{"main.py": b"…"})`; a ZipInfo's place may be taken by (info, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in contents.items():
            archive.writestr(*(content if isinstance(content, tuple) else (path, content)))
    return Upload(name, io.BytesIO(buffer.getvalue()))


def upload(alice, plugin, *uploads, entry=""):
    return script_codes.upload(makers.principal(alice), plugin, uploads, entry)


def kept(plugin, number=1):
    folder = script_files.code(plugin.uid, number)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_kept(alice, plugin):
    code = upload(alice, plugin, file())
    assert (code.number, code.name, code.entry, code.size, code.files) == (1, "script.py", "script.py", len(GOOD), 1)
    assert kept(plugin) == {"script.py": GOOD}
    script = ManagedScript.objects.get()
    assert (script.code, script.entry, script.source) == (code, "script.py", "uploaded")
    assert script.wanted == "stopped"


def test_a_zip_is_unpacked(alice, plugin):
    code = upload(alice, plugin, zipped(**{"main.py": GOOD, "lib/shapes.py": GOOD, "model.bin": b"\0" * 100}))
    assert (code.entry, code.files) == ("main.py", 3)
    assert set(kept(plugin)) == {"main.py", "lib/shapes.py", "model.bin"}


def test_a_zip_is_known_by_its_content(alice, plugin):
    assert upload(alice, plugin, zipped("script.bin", **{"main.py": GOOD})).entry == "main.py"


def test_the_one_folder_in_a_zip_is_left_out(alice, plugin):
    assert upload(alice, plugin, zipped(**{"detector-1.0/main.py": GOOD, "detector-1.0/lib/x.py": GOOD})).files == 2
    assert set(kept(plugin)) == {"main.py", "lib/x.py"}


def test_a_folder_is_kept(alice, plugin):
    code = upload(alice, plugin, file("detector/run.py"), file("detector/weights/small.bin", b"\0"))
    assert (code.name, code.entry) == ("detector", "run.py")
    assert set(kept(plugin)) == {"run.py", "weights/small.bin"}


def test_the_entry_can_be_said(alice, plugin):
    assert upload(alice, plugin, zipped(**{"a.py": GOOD, "lib/b.py": GOOD}), entry="lib/b.py").entry == "lib/b.py"


def test_an_entry_that_is_not_plain_is_asked_for(alice, plugin):
    with pytest.raises(Invalid, match=r"Which file is to be started\? It holds a\.py, b\.py\."):
        upload(alice, plugin, zipped(**{"a.py": GOOD, "b.py": GOOD}))


def test_an_entry_that_is_not_there_is_said(alice, plugin):
    with pytest.raises(Invalid, match=r"There is no file «c\.py» in the upload\. It holds a\.py\."):
        upload(alice, plugin, zipped(**{"a.py": GOOD}), entry="c.py")


def test_its_requirements_are_taken_when_there_were_none(alice, plugin):
    upload(alice, plugin, zipped(**{"main.py": GOOD, "requirements.txt": b"numpy\r\n"}))
    assert ManagedScript.objects.get().requirements == "numpy"
    upload(alice, plugin, zipped(**{"main.py": GOOD, "requirements.txt": b"other\n"}))
    assert ManagedScript.objects.get().requirements == "numpy"


def test_each_upload_is_a_version(alice, plugin):
    upload(alice, plugin, file(content=b"1\n"))
    upload(alice, plugin, file("other.py", b"2\n"))
    assert [kept(plugin, 1), kept(plugin, 2)] == [{"script.py": b"1\n"}, {"other.py": b"2\n"}]
    assert managed_scripts.of(plugin).code.number == 2


def test_one_can_go_back_to_a_version(alice, plugin):
    upload(alice, plugin, file(content=b"1\n"))
    upload(alice, plugin, file("other.py", b"2\n"))
    before = managed_scripts.of(plugin).revision
    script_codes.choose(makers.principal(alice), plugin, 1)
    script = managed_scripts.of(plugin)
    assert (script.code.number, script.entry, script.revision) == (1, "script.py", before + 1)


def test_a_version_that_is_not_there_is_said(alice, plugin):
    upload(alice, plugin, file())
    with pytest.raises(NotFound):
        script_codes.choose(makers.principal(alice), plugin, 2)


def test_it_stands_in_the_audit_trail(alice, plugin):
    upload(alice, plugin, file())
    event = AuditEvent.objects.filter(verb="script.uploaded").get()
    assert (event.actor, event.details["name"], event.details["number"]) == (alice, "script.py", 1)


def test_the_same_content_has_the_same_digest(alice, plugin):
    by_zip = upload(alice, plugin, zipped(**{"a/main.py": GOOD, "a/b.txt": b"x"}))
    by_folder = upload(alice, plugin, file("c/main.py"), file("c/b.txt", b"x"))
    assert by_zip.digest == by_folder.digest


# --- what is refused, and leaves nothing behind ---


def refusal(alice, plugin, *uploads, error=Invalid):
    with pytest.raises(error) as caught:
        upload(alice, plugin, *uploads)
    assert not ScriptCode.objects.exists()
    assert [path for path in script_files.folder(plugin.uid).rglob("*") if path.is_file()] == []
    return caught.value.sentence


def test_no_zip_though_it_is_named_like_one(alice, plugin):
    assert "is no zip archive" in refusal(alice, plugin, file("script.zip"))


def test_neither_python_nor_zip(alice, plugin):
    assert "Upload a .py file, or a zip of a folder" in refusal(alice, plugin, file("model.onnx", b"\0\1"))


def test_half_a_zip(alice, plugin):
    whole = zipped(**{"main.py": GOOD * 100}).stream.getvalue()
    assert "cannot be unpacked" in refusal(alice, plugin, file("script.zip", whole[:-30]))


def test_a_zip_with_a_wrong_checksum(alice, plugin):
    content = bytearray(zipped(**{"main.py": GOOD * 100}).stream.getvalue())
    content[45] ^= 0xFF
    assert "cannot be unpacked" in refusal(alice, plugin, file("script.zip", bytes(content)))


def test_an_empty_zip(alice, plugin):
    assert "The zip is empty" in refusal(alice, plugin, zipped())


def test_a_zip_bomb(alice, plugin, settings):
    settings.PLUGINHOST_SCRIPT_LIMIT = 1 << 20
    bomb = zipped(**{"main.py": GOOD, "zeros": b"\0" * (1 << 21)})
    assert "larger than 1,048,576 bytes" in refusal(alice, plugin, bomb, error=TooLarge)


def test_a_zip_bomb_that_lies_about_its_size(alice, plugin, settings):
    settings.PLUGINHOST_SCRIPT_LIMIT = 1 << 20
    bomb = bytearray(zipped(**{"main.py": b"#" * (1 << 22)}).stream.getvalue())
    told = (1 << 22).to_bytes(4, "little")
    while told in bomb:
        at = bomb.index(told)
        bomb[at : at + 4] = (100).to_bytes(4, "little")
    assert "cannot be unpacked" in refusal(alice, plugin, file("script.zip", bytes(bomb)))


def test_too_many_files(alice, plugin):
    assert "at most 10,000" in refusal(alice, plugin, zipped(**{f"{number}.py": b"" for number in range(10_001)}))


@pytest.mark.parametrize("path", ["../out.py", "a/../../out.py", "/etc/out.py", "a\\b.py", "C:/out.py", "a\tb.py"])
def test_a_path_that_climbs_out(alice, plugin, tmp_path, path):
    archive = zipped(**{"main.py": GOOD, path: (zipfile.ZipInfo(path), GOOD)})
    assert "no path inside the script's folder" in refusal(alice, plugin, archive)
    assert not list(tmp_path.rglob("out.py"))


def test_a_path_of_a_folder_that_climbs_out(alice, plugin):
    assert "no path inside" in refusal(alice, plugin, file("a.py"), file("../../b.py"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_in_a_zip(alice, plugin, kind):
    info = zipfile.ZipInfo("link.py")
    info.external_attr = (kind | 0o777) << 16
    said = refusal(alice, plugin, zipped(**{"main.py": GOOD, "link.py": (info, b"/etc/passwd")}))
    assert "only files and folders are taken" in said


def test_a_file_that_is_there_twice(alice, plugin):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped(**{"main.py": GOOD, "again": ("main.py", b"other")})
    assert "is there twice" in refusal(alice, plugin, archive)


def test_a_file_that_is_a_folder_too(alice, plugin):
    assert "a file and a folder" in refusal(alice, plugin, zipped(**{"main.py": GOOD, "main.py/x.py": GOOD}))


def test_an_encrypted_zip(alice, plugin):
    content = bytearray(zipped(**{"main.py": GOOD}).stream.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    assert "encrypted" in refusal(alice, plugin, file("script.zip", bytes(content)))


def test_a_path_that_is_too_long(alice, plugin):
    assert "longer than 300" in refusal(alice, plugin, zipped(**{"main.py": GOOD, "x/" * 200 + "y.py": GOOD}))


def test_a_syntax_error(alice, plugin):
    said = refusal(alice, plugin, file(content=b"x = 1\nif x\n"))
    assert said == "script.py, line 2: expected ':'. Mend it and upload it again."


def test_what_python_cannot_read(alice, plugin):
    assert "cannot be read as Python" in refusal(alice, plugin, file(content=b"x = '\0'"))


def test_what_is_nested_without_end(alice, plugin):
    assert "script.py" in refusal(alice, plugin, file(content=b"(" * 100_000))


@pytest.mark.parametrize("value", ["0", "1"])
def test_where_it_is_not_allowed(alice, plugin, settings, value):
    settings.PLUGINHOST_MANAGED_SCRIPTS, settings.PLUGINHOST_HOST = value, "0.0.0.0"
    assert "PLUGINHOST_MANAGED_SCRIPTS" in refusal(alice, plugin, file(), error=Forbidden)
