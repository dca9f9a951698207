"""Reading the database for a socket, in threads of its own.

`sync_to_async` has one thread for the whole process, which pages' work would hold up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
Found = TypeVar("Found")

_readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="reading")


async def read(function: Callable[P, Found], *args: P.args, **kwargs: P.kwargs) -> Found:
    """What `function` returns. A thread keeps its connection; one that broke is made anew, once."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_readers, lambda: _read(function, *args, **kwargs))


def _read(function: Callable[P, Found], *args: P.args, **kwargs: P.kwargs) -> Found:
    try:
        return function(*args, **kwargs)
    except (InterfaceError, OperationalError):
        connection.close()
        return function(*args, **kwargs)
