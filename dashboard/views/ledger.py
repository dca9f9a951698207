"""Applying, discarding, undoing and redoing: a page that says what it touches, and the button that does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard import flips
from pluginhost import access
from pluginhost.actions.ledger import Verb
from pluginhost.errors import Invalid, NotFound
from pluginhost.models import Import, PreLabel, Project, Session

from .doors import SignedInRequest, signed_in

MOST_CHOSEN = 200


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def import_flip(request: SignedInRequest, import_id: int, verb: str) -> HttpResponse:
    """One import."""
    found = access.imported(request.principal, import_id, access.RUNNER)
    back = reverse("imported", args=[found.pk])
    return _flip(request, _verb(verb), [found], found.project, back)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def session_imports_flip(request: SignedInRequest, session_id: str, verb: str) -> HttpResponse:
    """All imports of a session; with `?number=` those that gave these assets something."""
    session = access.session(request.principal, session_id, access.RUNNER)
    numbers = _numbers(request.GET, "number")
    about = _that_gave(session, numbers) if numbers else session
    back = reverse("session_results", args=[session.pk])
    return _flip(request, _verb(verb), about, session.project, back, {"session": session, "numbers": numbers})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def project_imports_flip(request: SignedInRequest, uid: str, verb: str) -> HttpResponse:
    """Those that were ticked in the project's list."""
    project = access.project(request.principal, uid, access.RUNNER)
    chosen = access.imports(request.principal, project).filter(pk__in=_numbers(request.GET, "import"))
    back = reverse("project_imports", args=[project.uid])
    return _flip(request, _verb(verb), list(chosen.order_by("pk")), project, back)


def _verb(text: str) -> Verb:
    verb = flips.verb_of(text)
    if verb is None:
        raise NotFound("Imports can be applied, discarded, undone and redone.")
    return verb


def _numbers(asked: QueryDict, name: str) -> list[int]:
    return [int(text) for text in asked.getlist(name) if text.isascii() and text.isdigit()][:MOST_CHOSEN]


def _that_gave(session: Session, numbers: list[int]) -> list[Import]:
    given = PreLabel.objects.filter(origin__session=session, asset__number__in=numbers, is_unchanged=False)
    return list(Import.objects.filter(pk__in=given.values("origin")).order_by("pk"))


def _flip(
    request: SignedInRequest,
    verb: Verb,
    about: Session | Sequence[Import],
    project: Project,
    back: str,
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    foreseen = flips.foresee(verb, about)
    if request.method == "POST" and foreseen.flip.imports:
        if foreseen.must_be_typed and request.POST.get("typed", "").strip() != verb:
            raise Invalid(f"So much changes that you are asked to mean it: type «{verb}».")
        flip = flips.do(request.principal, foreseen)
        messages.success(request, flips.sentence(flip))
        return redirect(back)
    shown = {"foreseen": foreseen, "project": project, "verb": verb, "back": back, **(context or {})}
    is_refused = request.method == "POST"  # somebody was faster
    return render(request, "ledger/flip.html", shown, status=409 if is_refused else 200)
