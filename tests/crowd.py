"""A crowd of scripts, each with a session open, while their server is killed or hands over again and again.

Real published clients, real ones of our own, and stand-ins. What must hold afterwards is in `check`.
"""

from __future__ import annotations

import collections
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .own_client import OwnScript, program
from .restarts import CAREFUL, SILENT, TALKING
from .scripts import VERSIONS, Script, ango_environment, source_of
from .server import ROOT, Server
from .waiting import until

Json = Any
KILL, HAND_OVER = "kill -9", "SIGHUP"
HEARTBEAT_S, KEPT_FREE_S = 60.0, 4.0
IDLE_S = 20
OWN = "own"
# A line is said when its call has returned: our own client loses none of those.
OWN_TALKING = """
kept, number = open({kept!r}, 'a'), 0
while not os.path.exists({go!r}):
    number += 1
    logger.info('line %d', number)
    print(number, file=kept, flush=True)
    time.sleep(0.1)
return 'said it all'
"""
_BODIES = {"silent": SILENT, "talking": TALKING, "careful": CAREFUL, OWN: OWN_TALKING}


@dataclass
class Member:
    """One script of the crowd and the session it is at work on."""

    plugin: Json
    kind: str
    script: Script | None = None
    kept: Path | None = None
    session: int = 0

    @property
    def name(self) -> str:
        return str(self.plugin["name"])


@dataclass
class Seen:
    """What the database held at some moment: of each session, what it had said."""

    lines: dict[int, list[tuple[int, str]]] = field(default_factory=dict)


