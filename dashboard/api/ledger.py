"""Applying, discarding, undoing and redoing what was imported. That a program calls is its confirmation."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from pluginhost import access
from pluginhost.actions import ledger, reviews
from pluginhost.actions.ledger import Flip, Verb
from pluginhost.errors import Invalid
from pluginhost.models import Asset, Session

from .auth import principal_of
from .bodies import Given
from .imports import ImportShown, shown

router = Router()
MOST_LISTED = 100


# --- what comes and goes ---


class Touched(BaseModel):
    """What was moved; imports, the assets that they give something, and their objects."""

    imports: int
    assets: int
    objects: int
    worked_on: list[str] = Field(
        description="Ids of those assets that people have labeled: they show people's answer as before. The first 100."
    )
    worked_on_count: int


class ImportMoved(ImportShown):
    touched: Touched


class ImportsMoved(BaseModel):
    session: str
    session_id: int
    touched: Touched


class Accepted(Given):
    classes: list[str] | None = Field(default=None, description="schemaIds; null for all.")
    least_confidence: float | None = Field(default=None, ge=0, le=1, description="What carries none passes.")
    without: list[str] = Field(default=[], max_length=100_000, description="Ids of assets that get nothing.")


def _touched(flip: Flip, project_id: int) -> Touched:
    listed = Asset.objects.filter(project=project_id, number__in=flip.worked_on[:MOST_LISTED]).order_by("number")
    return Touched(
        imports=flip.imports,
        assets=flip.assets,
        objects=flip.objects,
        worked_on=list(listed.values_list("uid", flat=True)),
        worked_on_count=len(flip.worked_on),
    )


def _of_session(found: Session, flip: Flip) -> ImportsMoved:
    return ImportsMoved(session=found.uid, session_id=found.pk, touched=_touched(flip, found.project_id))


# --- the verbs ---


def _import_may(verb: Verb, summary: str, description: str) -> None:
    """The endpoint by which an import is moved so."""

    @router.post(
        f"/imports/{{import_id}}/{verb}",
        response=ImportMoved,
        summary=summary,
        description=description,
        operation_id=f"{verb}_import",
    )
    def move_import(request: HttpRequest, import_id: str) -> ImportMoved:
        principal = principal_of(request)
        found = access.imported(principal, import_id, access.RUNNER)
        flip = ledger.flip(principal, verb, found, confirmed=True)
        now = shown(access.imported(principal, found.pk))
        return ImportMoved(**now.model_dump(), touched=_touched(flip, found.project_id))


def _sessions_imports_may(verb: Verb, summary: str) -> None:
    """The endpoint by which all imports of a session are moved so."""

    @router.post(
        f"/sessions/{{session_id}}/{verb}", response=ImportsMoved, summary=summary, operation_id=f"{verb}_imports"
    )
    def move_imports(request: HttpRequest, session_id: str) -> ImportsMoved:
        principal = principal_of(request)
        found = access.session(principal, session_id, access.RUNNER)
        return _of_session(found, ledger.flip(principal, verb, found, confirmed=True))


_import_may("apply", "Make a staged import true", "From then on assets show what it gives them.")
_import_may("discard", "Let a staged import go", "For good; its items and reasons are kept.")
_import_may(
    "undo",
    "Take an applied import back",
    "At once and whole: what it hid shows again. Assets that people have labeled are listed, not changed.",
)
_import_may(
    "redo",
    "Make an undone import true again",
    "At the place that it had: what was applied later still comes after it.",
)
_sessions_imports_may("apply", "Make all that it staged true")
_sessions_imports_may("discard", "Let all that it staged go")
_sessions_imports_may("undo", "Take back all that it imported")
_sessions_imports_may("redo", "Make true again what was undone")


@router.post("/sessions/{session_id}/accept", response=ImportsMoved, summary="Apply what a review lets pass")
def accept_imports(request: HttpRequest, session_id: str, body: Accepted | None = None) -> ImportsMoved:
    """Of all that it staged, by class, least confidence or asset; the rest is discarded."""
    principal = principal_of(request)
    found = access.session(principal, session_id, access.RUNNER)
    choice = body or Accepted()
    flip = reviews.accept(
        principal,
        found,
        classes=choice.classes,
        least_confidence=choice.least_confidence,
        without=_numbers(found, choice.without),
        confirmed=True,
    )
    return _of_session(found, flip)


def _numbers(session: Session, uids: list[str]) -> list[int]:
    known: dict[str, int] = {}
    for start in range(0, len(uids), 500):
        found = Asset.objects.filter(project=session.project_id, uid__in=uids[start : start + 500])
        known.update(found.values_list("uid", "number"))
    for place, uid in enumerate(uids):
        if uid not in known:
            message = f"There is no asset {uid[:60]} in this project."
            raise Invalid(f"without[{place}]: {message}", [{"path": f"without[{place}]", "message": message}])
    return list(known.values())
