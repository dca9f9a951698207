"""Choosing the assets of a session, as an immutable set."""

from __future__ import annotations

from typing import Any

from pluginhost.errors import FieldError, Invalid
from pluginhost.models import Asset, Batch, BatchAsset, Project, Scope
from pluginhost.prepared import Prepared
from pluginhost.protocol.numbers import NumberSet

MOST_CHOSEN_ASSETS = 100_000


def choose(project: Project, asked: dict[str, Any]) -> Scope:
    """The scope for what was asked for: `{"all": true}`, `{"batches": […]}`, `{"assets": […]}` or `{"first": n}`."""
    return keep(project, _numbers(project, asked))


def keep(project: Project, numbers: NumberSet) -> Scope:
    """The one row for this set."""
    digest = numbers.digest()
    known: Scope | None = _known.first(project.pk, digest)
    if known is not None:
        return known
    news = {"count": len(numbers), "numbers_stored": numbers.to_bytes()}
    scope, _ = Scope.objects.get_or_create(project=project, digest=digest, defaults=news)
    return scope


_known = Prepared(lambda project, digest: Scope.objects.filter(project=project, digest=digest)[:1], 2)


def _numbers(project: Project, asked: dict[str, Any]) -> NumberSet:
    kinds = [kind for kind in _CHOICES if asked.get(kind) is not None and asked[kind] is not False]
    if len(kinds) != 1 or set(asked) - set(_CHOICES):
        raise _bad("scope", f"Choose one of {', '.join(_CHOICES)}.")
    return _CHOICES[kinds[0]](project, asked[kinds[0]])


def _all(project: Project, value: object) -> NumberSet:
    if value is not True:
        raise _bad("scope.all", "This must be true.")
    return project.head.numbers


def _first(project: Project, value: object) -> NumberSet:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10**9:
        raise _bad("scope.first", "This must be a whole number of assets, from 1.")
    return _all(project, True).first(value)


def _batches(project: Project, value: object) -> NumberSet:
    uids = _uids(value, "scope.batches")
    known = dict(Batch.objects.filter(project=project, uid__in=uids).values_list("uid", "pk"))
    _refuse_unknown(uids, known, "scope.batches", "batch")
    places = BatchAsset.objects.filter(batch__in=known.values())
    return NumberSet.of(places.values_list("asset__number", flat=True))


def _assets(project: Project, value: object) -> NumberSet:
    uids = _uids(value, "scope.assets")
    known: dict[str, int] = {}
    for start in range(0, len(uids), 500):
        found = Asset.objects.filter(project=project, uid__in=uids[start : start + 500])
        known.update(found.values_list("uid", "number"))
    _refuse_unknown(uids, known, "scope.assets", "asset")
    return NumberSet.of(known.values())


def _uids(value: object, path: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(uid, str) for uid in value):
        raise _bad(path, "This must be a list of at least one id.")
    if len(value) > MOST_CHOSEN_ASSETS:
        raise _bad(path, f"At most {MOST_CHOSEN_ASSETS:,} can be chosen one by one; make a batch of them.")
    return list(dict.fromkeys(value))


def _refuse_unknown(uids: list[str], known: dict[str, int], path: str, noun: str) -> None:
    errors: list[FieldError] = [
        {"path": f"{path}[{index}]", "message": f"There is no {noun} {uid[:60]} in this project."}
        for index, uid in enumerate(uids)
        if uid not in known
    ]
    if errors:
        raise Invalid(errors[0]["message"], errors[:20])


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])


_CHOICES = {"all": _all, "batches": _batches, "assets": _assets, "first": _first}
