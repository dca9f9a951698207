"""What a run was about, as one says it before «1,204 assets»."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pluginhost.actions.scopes import OUTCOMES, wanted_outcomes
from pluginhost.models import Task

LONGEST_TEXT = 40
LEFT_WORDS = {
    "rejected": "rejected",
    "no_result": "without result",
    "not_reached": "not reached",
    "discarded": "turned down in a review",
}


def scope_words(asked: Mapping[str, Any]) -> str:
    """Of a session's frozen `scope_asked`."""
    if asked.get("all"):
        return "whole project"
    if asked.get("batches"):
        count = len(asked["batches"])
        return "1 batch" if count == 1 else f"{count:,} batches"
    if asked.get("first"):
        return f"the first {asked['first']:,}" + (f" of {scope_words(asked['of'])}" if asked.get("of") else "")
    if asked.get("filter"):
        return f"filter: {_filter_words(asked['filter'])}"
    if asked.get("from_session"):
        return _left_words(asked["from_session"], wanted_outcomes(asked.get("outcomes")))
    if asked.get("same_as"):
        return f"the assets of #{asked['same_as']}"
    return f"the rest after #{asked['rest_of']}" if asked.get("rest_of") else "chosen assets"


def _left_words(number: int, outcomes: list[str]) -> str:
    if outcomes == list(OUTCOMES):
        return f"what #{number} left"
    return f"{' or '.join(LEFT_WORDS[name] for name in outcomes)} in #{number}"


def _filter_words(asked: Mapping[str, Any]) -> str:
    parts = [dict(Task.Status.choices)[asked["status"]].lower()] if asked.get("status") else []
    if (pre_labeled := asked.get("pre_labeled")) is not None:
        parts.append("with pre-labels" if pre_labeled else "without pre-labels")
    if text := asked.get("external_id"):
        parts.append(f"«{text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + '…'}» in the ID")
    return ", ".join(parts)
