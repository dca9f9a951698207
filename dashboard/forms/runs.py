"""What the run dialog asks: scope, class mapping, config, and what becomes of earlier results."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from dashboard.forms.run_scope import NO, YES, ScopeForm
from dashboard.tool_words import TOOL_KINDS
from pluginhost.actions import projects
from pluginhost.actions.scopes import OUTCOMES
from pluginhost.errors import PluginhostError
from pluginhost.models import Plugin, PluginInProject, Project, Session
from pluginhost.models.session import Existing
from pluginhost.protocol import category_schema

MAPPED, LEFT_OUT, GONE = "mapped", "left out", "gone"
TRY_ON = 3
"""Assets of a try."""


@dataclass(frozen=True)
class ToolChoice:
    schema_id: str
    title: str
    color: str
    kind: str
    icon: str


@dataclass(frozen=True)
class MappingRow:
    """One model class with the tool that is chosen for it, the one that has its name, and the one it lost."""

    name: str
    field: str
    chosen: str
    tool: ToolChoice | None
    same_name: str
    errors: list[str]
    lost: str

    @property
    def state(self) -> str:
        if self.tool is not None:
            return MAPPED
        return GONE if self.chosen else LEFT_OUT


class RunForm(ScopeForm):
    """One select for each model class (`class_0`, `class_1`, …) besides the fixed fields."""

    config = forms.CharField(required=False, strip=False)
    existing = forms.ChoiceField(choices=Existing.choices)
    review_first = forms.BooleanField(required=False)
    name = forms.CharField(required=False, max_length=200)
    keep = forms.BooleanField(required=False)
    idempotency_key = forms.CharField(required=False, max_length=80)

    def __init__(
        self,
        *args: Any,
        project: Project,
        plugin: Plugin,
        place: PluginInProject,
        earlier: Session | None = None,
        **kwargs: Any,
    ) -> None:
        self._plugin = plugin
        self._lost = {} if earlier else place.left_out
        self._class_fields = {name: f"class_{index}" for index, name in enumerate(plugin.class_names)}
        start = _from_session(earlier) if earlier else _from_place(plugin, place)
        mapping = start.pop("mapping")
        start |= {field: mapping.get(name) or "" for name, field in self._class_fields.items()}
        kwargs["initial"] = {**start, "idempotency_key": uuid.uuid4().hex, "keep": earlier is None}
        super().__init__(*args, project=project, earlier=earlier, **kwargs)
        for field in self._class_fields.values():
            self.fields[field] = forms.CharField(required=False, max_length=100)
        self.tools = [_choice(tool) for tool in category_schema.tools_of(project.category_schema)]

    def start_with(self, scope: str, batches: list[str]) -> None:
        """Begin with this way to choose, where there is something to choose by it; else with these batches."""
        chosen = [batch.uid for batch in self.all_batches if batch.uid in batches]
        if scope == "left" and self.left:
            self.initial = {**self.initial, "scope": scope}
        elif scope == "rest" and self.rest_count:  # the first ones were for review because they were a try
            self.initial = {**self.initial, "scope": scope, "review_first": False}
        elif chosen:
            self.initial = {**self.initial, "scope": "batches", "batches": chosen}

    # --- what it asks for ---

    @property
    def request(self) -> dict[str, Any]:
        """The fields of `sessions.Request`; without `scope` when the earlier session's is kept."""
        given = self.cleaned_data
        fields = {
            "class_mapping": {name: given[field] or None for name, field in self._class_fields.items()},
            "config": given["config"],
            "existing": given["existing"],
            "review_first": given["review_first"],
            "name": given["name"],
            "idempotency_key": given["idempotency_key"] or None,
        }
        if self.is_try:
            return fields | self._try()
        return {**fields, "scope": self.asked} if self.asked else fields

    @property
    def is_try(self) -> bool:
        """Whether the button was pressed that tries it on the first few."""
        return "try" in self.data

    def _try(self) -> dict[str, Any]:
        """What a try asks for instead. Its key is another than that of the run which may follow from the same page."""
        wider = self.asked or {"same_as": self.earlier.pk if self.earlier else None}
        scope = {"first": TRY_ON} if wider == {"all": True} else {"first": TRY_ON, "of": wider}
        key = self.cleaned_data["idempotency_key"]
        return {"scope": scope, "review_first": True, "idempotency_key": f"try-{key}"[:80] if key else None}

    def show(self, error: PluginhostError) -> None:
        """What the action found wrong, at the fields."""
        for wrong in error.errors:
            head, _, rest = wrong["path"].partition(".")
            if head == "scope":
                self.show_at_field(rest, wrong["message"])
            else:
                self.add_error(self._field_of(head, rest), wrong["message"])
        if not error.errors:
            self.add_error(None, error.sentence)

    def _field_of(self, head: str, rest: str) -> str | None:
        if head == "class_mapping":
            return self._class_fields.get(rest)
        return head if head in self.fields else None

    # --- what it shows ---

    @property
    def mapping_rows(self) -> list[MappingRow]:
        """A row for each class, in the plugin's order."""
        same_names = projects.auto_mapping(self._project, self._plugin)
        by_id = {tool.schema_id: tool for tool in self.tools}
        return [
            MappingRow(
                name,
                field,
                chosen := str(self[field].value() or ""),
                by_id.get(chosen),
                same_names.get(name) or "",
                [str(error) for error in self[field].errors],
                self._lost.get(name, ""),
            )
            for name, field in self._class_fields.items()
        ]

    @property
    def same_titles(self) -> list[str]:
        """Titles that several tools have: by them nothing is mapped."""
        titles = [tool.title.casefold() for tool in self.tools]
        return sorted({tool.title for tool in self.tools if titles.count(tool.title.casefold()) > 1})

    @property
    def summary(self) -> Iterator[tuple[str, str]]:
        """(id of the field, sentence) of all that is to be mended."""
        names = {field: name for name, field in self._class_fields.items()}
        for field, errors in self.errors.items():
            anchor = {"__all__": "run-title", "scope": "scope"}.get(field, f"id_{field}")
            sentence = str(errors[0])
            what = names.get(field) or {"config": "Config JSON"}.get(field)
            yield anchor, f"{what}: {sentence}" if what else sentence

    @property
    def default_config(self) -> str:
        return self._plugin.default_config


