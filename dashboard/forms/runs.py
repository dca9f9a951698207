"""What the run dialog asks: scope, class mapping, config, and what becomes of earlier results."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count

from dashboard.tool_words import TOOL_KINDS
from pluginhost.actions import projects
from pluginhost.errors import PluginhostError
from pluginhost.models import Batch, Plugin, PluginInProject, Project, Session
from pluginhost.models.session import Existing
from pluginhost.protocol import category_schema

MAPPED, LEFT_OUT, GONE = "mapped", "left out", "gone"
_SCOPES = ("same", "all", "batches", "first", "assets")


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


def counted(text: str) -> int | None:
    """The number of assets that somebody typed, from 1; thousands may be parted by commas."""
    digits = text.replace(",", "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        return None
    return int(digits) or None


class RunForm(forms.Form):
    """One select for each model class (`class_0`, `class_1`, …) besides the fixed fields."""

    scope = forms.ChoiceField(choices=[(scope, scope) for scope in _SCOPES])
    batches = forms.MultipleChoiceField(required=False)
    first = forms.CharField(required=False, max_length=12)
    assets = forms.CharField(required=False)
    config = forms.CharField(required=False, strip=False)
    existing = forms.ChoiceField(choices=Existing.choices)
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
        self._project, self._plugin, self.earlier = project, plugin, earlier
        self._lost = {} if earlier else place.left_out
        self._class_fields = {name: f"class_{index}" for index, name in enumerate(plugin.class_names)}
        start = _from_session(earlier) if earlier else _from_place(plugin, place)
        mapping = start.pop("mapping")
        start |= {field: mapping.get(name) or "" for name, field in self._class_fields.items()}
        kwargs["initial"] = {**start, "idempotency_key": uuid.uuid4().hex, "keep": earlier is None}
        super().__init__(*args, **kwargs)
        for field in self._class_fields.values():
            self.fields[field] = forms.CharField(required=False, max_length=100)
        self.all_batches = list(Batch.objects.filter(project=project).annotate(assets_count=Count("places")))
        self.fields["batches"].choices = [(batch.uid, batch.name) for batch in self.all_batches]  # type: ignore[attr-defined]
        self.tools = [_choice(tool) for tool in category_schema.tools_of(project.category_schema)]

    def choose_batches(self, uids: list[str]) -> None:
        """Begin with these batches as the scope, where they are the project's."""
        chosen = [batch.uid for batch in self.all_batches if batch.uid in uids]
        if chosen:
            self.initial = {**self.initial, "scope": "batches", "batches": chosen}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        scope = given.get("scope")
        if scope == "same" and self.earlier is None:
            self.add_error("scope", "Choose which assets are sent.")
        if scope == "batches" and not given.get("batches") and "batches" not in self.errors:
            self.add_error("batches", "Choose at least one batch.")
        if scope == "first":
            self._clean_first(given.get("first", ""))
        if scope == "assets" and not given.get("assets", "").split():
            self.add_error("assets", "Paste at least one asset ID.")
        return given

    def _clean_first(self, text: str) -> None:
        number = counted(text)
        if number is None:
            self.add_error("first", "Say how many assets, from 1.")
        else:
            self.cleaned_data["first"] = number

    # --- what it asks for ---

    @property
    def request(self) -> dict[str, Any]:
        """The fields of `sessions.Request`; without `scope` when the earlier session's is kept."""
        given = self.cleaned_data
        fields = {
            "class_mapping": {name: given[field] or None for name, field in self._class_fields.items()},
            "config": given["config"],
            "existing": given["existing"],
            "name": given["name"],
            "idempotency_key": given["idempotency_key"] or None,
        }
        scope = self._scope()
        return {**fields, "scope": scope} if scope else fields

    def _scope(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "same": {},
            "all": {"all": True},
            "batches": {"batches": given["batches"]},
            "first": {"first": given["first"]},
            "assets": {"assets": given["assets"].replace(",", " ").split()},
        }[given["scope"]]

    def show(self, error: PluginhostError) -> None:
        """What the action found wrong, at the fields."""
        for wrong in error.errors:
            self.add_error(self._field_of(wrong["path"]), wrong["message"])
        if not error.errors:
            self.add_error(None, error.sentence)

    def _field_of(self, path: str) -> str | None:
        head, _, rest = path.partition(".")
        if head == "class_mapping":
            return self._class_fields.get(rest)
        if head == "scope":
            kind = rest.partition("[")[0]
            return kind if kind in self.fields else "scope"
        return head if head in self.fields else None

    # --- what it shows ---

    @property
    def chosen_scope(self) -> str:
        value = self["scope"].value()
        return value if value in _SCOPES else "all"

    @property
    def chosen_batches(self) -> list[str]:
        return list(self["batches"].value() or [])

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
        "mapping": frozen.class_mapping,
        "config": _indented(frozen.config),
        "existing": frozen.existing,
        "name": earlier.name,
    }


def _indented(text: str) -> str:
    try:
        return text if "\n" in text else json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
