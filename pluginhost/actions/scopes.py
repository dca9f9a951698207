"""Choosing the assets of a session, as an immutable set."""

from __future__ import annotations

from typing import Any

from pluginhost.actions.scope_filters import filtered
from pluginhost.asset_numbers import numbers_of
from pluginhost.errors import Conflict, FieldError, Invalid
from pluginhost.models import Asset, Batch, BatchAsset, Plugin, Project, Scope, Session
from pluginhost.outcomes import outcomes_of, present
from pluginhost.prepared import Prepared
from pluginhost.protocol.numbers import NumberSet

MOST_CHOSEN_ASSETS = 100_000
OUTCOMES = ("rejected", "no_result", "not_reached")
"""What a session may have left of its scope, and a run from it is about unless it is said."""
_NAMED = (*OUTCOMES, "discarded")
"""What was turned down in a review is run again only where somebody names it."""
_KIND = "all, batches, assets, first, filter or from_session"


def choose(project: Project, asked: dict[str, Any]) -> Scope:
    """The scope for what was asked for, as `chosen` reads it."""
    return keep(project, chosen(project, asked))


def chosen(project: Project, asked: dict[str, Any]) -> NumberSet:
    """The assets that are asked for in one of these ways; before any transaction, so that nobody waits for it.

    `{"all": true}`, `{"batches": […]}`, `{"assets": […]}`, `{"first": n}` and with `"of"` one of the other ways,
    `{"filter": {status, pre_labeled, external_id}}`, `{"from_session": n, "outcomes": […]}`, `{"same_as": n}` the
    assets of another session, `{"rest_of": n}` what a session on the first ones left to go on with.
    """
    return _chosen(project, asked, "scope")


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


def rest_of(session: Session) -> NumberSet:
    """What a session on the first of some assets left out of them; nothing where it was about all it was asked for."""
    asked = session.inputs.scope_asked
    if asked.get("first") is None:
        return NumberSet()
    try:
        wider = _chosen(session.project, asked.get("of") or {"all": True}, "scope.rest_of")
    except Invalid:  # a batch that was deleted meanwhile, a filter that nothing passes any more
        return NumberSet()
    return wider - session.scope.numbers


def batches_of(project: Project, asked: dict[str, Any]) -> list[str]:
    """The batches that scripts are told of: those that were chosen, also where only some of their assets are meant."""
    session = _named(project, asked)
    if session is not None:
        return list(session.inputs.batches)
    return list((asked.get("of") or asked).get("batches") or [])


def source_of(project: Project, plugin: Plugin, asked: dict[str, Any]) -> Session | None:
    """The session of the same plugin that these assets were left by, if they were: the new one is its rerun."""
    session = _named(project, asked, "from_session", "rest_of")
    return session if session is not None and session.plugin_id == plugin.pk else None


def _named(project: Project, asked: dict[str, Any], *kinds: str) -> Session | None:
    whole = asked.get("of") or asked
    number = next((whole[kind] for kind in kinds or _OF_SESSIONS if whole.get(kind) is not None), None)
    return None if number is None else _session(project, number, "scope")


_OF_SESSIONS = ("from_session", "same_as", "rest_of")


# --- the ways to ask ---


