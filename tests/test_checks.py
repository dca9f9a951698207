"""Settings that are each right and do not fit together."""

from __future__ import annotations

import pytest

from dashboard.checks import settings_fit_together


def found() -> list[str]:
    messages = settings_fit_together()
    assert all(message.hint for message in messages)
    return [str(message.id) for message in messages]


def test_the_defaults_fit():
    assert found() == []


def test_a_web_process_alone_needs_redis(settings):
    settings.PLUGINHOST_ROLE = "web"
    assert found() == ["pluginhost.W001"]


@pytest.mark.sqlite
def test_redis_asks_for_a_database_that_is_shared_too(settings):
    settings.REDIS_URL = "redis://localhost"
    assert found() == ["pluginhost.W002"]


def test_an_encryption_key_is_one(settings):
    settings.PLUGINHOST_ENCRYPTION_KEYS = ["secret"]
    assert found() == ["pluginhost.E002"]


def test_strangers_may_not_send_more_than_others(settings):
    settings.PLUGINHOST_ANONYMOUS_MESSAGE_LIMIT = settings.PLUGINHOST_MESSAGE_LIMIT + 1
    assert found() == ["pluginhost.E001"]
