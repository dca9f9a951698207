"""Config JSON: what people type, and what a plugin's schema says of it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs

MOST_ERRORS = 20


class BadJson(ValueError):
    """Not JSON; `line` and `column` (from 1) say where."""

    def __init__(self, sentence: str, line: int = 1, column: int = 1) -> None:
        super().__init__(sentence)
        self.line, self.column = line, column


def parse_object(text: str) -> dict[str, Any]:
    """The object that `text` is; a blank text is the empty one. BadJson says where it is wrong."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise BadJson(f"Line {error.lineno}, column {error.colno}: {error.msg}.", error.lineno, error.colno) from None
    except RecursionError:
        raise BadJson("This is nested too deeply.") from None
    except BadJson:
        raise
    except ValueError:  # Python's own limit for the digits of a whole number
        raise BadJson("A number in it has too many digits.") from None
    if not isinstance(value, dict):
        raise BadJson("This must be a JSON object, in curly brackets.")
    return value


def _refuse_constant(name: str) -> None:
    raise BadJson(f"{name} is not JSON; use null or a string.")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise BadJson(f"{digits[:40]} is larger than programs can read as a number.")
    return number


def check_schema(text: str) -> None:
    """BadJson unless `text` is a JSON Schema (or nothing)."""
    if text.strip():
        _validator(text)


def errors_of(config: dict[str, Any], schema_text: str) -> list[tuple[str, str]]:
    """(path, sentence) of what the schema finds wrong with `config`, the first few."""
    if not schema_text.strip():
        return []
    found = []
    for error in _validator(schema_text).iter_errors(config):
        path = ".".join(["config", *map(str, error.instance_path)])
        found.append((path, error.message))
        if len(found) == MOST_ERRORS:
            break
    return found


def _validator(schema_text: str) -> Any:
    """A validator that fetches nothing and whose patterns take linear time."""
    try:
        return jsonschema_rs.validator_for(
            parse_object(schema_text),
            retriever=_refuse_reference,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        if isinstance(error, BadJson):
            raise
        raise BadJson(f"This is not a JSON Schema: {str(error).splitlines()[0]}") from None


def _refuse_reference(address: str) -> Any:
    raise ValueError(f"a $ref to {address} is not fetched")


def text_of(value: object) -> str:
    """JSON text of a value that came as JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def check_size(text: str, most: int = 2**20) -> None:
    """BadJson past the limit, in bytes."""
    if len(text.encode("utf-8", "surrogatepass")) > most:
        raise BadJson(f"This is larger than {most // 1024:,} KB.")
