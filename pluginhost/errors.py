"""Our own errors: each carries a sentence fit for the person who can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class FieldError(TypedDict):
    """What is wrong with one value; `path` names it as the sender wrote it (`config.threshold`)."""

    path: str
    message: str


class PluginhostError(Exception):
    """The root of all; `status` is what a door that speaks HTTP answers with."""

    status = 400

    def __init__(self, sentence: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.errors = list(errors)


class Invalid(PluginhostError):
    """What came cannot be used; `errors` says where, when there is a where."""


class Unauthenticated(PluginhostError):
    """No key or sign-in, or one that is not good (any more)."""

    status = 401


class UnknownKey(Unauthenticated):
    """A key that nobody ever had: a slip, or a guess (see `throttle`)."""


class Forbidden(PluginhostError):
    """The principal may see the object but may not do this with it."""

    status = 403


class NotFound(PluginhostError):
    """Not there, or not the principal's to know of: the two look alike on purpose."""

    status = 404


class Gone(NotFound):
    """It was there, and its time was over: the sentence says when it was deleted and by which rule."""

    status = 410


class Conflict(PluginhostError):
    """Not possible in the state the object is in."""

    status = 409


class TooLarge(PluginhostError):
    """More bytes than the limit allows."""

    status = 413


class TooMany(PluginhostError):
    """Asked too often; try again after `retry_after` seconds."""

    status = 429

    def __init__(self, sentence: str, retry_after: int = 60) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
