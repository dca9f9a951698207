"""Which assets a run is about, as the run dialog asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Count

from dashboard.results import kept_outcomes
from pluginhost.actions import scopes
from pluginhost.errors import PluginhostError
from pluginhost.models import Asset, Batch, Project, Session, Task
from pluginhost.protocol.numbers import NumberSet

SCOPES = ("same", "rest", "left", "all", "batches", "filter", "first", "assets")
OF_EARLIER = ("same", "rest", "left")
YES, NO = "yes", "no"
MOST_NAMED = 3
OUTCOME_WORDS = {
    "rejected": "Rejected",
    "no_result": "Without result",
    "not_reached": "Not reached",
    "discarded": "Turned down in review",
}


@dataclass(frozen=True)
class Left:
    """Assets that the earlier session left with one outcome; `named` are the first of them."""

    outcome: str
    word: str
    count: int
    named: str


def counted(text: str) -> int | None:
    """The number of assets that somebody typed, from 1; thousands may be parted by commas."""
    digits = text.replace(",", "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        return None
    return int(digits) or None


class ScopeForm(forms.Form):
    """One way to choose assets, and what each way needs to know. `earlier` is the session that a rerun starts from."""

    scope = forms.ChoiceField(choices=[(scope, scope) for scope in SCOPES])
    batches = forms.MultipleChoiceField(required=False)
    status = forms.ChoiceField(required=False, choices=[("", "Any"), *Task.Status.choices])
    pre_labeled = forms.ChoiceField(required=False, choices=[("", "Any"), (NO, "Without"), (YES, "With pre-labels")])
    external_id = forms.CharField(required=False, max_length=1000)
    first = forms.CharField(required=False, max_length=12)
    assets = forms.CharField(required=False)
    outcomes = forms.MultipleChoiceField(required=False, choices=list(OUTCOME_WORDS.items()))

    def __init__(self, *args: Any, project: Project, earlier: Session | None = None, **kwargs: Any) -> None:
        self._project, self.earlier = project, earlier
        super().__init__(*args, **kwargs)
        self.all_batches = list(Batch.objects.filter(project=project).annotate(assets_count=Count("places")))
        self.fields["batches"].choices = [(batch.uid, batch.name) for batch in self.all_batches]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        scope = given.get("scope")
        if scope in OF_EARLIER and self.earlier is None:
            self.add_error("scope", "Choose which assets are sent.")
        if scope == "batches" and not given.get("batches") and "batches" not in self.errors:
            self.add_error("batches", "Choose at least one batch.")
        if scope == "first":
            self._clean_first(given.get("first", ""))
        if scope == "assets" and not given.get("assets", "").split():
            self.add_error("assets", "Paste at least one asset ID.")
        if scope == "left" and not given.get("outcomes") and "outcomes" not in self.errors:
            self.add_error("outcomes", "Tick at least one.")
        if scope == "filter" and not self._filter() and not self.errors:
            self.add_error("status", "Choose what to filter by: the status, the pre-labels or the external ID.")
        return given

    def _clean_first(self, text: str) -> None:
        number = counted(text)
        if number is None:
            self.add_error("first", "Say how many assets, from 1.")
        else:
            self.cleaned_data["first"] = number

    # --- what it asks for ---

    @property
    def asked(self) -> dict[str, Any]:
        """As `actions.scopes` reads it; empty when the earlier session's is kept."""
        given = self._given
        earlier = self.earlier.pk if self.earlier else None
        return {
            "same": lambda: {},
            "rest": lambda: {"rest_of": earlier},
            "left": lambda: {"from_session": earlier, "outcomes": given["outcomes"]},
            "all": lambda: {"all": True},
            "batches": lambda: {"batches": given["batches"]},
            "filter": lambda: {"filter": self._filter()},
            "first": lambda: {"first": given["first"]},
            "assets": lambda: {"assets": given["assets"].replace(",", " ").split()},
        }[given["scope"]]()

    @property
    def _given(self) -> Mapping[str, Any]:
        return self.cleaned_data if self.is_bound else self.initial

    def _filter(self) -> dict[str, Any]:
        given = self._given
        found: dict[str, Any] = {}
        if given.get("status"):
            found["status"] = given["status"]
        if given.get("pre_labeled"):
            found["pre_labeled"] = given["pre_labeled"] == YES
        if given.get("external_id"):
            found["external_id"] = given["external_id"]
        return found

    def show_at_field(self, path: str, message: str) -> None:
        """What is wrong with the scope, by the path that the action gives it."""
        words = path.partition("[")[0].split(".")
        named = [word for word in reversed(words) if word in self.fields and word != "scope"]
        self.add_error(named[0] if named else "scope", message)

    # --- what it shows ---

    @property
    def chosen_scope(self) -> str:
        value = self["scope"].value()
        return value if value in SCOPES else "all"

    @property
    def chosen_batches(self) -> list[str]:
        return list(self["batches"].value() or [])

    @property
    def chosen_outcomes(self) -> list[str]:
        return list(self["outcomes"].value() or [])

    @cached_property
    def left(self) -> list[Left]:
        """What the earlier session left, by outcome; what there is none of is left out."""
        return list(_left_of(self.earlier)) if self.earlier and self.earlier.is_final else []

    @property
    def left_count(self) -> int:
        """Of those that are ticked to begin with: what a person turned down is run again only where it is asked for."""
        return sum(one.count for one in self.left if one.outcome in scopes.OUTCOMES)

    @cached_property
    def rest_count(self) -> int:
        """How many assets the earlier session, which was about the first ones, left to go on with."""
        return len(scopes.rest_of(self.earlier)) if self.earlier else 0

    def count(self) -> int:
        """How many assets are chosen; none where what is chosen is not there."""
        if self.chosen_scope == "same" and self.earlier is not None:
            return self.earlier.scope.count
        try:
            return len(scopes.chosen(self._project, self.asked))
        except (PluginhostError, KeyError):  # what was typed has errors of its own
            return 0


def _left_of(session: Session) -> Iterator[Left]:
    found = kept_outcomes(session)
    for outcome, word in OUTCOME_WORDS.items():
        numbers: NumberSet = getattr(found, outcome)
        if len(numbers):
            yield Left(outcome, word, len(numbers), _named(session, numbers))


def _named(session: Session, numbers: NumberSet) -> str:
    """«a.jpg, b.jpg, c.jpg and 29 more»"""
    assets = Asset.objects.filter(project=session.project_id, number__in=numbers.page(0, MOST_NAMED))
    names = ", ".join(assets.order_by("number").values_list("external_id", flat=True))
    more = len(numbers) - MOST_NAMED
    return f"{names} and {more:,} more" if more > 0 else names
