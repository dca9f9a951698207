"""Calling an author's callback, whichever way it is written."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def call(callback: Callable[..., Any], data: dict[str, Any]) -> Any:
    """What `callback` returns for this order. One that is asynchronous gets an event loop of its own, in this thread.

    `callback(data)`, `callback(**data)`, `callback(projectId, logger, **rest)` and `callback(projectId, logger)` all
    get what they ask for.
    """
    placed, named = arguments_for(callback, data)
    result = callback(*placed, **named)
    return _waited_for(result) if inspect.isawaitable(result) else result


def arguments_for(callback: Callable[..., Any], data: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """(arguments by place, arguments by name)."""
    try:
        parameters = inspect.signature(callback).parameters
    except (TypeError, ValueError):  # something written in C
        return [data], {}
    if _wants_one(parameters, data):
        return [data], {}
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return [], data
    names = [name for name, parameter in parameters.items() if parameter.kind in _NAMED]
    return [], {name: data[name] for name in names if name in data}


def _wants_one(parameters: Mapping[str, inspect.Parameter], data: dict[str, Any]) -> bool:
    """Whether its first parameter is for the whole order: it has a name that no key of the order has."""
    first = next(iter(parameters.values()), None)
    if first is None:
        return False
    if first.kind is inspect.Parameter.VAR_POSITIONAL:
        return True
    return first.kind in _PLACED and first.name not in data


def _waited_for(result: Any) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(result)
    finally:
        _close(loop)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """What the callback left running in its loop is cancelled."""
    try:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
