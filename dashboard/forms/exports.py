"""What people choose for an export."""

from __future__ import annotations

from typing import Any

from django import forms

from pluginhost.export_choice import Choice
from pluginhost.models import Batch, Export, Project
from pluginhost.protocol import stages

MOST_SHOWN = 100
SHAPES = {
    Export.Shape.TASKS: "Tasks, one item each",
    Export.Shape.ASSETS: "Assets, as clients to 1.1 read them",
    Export.Shape.ISSUES: "Issues with their comments",
}
FORMATS = {"json": "JSON, one list", "ndjson": "NDJSON, an item in each line"}


class ExportForm(forms.Form):
    """No stage and no batch ticked means all of them."""

    shape = forms.ChoiceField(label="What", choices=list(SHAPES.items()), initial=Export.Shape.TASKS)
    format = forms.ChoiceField(label="Format", choices=list(FORMATS.items()), initial="json")
    stages = forms.MultipleChoiceField(required=False)
    batches = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.all_stages = list(stages.known(project.stages).items())
        self.all_batches = list(Batch.objects.filter(project=project).values_list("uid", "name"))
        self.fields["stages"].choices = self.all_stages  # type: ignore[attr-defined]
        self.fields["batches"].choices = self.all_batches  # type: ignore[attr-defined]

    @property
    def shown_batches(self) -> list[tuple[str, str]]:
        return self.all_batches[:MOST_SHOWN]

    @property
    def hidden_batches(self) -> int:
        return len(self.all_batches) - len(self.shown_batches)

    @property
    def is_lines(self) -> bool:
        return self.cleaned_data["format"] == "ndjson"

    def choice(self, base: str) -> Choice:
        given = self.cleaned_data
        return Choice(stages=given["stages"] or None, batches=given["batches"], base=base)