def _choice(tool: Mapping[str, Any]) -> ToolChoice:
    word, icon = TOOL_KINDS.get(tool["tool"], (tool["tool"], "square"))
    return ToolChoice(tool["schemaId"], tool["title"], tool["color"], word, icon)


def _from_place(plugin: Plugin, place: PluginInProject) -> dict[str, Any]:
    return {
        "scope": "all",
        "mapping": place.class_mapping,
        "config": place.config or plugin.default_config,
        "existing": Existing.REPLACE,
    }


def _from_session(earlier: Session) -> dict[str, Any]:
    """A run with changes starts from what the earlier one was asked with."""
    frozen = earlier.inputs
    return {
        "scope": "same",
        "batches": frozen.scope_asked.get("batches") or [],
        "first": frozen.scope_asked.get("first") or "",
        **_as_filter(frozen.scope_asked.get("filter") or {}),
        "mapping": frozen.class_mapping,
        "config": _indented(frozen.config),
        "existing": frozen.existing,
        "review_first": frozen.review_first,
        "outcomes": list(OUTCOMES),
        "name": earlier.name,
    }


def _as_filter(asked: Mapping[str, Any]) -> dict[str, Any]:
    pre_labeled = {True: YES, False: NO, None: ""}[asked.get("pre_labeled")]
    return {"status": asked.get("status", ""), "pre_labeled": pre_labeled, "external_id": asked.get("external_id", "")}


def _indented(text: str) -> str:
    try:
        return text if "\n" in text else json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
