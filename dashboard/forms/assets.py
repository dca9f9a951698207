"""Choosing assets: to look at, and to change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict

from pluginhost.models import Asset, Batch, BatchAsset, Import, PreLabel, Project, Task

YES, NO = "yes", "no"
MOST_RANGES = 500


class AssetFilter(forms.Form):
    """The filters of the Assets tab, as they stand in the URL; what means nothing there is left out."""

    q = forms.CharField(required=False, max_length=1000)
    batch = forms.MultipleChoiceField(required=False)
    status = forms.ChoiceField(required=False, choices=[("", "Any"), *Task.Status.choices])
    prelabels = forms.ChoiceField(required=False, choices=[("", "Any"), (YES, "With pre-labels"), (NO, "Without")])

    def __init__(self, *args: Any, project: Project, batch: Batch | None = None, **kwargs: Any) -> None:
        """`batch` is the one whose page this is: all that is found is in it."""
        super().__init__(*args, **kwargs)
        self._batch = batch
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
        if self._batch is not None:
            assets = assets.filter(Exists(BatchAsset.objects.filter(batch=self._batch, asset=OuterRef("pk"))))
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


class ChangeForm(forms.Form):
    """What becomes of the assets that were ticked, of those of some numbers, or of all that the filters leave."""

    FILL, TAKE_OUT, DELETE = "fill", "take_out", "delete"

    verb = forms.ChoiceField(choices=[(FILL, "Add to a batch"), (TAKE_OUT, "Remove from a batch"), (DELETE, "Delete")])
    every = forms.BooleanField(required=False)
    sure = forms.BooleanField(required=False)
    numbers = forms.CharField(required=False)
    name = forms.CharField(required=False, max_length=200)
    batch = forms.CharField(required=False)
    shown = forms.IntegerField(required=False)  # so many were «all» when the page was made

    def __init__(self, given: QueryDict) -> None:
        super().__init__(given)
        self._given = given

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        written = self._given.getlist("number")
        given["ticked"] = [int(text) for text in written if text.isascii() and text.isdigit() and len(text) <= 9]
        given["ranges"] = ranges_of(given.get("numbers", ""))
        if len(given["ranges"]) > MOST_RANGES:
            raise forms.ValidationError("The numbers are too scattered for one change. Choose them on the Assets tab.")
        if not given["ticked"] and not given["ranges"] and not given.get("every"):
            raise forms.ValidationError("Tick at least one asset.")
        if given.get("verb") == self.DELETE and not given.get("sure"):
            raise forms.ValidationError("Tick that you are sure: what is deleted does not come back.")
        if given.get("verb") == self.FILL and not given.get("name", "").strip():
            raise forms.ValidationError("Name the batch that they are put into.")
        return given

    @property
    def is_every(self) -> bool:
        """Whether all that the filters leave are meant: numbers go before it."""
        return self.cleaned_data["every"] and not self.cleaned_data["ranges"]

    @property
    def sentence(self) -> str:
        """What is to be mended."""
        return next((str(wrong[0]) for wrong in self.errors.values()), "")


_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def ranges_of(text: str) -> list[tuple[int, int]]:
    """`6-105,110-110` as pairs, neighbours as one; empty when it is not written so."""
    found = [_RANGE.fullmatch(part) for part in text.split(",")]
    return _merged(sorted((int(match[1]), int(match[2])) for match in found if match)) if all(found) else []


def _merged(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in pairs:
        if merged and first <= merged[-1][1] + 1:
            first, before = merged.pop()
            last = max(last, before)
        merged.append((first, last))
    return merged


def as_text(ranges: Iterable[Sequence[int]]) -> str:
    """As `ranges_of` reads it."""
    return ",".join(f"{first}-{last}" for first, last in ranges)
