"""The loaded child as a mould: at the parent's word it forks one that serves."""

from __future__ import annotations

import argparse
import gc
import os
import socket
import sys

from django.db import connections

from .messages import ACCEPT, BORN, READY, SUPERVISE, Messages
from .options import url_of
from .supervise import Supervise
from .web import Web

_COLLECT_AFTER = (10_000, 20, 20)
"""With Python's own 700, an import's thousand items are looked through again and again while they are all in use."""

_TURN_S = 0.001
"""So long a thread may keep the interpreter while others wait: a log line changes threads five times on its way to the
page, and an import that runs meanwhile would keep it each time for Python's own 5 ms."""


def offer(given: argparse.Namespace) -> None:
    """Tell the parent that all is loaded, and fork as often as it says. Returns only when the parent is gone."""
    control = Messages(socket.socket(fileno=given.control))
    listener = socket.socket(fileno=given.listener)
    connections.close_all()  # a connection must not be shared by two processes
    gc.collect()
    gc.freeze()  # so that collecting does not touch, and so copy, the memory that is shared
    gc.set_threshold(*_COLLECT_AFTER)
    sys.setswitchinterval(_TURN_S)
    control.say(READY)
    while control.is_open:
        told, end = control.read_with_socket()
        for words in told:
            if words[0] in (ACCEPT, SUPERVISE) and end is not None and _fork():
                control.close()
                if words[0] == ACCEPT:
                    _serve(given.role, listener, end, words[1:])
                else:
                    _supervise(listener, end, words[1])
        if end is not None:
            end.close()


def _fork() -> bool:
    """True in the new process. One between them ends at once, so that the parent adopts it and learns of its end."""
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return False
    if os.fork():
        os._exit(0)
    os.setpgid(0, 0)
    return True


def _supervise(listener: socket.socket, end: socket.socket, name: str) -> None:
    url = url_of(*listener.getsockname()[:2])
    listener.close()  # it would keep the port from the next server for as long as a script takes to end
    messages = Messages(end)
    messages.say(BORN, str(os.getpid()))
    Supervise(url, name, messages).run_as_child()


def _serve(role: str, listener: socket.socket, end: socket.socket, words: list[str]) -> None:
    name, greets, *dead = words
    messages = Messages(end)
    messages.say(BORN, str(os.getpid()))
    Web(role, listener, messages, name, dead, greets=greets == "greet").run()
