"""What the keeping of a script needs of the supervisor around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pluginhost.models import ServerProcess


@dataclass
class Surroundings:
    """`host` is what scripts connect to. Database work and long looks at the disk go through `in_thread`."""

    keeper: ServerProcess
    host: str
    in_thread: Callable[..., Awaitable[Any]]
    wake: Callable[[], None]
    clock: Callable[[], datetime]
    until: Callable[[], float]
