"""`manage.py backup`: everything that cannot be made again, from a server that runs, into one file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tarfile

import pytest

from dashboard import backup

from .server import ROOT


@pytest.mark.story
@pytest.mark.sqlite
def test_a_server_that_runs_is_saved_and_another_goes_on_from_there(new_server, tmp_path):
    first = new_server()
    plugin = first.new_plugin(name="Saved")
    project = first.new_project(assets=2)
    place = first.api("GET", f"/v2/getUploadUrl?name=a.png&project={project}&type=assets")["data"]["uploadUrl"]
    assert first.request("PUT", place.removeprefix(first.url), data=b"picture").ok
    archive = tmp_path / "saved.tar.gz"
    assert str(archive) in first.manage("backup", str(archive))
    assert archive.stat().st_mode & 0o077 == 0

    second = new_server()
    second.stop()
    data = second.folder / "data"
    for name in ("pluginhost.sqlite3", "pluginhost.sqlite3-wal", "pluginhost.sqlite3-shm"):
        (data / name).unlink(missing_ok=True)
    with tarfile.open(archive) as packed:
        packed.extractall(data, filter="data")
    second.start()
    assert second.request("GET", f"/api/v1/plugins/{plugin['id']}/secret", key=first.key).json() == {
        "secret": plugin["secret"]
    }
    assert (data / "files" / place.split("/files/")[1].split("?")[0]).read_bytes() == b"picture"


def test_uploaded_scripts_are_saved_and_what_can_be_made_again_is_not(tmp_path):
    data = tmp_path / "data"
    for name in ("scripts/a/code/1/main.py", "scripts/a/environments/x/venv/big", "scripts/a/output/1/1.log"):
        (data / name).parent.mkdir(parents=True)
        (data / name).touch()
    sqlite3.connect(data / backup.DATABASE).close()
    with tarfile.open(backup.write(data, tmp_path / "saved.tar.gz")) as packed:
        assert [
            name for name in packed.getnames() if name.startswith("scripts") and name.endswith((".py", "big", "log"))
        ] == ["scripts/a/code/1/main.py"]


def test_what_is_there_is_never_overwritten(tmp_path):
    archive = tmp_path / "a.tar.gz"
    archive.write_text("precious")
    with pytest.raises(FileExistsError, match="choose another name"):
        backup.write(tmp_path, archive)
    assert archive.read_text() == "precious"


def test_half_an_archive_is_not_left_behind(tmp_path):
    (tmp_path / backup.DATABASE).write_bytes(b"this is no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        backup.write(tmp_path, tmp_path / "a.tar.gz")
    assert [path.name for path in tmp_path.iterdir()] == [backup.DATABASE]


def test_on_postgresql_it_says_what_to_do_instead(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "backup", str(tmp_path / "a.tar.gz")],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "PLUGINHOST_DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "pg_dump --format=custom" in done.stderr


def test_what_is_not_whole_is_left_out_and_what_goes_meanwhile_stops_nothing(tmp_path, monkeypatch):
    sqlite3.connect(tmp_path / backup.DATABASE).close()
    for name in ("drafts/half", "aa/.half", "aa/whole.png", "bb/gone.png"):
        (tmp_path / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / name).write_text("x")
    listed = os.listdir

    def listed_and_then_deleted(path):
        names = listed(path)
        (tmp_path / "files" / "bb" / "gone.png").unlink(missing_ok=True)
        return names

    monkeypatch.setattr(os, "listdir", listed_and_then_deleted)
    with tarfile.open(backup.write(tmp_path, tmp_path / "a.tar.gz")) as packed:
        assert packed.getnames() == [backup.DATABASE, "files", "files/aa", "files/aa/whole.png", "files/bb"]
