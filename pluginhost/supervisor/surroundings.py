"""What the keeping of a script needs of the supervisor around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pluginhost.models import ServerProcess


@dataclass
class Surroundings:
    """`host` is what scripts connect to. Database work goes through `in_thread`, long work on the disk `on_disk`: while
    it lasts, leases are renewed."""

    keeper: ServerProcess
    host: str
    in_thread: Callable[..., Awaitable[Any]]
    on_disk: Callable[..., Awaitable[Any]]
    wake: Callable[[], None]
    clock: Callable[[], datetime]
    until: Callable[[], float]
