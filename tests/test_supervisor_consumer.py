"""How a supervisor hears nudges: over the channel layer, where there is one between processes."""

from __future__ import annotations

import asyncio

import pytest

from pluginhost import nudge
from pluginhost.supervisor.consumer import listen

pytestmark = pytest.mark.django_db  # Channels looks after the connections that other tests have opened


def test_a_nudge_wakes_it():
    async def story() -> None:
        woken = asyncio.Event()
        listening = asyncio.create_task(listen(woken.set))
        waiting = asyncio.create_task(woken.wait())
        for _ in range(100):  # it joins the group at some moment; what was sent before is lost, as nudges may be
            await nudge._send({nudge.SUPERVISORS})
            if (await asyncio.wait([waiting], timeout=0.05))[0]:
                break
        assert woken.is_set()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    asyncio.run(story())
