"""`python -m benchmarks.talking <port> <plugin as JSON> <lines a second> <seconds>`: a script that logs at a rate.

Each message begins with the time at which it was sent.
"""

from __future__ import annotations

import json
import sys
import time

from .peers import EVENT, Peer, frame, log_event

TICK_S = 0.005


def main() -> None:
    port, plugin, rate, seconds = int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    peer = Peer(port)
    peer.greet(plugin)
    session = peer.wait_for_order()["session"]
    began, said = time.monotonic(), 0
    while said < rate * seconds:
        due = min(int((time.monotonic() - began) * rate), rate * seconds)
        peer.send(b"".join(_line(session, number) for number in range(said + 1, due + 1)))
        said = due
        time.sleep(TICK_S)  # the rate is the clock's; this only sets how many go in one write
    sys.stdin.read()  # connected until whoever started it has seen the last line


def _line(session: str, number: int) -> bytes:
    return frame(EVENT + json.dumps(["log", log_event(session, f"{time.time():.6f} line {number} of the log")]))


if __name__ == "__main__":
    main()
