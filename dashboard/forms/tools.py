"""Labeling tools as people set them: one at a time, or all as JSON."""

from __future__ import annotations

from typing import Any

from django import forms

from pluginhost.protocol import category_schema
from pluginhost.protocol import config as config_json

# Kind on the wire → (word, icon of the sprite).
TOOL_KINDS = {
    "bounding-box": ("Bounding box", "square"),
    "rotated-bounding-box": ("Rotated bounding box", "square"),
    "polygon": ("Polygon", "polygon"),
    "polyline": ("Line", "line"),
    "point": ("Point", "point"),
    "segmentation": ("Segmentation", "polygon"),
    "ner": ("Words in a text", "letter-case"),
    "pdf": ("Part of a PDF", "letter-case"),
    "brush": ("Brush", "pencil"),
    "pct": ("3D", "square"),
}
CLASSIFICATION_KINDS = {
    "radio": ("One of several", "tag"),
    "checkbox": ("Some of several", "tag"),
    "single-dropdown": ("One from a list", "tag"),
    "multi-dropdown": ("Some from a list", "tag"),
    "tree-dropdown": ("From a tree", "tag"),
    "text": ("Text", "letter-case"),
    "boolean": ("Yes or no", "tag"),
    "rank": ("Rank", "tag"),
    "instance": ("Instance", "tag"),
}
RELATION_KINDS = {
    "one-to-one": ("One to one", "arrow-right"),
    "one-to-many": ("One to many", "arrow-right"),
    "group": ("Group", "arrow-right"),
}
KINDS = TOOL_KINDS | CLASSIFICATION_KINDS | RELATION_KINDS
NEEDS_OPTIONS = ("radio", "checkbox", "single-dropdown", "multi-dropdown")
_ADDABLE = ("text", "boolean", *NEEDS_OPTIONS)


class NewToolForm(forms.Form):
    """Adding one tool without writing JSON."""

    title = forms.CharField(max_length=500, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    kind = forms.ChoiceField(
        choices=[
            ("Draws on the asset", [(kind, word) for kind, (word, _) in TOOL_KINDS.items()]),
            ("Asks about the asset", [(kind, CLASSIFICATION_KINDS[kind][0]) for kind in _ADDABLE]),
        ]
    )
    color = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        label="Colour",
        widget=forms.TextInput(attrs={"type": "color"}),
        error_messages={"invalid": "Write the colour as # and six hex digits, for example #2f7fb5."},
    )
    options = forms.CharField(
        label="Answers to choose from",
        required=False,
        help_text="one on each line; for the kinds that choose",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, tools: int = 0, **kwargs: Any) -> None:
        """`tools` is how many there are: the next one is offered the next colour."""
        super().__init__(*args, **kwargs)
        self.fields["color"].initial = category_schema.PALETTE[tools % len(category_schema.PALETTE)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") in NEEDS_OPTIONS and not self._options():
            self.add_error("options", "Give at least one answer to choose from.")
        return given

    def _options(self) -> list[str]:
        lines = self.cleaned_data.get("options", "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def added_to(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The category schema with this tool at the end of its kind."""
        kind = self.cleaned_data["kind"]
        item = {"tool": kind, "title": self.cleaned_data["title"], "color": self.cleaned_data["color"]}
        if kind in NEEDS_OPTIONS:
            item["options"] = [{"value": option} for option in self._options()]
        place = "tools" if kind in TOOL_KINDS else "classifications"
        return {**schema, place: [*(schema.get(place) or []), item]}


class SchemaForm(forms.Form):
    """The whole category schema as JSON text."""

    schema = forms.CharField(
        label="Category schema", strip=False, widget=forms.Textarea(attrs={"rows": 24, "wrap": "off"})
    )
    is_meant = forms.BooleanField(required=False)

    def clean_schema(self) -> dict[str, Any]:
        try:
            return config_json.parse_object(self.cleaned_data["schema"])
        except config_json.BadJson as error:
            raise forms.ValidationError(str(error)) from None