class Crowd:
    """`real` clients of each version, `own` ones, and `standins`; half of the published ones say nothing."""

    def __init__(self, server: Server, folder: Path, *, real: int, own: int, standins: int) -> None:
        self.server, self.folder = server, folder
        self.go = folder / "go"
        self.members: list[Member] = []
        self.project = server.new_project(assets=1)
        self._held = contextlib.ExitStack()
        for version in VERSIONS:
            for number in range(real):
                self._add_real(version, ("silent", "careful", "silent", "talking")[number % 4], number)
        for number in range(own):
            self._add_own(number)
        self._add_standins(standins)
        self._wait_online()

    def _member(self, name: str, kind: str) -> Member:
        limits = {"idle_timeout_s": IDLE_S} if kind in ("talking", "slow") else {}
        plugin = self.server.new_plugin(name=name, **limits)
        self.server.enable(self.project, plugin)
        made = Member(plugin, kind)
        self.members.append(made)
        return made

    def _add_real(self, version: str, kind: str, number: int) -> None:
        member = self._member(f"{version} {kind} {number}", kind)
        path = self.folder / f"{version}-{number}.py"
        member.kept = path.with_suffix(".kept")
        body = _BODIES[kind].format(go=str(self.go), kept=str(member.kept))
        path.write_text(source_of(version, body, self.server.url, member.plugin))
        member.script = Script(ango_environment(version), path)
        self._held.callback(member.script.stop)

    def _add_own(self, number: int) -> None:
        member = self._member(f"own {number}", OWN)
        path = self.folder / f"own-{number}.py"
        member.kept = path.with_suffix(".kept")
        body = _BODIES[OWN].format(go=str(self.go), kept=str(member.kept))
        path.write_text(program(self.server.url, member.plugin, body))
        member.script = OwnScript(path, {})
        self._held.callback(member.script.stop)

    def _add_standins(self, count: int) -> None:
        self._standins = self._held.enter_context(standins(self.server.port))
        kinds = ("silent", "careful", "silent", "talking", "silent", "slow")
        made = [self._member(f"stand-in {n}", kinds[n % len(kinds)]) for n in range(count)]
        given = [{"id": one.plugin["id"], "secret": one.plugin["secret"], "kind": one.kind} for one in made]
        self._tell(json.dumps(given))

    def _tell(self, words: str) -> None:
        assert self._standins.stdin is not None
        self._standins.stdin.write(f"{words}\n")
        self._standins.stdin.flush()

    def close(self) -> None:
        self._held.close()

    # --- one phase ---

    def run_all(self) -> None:
        """A session for each, all of them at work."""
        self.go.unlink(missing_ok=True)
        for member in self.members:
            if member.kept:
                member.kept.unlink(missing_ok=True)
            member.session = self.server.run(self.project, member.plugin)
        until(lambda: self._count("state = 'running' AND sent_at IS NOT NULL") == len(self.members), self.told, 120)
        talkative = [member.session for member in self.members if member.kind != "silent"]
        query = f"SELECT count(*) FROM pluginhost_loghead WHERE last > 0 AND session_id IN ({_marks(talkative)})"
        until(lambda: self.server.rows(query, *talkative) == [(len(talkative),)], "the talkative to talk", 60)

    def restart(self, how: str) -> tuple[Seen, float]:
        """What was committed before, and how many seconds it took until everybody was back who had to go."""
        if how == KILL:
            self._wait_between_heartbeats()
        newest = self.server.rows("SELECT max(id) FROM pluginhost_connection")[0][0]
        seen = self.look()
        began = time.monotonic()
        if how == KILL:
            self.server.kill_child()
        else:
            self.server.hand_over()
        going = [member for member in self.members if how == KILL or member.kind == OWN]
        query = "SELECT count(DISTINCT plugin_id) FROM pluginhost_connection WHERE state = 'open' AND id > ?"
        until(lambda: self.server.rows(query, newest)[0][0] >= len(going), self.told, 60)
        return seen, time.monotonic() - began

    def finish(self) -> Seen:
        """Everybody may return; what there is in the end."""
        self.go.touch()
        self._tell("go")
        until(lambda: self._count("finished_at IS NOT NULL") == len(self.members), self.told, IDLE_S + 90)
        return self.look()

    def _wait_between_heartbeats(self) -> None:
        """Until none is due for some seconds: one that falls into a gap ends a published client, and no server can keep
        it from that."""
        first = "SELECT min(opened_at) FROM pluginhost_connection WHERE told = '{}' GROUP BY plugin_id"
        phases = [_seconds(at) % HEARTBEAT_S for (at,) in self.server.rows(first)]
        until(lambda: all((phase - time.time()) % HEARTBEAT_S > KEPT_FREE_S for phase in phases), "no heartbeat", 70)

    def _wait_online(self) -> None:
        query = "SELECT count(DISTINCT plugin_id) FROM pluginhost_connection WHERE state = 'open'"
        until(lambda: self.server.rows(query)[0][0] >= len(self.members), self.told, 180)

    # --- what there is ---

    def sessions(self) -> dict[int, Json]:
        return {member.session: self.server.session(member.session) for member in self.members}

    def look(self) -> Seen:
        numbers = [member.session for member in self.members]
        query = "SELECT session_id, number, message FROM pluginhost_logline WHERE session_id IN ({}) ORDER BY id"
        seen = Seen(collections.defaultdict(list))
        for session, number, message in self.server.rows(query.format(_marks(numbers)), *numbers):
            seen.lines[session].append((number, message))
        return seen

    def restarts_told(self) -> dict[int, int]:
        query = "SELECT session_id, count(*) FROM pluginhost_sessionevent WHERE kind = 'restarted' GROUP BY session_id"
        return dict(self.server.rows(query))

    def standins_told(self) -> list[Json]:
        self._tell("report")
        assert self._standins.stdout is not None
        return list(json.loads(self._standins.stdout.readline()))

    def _count(self, condition: str) -> int:
        numbers = [member.session for member in self.members]
        query = f"SELECT count(*) FROM pluginhost_session WHERE {condition} AND id IN ({_marks(numbers)})"
        return int(self.server.rows(query, *numbers)[0][0])

    def told(self) -> str:
        states = self.server.rows("SELECT state, count(*) FROM pluginhost_session GROUP BY state")
        ended = [one for one in self.standins_told() if one["end"]]
        return f"everybody; sessions {states}, ended stand-ins {ended[:5]}; {self.server.said()[-2000:]}"


@contextlib.contextmanager
def standins(port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.standins", str(port)]
    started = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        for pipe in (started.stdin, started.stdout):
            if pipe is not None:
                pipe.close()


def _marks(values: list[int]) -> str:
    return ",".join("?" * len(values))


def _seconds(moment: Any) -> float:
    """SQLite gives text, PostgreSQL a moment; both in UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return float((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
