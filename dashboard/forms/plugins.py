"""What people type about plugins, as values for the actions. What may stand in them the actions decide."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from dashboard import words
from pluginhost.models import Organization, Plugin
from pluginhost.protocol import config as config_json

_UNITS = {"": 1, "s": 1, "sec": 1, "min": 60, "m": 60, "h": 3_600, "d": 86_400}
_SPAN = re.compile(r"\s*(\d{1,9})\s*([a-z]*)\s*", re.IGNORECASE)
KEEP_OLD = ((86_400, "24 hours"), (3_600, "1 hour"), (0, "Not at all"))


class SpanField(forms.CharField):
    """A span of time: `24 h`, `30 min`, `90 s`, or seconds."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        if not text:
            return text
        found = _SPAN.fullmatch(text)
        if found is None or found.group(2).lower() not in _UNITS:
            raise ValidationError("Write a number and a unit: 90 s, 30 min, 24 h or 2 d.")
        return int(found.group(1)) * _UNITS[found.group(2).lower()]

    def prepare_value(self, value: Any) -> Any:
        return words.span(value).replace(",", "") if isinstance(value, int) else value


class LinesField(forms.CharField):
    """A list, one entry a line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


def _json(text: str, check: Callable[[str], object]) -> str:
    """The text, if it passes; else the error says the line and the column."""
    try:
        check(text)
    except config_json.BadJson as error:
        raise ValidationError(str(error)) from None
    return text


class PluginForm(forms.Form):
    """A plugin's settings; `fields_of` gives them to `actions.plugins`."""

    name = forms.CharField(
        max_length=120,
        help_text="As people see it in their projects.",
        error_messages={"required": "Give the plugin a name."},
    )
    description = forms.CharField(required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
    class_names = LinesField(
        required=False,
        label="Model classes",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line, as the model names them. Each project maps them to its labeling tools.",
    )
    default_config = forms.CharField(
        required=False,
        label="Default Config JSON",
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Each run starts from this and hands it to the script as configJSON.",
    )
    config_schema = forms.CharField(
        required=False,
        label="Config schema",
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="A JSON Schema. A config that does not fit it is refused before the run.",
    )
    concurrency = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=1,
        label="Sessions at once",
        help_text="For each connected script. The public client runs each in a thread.",
    )
    timeout_s = SpanField(
        initial=86_400, label="Time limit", help_text="A session is ended after this time, whatever it does."
    )
    idle_timeout_s = SpanField(
        initial=1_800, label="Idle limit", help_text="It is ended after this time without a sign of life."
    )
    retries = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=5,
        initial=0,
        label="Retries",
        help_text="So often a session whose script was lost is run again by itself, each time a while later: 0 to 5.",
    )
    retries_after_imports = forms.BooleanField(
        required=False,
        label="Retry also where something was imported already",
        help_text="Only if running the same assets twice does no harm.",
    )

    def clean_default_config(self) -> str:
        return _json(self.cleaned_data["default_config"], config_json.parse_object)

    def clean_config_schema(self) -> str:
        return _json(self.cleaned_data["config_schema"], config_json.check_schema)

    def clean_retries(self) -> int:
        return self.cleaned_data["retries"] or 0

    def fields_of(self) -> dict[str, Any]:
        """The values for the action, without what is not the plugin's."""
        return {name: value for name, value in self.cleaned_data.items() if name != "organization"}

    @staticmethod
    def initial_of(plugin: Plugin) -> dict[str, Any]:
        return {name: getattr(plugin, name) for name in PluginForm.base_fields}


class RegisterForm(PluginForm):
    """Asks for the organization only of those who can choose between several."""

    organization = forms.ModelChoiceField(Organization.objects.none(), to_field_name="uid", empty_label=None)
    field_order = ("name", "organization")

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._organizations = list(organizations[:200])
        chosen: forms.ModelChoiceField = self.fields["organization"]  # type: ignore[assignment]
        chosen.queryset = organizations
        chosen.error_messages["invalid_choice"] = "Choose one of your organizations."
        self.fields["default_config"].initial = "{}"
        if len(self._organizations) == 1:
            del self.fields["organization"]

    def organization_of(self) -> Organization:
        chosen: Organization = self.cleaned_data.get("organization") or self._organizations[0]
        return chosen


class RotateForm(forms.Form):
    keep_old_for_s = forms.TypedChoiceField(
        choices=KEEP_OLD,
        coerce=int,
        error_messages={"invalid_choice": "Choose 24 hours, 1 hour or not at all.", "required": "Choose how long."},
    )


class QuarantineForm(forms.Form):
    reason = forms.CharField(required=False, max_length=300)


class DeleteForm(forms.Form):
    """The plugin's name, typed."""

    typed_name = forms.CharField(required=False)

    def __init__(self, *args: Any, plugin: Plugin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = plugin.name

    def clean_typed_name(self) -> str:
        typed: str = self.cleaned_data["typed_name"]
        if typed.strip() != self._name:
            raise ValidationError(f"Type «{self._name}» to delete it. Nothing was deleted.")
        return typed
