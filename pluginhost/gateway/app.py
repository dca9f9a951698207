"""The gateway as the site's wiring takes it: the Socket.IO server, and what happens at start and stop."""

from __future__ import annotations

from .gateway import Gateway
from .namespace import PluginNamespace
from .server import new_server

sio = new_server()
gateway = Gateway(sio)
sio.register_namespace(PluginNamespace(gateway))


async def start(name: str = "", dead: tuple[str, ...] = ()) -> None:
    """Serve from now on, as the process called `name`. Call it in the event loop that will serve."""
    await gateway.start(name, dead)


async def hand_over() -> None:
    """The next process is about to accept: part from all scripts but those that a cut would hurt, and store."""
    await gateway.hand_over()


async def linger(seconds: float) -> None:
    """Until those have gone too; at most so long."""
    await gateway.linger(seconds)


def hurry() -> None:
    """They are not waited for any longer."""
    gateway.hurry()


async def bury(name: str) -> None:
    """Another process of this server ended without a word."""
    await gateway.bury(name)


async def stop() -> None:
    """Store all that was received and cut the scripts' lines. Call it when nobody is accepted any more."""
    await gateway.stop()
