"""While the new process migrates, the old one still writes: what is new has to come by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db.migrations import AddField, CreateModel
from django.db.migrations.loader import MigrationLoader

from pluginhost.models import LogHead, PluginInProject, Project, ProjectHead, Scope, Session, StoredFile, Task


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def test_a_new_column_takes_null_or_has_a_database_default(loader):
    left = []
    for (app, _), migration in sorted(loader.disk_migrations.items()):
        made = {one.name_lower for one in migration.operations if isinstance(one, CreateModel)}
        for added in migration.operations if app == "pluginhost" else ():
            if isinstance(added, AddField) and added.model_name_lower not in made:
                field = apps.get_model(app, added.model_name)._meta.get_field(added.name)
                left += [] if field.null or field.has_db_default() else [str(field)]
    assert left == []


def test_what_the_first_release_inserts_is_whole(loader, alice, organization, project, plugin):
    old = loader.project_state(("pluginhost", "0001_initial")).apps

    def insert(model: Any, **values: Any) -> Any:
        """As that release does it: it names the columns that it knows."""
        made = old.get_model("pluginhost", model.__name__).objects.create(**values)
        return model.objects.get(pk=made.pk)

    made = insert(Project, organization_id=organization.pk, name="Old", uid="a" * 24)
    assert (made.stages, made.benchmark, made.kind) == ([], {}, "ango")
    assert bytes(insert(ProjectHead, project_id=made.pk).deleted_numbers) == b""
    asset = project.assets.first()
    asset.task.delete()
    task = insert(Task, asset_id=asset.pk, project_id=project.pk, uid="b" * 24)
    assert (task.stage, task.review_status, task.priority) == ("Label", "Todo", 0)
    assert insert(PluginInProject, project_id=project.pk, plugin_id=plugin.pk).left_out == {}
    assert insert(StoredFile, key="x/y").deleted_why == ""
    scope = Scope.objects.create(project=project, digest="x", count=0, numbers_stored=b"")
    session = Session.objects.create(
        plugin=plugin, project=project, scope=scope, started_by=alice, timeout_s=1, idle_timeout_s=1
    )
    head = insert(LogHead, session_id=session.pk)
    assert (head.deleted_up_to, head.deleted_why) == (0, "")
    assert not insert(type(alice), username="old", email="old@example.org").must_change_password
