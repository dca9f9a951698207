"""The results of a session as a table or as JSON: a thousand assets at a time, written while they are read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from pluginhost.models import Asset, Notice, PreLabel, Rejection, Session

from . import overlay, results, tables

CHUNK = 1_000
COLUMNS = (
    "number", "external_id", "asset", "outcome", "objects", "classes", "reason", "path", "message", "import",
)  # fmt: skip
Result = dict[str, Any]


def as_csv(session: Session, asked: Mapping[str, str]) -> Iterator[bytes]:
    """A row for each asset; what was refused of it for several reasons has them all in one cell."""
    return tables.written(COLUMNS, map(_cells, found(session, asked)))


def as_json(session: Session, asked: Mapping[str, str]) -> Iterator[bytes]:
    """One list."""
    yield b"["
    before = b"\n"
    for one in found(session, asked):
        yield before + json.dumps(one, ensure_ascii=False).encode()
        before = b",\n"
    yield b"\n]\n"


def found(session: Session, asked: Mapping[str, str]) -> Iterator[Result]:
    """Each asset that the filters leave; then, where nothing is filtered, the items that were about none."""
    outcomes = results.kept_outcomes(session)
    tools = overlay.Tools(session.project.category_schema)
    numbers = iter(results.chosen_of(session, outcomes, asked))
    while some := list(islice(numbers, CHUNK)):
        assets = list(Asset.objects.filter(project=session.project_id, number__in=some).order_by("number"))
        given, refused = results.given_by(session, assets), results.refused_by(session, assets)
        for asset in assets:
            outcome = results.outcome_of(asset.number, outcomes)
            yield _result(asset, outcome, given.get(asset.pk), refused.get(asset.pk, []), tools)
    if not (results.name_in(asked) or asked.get("reason")):
        yield from _strangers(session)


def _result(
    asset: Asset, outcome: str, given: PreLabel | None, refused: list[Rejection | Notice], tools: overlay.Tools
) -> Result:
    return {
        "number": asset.number,
        "external_id": asset.external_id,
        "asset": asset.uid,
        "outcome": outcome,
        "objects": given.objects_count if given else 0,
        "classes": _classes(given, tools),
        "reasons": [_reason(one) for one in refused],
        "import": given.origin_id if given else refused[-1].origin_id if refused else None,
    }


def _classes(given: PreLabel | None, tools: overlay.Tools) -> dict[str, int]:
    if given is None:
        return {}
    return dict(Counter(tools.of(item).title for item in overlay.objects_of(json.loads(given.content))))


def _reason(refused: Rejection | Notice) -> dict[str, str]:
    return {"code": refused.code, "path": refused.path, "message": refused.message}


def _strangers(session: Session) -> Iterator[Result]:
    last = 0
    while some := list(results.strangers_of(session).filter(pk__gt=last).order_by("pk")[:CHUNK]):
        for one in some:
            yield {
                "number": None, "external_id": one.external_id, "asset": None, "outcome": "rejected", "objects": 0,
                "classes": {}, "reasons": [_reason(one)], "import": one.origin_id,
            }  # fmt: skip
        last = some[-1].pk


def _cells(one: Result) -> list[object]:
    classes = "; ".join(f"{title} {count}" for title, count in one["classes"].items())
    said = [
        "; ".join(filter(None, (reason[name] for reason in one["reasons"]))) for name in ("code", "path", "message")
    ]
    first = [one[name] for name in ("number", "external_id", "asset", "outcome", "objects")]
    return [*first, classes, *said, one["import"]]
