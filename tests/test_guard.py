"""The guard of a process: it ends with its supervisor, whole; what it prints is kept; limits hold."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pluginhost import script_output
from pluginhost.supervisor.family import is_alive
from pluginhost.supervisor.process import now

from .guarded import Guarded, Loop
from .server import ROOT
from .waiting import until

FOR_EVER = "import signal\nprint('here')\nwhile True: signal.pause()"
STUBBORN = "import os, signal\nsignal.signal(15, signal.SIG_IGN)\nos.write(1, b'here\\n')\nwhile True: signal.pause()"
# A child in the background, as a daemon makes itself one: its parent goes, its session and its group are its own.
DAEMON = """
import os, signal
if os.fork():
    os.wait()
else:
    os.setsid()
    if os.fork() == 0:
        os.write(1, f'daemon {os.getpid()}\\n'.encode())
        while True: signal.pause()
    os._exit(0)
"""


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def guarded(tmp_path, loop):
    made = Guarded(tmp_path, loop)
    yield made
    made.close()


def pid_in(guarded, word):
    """Of what the process told of itself: «daemon 17»."""
    found = [line.split()[1] for line in guarded.said() if line.startswith(f"{word} ")]
    return int(found[0]) if found else None


def test_it_runs_and_ends(guarded):
    process = guarded.start("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    end = guarded.end_of(process)
    assert (end.code, end.last_lines, end.left) == (3, "err", 0)
    assert guarded.said("o") == ["out"]
    assert guarded.said("e") == ["err"]


def test_what_pluginhost_says_stands_around_what_it_prints(guarded, loop):
    process = guarded.start("print('out')")
    loop.until(lambda: process.end, "its end")
    process.let_go("Ended with code 0.")
    guarded.wait_said("Ended with code 0.")
    assert guarded.said("ose") == ["Start 1", "out", "Ended with code 0."]


def test_it_gets_its_environment_and_nothing_else(guarded, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "ours")
    guarded.end_of(guarded.start("import os; print(sorted(os.environ))", environment={"OWN": "1"}))
    assert guarded.said() == ["['LC_CTYPE', 'OWN']"]


def test_it_holds_no_file_of_ours(guarded):
    guarded.end_of(guarded.start("import os; print(sorted(os.listdir('/proc/self/fd'))[:-1])"))
    assert guarded.said() == ["['0', '1', '2']"]


def test_a_signal_is_its_exit_code(guarded, loop):
    process = guarded.start(FOR_EVER)
    os.kill(process.pid, signal.SIGKILL)
    assert guarded.end_of(process).code == -signal.SIGKILL


def test_stop_is_the_signal_that_was_asked_for(guarded):
    process = guarded.start(
        "import signal, sys\nsignal.signal(2, lambda *_: sys.exit(7))\nprint('here')\nsignal.pause()"
    )
    guarded.wait_said("here")
    process.stop(signal.SIGINT, 60)
    assert guarded.end_of(process).code == 7


def test_after_its_patience_it_is_killed(guarded):
    process = guarded.start(STUBBORN)
    guarded.wait_said("here")
    process.stop(signal.SIGTERM, 0)
    assert guarded.end_of(process).code == -signal.SIGKILL


def test_asked_again_there_is_less_patience(guarded):
    process = guarded.start(STUBBORN)
    guarded.wait_said("here")
    process.stop(signal.SIGTERM, 1000)
    process.stop(signal.SIGTERM, 0)
    assert guarded.end_of(process).code == -signal.SIGKILL


def test_what_it_started_is_killed_with_it(guarded):
    source = (
        f"import subprocess, sys\nprint('child', subprocess.Popen([sys.executable, '-S', '-c', {STUBBORN!r}]).pid)\n"
    )
    process = guarded.start(f"{source}{FOR_EVER}")
    guarded.wait_said("here")
    child = pid_in(guarded, "child")
    process.stop(signal.SIGTERM, 60)
    end = guarded.end_of(process)
    assert (end.code, end.left) == (-signal.SIGTERM, 1)
    assert not is_alive(child)


def test_one_that_puts_itself_into_the_background_is_caught(guarded, loop):
    process = guarded.start(DAEMON)
    end = guarded.end_of(process)
    assert end.left == 1
    assert not is_alive(pid_in(guarded, "daemon"))


def test_a_daemon_of_one_that_stays_is_ended_with_it(guarded, loop):
    process = guarded.start(f"{DAEMON}\n{FOR_EVER}")
    loop.until(lambda: pid_in(guarded, "daemon"), "the daemon")
    process.stop(signal.SIGTERM, 60)
    guarded.end_of(process)
    assert not is_alive(pid_in(guarded, "daemon"))


def test_what_cannot_be_started_says_why(guarded):
    end = guarded.end_of(guarded.start("", cwd="/nowhere"))
    assert end.code == 127
    assert "No such file or directory: '/nowhere'" in end.last_lines


def test_without_its_supervisor_it_ends_at_once(guarded, loop):
    process = guarded.start(f"{DAEMON}\n{STUBBORN}")
    loop.until(lambda: pid_in(guarded, "daemon") and "here" in guarded.said(), "the daemon")
    process.kill()
    assert not is_alive(process.pid)
    assert not is_alive(pid_in(guarded, "daemon"))


SUPERVISOR = """
import asyncio, json, sys
from pluginhost.supervisor.process import Process
async def main():
    process = Process(json.load(sys.stdin), lambda: None)
    while process.pid is None:
        await asyncio.sleep(0.01)
    print(process.pid, process._guard.pid, flush=True)
    await asyncio.Future()
