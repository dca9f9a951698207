"""A connected script's work: claim the oldest queued session, send its order, look again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from django.db import DatabaseError, InterfaceError

from pluginhost.actions import claims, log_lines

from . import questions
from .inbox import Acknowledged, Report
from .peer import Peer

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 300.0
"""Whoever has something to look for is woken (`looking.py`); this is for what nobody has thought of."""
AGAIN_SECONDS = 5.0

InThread = Callable[..., Awaitable[Any]]
Send = Callable[[Peer, dict[str, Any], Callable[..., None]], Awaitable[None]]
Put = Callable[[Peer, Report], None]
Tell = Callable[[Peer, str, dict[str, Any]], Awaitable[None]]


class Script:
    """The one task that claims for one connection: on connect, and whenever it is woken, by a nudge or the tick."""

    def __init__(self, peer: Peer, *, in_thread: InThread, send: Send, put: Put, tell: Tell) -> None:
        self._peer, self._in_thread, self._send, self._put, self._tell = peer, in_thread, send, put, tell

    async def work(self) -> None:
        """Until the socket is gone. The database being away is waited out."""
        while not self._peer.is_leaving:
            self._peer.wake.clear()
            try:
                await self.look()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("connection %s could not look for work: %s", self._peer.connection_id, error)
                self._try_again_soon()
            except Exception:  # the edge of the loop: the script must not be left without work for ever
                logger.exception("connection %s could not look for work", self._peer.connection_id)
                self._try_again_soon()
            await self._wait()

    async def look(self) -> None:
        """Take all the work there is for it now."""
        connection_id, verdict = self._peer.connection_id, self._peer.verdict
        if connection_id is None or verdict is None:
            return
        is_welcome = await self._in_thread(questions.recheck, self._peer)
        if self._peer.verdict is verdict and is_welcome != verdict.is_welcome:
            self._peer.verdict = replace(verdict, is_welcome=is_welcome)
            if is_welcome and self._peer.has_said_hello:
                self._peer.is_muted = self._peer.awaits_hello = True
                await self._tell(self._peer, "again", {})
        if not is_welcome or self._peer.awaits_hello:
            return
        if self._peer.has_said_hello:
            await self._tell_news(connection_id)
        while not self._peer.is_leaving:
            order = await self._in_thread(claims.claim, connection_id)
            if order is None or not await self._hand_over(order, connection_id):
                return

    async def _hand_over(self, order: claims.Order, connection_id: int) -> bool:
        """Send it, marked as sent before: what is claimed and not sent goes back, what was sent may be lost."""
        if self._peer.is_leaving:
            await self._in_thread(claims.give_back, order.session_id, connection_id)
            return False
        if not await self._in_thread(claims.mark_sent, order.session_id, connection_id):
            return True  # cancelled in between
        if self._peer.has_said_hello:
            # From which number on it counts its lines: it may not be the first script that is at work on this session.
            order.payload["line"] = await self._in_thread(log_lines.told_up_to, order.session_id)
        await self._send(self._peer, order.payload, self._acknowledged(order.session_id))
        logger.info("session %s sent to connection %s", order.session_id, connection_id)
        return True

    async def _tell_news(self, connection_id: int) -> None:
        """What nobody can tell a published client: that a session was cancelled, that no more will come."""
        peer = self._peer
        news = await self._in_thread(questions.news_for, connection_id)
        for session in set(news.cancelled) - peer.told_over:
            await self._tell(peer, "cancel", {"session": session})
        peer.told_over = set(news.cancelled)
        if news.is_draining and not peer.was_told_to_drain:
            await self._tell(peer, "drain", {})
        peer.was_told_to_drain = news.is_draining

    def _acknowledged(self, session_id: int) -> Callable[..., None]:
        return lambda *values: self._put(self._peer, Acknowledged(session_id, values))

    def _try_again_soon(self) -> None:
        asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._peer.wake.set)

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._peer.wake.wait(), LONGEST_WAIT_SECONDS)
        except TimeoutError:
            return
