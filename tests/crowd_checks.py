"""What must hold of a crowd after its server was restarted again and again."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .crowd import KILL, OWN, Crowd, Member, Seen

Json = Any


def check(crowd: Crowd, how: str, before: list[Seen], after: Seen) -> Json:
    """AssertionError with what does not hold; else how many sessions ended how, by kind."""
    told = crowd.standins_told()
    ended = {one["plugin"]: one["end"] for one in told if one["end"]}
    assert not ended, f"stand-ins whose program ended: {ended}"
    gone = [member.name for member in crowd.members if member.script and not member.script.is_alive()]
    assert not gone, f"programs that ended: {gone}"
    sessions, restarts = crowd.sessions(), crowd.restarts_told()
    for member in crowd.members:
        _check_lines(member, before, after)
        _check_end(member, sessions[member.session], how)
        if how == KILL:
            _check_told(member, sessions[member.session], restarts.get(member.session, 0), len(before))
        if how != KILL or member.kind == OWN:
            _check_nothing_lost(crowd, member, after)
    said = {one["plugin"]: one["runs"][-1]["said"] for one in told}
    for member in crowd.members:
        _check_count(member, len(after.lines.get(member.session, [])), said.get(member.plugin["id"]), how)
    states = Counter((member.kind, sessions[member.session]["state"]) for member in crowd.members)
    return {f"{kind} {state}": count for (kind, state), count in sorted(states.items())}


def _check_lines(member: Member, before: list[Seen], after: Seen) -> None:
    """Each once, in order, numbered without gaps; and what was committed before a restart is there."""
    lines = after.lines.get(member.session, [])
    assert [number for number, _ in lines] == list(range(1, len(lines) + 1)), member.name
    said = [int(message.removeprefix("line ")) for _, message in lines]
    assert said == sorted(set(said)), f"{member.name}: twice, or out of order"
    for seen in before:
        known = seen.lines.get(member.session, [])
        assert lines[: len(known)] == known, f"{member.name}: a committed line is gone"


def _check_end(member: Member, session: Json, how: str) -> None:
    """Who was silent, or says again what the line did not take, ends right; after a kill, others may have raised in the
    gap. A hand-over leaves no gap to who is at work."""
    state, reason = session["state"], session["reason"]
    if how == KILL and member.kind in ("talking", "slow") and state == "crashed":
        assert "The line broke at" in reason, reason
        assert "while the script was writing its log" in reason, reason
    else:
        assert state == "succeeded", f"{member.name} after {how}: {state}, {reason}"


def _check_told(member: Member, session: Json, told: int, restarts: int) -> None:
    if session["state"] == "succeeded":
        assert told == restarts, f"{member.name}: {told} of {restarts} restarts are told in its log"
    else:
        assert told > 0, member.name


def _check_count(member: Member, stored: int, said: int | None, how: str) -> None:
    """A stand-in knows how many it said: a hand-over loses none of them."""
    if said is not None:
        assert stored == said if how != KILL else stored <= said, f"{member.name}: {stored} of {said} after {how}"


def _check_nothing_lost(crowd: Crowd, member: Member, after: Seen) -> None:
    stored = {int(message.removeprefix("line ")) for _, message in after.lines.get(member.session, [])}
    if member.kept and member.kept.exists():
        said = {int(number) for number in member.kept.read_text().split()}
        assert not said - stored, f"{member.name}: {sorted(said - stored)[:5]} were said, and are not stored"