asyncio.run(main())
"""


@pytest.fixture
def supervisor(guarded):
    """A program with a process under its guard: itself, the process, the guard."""
    started = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    json.dump(guarded.order(f"{DAEMON}\n{STUBBORN}"), started.stdin)
    started.stdin.close()
    process, guard = map(int, started.stdout.readline().split())
    until(lambda: pid_in(guarded, "daemon") and "here" in guarded.said(), "the daemon")
    yield started, process, guard
    started.kill()
    started.wait()
    started.stdout.close()
    if is_alive(daemon := pid_in(guarded, "daemon")):  # this supervisor does not adopt what a killed guard leaves
        os.kill(daemon, signal.SIGKILL)


def test_with_kill_9_of_its_supervisor_everything_ends(guarded, supervisor):
    started, process, guard = supervisor
    everybody = [process, guard, pid_in(guarded, "daemon")]
    started.kill()
    started.wait()
    until(lambda: not any(map(is_alive, everybody)), "everybody to be gone")
    assert guarded.said("s")[-1] == "Ended, since its supervisor has gone."


def test_with_kill_9_of_its_guard_the_process_ends(supervisor):
    _, process, guard = supervisor
    os.kill(guard, signal.SIGKILL)
    until(lambda: not is_alive(process), "the process to be gone")


ORPHANS = """
import asyncio, ctypes, json, os, sys
from pluginhost.supervisor.process import Process, end_orphans
async def main():
    ctypes.CDLL(None).prctl(36, 1)
    news = asyncio.Event()
    process = Process(json.load(sys.stdin), news.set)
    while process.end is None:
        if process.pid and process._guard.pid:
            print(process.pid, process._guard.pid, flush=True)
        await news.wait()
        news.clear()
    while not end_orphans():
        await asyncio.sleep(0.01)
    while end_orphans():
        await asyncio.sleep(0.01)
    print("alone", process.end.code, flush=True)
