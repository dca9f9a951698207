"""Django behind ASGI, each request answered by one thread, from its first middleware to its last.

Django's own handler takes a request through a dozen changes of thread, starts a thread for each request, and opens
the database anew in it: several milliseconds before anything is asked. Here threads stay, and keep their connection.
Each of our handlers has threads of its own, so that long imports never keep a page waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.http import FileResponse
from django.urls import set_script_prefix
from django.utils.module_loading import import_string

from .asgi_types import Application, Receive, Scope, Send


class InOneThread(ASGIHandler):
    """A handler with `threads` threads, started as they are needed, and the middleware of the settings."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self._answer_in_thread = sync_to_async(self._answer, thread_sensitive=False, executor=self._threads)
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self._answer_in_thread(scope, body)
        if response.streaming:
            await self._stream(response, receive, send)
        else:
            await self.send_response(response, send)

    def _answer(self, scope: Scope, body: IO[bytes]) -> Any:
        """Django's response, already closed unless it is still to be read."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(dict(scope), body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = type(self)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
            body.close()
        return response

    async def _stream(self, response: Any, receive: Any, send: Any) -> None:
        """Until all is sent, or until nobody listens any more."""
        async with ThreadSensitiveContext():
            sending = asyncio.ensure_future(self.send_response(response, send))
            leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
            try:
                await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            finally:
                sending.cancel()
                leaving.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)
                await sync_to_async(response.close, thread_sensitive=False, executor=self._threads)()


class WithoutSignIn(InOneThread):
    """For doors that ask for a key and look at no cookie: only `middleware` that sees to the headers."""

    def __init__(self, name: str, threads: int, middleware: Sequence[str]) -> None:
        self._chosen = middleware
        super().__init__(name, threads)

    def load_middleware(self, is_async: bool = False) -> None:
        chain: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for path in reversed(self._chosen):
            chain = convert_exception_to_response(import_string(path)(chain))
        self._middleware_chain = chain
        self._view_middleware = self._template_response_middleware = self._exception_middleware = ()


class ByPath:
    """One application for what stands below these paths, another for the rest."""

    def __init__(self, paths: Sequence[str], below: Application, otherwise: Application) -> None:
        self._paths = tuple(path.rstrip("/") for path in paths)
        self._below, self._otherwise = below, otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        is_below = path.startswith(self._paths) and any(f"{path}/".startswith(f"{one}/") for one in self._paths)
        await (self._below if is_below else self._otherwise)(scope, receive, send)
