"""The published clients that Pluginhost serves: how each is installed, called and spoken with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

# APScheduler 3.9, which every client pins, imports `pkg_resources`; setuptools 81 no longer has it.
SCHEDULER_NEEDS = "setuptools<81"
# The Shape finder imports them, and so does 1.4.10's `upload_brush_array` without asking for them.
PICTURES_NEED = ("numpy", "pillow")


class Failure(StrEnum):
    """What a client tells of an exception in its author's callback."""

    SILENCE = "nothing"  # neither a response nor an acknowledgement
    WITHOUT_WORDS = "that it failed"  # {"error": true}
    WITH_WORDS = "that it failed, and why"  # the exception's text as a log line before


@dataclass(frozen=True)
class Client:
    """One version on PyPI. `sample` is the documented script of its dialect."""

    package: str
    version: str
    module: str
    takes: str
    sample: str
    failure: Failure
    begins_with: str = "WebSocket"
    needs: tuple[str, ...] = (SCHEDULER_NEEDS,)

    @property
    def name(self) -> str:
        """As tests name it: `1.1.6`, or `imerit-ango 1.2.0` for the other package."""
        return self.version if self.package == "ango" else f"{self.package} {self.version}"

    @property
    def requirements(self) -> list[str]:
        return [f"{self.package}=={self.version}", *self.needs]


def _keyword_style(package: str, version: str, module: str, **other: Any) -> Client:
    return Client(package, version, module, "**data", "batch_model_1_1.py", Failure.SILENCE, **other)


def _dict_style(package: str, version: str, failure: Failure = Failure.WITHOUT_WORDS, **other: Any) -> Client:
    return Client(package, version, "imerit_ango", "data", "batch_model_1_4.py", failure, **other)


_ALL = [
    _keyword_style("ango", "0.1.26", "ango", begins_with="long polling"),
    _keyword_style("ango", "1.0.10", "ango", begins_with="long polling"),
    _keyword_style("ango", "1.1.6", "ango", needs=(SCHEDULER_NEEDS, *PICTURES_NEED)),
    _keyword_style("imerit-ango", "1.2.0", "imerit_ango"),
    _dict_style("imerit-ango", "1.3.22"),
    _dict_style("ango", "1.3.29"),
    _dict_style("ango", "1.3.50"),
    _dict_style("ango", "1.4.10", Failure.WITH_WORDS, needs=(SCHEDULER_NEEDS, *PICTURES_NEED)),
]
CLIENTS = {client.name: client for client in _ALL}

VERSIONS = ("1.1.6", "1.4.10")  # each generation's last: what every run of the tests goes through
EVERY_VERSION = [name if name in VERSIONS else pytest.param(name, marks=pytest.mark.rare) for name in CLIENTS]