def _chosen(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    kinds = [kind for kind in _CHOICES if asked.get(kind) is not None and asked[kind] is not False]
    if len(kinds) != 1 or set(asked) - set(_CHOICES) - set(_BESIDE):
        raise _bad(path, f"Choose one of {_KIND}.")
    for beside, kind in _BESIDE.items():
        if asked.get(beside) is not None and kinds != [kind]:
            raise _bad(f"{path}.{beside}", f"This goes with {kind} alone.")
    return _CHOICES[kinds[0]](project, asked, path)


def _all(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    if asked["all"] is not True:
        raise _bad(f"{path}.all", "This must be true.")
    return project.head.numbers


def _first(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    count, wider = asked["first"], asked.get("of") or {"all": True}
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 10**9:
        raise _bad(f"{path}.first", "This must be a whole number of assets, from 1.")
    if not isinstance(wider, dict) or wider.get("of") is not None:
        raise _bad(f"{path}.of", f"Choose one of {_KIND}, of which the first are meant.")
    return _chosen(project, wider, f"{path}.of" if asked.get("of") else path).first(count)


def _batches(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    uids = _uids(asked["batches"], f"{path}.batches")
    known = dict(Batch.objects.filter(project=project, uid__in=uids).values_list("uid", "pk"))
    _refuse_unknown(uids, known, f"{path}.batches", "batch")
    return numbers_of(BatchAsset.objects.filter(batch__in=known.values()), "asset__number")


def _assets(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    uids = _uids(asked["assets"], f"{path}.assets")
    known: dict[str, int] = {}
    for start in range(0, len(uids), 500):
        found = Asset.objects.filter(project=project, uid__in=uids[start : start + 500])
        known.update(found.values_list("uid", "number"))
    _refuse_unknown(uids, known, f"{path}.assets", "asset")
    return NumberSet.of(known.values())


def _filter(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    found = filtered(project, asked["filter"], f"{path}.filter")
    return _something(found, f"{path}.filter", "No asset of the project passes this filter now; choose a wider one.")


def _from_session(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    session = _session(project, asked["from_session"], f"{path}.from_session")
    wanted = wanted_outcomes(asked.get("outcomes"), f"{path}.outcomes")
    if not session.is_final:
        raise Conflict(f"Session #{session.pk} has not ended; what it leaves is known only then. Wait, or cancel it.")
    found, left = outcomes_of(session), NumberSet()
    for name in wanted:
        left = left | getattr(found, name)
    words = " or ".join(_WORDS[name] for name in wanted)
    return _something(
        left, f"{path}.outcomes", f"No asset of session #{session.pk} was {words}; nothing is left to run."
    )


_WORDS = {
    "rejected": "rejected",
    "discarded": "turned down in a review",
    "no_result": "left without result",
    "not_reached": "not reached",
}


def _same_as(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    return present(_session(project, asked["same_as"], f"{path}.same_as"))


def _rest_of(project: Project, asked: dict[str, Any], path: str) -> NumberSet:
    session = _session(project, asked["rest_of"], f"{path}.rest_of")
    sentence = f"Session #{session.pk} left no assets to go on with."
    return _something(rest_of(session), f"{path}.rest_of", sentence)


_CHOICES = {
    "all": _all,
    "batches": _batches,
    "assets": _assets,
    "first": _first,
    "filter": _filter,
    "from_session": _from_session,
    "same_as": _same_as,
    "rest_of": _rest_of,
}
_BESIDE = {"of": "first", "outcomes": "from_session"}
"""What stands beside one of the ways and says more of it."""


# --- what they are made of ---


def wanted_outcomes(value: object, path: str = "scope.outcomes") -> list[str]:
    """In their own order; when none is named `OUTCOMES`. `failed` is another word for `not_reached`."""
    if value is None:
        return list(OUTCOMES)
    known = isinstance(value, list) and value and all(name in (*_NAMED, "failed") for name in value)
    if not (known and isinstance(value, list)):
        raise _bad(path, f"This must be a list of one or more of {', '.join(_NAMED)}.")
    named = {"not_reached" if name == "failed" else name for name in value}
    return [name for name in _NAMED if name in named]


def _session(project: Project, value: object, path: str) -> Session:
    """A session of this very project: who may run there may see it."""
    number = value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else 0
    sessions = Session.objects.select_related("scope", "inputs", "plugin", "project__head")
    found = sessions.filter(project=project, pk=number).first()
    if found is None:
        raise _bad(path, "There is no such session in this project.")
    return found


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


def _something(numbers: NumberSet, path: str, sentence: str) -> NumberSet:
    if not len(numbers):
        raise _bad(path, sentence)
    return numbers


def _bad(path: str, message: str) -> Invalid:
    return Invalid(f"{path}: {message}", [{"path": path, "message": message}])
