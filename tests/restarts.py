"""What runs say while their server goes away and comes back, and what must be there afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .server import Server
from .waiting import until

Json = Any

SILENT = """
while not os.path.exists({go!r}):
    threading.Event().wait(0.05)
return 'never noticed'
"""
# The client takes a line into a queue of its own and forgets it there when the connection breaks at that moment, or
# drops it at once when it has just broken. So a line counts as said when the queue is empty and the connection still
# stands; only these are written down.
SAY = """
kept = open({kept!r}, 'a')

def say(number):
    engine = logger.plugin.client.eio
    queue = engine.queue  # none where the line breaks meanwhile: the line may have gone, and is not said twice
    logger.info(f'line {{number}}')
    while queue and queue.unfinished_tasks and engine.state == 'connected':
        threading.Event().wait(0.001)
    if engine.state == 'connected':
        print(number, file=kept, flush=True)
"""
TALKING = (
    SAY
    + """
number = 0
while not os.path.exists({go!r}):
    number += 1
    say(number)
    threading.Event().wait(0.02)
return 'said it all'
"""
)
# The same by an author who knows that a line may be down for a moment: the client raises then, and he says it again.
CAREFUL = (
    SAY
    + """
number = 0
while not os.path.exists({go!r}):
    number += 1
    while True:
        try:
            say(number)
            break
        except Exception:
            threading.Event().wait(0.02)
    threading.Event().wait(0.02)
return 'said it all'
"""
)


def newest_connection(server: Server) -> int:
    return int(server.rows("SELECT coalesce(max(id), 0) FROM pluginhost_connection")[0][0])


def wait_back(server: Server, numbers: list[int], after: int) -> None:
    """Until the scripts of these sessions have connected again: each has a connection newer than `after`."""
    query = (
        "SELECT count(DISTINCT s.id) FROM pluginhost_connection c"
        " JOIN pluginhost_session s ON s.plugin_id = c.plugin_id"
        f" WHERE c.state = 'open' AND c.id > ? AND s.id IN ({','.join('?' * len(numbers))})"
    )
    until(lambda: server.rows(query, after, *numbers) == [(len(numbers),)], "the scripts to be back")


def wait_more_lines(server: Server, numbers: list[int], more: int = 10) -> None:
    """Until each of the sessions has said something more."""
    before = {number: server.session(number)["log_lines"] for number in numbers}
    until(lambda: all(server.session(n)["log_lines"] > before[n] + more for n in numbers), "more lines")


def assert_never_noticed(session: Json) -> None:
    assert (session["state"], session["message"]) == ("succeeded", "never noticed")


def assert_in_order(lines: list[Json]) -> None:
    """Numbered without a gap, each said once and after the one before; what the dead child had not stored is lost."""
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    said = [int(line["message"].removeprefix("line ")) for line in lines]
    assert said == sorted(set(said))


def assert_nothing_lost(lines: list[Json], kept: Path) -> None:
    """Every line that left the client is there, once and in its order."""
    assert_in_order(lines)
    stored = {int(line["message"].removeprefix("line ")) for line in lines}
    assert {int(number) for number in kept.read_text().split()} - stored == set()