asyncio.run(main())
"""


def test_what_a_killed_guard_leaves_behind_is_ended_too(guarded):
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANS], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        json.dump(guarded.order(f"{DAEMON}\n{STUBBORN}"), started.stdin)
        started.stdin.close()
        _, guard = map(int, started.stdout.readline().split())
        until(lambda: pid_in(guarded, "daemon") and "here" in guarded.said(), "the daemon")
        os.kill(guard, signal.SIGKILL)
        assert started.stdout.readline() == "alone None\n"
    assert not is_alive(pid_in(guarded, "daemon"))


def test_the_last_lines_of_a_flood_are_known(guarded):
    flood = "import sys\nfor _ in range(200_000): sys.stderr.write('x' * 100 + chr(10))\nsys.exit('at last')"
    end = guarded.end_of(guarded.start(flood, output_limit=1 << 22))
    assert end.last_lines.splitlines()[-1] == "at last"


def test_when_its_lease_is_over_it_ends(guarded):
    process = guarded.start(STUBBORN, until=now())
    end = guarded.end_of(process)
    assert (end.code, end.was_fenced) == (-signal.SIGKILL, True)


def test_a_lease_can_be_extended(guarded, loop):
    process = guarded.start(FOR_EVER)
    process.extend(now() + 1000)
    process.extend(now())
    assert guarded.end_of(process).was_fenced


# --- never two of one ---


def test_a_second_one_begins_only_when_the_first_has_ended(guarded, loop):
    first = guarded.start(FOR_EVER)
    guarded.wait_said("here")
    second = guarded.spawn("print('second')")
    first.stop(signal.SIGTERM, 60)
    guarded.end_of(first)
    assert second.pid is None
    assert guarded.end_of(second).code == 0
    assert guarded.said().index("here") < guarded.said().index("second")


def test_while_a_process_lives_its_lock_is_held(guarded):
    process = guarded.start(FOR_EVER)
    with (guarded.folder / "lock").open("a") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process.kill()
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


# --- limits ---


def test_memory_is_limited(guarded):
    end = guarded.end_of(guarded.start("print('here'); bytearray(300 << 20)", memory_mb=200))
    assert end.code == 1
    assert end.last_lines.endswith("MemoryError")
    assert guarded.said("o") == ["here"]


def test_processor_time_is_limited(guarded):
    assert guarded.end_of(guarded.start("while True: pass", cpu_s=1)).code == -signal.SIGXCPU


# --- what it prints ---


def test_a_traceback_is_told(guarded, loop):
    process = guarded.start(f"import threading\nthreading.Thread(target=lambda: 1 / 0).start()\n{FOR_EVER}")
    loop.until(lambda: process.tracebacks, "the traceback")
    assert process.tracebacks[0].endswith("ZeroDivisionError: division by zero")
    assert process.end is None


def test_secrets_are_not_written_down(guarded):
    guarded.end_of(guarded.start("import sys; print('hunter22'); sys.exit('hunter22')", secrets=["hunter22"]))
    assert "•••" in guarded.said()
    assert not any(b"hunter22" in path.read_bytes() for path in (guarded.folder / "output").iterdir())


FLOOD = """
import os, sys, time
block = b"x" * 99 + b"\\n"
block *= 10_000
for _ in range(400):
    sys.stdout.buffer.write(block)
sys.stderr.write("a line beside it\\n")
"""


def test_a_flood_neither_stalls_it_nor_fills_the_disk(guarded):
    """400 MB, and whoever prints them is done before they could be written down."""
    end = guarded.end_of(guarded.start(FLOOD, output_limit=1 << 25))
    assert end.code == 0
    assert sum(path.stat().st_size for path in (guarded.folder / "output").iterdir()) < 1 << 25
    assert guarded.said("e") == ["a line beside it"]
    dropped = sum(int(text.split()[0].replace(",", "")) for text in guarded.said("s") if "lines dropped" in text)
    newest = script_output.tail(guarded.folder / "output", 1).last
    ours = len(guarded.said("s"))
    assert dropped + newest - ours - 1 == 400 * 10_000


def test_a_flood_takes_no_memory(guarded, loop):
    process = guarded.start(f"{FLOOD}\nprint('done', flush=True)\n{FOR_EVER}", output_limit=1 << 24)
    loop.until(lambda: guarded.said("e"), "the flood to be over", within=60)
    guard = Path(f"/proc/{process._guard.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in guard.splitlines() if line.startswith("VmHWM:"))
    assert peak < 40_000, "KB"
