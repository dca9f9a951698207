"""Alice owns, Bob is a member (a viewer), Charlie is a stranger."""

from __future__ import annotations

import pytest

from pluginhost.models import Organization, Plugin, Project, User

from . import makers


@pytest.fixture
def alice(db: None) -> User:
    return makers.make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    return makers.make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    return makers.make_user("charlie")


@pytest.fixture
def organization(alice: User, bob: User) -> Organization:
    return makers.make_organization(alice, viewer=bob)


@pytest.fixture
def plugin(alice: User, organization: Organization) -> Plugin:
    return makers.make_plugin(alice, organization)


@pytest.fixture
def project(alice: User, organization: Organization) -> Project:
    return makers.make_project(alice, organization, assets=5)
