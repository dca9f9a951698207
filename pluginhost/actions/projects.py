"""Projects: their making, their labeling tools, and the plugins enabled in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pluginhost import nudge
from pluginhost.actions import audit
from pluginhost.errors import Conflict, FieldError, Invalid
from pluginhost.models import Organization, Plugin, PluginInProject, Project, ProjectHead, Session
from pluginhost.principal import Principal
from pluginhost.protocol import category_schema
from pluginhost.protocol import config as config_json


@transaction.atomic
def create(
    principal: Principal,
    organization: Organization,
    name: str,
    description: str = "",
    *,
    kind: object = Project.Kind.ANGO,
) -> Project:
    if kind not in Project.Kind.values:
        message = f"This must be one of {', '.join(Project.Kind.values)}."
        raise Invalid(f"type: {message}", [{"path": "type", "message": message}])
    project = Project.objects.create(
        kind=kind,
        organization=organization,
        name=_name(name),
        description=_description(description),
        created_by=principal.user,
    )
    ProjectHead.objects.create(project=project)
    audit.note(principal, "project.created", organization=organization, target=project)
    return project


@transaction.atomic
def edit(principal: Principal, project: Project, fields: Mapping[str, Any]) -> Project:
    """Change the name or the description."""
    changed: dict[str, str] = {}
    if "name" in fields:
        changed["name"] = _name(fields["name"])
    if "description" in fields:
        changed["description"] = _description(fields["description"])
    Project.objects.filter(pk=project.pk).update(**changed)
    audit.note(principal, "project.edited", organization=project.organization, target=project)
    nudge.project(project.pk)
    project.refresh_from_db()
    return project


@transaction.atomic
def delete(principal: Principal, project: Project) -> None:
    """Take it out of sight. Open sessions must end first."""
    if Session.objects.open().filter(project=project).exists():
        raise Conflict("Sessions are queued or running in this project. Cancel them first, then delete it.")
    Project.objects.filter(pk=project.pk).update(deleted_at=timezone.now())
    audit.note(principal, "project.deleted", organization=project.organization, target=project)
    nudge.project(project.pk)


@transaction.atomic
def set_category_schema(
    principal: Principal, project: Project, schema: object, *, based_on: int | None = None
) -> Project:
    """Replace the labeling tools. Missing schemaIds are made; given ones are kept.

    A class that is mapped to a tool that goes is left out from then on. `based_on` is the version that was
    edited: Conflict when somebody has set another since.
    """
    checked = category_schema.complete(schema)
    current = Project.objects.select_for_update().get(pk=project.pk)
    if based_on is not None and based_on != current.schema_version:
        raise Conflict("Somebody saved other labeling tools while you were editing. Look at them, then save again.")
    current.category_schema, before = checked, current.category_schema
    current.schema_version += 1
    current.save(update_fields=["category_schema", "schema_version"])
    left_out = _leave_out(current, before)
    details: dict[str, object] = {"left_out": left_out} if left_out else {}
    audit.note(
        principal, "project.labeling_tools_set", organization=project.organization, target=project, details=details
    )
    nudge.project(project.pk)
    project.refresh_from_db()
    return project


def _leave_out(project: Project, before: dict[str, Any]) -> dict[str, object]:
    """Take the tools that went out of the mappings here; plugin → its classes that lost theirs."""
    known = {tool["schemaId"] for tool in category_schema.tools_of(project.category_schema)}
    titles = {tool["schemaId"]: tool["title"] for tool in category_schema.tools_of(before)}
    found: dict[str, object] = {}
    places = PluginInProject.objects.select_for_update(of=("self",)).select_related("plugin").filter(project=project)
    for place in places:
        gone = {name: old for name, old in place.class_mapping.items() if old is not None and old not in known}
        if gone:
            place.class_mapping |= dict.fromkeys(gone)
            place.left_out |= {name: titles.get(old, "") for name, old in gone.items()}
            place.updated_at = timezone.now()
            place.save(update_fields=["class_mapping", "left_out", "updated_at"])
            found[place.plugin.name] = sorted(gone)
    return found


@transaction.atomic
def enable_plugin(
    principal: Principal,
    project: Project,
    plugin: Plugin,
    *,
    class_mapping: Mapping[str, str | None] | None = None,
    config: object = None,
) -> PluginInProject:
    """Enable a plugin in a project, or change its mapping and config there. What is None stays as it is;
    an empty text for the config means the plugin's default again.
    """
    values: dict[str, Any] = {"updated_at": timezone.now()}
    if class_mapping is not None:
        values |= {"class_mapping": checked_mapping(project, plugin, class_mapping), "left_out": {}}
    if config is not None:
        values["config"] = checked_config(plugin, config) if config != "" else ""
    place, is_new = PluginInProject.objects.update_or_create(
        plugin=plugin,
        project=project,
        defaults=values,
        create_defaults={"class_mapping": auto_mapping(project, plugin), **values, "enabled_by": principal.user},
    )
    verb = "project.plugin_enabled" if is_new else "project.plugin_set"
    audit.note(principal, verb, organization=project.organization, target=plugin, details={"project": project.uid})
    nudge.project(project.pk)
    return place


@transaction.atomic
def disable_plugin(principal: Principal, project: Project, plugin: Plugin) -> None:
    """Take a plugin out of a project; its sessions there stay in the run history."""
    PluginInProject.objects.filter(project=project, plugin=plugin).delete()
    audit.note(
        principal,
        "project.plugin_disabled",
        organization=project.organization,
        target=plugin,
        details={"project": project.uid},
    )
    nudge.project(project.pk)


# --- what a run is asked with ---


def auto_mapping(project: Project, plugin: Plugin) -> dict[str, str | None]:
    """Each model class to the tool of the same name, whatever its case; null where there is none or two."""
    by_title: dict[str, list[str]] = {}
    for tool in category_schema.tools_of(project.category_schema):
        by_title.setdefault(tool["title"].strip().casefold(), []).append(tool["schemaId"])
    found = {name: by_title.get(name.strip().casefold(), []) for name in plugin.class_names}
    return {name: ids[0] if len(ids) == 1 else None for name, ids in found.items()}


def checked_mapping(project: Project, plugin: Plugin, mapping: Mapping[str, str | None]) -> dict[str, str | None]:
    """One entry for each of the plugin's classes; Invalid for unknown classes and tools that are not there."""
    known = {tool["schemaId"] for tool in category_schema.tools_of(project.category_schema)}
    errors: list[FieldError] = []
    for name, schema_id in mapping.items():
        path = f"class_mapping.{name}"
        if name not in plugin.class_names:
            errors.append({"path": path, "message": f"The plugin has no class «{name[:80]}»."})
        elif schema_id is not None and schema_id not in known:
            errors.append(
                {
                    "path": path,
                    "message": "No labeling tool here has this id; choose another or leave it out.",
                }
            )
    if errors:
        raise Invalid(errors[0]["message"], errors)
    return {name: mapping.get(name) for name in plugin.class_names}


def checked_config(plugin: Plugin, config: object) -> str:
    """JSON text that the plugin's schema, if it has one, accepts."""
    try:
        text = config if isinstance(config, str) else config_json.text_of(config)
        value = config_json.parse_object(text)
        config_json.check_size(text, settings.PLUGINHOST_CONFIG_LIMIT)
    except config_json.BadJson as error:
        raise Invalid(f"Config JSON: {error}", [{"path": "config", "message": str(error)}]) from None
    wrong = config_json.errors_of(value, plugin.config_schema)
    if wrong:
        raise Invalid(f"{wrong[0][0]}: {wrong[0][1]}", [{"path": path, "message": text} for path, text in wrong])
    return text.strip() or "{}"


def _name(value: object) -> str:
    name = value.replace("\0", "").strip() if isinstance(value, str) else ""
    if not 1 <= len(name) <= 200:
        raise Invalid(
            "Give the project a name of at most 200 characters.",
            [{"path": "name", "message": "This must be 1 to 200 characters."}],
        )
    return name


def _description(value: object) -> str:
    text = value.replace("\0", "").strip() if isinstance(value, str) else ""
    if len(text) > 5000:
        raise Invalid("The description is too long.", [{"path": "description", "message": "At most 5,000 characters."}])
    return text
