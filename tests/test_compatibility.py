"""docs/compatibility.md says what is so: every route is in it, and what it says works has a route and a test."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from django.test import Client

from pluginhost.gateway.namespace import PluginNamespace
from pluginhost.v2.urls import urlpatterns

from .server import ROOT
from .v2 import by_user

DOCUMENT = ROOT / "docs" / "compatibility.md"
STATES = {"works", "404", "not yet"}


class Row(NamedTuple):
    method: str
    path: str
    versions: str
    state: str
    test: str

    @property
    def request(self) -> tuple[str, str]:
        return self.method, nameless(self.path)


def nameless(path: str) -> str:
    """The path without the names of its parts: `/v2/project/{}/assets`."""
    return re.sub(r"\{\w+\}|<\w+>", "{}", path)


def rows() -> list[Row]:
    found = re.findall(r"^\| `([A-Z]+) (/\S+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$", DOCUMENT.read_text(), re.MULTILINE)
    return [Row(*(cell.strip() for cell in row)) for row in found]


def routes() -> set[tuple[str, str]]:
    """(method, path) of all that `/v2` offers, as it says itself when it is asked for a method that nobody offers."""
    source = (ROOT / "pluginhost" / "v2" / "urls.py").read_text()
    found = re.findall(r'_at\("([^"]+)", door\(([^()]*)\)\)', source)
    assert len(found) == len(urlpatterns) - 1
    return {(method, f"/v2/{nameless(route)}") for route, given in found for method in re.findall(r"(\w+)=", given)}


def test_the_document_has_all_that_it_should():
    """A table that is not read would hold nothing."""
    assert len(rows()) == len({row.request for row in rows()}) > 55
    assert {row.state for row in rows()} == STATES
    assert all(row.versions for row in rows())


def test_every_route_is_in_the_document_as_working():
    assert routes() - {row.request for row in rows() if row.state == "works"} == set()


def test_what_works_has_a_route():
    assert {row.request for row in rows() if row.state == "works"} - routes() == set()


def test_what_works_has_a_test():
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", DOCUMENT.read_text())
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text()]
    assert missing == []
    assert all(re.fullmatch(r"`tests/\w+\.py::\w+`", row.test) for row in rows() if row.state == "works")
    assert {row.test for row in rows() if row.state != "works"} == {"–"}


def test_what_does_not_work_answers_404_with_a_sentence(alice, project):
    v2 = by_user(alice)
    answers = {row: asked(v2.key, row, project.uid) for row in rows() if row.state != "works"}
    wrong = {row for row, answer in answers.items() if answer.status_code not in (404, 405)}
    assert wrong == set()
    assert all(len(answer.json()["message"]) > 10 for answer in answers.values())


def asked(key, row, uid):
    path = re.sub(r"\{\w+\}", uid, row.path)
    return Client().generic(row.method, path, "{}", content_type="application/json", headers={"apikey": key})


def test_every_event_that_is_understood_is_in_the_document():
    understood = {name.removeprefix("on_") for name in vars(PluginNamespace) if name.startswith("on_")}
    told = set(re.findall(r"^\| `(\w+)` \| script \|", DOCUMENT.read_text(), re.MULTILINE))
    assert understood - {"connect", "disconnect", "malformed"} == told


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", DOCUMENT.read_text()))))
def test_every_link_leads_somewhere(path):
    assert (DOCUMENT.parent / path).exists()
