"""What owners type about managed scripts, as values for the actions. What may stand in them the actions decide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from dashboard.forms.plugins import SpanField
from pluginhost import script_rules, script_variables
from pluginhost.models import ManagedScript
from pluginhost.script_uploads import Upload

Source = ManagedScript.Source
LONGEST_PATHS = 2**21


class ScriptForm(forms.Form):
    """How it is kept; `fields_of` gives it to `actions.managed_scripts`. The variables are read by `variables_of`."""

    server_path = forms.CharField(
        required=False, max_length=1000, label="Folder on the server", help_text="An absolute path."
    )
    entry = forms.CharField(
        required=False,
        max_length=300,
        label="Entry file",
        help_text="The file that is started, from the script's folder on.",
    )
    working_directory = forms.CharField(
        required=False, max_length=300, label="Working directory", help_text="From the script's folder on."
    )
    requirements = forms.CharField(
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="As in a requirements.txt; installed into an environment of its own.",
    )
    restart = forms.ChoiceField(choices=ManagedScript.Restart.choices, label="Restart it")
    stop_signal = forms.ChoiceField(choices=ManagedScript.StopSignal.choices, label="Stop signal")
    patience_s = SpanField(label="Patience", help_text="From the signal to the kill of all it has started.")
    start_s = SpanField(label="Start time", help_text="A start that stays up for so long was a success.")
    memory_limit_mb = forms.IntegerField(required=False, label="Memory limit, MB", help_text="Empty for none.")
    cpu_limit_s = SpanField(required=False, label="Processor time", help_text="For each start; empty for no limit.")
    instances_wanted = forms.IntegerField(label="Instances", help_text="1 to 16 processes of it at once.")
    restarts_on_cancel = forms.BooleanField(
        required=False,
        label="Restart it to end a cancelled session",
        help_text="When it has no other session: the public client cannot be stopped otherwise.",
    )

    def __init__(self, *args: Any, source: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        fixed = ("server_path", "entry", "working_directory", "requirements") if source == Source.DEMO else ()
        for name in (*fixed, *(("server_path",) if source == Source.UPLOADED else ())):
            del self.fields[name]

    def clean_cpu_limit_s(self) -> Any:
        return self.cleaned_data["cpu_limit_s"] or None

    def fields_of(self) -> dict[str, Any]:
        return {**self.cleaned_data, "source": self.source}

    @staticmethod
    def initial_of(script: ManagedScript) -> dict[str, Any]:
        return {name: getattr(script, name) for name in ScriptForm.base_fields}


def variables_of(given: QueryDict, script: ManagedScript) -> dict[str, str | None]:
    """Names with new values; None for one that stays as it is. A row without a name says nothing."""
    removed = set(given.getlist("variable_remove"))
    rows = zip(given.getlist("variable_name"), given.getlist("variable_value"), strict=False)
    known = set(script_variables.names(script))
    found: dict[str, str | None] = {}
    for name, value in ((name.strip(), value) for name, value in rows):
        if name and name not in removed:
            found[name] = None if not value and name in known else value
    return found


@dataclass(frozen=True)
class SourceChoice:
    """Where a script may come from, or the plain sentence why not here."""

    value: str
    refusal: str


def sources() -> dict[str, SourceChoice]:
    return {value: SourceChoice(value, script_rules.refusal(value)) for value in Source.values}


def uploads_of(files: MultiValueDict[str, UploadedFile], given: Mapping[str, Any]) -> list[Upload]:
    """The files that came. Browsers' folders lose their paths on the way: the page's script sends them beside."""
    chosen = [file for file in files.getlist("files") if file.name]
    paths = _paths(str(given.get("paths", "")))
    if len(paths) != len(chosen):
        paths = [str(file.name) for file in chosen]
    return [Upload(path, file.file) for path, file in zip(paths, chosen, strict=True)]  # type: ignore[arg-type]


def _paths(text: str) -> list[str]:
    if len(text) > LONGEST_PATHS:
        return []
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return found if isinstance(found, list) and all(isinstance(path, str) for path in found) else []


def allowed_folders() -> list[str]:
    return [str(path) for path in settings.PLUGINHOST_SCRIPT_PATHS]
