"""How a process ended, in a sentence that says what to do about it."""

from __future__ import annotations

import signal

from pluginhost.models import ManagedScript

from .process import CANNOT_START, End


def reason_of(end: End, script: ManagedScript, seconds: float, *, was_asked: bool) -> str:
    if end.refused:
        return end.refused
    if end.was_fenced:
        return "Its supervisor could not renew its lease in time, so it was ended; another may have begun it."
    if was_asked:
        return _stopped(end, script)
    last = _last_line(end)
    if end.left and end.code == 0:
        return (
            "It put itself into the background, and was ended: only what stays in the foreground can be kept. "
            "Take out whatever makes it a daemon."
        )
    if end.code is None:
        return "The process that guards it was ended, and it with it."
    if end.code == CANNOT_START and last.startswith("It cannot be started"):
        return last
    if end.code == -signal.SIGXCPU and script.cpu_limit_s:
        return f"It used up its {script.cpu_limit_s:,} s of processor time."
    if "MemoryError" in last and script.memory_limit_mb:
        return f"It asked for more than its {script.memory_limit_mb:,} MB of memory, {_after(seconds)}."
    how = f"It was ended by {_name(-end.code)}" if end.code < 0 else f"It ended with code {end.code}"
    return f"{how} {_after(seconds)}.{f' {last}' if last and end.code else ''}"


def with_full_stop(text: str) -> str:
    """What a script said last has none, and a sentence may follow."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _stopped(end: End, script: ManagedScript) -> str:
    if end.code == -signal.SIGKILL:
        return f"It did not end within {script.patience_s} s of {script.stop_signal}, and was killed."
    return "It was stopped."


def _after(seconds: float) -> str:
    if seconds < 100:
        return f"after {seconds:.1f} s"
    minutes, hours = seconds / 60, seconds / 3600
    return f"after {minutes:.0f} min" if minutes < 100 else f"after {hours:.0f} h"


def _last_line(end: End) -> str:
    lines = [line for line in end.last_lines.splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else ""


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
