"""The classifications of a project, and whether what an import answers to them is an answer (PROTOCOL 3.4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from .geometry import Refusal, is_number, shown
from .import_words import Notice
from .schema_reading import BETWEEN
from .tool_kinds import CHOOSING

_ONE_TEXT = frozenset({"radio", "single-dropdown", "text"})
_TEXTS = frozenset({"checkbox", "multi-dropdown", "tree-dropdown", "rank"})
_CHOOSING = CHOOSING | {"tree-dropdown"}
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


@dataclass
class Question:
    """One classification: what it is, under what it stands, and what may be answered.

    `parent` is the schemaId of the tool or classification that it is nested in; `under` is the option of that parent
    under which alone it is asked.
    """

    kind: str
    parent: str | None = None
    under: str | None = None
    options: dict[str, str] = field(default_factory=dict)  # schemaId → text
    texts: frozenset[str] = frozenset()
    listed: str = ""
    _others: dict[str, str | None] = field(default_factory=dict)  # other ways to write it → text, None if not clear

    @classmethod
    def of(cls, entry: dict[str, Any], parent: str | None) -> Question:
        kind = str(entry.get("tool"))
        under = entry.get("parentOptionId")
        question = cls(kind, parent, under if isinstance(under, str) and under else None)
        if kind in _CHOOSING:
            for option in entry.get("options") or []:
                question._add(str(option.get("value")), str(option.get("schemaId")))
            question.texts = frozenset(question.options.values())
            question.listed = _listed(question.texts)
        return question

    def _add(self, text: str, schema_id: str) -> None:
        self.options[schema_id] = text
        ways = {schema_id, _folded(text)}
        if self.kind == "tree-dropdown":
            ways |= {_folded(text.rpartition(BETWEEN)[2]), _folded("/".join(map(str.strip, text.split("/"))))}
        for way in ways:
            self._others[way] = text if self._others.get(way, text) == text else None

    # --- reading an answer ---

    def read(self, answer: object, path: str, notices: list[Notice]) -> object:
        """The answer in the form of this classification; Refusal when it is none."""
        if answer is None or (answer == "" and self.kind != "text"):
            notices.append(("no_answer", path, "This classification was given without an answer."))
            return answer
        if self.kind in _ONE_TEXT:
            return self._one(answer, path, notices)
        if self.kind in _TEXTS:
            return self._several(answer, path, notices)
        return _boolean(answer, path, notices) if self.kind == "boolean" else answer

    def _one(self, answer: object, path: str, notices: list[Notice]) -> object:
        if isinstance(answer, list) and len(answer) == 1:
            _note_shape(path, "The only text of a list was taken; this classification has one answer.", notices)
            answer = answer[0]
        if not isinstance(answer, str) and not is_number(answer):
            raise Refusal("bad_classification", path, f"Text was expected, not {shown(answer)}.")
        return self._option(answer, path, notices) if self.texts else answer

    def _several(self, answer: object, path: str, notices: list[Notice]) -> object:
        if isinstance(answer, str) or is_number(answer):
            _note_shape(path, "A list of answers was expected; this was taken for its only one.", notices)
            answer = [answer]
        if not isinstance(answer, list) or not all(isinstance(one, str) or is_number(one) for one in answer):
            raise Refusal("bad_classification", path, f"A list of texts was expected, not {_shown(answer)}.")
        return [self._option(one, f"{path}[{place}]", notices) for place, one in enumerate(answer)]

    def _option(self, given: object, path: str, notices: list[Notice]) -> object:
        """The option's own text. Without options anything is an answer."""
        if given in self.texts or not self.texts:
            return given if isinstance(given, str) or not self.texts else str(given)
        text = str(given)
        meant = self._others.get(text) or self._others.get(_folded(text))
        if meant is None:
            raise Refusal("unknown_option", path, f"{shown(given)} is not among the options: {self.listed}.")
        notices.append(("option_read_as", path, f"{shown(given)} was read as the option {shown(meant)}."))
        return meant

    def allows(self, under: str, answer: object) -> bool:
        """Whether `answer` (as read) chooses the option that has this schemaId."""
        text = self.options.get(under)
        return text is None or text == answer or (isinstance(answer, list) and text in answer)


def _boolean(answer: object, path: str, notices: list[Notice]) -> bool:
    if isinstance(answer, bool):
        return answer
    meant = _BOOLEANS.get(_folded(str(answer))) if isinstance(answer, str | int) else None
    if meant is None:
        raise Refusal("bad_classification", path, f"true or false was expected, not {shown(answer)}.")
    _note_shape(path, f"{shown(answer)} was read as {str(meant).lower()}.", notices)
    return meant


def _note_shape(path: str, message: str, notices: list[Notice]) -> None:
    notices.append(("answer_reshaped", path, message))


def _shown(answer: object) -> str:
    """Of a list, what in it is no text."""
    odd = [one for one in answer if not isinstance(one, str)] if isinstance(answer, list) else []
    return f"a list with {shown(odd[0])}" if odd else shown(answer)


def _listed(texts: Collection[str]) -> str:
    """The first few options, for a sentence."""
    first = sorted(texts)[:8]
    more = ", …" if len(texts) > len(first) else ""
    return ", ".join(shown(text) for text in first) + more


def _folded(text: str) -> str:
    return text.strip().casefold()
