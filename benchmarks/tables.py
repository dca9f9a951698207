"""Reports as tables, between the markers of a Markdown file: `<!-- results: pages -->` … `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def written(text: str, report: Row) -> str:
    """`text` with this report between its markers."""
    name = report["benchmark"]
    marked = re.compile(rf"(<!-- results: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marked.search(text):
        raise LookupError(f"there is no «<!-- results: {name} -->» … «<!-- end -->» to write the results between")
    return marked.sub(lambda found: f"{found[1]}{_of(report)}\n{found[2]}", text)


def _of(report: Row) -> str:
    where = (
        f"`python -m benchmarks.{report['benchmark']}`, {report['at']}: {report['machine']}, "
        f"Python {report['python']}; load before it {report['load_before']}."
    )
    rows = [_flat(row) for row in [*report["results"], *_limits(report["limit"])]]
    return "\n" + "\n\n".join([where, *map(_table, _alike(rows))]) + "\n"


def _limits(limit: Row) -> list[Row]:
    """A limit is one row, or several by name."""
    if not all(isinstance(values, Mapping) for values in limit.values()):
        return [{"limit": "", **limit}]
    return [{"limit": name.replace("_", " "), **values} for name, values in limit.items()]


def _flat(row: Row) -> dict[str, Any]:
    """One level: what stands below `idle` and `web` is in the column «idle web»."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{name} {below}": inner for below, inner in _flat(value).items()}
        else:
            flat[name] = value
    return flat


def _alike(rows: Sequence[Row]) -> list[list[Row]]:
    """Neighbours with the same columns stand in one table."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and list(groups[-1][0]) == list(row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _table(rows: Sequence[Row]) -> str:
    heads = [name.replace("_", " ") for name in rows[0]]
    lines = [_line(heads), _line("---" if index == 0 else "--:" for index in range(len(heads)))]
    return "\n".join([*lines, *(_line(_shown(value) for value in row.values()) for row in rows)])


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
