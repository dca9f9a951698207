"""All labeling tools of a project, as the editor sends them: one JSON text, and the version it began from."""

from __future__ import annotations

from typing import Any

from django import forms

from pluginhost.errors import FieldError
from pluginhost.protocol import category_schema, json_lines
from pluginhost.protocol import config as config_json
from pluginhost.protocol.schema_advice import advice

LARGEST = 4 * 2**20


class SchemaForm(forms.Form):
    """The whole category schema as JSON text. `is_meant` is the digest of the losses that were read."""

    schema = forms.CharField(
        label="Category schema", strip=False, widget=forms.Textarea(attrs={"rows": 24, "wrap": "off"})
    )
    schema_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    is_meant = forms.CharField(required=False, max_length=32)

    def clean_schema(self) -> dict[str, Any]:
        try:
            config_json.check_size(self.cleaned_data["schema"], LARGEST)
            return config_json.parse_object(self.cleaned_data["schema"])
        except config_json.BadJson as error:
            raise forms.ValidationError(str(error), params={"line": error.line}) from None

    @property
    def bad_line(self) -> int | None:
        """The line in which the text stops being JSON."""
        found = [error.params for error in self.errors.as_data().get("schema", []) if error.params]
        return found[0].get("line") if found else None


def problems(text: str) -> list[dict[str, Any]]:
    """All that is wrong with the text, and what is worth another look, each with its line."""
    form = SchemaForm({"schema": text, "schema_version": 0})
    if not form.is_valid():
        return [{"level": "error", "path": "", "line": form.bad_line or 1, "message": form.errors["schema"][0]}]
    schema = form.cleaned_data["schema"]
    errors = category_schema.problems(schema)
    return placed(errors, text, "error") if errors else placed(advice(schema), text, "advice")


def placed(errors: list[FieldError], text: str, level: str) -> list[dict[str, Any]]:
    """Each with the line of the text in which it stands."""
    lines = json_lines.lines_of(text, [error["path"] for error in errors])
    return [{**error, "level": level, "line": lines[error["path"]]} for error in errors]
