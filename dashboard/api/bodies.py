"""Reading the bodies of requests, so that what no database takes is refused at the door with a sentence."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser
from pydantic import BaseModel, ConfigDict

from pluginhost.errors import Invalid

JSON_OR_TEXT: Any = {"anyOf": [{"type": "object"}, {"type": "string", "description": "The same as JSON text."}]}


class Given(BaseModel):
    """The base of all bodies: JSON's own types, and no fields that we would quietly leave aside."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """Only the fields that were sent."""
        return self.model_dump(exclude_unset=True)


class JsonBody(Parser):
    """JSON bodies, strictly."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request.body)


def read_json(body: bytes) -> Any:
    """The value; Invalid says what is wrong with it."""
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        if "\\" in text:  # only an escape can bring these characters into what is UTF-8
            _check_characters(value)
    except UnicodeDecodeError:
        raise Invalid("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Invalid(f"The body is not JSON: {error.msg} ({place}).") from None
    except ValueError:  # Python's own limit for the digits of a whole number
        raise Invalid("The body holds a number with too many digits.") from None
    except RecursionError:
        raise Invalid("The body is nested too deeply.") from None
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise Invalid(f"The body holds {name}, which is not JSON; use null or a string.")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Invalid(f"The body holds {digits[:40]}, a number larger than programs can read.")
    return number


def _check_characters(value: Any) -> None:
    """Neither NUL nor half a character, in texts and names alike."""
    written = json.dumps(value, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        raise Invalid("A text in the body holds a lone surrogate, which is half a character.") from None
    if "\\u0000" in written and _holds_nul(value):
        raise Invalid("A text in the body holds a NUL character.")


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(name) or _holds_nul(part) for name, part in value.items())
    return isinstance(value, list) and any(_holds_nul(part) for part in value)
