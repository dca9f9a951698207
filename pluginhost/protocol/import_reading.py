"""Reading one item with all its objects, answers and relations. See `import_items`, which is how it is asked."""

from __future__ import annotations

from typing import Any

from . import geometry, object_names
from .answers import Question
from .geometry import Refusal, is_number, shown
from .import_words import Notice
from .labeling import Kind
from .object_names import End
from .storable import DEEPEST

Entry = dict[str, Any]


class ItemReading:
    """One reading of one item; what is remarked goes into `notices`."""

    def __init__(
        self, tools: Kind, classifications: Kind, relations: Kind, questions: dict[str, Question], notices: list[Notice]
    ) -> None:
        self._tools, self._classifications, self._relations = tools, classifications, relations
        self._questions = questions
        self._notices = notices

    def content(self, item: Entry, root: str) -> tuple[Entry, tuple[End, ...]]:
        """What the item gives, and the ends of its relations that are none of its objects."""
        name = self._objects_name(item, root)
        given = self._objects(_list(item, name, root), f"{root}.{name}")
        objects = object_names.without_doubles(given, f"{root}.{name}", self._notices)
        answers = self._answers(_list(item, "classifications", root), f"{root}.classifications", None, None, 0)
        relations = self._relations_of(_list(item, "relations", root), f"{root}.relations")
        own = {found[0] for found in map(object_names.name_of, objects) if found is not None}
        ends = (
            end
            for place, relation in enumerate(relations)
            for end in object_names.ends_of(relation, f"{root}.relations[{place}]")
        )
        loose = tuple(end for end in ends if end[0] not in own)
        return {"objects": objects, "classifications": answers, "relations": relations}, loose

    def _objects_name(self, item: Entry, root: str) -> str:
        """Under which name the objects stand; nothing at all is remarked upon."""
        if item.get("objects") is None and isinstance(item.get("tools"), list):
            self._notice("tools_as_objects", f"{root}.tools", "These were read as objects.")
            return "tools"
        if all(item.get(name) is None for name in _GIVING):
            message = "Neither objects, classifications, relations nor a mask were given: the asset is given nothing."
            self._notice("nothing_given", root, message)
        return "objects"

    def _notice(self, code: str, path: str, message: str) -> None:
        self._notices.append((code, path, message))

    # --- objects ---

    def _objects(self, items: list[Any], path: str) -> list[Entry]:
        return [self._object(item, f"{path}[{index}]") for index, item in enumerate(items)]

    def _object(self, item: object, path: str) -> Entry:
        if type(item) is not dict:
            raise Refusal("bad_item", path, f"An object was expected, not {shown(item)}.")
        read = {name: value for name, value in item.items() if value is not None or name not in geometry.KINDS}
        given = [name for name in read if name in geometry.KINDS]
        read["schemaId"] = schema_id = self._tool_of(read, given, path)
        _check_kind(self._tools.by_id[schema_id], given, path)
        for name in given:
            geometry.check(name, read[name], f"{path}.{name}", self._notices)
        _check_page(read, path)
        self._read_ids(read, path)
        if read.get("classifications"):
            nested = _list(read, "classifications", path)
            read["classifications"] = self._answers(nested, f"{path}.classifications", schema_id, None, 0)
        return read

    def _tool_of(self, item: Entry, given: list[str], path: str) -> str:
        """The tool that is meant. A title that two tools have is clear where only one of them draws this geometry."""
        if item.get("schemaId") in (None, "") and given:
            titled = self._tools.titled(item.get("title"))
            fitting = [schema_id for schema_id in titled if self._tools.by_id[schema_id] == given[0]]
            if len(titled) > 1 and len(fitting) == 1:
                message = f"{len(titled)} tools have the title {shown(item['title'])}; one of them draws a {given[0]}."
                self._notice("title_by_geometry", f"{path}.title", message)
                return fitting[0]
        return self._tools.meant(item, path, "labeling tool")

    def _read_ids(self, read: Entry, path: str) -> None:
        object_names.read_id(read, "objectId", path, self._notices)
        if isinstance(read.get("pdf"), dict):
            read["pdf"] = {**read["pdf"]}
            object_names.read_id(read["pdf"], "objectId", f"{path}.pdf", self._notices)

    # --- classifications ---

    def _answers(self, items: list[Any], path: str, parent: str | None, chosen: object, depth: int) -> list[Entry]:
        """`parent` is the tool or classification that they are nested in, and `chosen` its answer."""
        if depth > DEEPEST:
            raise Refusal("bad_classification", path, "This is nested too deeply.")
        return [self._answer(item, f"{path}[{index}]", parent, chosen, depth) for index, item in enumerate(items)]

    def _answer(self, item: object, path: str, parent: str | None, chosen: object, depth: int) -> Entry:
        if type(item) is not dict:
            raise Refusal(
                "bad_classification", path, f"An object with schemaId and answer was expected, not {shown(item)}."
            )
        schema_id = self._classifications.meant(item, path, "classification")
        question = self._questions[schema_id]
        answer = question.read(item.get("answer"), f"{path}.answer", self._notices)
        self._check_place(question, parent, chosen, path)
        _check_page(item, path)
        read = {**item, "schemaId": schema_id, "answer": answer}
        if item.get("classifications"):
            nested = _list(item, "classifications", path)
            read["classifications"] = self._answers(nested, f"{path}.classifications", schema_id, answer, depth + 1)
        return read

    def _check_place(self, question: Question, parent: str | None, chosen: object, path: str) -> None:
        if question.parent != parent:
            message = "The category schema has this classification in another place; it was kept where it was given."
            self._notice("misplaced_classification", path, message)
            return
        asking = self._questions.get(parent or "")
        if question.under and asking is not None and not asking.allows(question.under, chosen):
            self._notice("not_asked", path, "This is asked for under another option than the one that was answered.")

    # --- relations ---

    def _relations_of(self, items: list[Any], path: str) -> list[Entry]:
        return [self._relation(item, f"{path}[{index}]") for index, item in enumerate(items)]

    def _relation(self, item: object, path: str) -> Entry:
        if type(item) is not dict:
            raise Refusal("bad_relation", path, f"An object was expected, not {shown(item)}.")
        schema_id = self._relations.meant(item, path, "relation")
        read = {**item, "schemaId": schema_id}
        if item.get("group") is not None:
            read["group"] = self._ids(item["group"], f"{path}.group")
            return read
        for end in ("from", "to"):
            if end == "to" and isinstance(item.get(end), list) and self._relations.by_id[schema_id] == "one-to-many":
                read[end] = self._ids(item[end], f"{path}.{end}")
            else:
                read[end] = self._id(item.get(end), f"{path}.{end}")
        return read

    def _ids(self, value: object, path: str) -> list[str]:
        if not isinstance(value, list) or not value:
            raise Refusal("bad_relation", path, f"A list of objectIds was expected, not {shown(value)}.")
        return [self._id(one, f"{path}[{place}]") for place, one in enumerate(value)]

    def _id(self, value: object, path: str) -> str:
        if type(value) is int:
            self._notice("number_as_id", path, f"{shown(value)} was read as text.")
            return str(value)
        if not isinstance(value, str):
            raise Refusal("bad_relation", path, f"An objectId was expected, not {shown(value)}.")
        return value


