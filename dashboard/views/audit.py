"""The audit trail of an organization: who did what, when, to what. For its managers and owners."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import days, tables
from dashboard.audit_words import GROUPS, details_of, sentence
from dashboard.paging import page_of
from dashboard.streaming import streamed
from pluginhost import access
from pluginhost.models import AuditEvent, Organization, User

from .doors import SignedInRequest, signed_in
from .organization_page import frame

PAGE = 50
_IN_COLUMNS = {"verb", "target", "target ID"}
_MOST_PEOPLE = 200


class DayField(forms.DateField):
    def to_python(self, value: Any) -> date | None:
        day = super().to_python(value)
        if day is not None and not days.is_meant(day):
            raise forms.ValidationError(f"Choose a day from {days.FIRST_YEAR} to {days.LAST_YEAR}.")
        return day


class AuditFilter(forms.Form):
    """What the address asks for; what is not understood filters nothing, and says so."""

    who = forms.CharField(required=False, max_length=24)
    what = forms.ChoiceField(
        required=False, choices=[("", "Everything"), *((key, word) for key, (word, _) in GROUPS.items())]
    )
    target = forms.CharField(required=False, max_length=200)
    since = DayField(required=False, label="From")
    until = DayField(required=False, label="To")

    def of(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """The events that all filters let by; days are those of UTC."""
        asked = self.cleaned_data
        if asked.get("who"):
            events = events.filter(actor=None) if asked["who"] == "server" else events.filter(actor__uid=asked["who"])
        if asked.get("what"):
            events = events.filter(reduce(or_, (Q(verb__startswith=start) for start in GROUPS[asked["what"]][1])))
        if target := (asked.get("target") or "").strip():
            events = events.filter(Q(target__icontains=target) | Q(target_uid=target))
        if asked.get("since"):
            events = events.filter(at__gte=datetime.combine(asked["since"], time(), UTC))
        if asked.get("until"):
            events = events.filter(at__lt=datetime.combine(asked["until"], time(), UTC) + timedelta(days=1))
        return events


@require_safe
@signed_in
def organization_audit(request: SignedInRequest, uid: str) -> HttpResponseBase:
    organization = access.organization(request.principal, uid, access.MANAGER)
    form = AuditFilter(request.GET)
    form.is_valid()
    events = form.of(AuditEvent.objects.filter(organization=organization))
    if request.GET.get("format") == "csv":
        return streamed(_csv(events), "text/csv; charset=utf-8", f"audit-{organization.uid}.csv")
    page = page_of(events.select_related("actor"), request.GET, key="pk", size=PAGE, newest_first=True)
    context = {
        **frame(request.principal, organization, "audit"),
        "form": form,
        "page": page,
        "rows": [{"event": event, "told": sentence(event), "details": details_of(event)} for event in page.rows],
        "people": _people(organization),
        "is_filtered": any(form.cleaned_data.values()),
        "most_rows": tables.MOST_ROWS,
    }
    return render(request, "organizations/audit.html", context)


def _people(organization: Organization) -> list[User]:
    """Its members; who has left is found by the name in the list."""
    members = User.objects.filter(memberships__organization=organization)
    return list(members.order_by("username")[:_MOST_PEOPLE])


def _csv(events: QuerySet[AuditEvent]) -> Iterator[bytes]:
    head = ["at", "who", "what", "verb", "target", "target_id", "details"]
    return tables.lines(head, events, _cells)


def _cells(event: AuditEvent) -> list[object]:
    at = event.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    more = "; ".join(f"{name}: {value}" for name, value in details_of(event) if name not in _IN_COLUMNS)
    return [at, event.actor_name, sentence(event), event.verb, event.target, event.target_uid, more]
