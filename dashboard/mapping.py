"""Class mappings as pages show them: which class goes to which tool, what is left out, and what is gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pluginhost.models import Plugin, Project
from pluginhost.protocol import category_schema

MOST_NAMED = 5


@dataclass(frozen=True)
class Health:
    """How much of a plugin's classes a mapping covers, by the tools that the project has now."""

    mapped: int
    total: int
    gone: list[str]
    left_out: list[str]

    @property
    def state(self) -> str:
        """The colour: amber when something should be looked at."""
        if self.gone or self.left_out or (self.total and not self.mapped):
            return "partial"
        return "succeeded" if self.mapped == self.total else "queued"

    @property
    def icon(self) -> str:
        return "alert-triangle" if self.state == "partial" else "check"

    @property
    def words(self) -> str:
        if not self.total:
            return "the plugin names no classes"
        first = f"{self.mapped} of {self.total} mapped" if self.mapped else f"none of {self.total} mapped"
        if self.gone:
            return f"{first}, {'one tool is' if len(self.gone) == 1 else f'{len(self.gone)} tools are'} gone"
        if self.left_out:
            return f"{first}. Left out, since the tool was deleted: {_listed(self.left_out)}"
        return first


def _listed(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def health(
    project: Project, plugin: Plugin, mapping: Mapping[str, str | None], left_out: Collection[str] = ()
) -> Health:
    """`left_out` are the classes whose tools were deleted under them (`PluginInProject.left_out`)."""
    known = {tool["schemaId"] for tool in category_schema.tools_of(project.category_schema)}
    chosen = {name: mapping.get(name) for name in plugin.class_names}
    gone = [name for name, schema_id in chosen.items() if schema_id and schema_id not in known]
    mapped = sum(1 for schema_id in chosen.values() if schema_id in known)
    return Health(mapped, len(chosen), gone, [name for name in chosen if name in left_out and not chosen[name]])
