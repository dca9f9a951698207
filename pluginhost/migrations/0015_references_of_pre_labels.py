"""PostgreSQL: what pre-labels refer to is checked for all rows of a statement together.

The checks of its own foreign keys are a query for each row and each key: half of all that it does for an import. These
triggers refuse what those refuse, at the end of the statement: pre-labels of an import or an asset that is not there
(whoever deletes it meanwhile waits), and to delete an import or an asset that still has some.

For Django they stay foreign keys, and in SQLite, where such a check costs little, they are.
"""

from typing import Any

from django.db import migrations

_PARENTS = {"origin_id": "pluginhost_import", "asset_id": "pluginhost_asset"}

_NO_KEYS = """
DO $$
DECLARE
    key record;
BEGIN
    FOR key IN SELECT conname FROM pg_constraint WHERE conrelid = 'pluginhost_prelabel'::regclass AND contype = 'f' LOOP
        EXECUTE format('ALTER TABLE pluginhost_prelabel DROP CONSTRAINT %I', key.conname);
    END LOOP;
END $$
"""
_KEY = "ALTER TABLE pluginhost_prelabel ADD FOREIGN KEY ({key}) REFERENCES {parent} DEFERRABLE INITIALLY DEFERRED"

# Each key is looked for by itself (LATERAL), so that it is by the index: the plan is kept, and tables grow meanwhile.
_CHECK_ADDED = """
CREATE FUNCTION pluginhost_{key}_of_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    there bigint;
BEGIN
    PERFORM FROM (SELECT DISTINCT {key} AS key FROM added) AS named,
        LATERAL (SELECT FROM {parent} WHERE id = named.key FOR KEY SHARE) AS parent;
    GET DIAGNOSTICS there = ROW_COUNT;
    IF there <> (SELECT count(DISTINCT {key}) FROM added) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a pre-label has a {key} that is not in {parent}';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER pluginhost_{key}_of_added AFTER INSERT ON pluginhost_prelabel
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION pluginhost_{key}_of_added()
"""
_CHECK_DELETED = """
CREATE FUNCTION {parent}_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM deleted, LATERAL (SELECT FROM pluginhost_prelabel WHERE {key} = deleted.id LIMIT 1) AS child
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a row of {parent} still has pre-labels';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {parent}_deleted AFTER DELETE ON {parent}
    REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION {parent}_deleted()
"""
_CHECK_CHANGED = """
CREATE FUNCTION pluginhost_prelabel_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE integrity_constraint_violation USING MESSAGE = 'a pre-label stays with its import and its asset';
END $$;
CREATE TRIGGER pluginhost_prelabel_moved BEFORE UPDATE OF origin_id, asset_id ON pluginhost_prelabel
    FOR EACH ROW WHEN ((OLD.origin_id, OLD.asset_id) IS DISTINCT FROM (NEW.origin_id, NEW.asset_id))
    EXECUTE FUNCTION pluginhost_prelabel_moved()
"""
_NO_CHECKS = """
DROP FUNCTION pluginhost_{key}_of_added() CASCADE;
DROP FUNCTION {parent}_deleted() CASCADE
"""


def check_by_statement(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(_NO_KEYS, None)
    for key, parent in _PARENTS.items():
        schema_editor.execute(_CHECK_ADDED.format(key=key, parent=parent), None)
        schema_editor.execute(_CHECK_DELETED.format(key=key, parent=parent), None)
    schema_editor.execute(_CHECK_CHANGED, None)


def check_by_row(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("DROP FUNCTION pluginhost_prelabel_moved() CASCADE", None)
    for key, parent in _PARENTS.items():
        schema_editor.execute(_NO_CHECKS.format(key=key, parent=parent), None)
        schema_editor.execute(_KEY.format(key=key, parent=parent), None)


class Migration(migrations.Migration):
    dependencies = [
        ("pluginhost", "0014_answers_of_completed_tasks"),
    ]

    operations = [
        migrations.RunPython(check_by_statement, check_by_row),
    ]
