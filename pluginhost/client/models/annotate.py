"""A task's answer."""

from __future__ import annotations

from typing import Any


class Answer:
    """Lists of dicts, as an import's item has them (PROTOCOL 3.4)."""

    def __init__(
        self,
        objects: list[Any] | None = None,
        classifications: list[Any] | None = None,
        relations: list[Any] | None = None,
    ) -> None:
        self.objects, self.classifications, self.relations = objects or [], classifications or [], relations or []

    def toDict(self) -> dict[str, Any]:  # the public client's names
        return {"objects": self.objects, "classifications": self.classifications, "relations": self.relations}


class AnnotationPayload:
    """An answer, for `annotate_task`."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer or Answer()

    def toDict(self) -> dict[str, Any]:
        return {"answer": self.answer.toDict(), "duration": 0}
