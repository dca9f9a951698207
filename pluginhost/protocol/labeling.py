"""A project's labeling tools as imports name them: by schemaId, or by a title that only one of them has."""

from __future__ import annotations

from typing import Any

from .geometry import Refusal, shown


class Kind:
    """The tools, the classifications or the relations of a project."""

    def __init__(self) -> None:
        self.by_id: dict[str, str] = {}  # schemaId → what it is, for example "bounding-box"
        self._by_title: dict[str, list[str]] = {}

    def add(self, entry: dict[str, Any]) -> None:
        schema_id = str(entry.get("schemaId"))
        self.by_id[schema_id] = str(entry.get("tool"))
        self._by_title.setdefault(_folded(entry.get("title")), []).append(schema_id)

    def titled(self, title: object) -> list[str]:
        """The ids of all that have the title, whatever its case."""
        return self._by_title.get(_folded(title), [])

    def meant(self, item: dict[str, Any], path: str, what: str) -> str:
        """The schemaId that an object, answer or relation gives, or that its title stands for; Refusal if none."""
        schema_id = item.get("schemaId")
        if type(schema_id) is int:
            schema_id = str(schema_id)
        if type(schema_id) is str and schema_id in self.by_id:
            return schema_id
        if schema_id not in (None, ""):
            message = f"No {what} here has the schemaId {shown(schema_id)}."
            raise Refusal("unknown_schema_id", f"{path}.schemaId", message)
        title = item.get("title")
        if not isinstance(title, str) or not title.strip():
            raise Refusal("no_class", f"{path}.schemaId", f"Give the schemaId or the title of a {what}.")
        return self._by_its_title(title, path, what)

    def _by_its_title(self, title: str, path: str, what: str) -> str:
        ids = self.titled(title)
        if not ids:
            raise Refusal("unknown_title", f"{path}.title", f"No {what} here has the title {shown(title)}.")
        if len(ids) > 1:
            message = f"{len(ids)} have the title {shown(title)}; give the schemaId."
            raise Refusal("ambiguous_title", f"{path}.title", message)
        return ids[0]


def _folded(title: object) -> str:
    return title.strip().casefold() if isinstance(title, str) else ""