_GIVING = ("objects", "classifications", "relations", "brushDataUrl", "medicalBrushDataUrl")


def _check_kind(kind: str, given: list[str], path: str) -> None:
    """Exactly one geometry, of the tool's kind; brushes have theirs in the mask."""
    if len(given) > 1:
        raise Refusal("wrong_geometry", path, f"One geometry was expected, not {' and '.join(sorted(given))}.")
    if not given:
        if kind not in geometry.WITHOUT_GEOMETRY:
            raise Refusal("no_geometry", f"{path}.{kind}", f"The tool draws a {kind}; it is missing.")
    elif given[0] != kind:
        raise Refusal("wrong_geometry", f"{path}.{given[0]}", f"The tool draws a {kind}, not a {given[0]}.")


def _check_page(item: Entry, path: str) -> None:
    page = item.get("page")
    if page is not None and not (is_number(page) and page >= 0 and page == int(page)):
        raise Refusal("bad_geometry", f"{path}.page", f"Frames and pages count from 0; this is {shown(page)}.")


def _list(item: Entry, name: str, path: str) -> list[Any]:
    value = item.get(name)
    if value is None:
        return []
    if type(value) is not list:
        raise Refusal("bad_item", f"{path}.{name}", f"A list was expected, not {shown(value)}.")
    return value
