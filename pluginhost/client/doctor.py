"""Why does it not connect? Each step from the host's name to an order that is answered, and what mends it.

    python -m pluginhost.client.doctor <host> <plugin id> [<secret>]

The secret is asked for when it stands neither there nor in PLUGINHOST_SECRET. Nothing is stored, and no session is
taken: the doctor says hello as somebody who is about to leave.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import queue
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import socketio

from . import reaching
from .reaching import FAILED, OK, SKIPPED, UPGRADE, WARNING, Broken, Host, Step
from .version import NAME, VERSION

SECONDS = 10.0
LEAVE_SECONDS = 1.0
NAMESPACE = "/plugin"
REASON = "pluginhost: "

NEW_SECRET = "Copy the secret from the plugin's page, tab Development: «Reveal»."  # noqa: S105  # none
CURES = {
    "no plugin with this id": "Copy the plugin's ID from its page, tab Development; and look whether it is this host.",
    "rotated": f"The secret was changed since. {NEW_SECRET}",
    "secret is wrong": f"{NEW_SECRET} All of it, without blanks or quotation marks of its own.",
    "disconnected": "Somebody disconnected this script on the plugin's page. Start it anew.",
    "deleted": "Register the plugin again; the new one has another ID and secret.",
}
QUARANTINED = "Somebody took the plugin out of service. Its owner can release it on its page, tab Settings."


def examine(host: str, plugin_id: str, secret: str, seconds: float = SECONDS) -> Iterator[Step]:
    """The steps, each as soon as it is done. Ends with the first one that the others need and that failed."""
    try:
        read = reaching.read_host(host)
        yield reaching.address_of(read)
        addresses, step = reaching.resolve(read)
        yield step
        yield reaching.reach(read, addresses, seconds)
        if read.is_safe:
            yield reaching.encrypt(read, seconds)
        answer, step = reaching.ask(read, seconds)
        yield step
        yield reaching.compare_clocks(answer)
        websocket = reaching.upgrade(read, seconds)
        yield websocket
        # The server's own installation has no WebSocket client; long polling says the rest as well.
        transport = "websocket" if websocket.state == OK and find_spec("websocket") else "polling"
        yield from _spoken_to(read, plugin_id.strip(), secret.strip(), transport, seconds)
    except Broken as broken:
        yield broken.step


# --- the script's part ---


class _Ears(socketio.ClientNamespace):  # type: ignore[misc]
    """What the host says, in order."""

    def __init__(self) -> None:
        super().__init__(NAMESPACE)
        self.heard: queue.Queue[tuple[str, Any]] = queue.Queue()

    def trigger_event(self, event: str, *arguments: Any) -> None:
        self.heard.put((event, arguments[0] if arguments else None))


def _spoken_to(host: Host, plugin_id: str, secret: str, transport: str, seconds: float) -> Iterator[Step]:
    ears = _Ears()
    client = socketio.Client(reconnection=False, handle_sigint=False, request_timeout=seconds)
    client.register_namespace(ears)
    try:
        client.connect(host.origin, namespaces=[NAMESPACE], transports=[transport], wait=True, wait_timeout=seconds)
        yield _heartbeat(client, ears, plugin_id, secret, seconds)
        yield _test_order(client, ears, seconds)
    except Broken:
        raise
    except Exception as error:  # the library raises whatever an odd answer makes it stumble over
        cure = "Look at the server's log; if a proxy stands in between, it may cut long connections."
        told = f"The line could not be kept: {type(error).__name__} {error}"
        raise Broken(Step("Heartbeat", FAILED, told, cure)) from None
    finally:
        leaving = threading.Thread(target=_leave, args=[client], daemon=True)
        leaving.start()
        leaving.join(LEAVE_SECONDS)


def _leave(client: socketio.Client) -> None:
    """With long polling the library waits for the request that hangs, which takes a minute; nobody need wait for it."""
    with contextlib.suppress(Exception):
        client.disconnect()


def _heartbeat(client: socketio.Client, ears: _Ears, plugin_id: str, secret: str, seconds: float) -> Step:
    began = time.monotonic()
    client.emit("heartbeat", {"id": plugin_id, "secret": secret, "hello": True}, namespace=NAMESPACE)
    client.emit("hello", _hello(), namespace=NAMESPACE)
    heard = _wait_for(ears, lambda event, _: event == "welcome" or event.startswith(REASON), began + seconds)
    if heard is None:
        cure = "The host took the heartbeat and said nothing. Look whether it is a Pluginhost, and how busy it is."
        raise Broken(Step("Heartbeat", FAILED, f"No word within {seconds:.0f} s.", cure))
    if heard.startswith(REASON):
        reason = heard[len(REASON) :]
        raise Broken(Step("Heartbeat", FAILED, reason, _cure_of(reason)))
    return Step("Heartbeat", OK, f"accepted in {(time.monotonic() - began) * 1000:.0f} ms")


def _hello() -> dict[str, Any]:
    """Of somebody who holds nothing and is about to leave: it is given no session."""
    machine = socket.gethostname()[:60]
    return {
        "client": f"{NAME} doctor", "version": VERSION, "instance": f"doctor {machine} {secrets.token_hex(4)}",
        "python": sys.version.split()[0], "host": machine, "pid": os.getpid(), "boot": secrets.token_hex(8),
        "sessions": [], "handed_back": [], "leaving": True,
    }  # fmt: skip


def _cure_of(reason: str) -> str:
    low = reason.lower()
    return next((cure for words, cure in CURES.items() if words in low), QUARANTINED)


def _test_order(client: socketio.Client, ears: _Ears, seconds: float) -> Step:
    """The host sends an order that is no session's; the library acknowledges it as any script's does."""
    began = time.monotonic()
    client.emit("test_order", {}, namespace=NAMESPACE)
    name, until = "Test order", began + seconds
    came = _wait_for(ears, lambda event, told: event == "plugin" and isinstance(told, dict) and "test" in told, until)
    if came is None:
        cure = "Orders do not come through though heartbeats do: a proxy holds back what the host sends. " + UPGRADE
        return Step(name, FAILED, f"It did not come within {seconds:.0f} s.", cure)
    if _wait_for(ears, lambda event, _: event == "test_answered", until) is None:
        cure = "Orders come, and their answers do not get back: a proxy holds back what scripts send. " + UPGRADE
        return Step(name, FAILED, "It came, and its answer did not get back.", cure)
    return Step(name, OK, f"came and was answered in {(time.monotonic() - began) * 1000:.0f} ms")


def _wait_for(ears: _Ears, is_it: Any, until: float) -> str | None:
    """The next event that it is true of; None when the time is over or the line ended."""
    while True:
        try:
            event, told = ears.heard.get(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            return None
        if is_it(event, told):
            return str(event)
        if event == "disconnect":
            return None


# --- on the command line ---

MARKS = {OK: "ok     ", WARNING: "look   ", FAILED: "wrong  ", SKIPPED: "–      "}


def lines_of(step: Step) -> list[str]:
    told = [f"{MARKS[step.state]}{step.name}: {step.told}"]
    return [*told, f"       → {step.cure}"] if step.cure else told


def summary(steps: Sequence[Step]) -> str:
    bad = [step.name for step in steps if step.state == FAILED]
    if bad:
        return f"It cannot work yet: {', '.join(bad)}."
    odd = [step.name for step in steps if step.state == WARNING]
    return f"It works; look at {', '.join(odd)}." if odd else "All is well: a script with these connects and gets work."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The same words for this program and for `manage.py doctor`."""
    parser.add_argument("host", help="as in the script, for example https://labels.example.org")
    parser.add_argument("plugin_id", metavar="id", help="the plugin's ID")
    parser.add_argument("secret", nargs="?", default="", help="its secret; else PLUGINHOST_SECRET, or it is asked for")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long to wait for each answer")
    parser.add_argument("--json", action="store_true", help="one object a line, for programs")


def secret_of(given: str) -> str:
    """Typed without being shown, where it stands nowhere."""
    return given or os.environ.get("PLUGINHOST_SECRET", "") or getpass.getpass("Secret: ")


def as_json(step: Step) -> str:
    return json.dumps({"step": step.name, "state": step.state, "told": step.told, "cure": step.cure})


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pluginhost.client.doctor", description=__doc__.split("\n")[0])
    add_arguments(parser)
    asked = parser.parse_args(arguments)
    steps = []
    for step in examine(asked.host, asked.plugin_id, secret_of(asked.secret), asked.seconds):
        steps.append(step)
        for line in [as_json(step)] if asked.json else lines_of(step):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    if not asked.json:
        sys.stdout.write(f"{summary(steps)}\n")
    return int(any(step.state == FAILED for step in steps))


if __name__ == "__main__":
    sys.exit(main())
