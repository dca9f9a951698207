"""Choosing assets to look at, and adding new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, OuterRef, QuerySet

from pluginhost.models import Asset, Batch, BatchAsset, Import, PreLabel, Project, Task

YES, NO = "yes", "no"


class AssetFilter(forms.Form):
    """The filters of the Assets tab, as they stand in the URL; what means nothing there is left out."""

    q = forms.CharField(required=False, max_length=1000)
    batch = forms.MultipleChoiceField(required=False)
    status = forms.ChoiceField(required=False, choices=[("", "Any"), *Task.Status.choices])
    prelabels = forms.ChoiceField(required=False, choices=[("", "Any"), (YES, "With pre-labels"), (NO, "Without")])

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batches = list(Batch.objects.filter(project=project))
        self.fields["batch"].choices = [(batch.uid, batch.name) for batch in self.batches]  # type: ignore[attr-defined]
        self.is_valid()

    def chosen(self, name: str) -> Any:
        return self.cleaned_data.get(name)

    @property
    def chosen_batches(self) -> list[Batch]:
        return [batch for batch in self.batches if batch.uid in (self.chosen("batch") or [])]

    @property
    def is_on(self) -> bool:
        return any(self.cleaned_data.values())

    def narrow(self, assets: QuerySet[Asset]) -> QuerySet[Asset]:
        """Those of `assets` that pass all filters."""
        if q := self.chosen("q"):
            assets = assets.filter(external_id__icontains=q)
        if self.chosen_batches:
            places = BatchAsset.objects.filter(batch__in=self.chosen_batches, asset=OuterRef("pk"))
            assets = assets.filter(Exists(places))
        if status := self.chosen("status"):
            assets = assets.filter(task__status=status)
        if asked := self.chosen("prelabels"):
            given = PreLabel.objects.filter(asset=OuterRef("pk"), origin__state=Import.State.APPLIED)
            assets = assets.filter(Exists(given) if asked == YES else ~Exists(given))
        return assets


class AddAssetsForm(forms.Form):
    """New assets as lines of text, or as uploaded pictures."""

    lines = forms.CharField(
        label="Addresses, one on each line",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "wrap": "off"}),
    )
    batch = forms.CharField(label="Batch", required=False, max_length=200)

    def __init__(self, *args: Any, files_given: Sequence[UploadedFile] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.uploads = files_given

    def clean_lines(self) -> list[dict[str, str]]:
        """`external id<TAB>address` or the address alone; the line's number stands in `line`."""
        items, wrong = [], []
        for number, line in enumerate(self.cleaned_data["lines"].splitlines(), start=1):
            if not line.strip():
                continue
            before, tab, after = line.partition("\t")
            address = (after if tab else before).strip()
            if not address.lower().startswith(("http://", "https://")):
                wrong.append(f"Line {number}: an address begins with http:// or https://, not «{address[:60]}».")
            items.append({"data": address, "externalId": before.strip() if tab else ""})
        if wrong:
            more = [f"{len(wrong) - 5:,} more lines are wrong in the same way."] if len(wrong) > 5 else []
            raise forms.ValidationError([*wrong[:5], *more])
        return items

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given.get("lines") and not self.uploads:
            self.add_error("lines", "Give at least one address, or choose pictures to upload.")
        return given
