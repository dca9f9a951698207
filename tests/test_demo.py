"""The demo that a first start makes."""

import re
import time

import pytest
from django.conf import settings

from pluginhost.actions import demo, organizations
from pluginhost.errors import NotFound
from pluginhost.models import Asset, Batch, Plugin, PluginInProject, Project, StoredFile

from .visitor import PASSWORD


@pytest.fixture
def admin(db, settings, tmp_path):
    settings.PLUGINHOST_FILES_DIR = tmp_path
    return organizations.create_first_admin(PASSWORD)


def test_it_is_there(admin):
    demo.make(admin)
    project = Project.objects.get(name="Shapes")
    assert Asset.objects.filter(project=project).count() == 24
    assert {batch.name: batch.places.count() for batch in Batch.objects.all()} == {"morning": 12, "evening": 12}
    assert set(Plugin.objects.values_list("name", flat=True)) == {"Sample boxes", "Shape finder"}


def test_every_image_is_a_stored_file_with_its_size(admin, tmp_path):
    demo.make(admin)
    assert all(asset.metadata == {"width": 640, "height": 480} for asset in Asset.objects.all())
    for stored in StoredFile.objects.all():
        assert (tmp_path / stored.key).stat().st_size == stored.size
        assert stored.content_type == "image/jpeg"


def test_every_class_is_mapped_to_its_tool(admin):
    demo.make(admin)
    tools = {tool["title"]: tool["schemaId"] for tool in Project.objects.get().category_schema["tools"]}
    assert set(tools) == {"Circle", "Triangle", "Square"}
    assert [place.class_mapping for place in PluginInProject.objects.all()] == [tools, tools]


def test_it_is_made_once_and_stays_deleted(admin):
    demo.make(admin)
    Project.objects.all().delete()
    demo.make(admin)
    assert not Project.objects.exists()
    assert Plugin.objects.count() == 2


def test_it_is_quick(admin):
    began = time.process_time()
    demo.make(admin)
    assert time.process_time() - began < 3


def test_its_credentials_are_the_finders(admin):
    demo.make(admin)
    assert demo.credentials()["PLUGINHOST_ID"] == Plugin.objects.get(name="Shape finder").uid
    assert re.fullmatch(r"[0-9a-f-]{36}", demo.credentials()["PLUGINHOST_SECRET"])


def test_without_a_demo_the_credentials_say_what_to_do(admin):
    with pytest.raises(NotFound, match="PLUGINHOST_DEMO=1"):
        demo.credentials()


def test_the_command_names_what_is_not_as_usual():
    command = demo.connect_command("http://127.0.0.1:8123")
    assert command == f"PLUGINHOST_DATA_DIR={settings.PLUGINHOST_DATA_DIR} examples/connect http://127.0.0.1:8123"
