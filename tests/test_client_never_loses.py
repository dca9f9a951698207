"""Whatever the line does, and whenever: every line is stored once and in its order, and then the answer."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pluginhost.client import outbox
from pluginhost.client.held import Answer, Held
from pluginhost.client.outbox import Outbox

SESSIONS = st.sampled_from(["s1", "s2", "s3"])
SOME = st.integers(0, 5)


class ALine(RuleBasedStateMachine):
    """An outbox, a line on which what is under way may be lost, both ways, and a host as `actions.log_lines` stores."""

    def __init__(self):
        super().__init__()
        self.outbox = Outbox()
        self.held = {name: Held({"session": name}) for name in ("s1", "s2", "s3")}
        for held in self.held.values():
            self.outbox.hold(held)
        self.said = {name: [] for name in self.held}
        self.answered = set()
        self.stored = {name: [] for name in self.held}
        self.told_up_to = dict.fromkeys(self.held, 0)
        self.answers = {name: [] for name in self.held}
        self.under_way: list = []
        self.receipts: list = []
        self.is_open = False

    # --- the script ---

    @rule(session=SESSIONS, count=SOME)
    def say(self, session, count):
        if session in self.answered:
            return
        for _ in range(count):
            text = f"line {len(self.said[session])}"
            self.said[session].append(text)
            self.outbox.say(self.held[session], {"msg": text, "session": session})

    @rule(session=SESSIONS)
    def answer(self, session):
        if session not in self.answered:
            self.answered.add(session)
            self.outbox.answer(self.held[session], Answer(session))

    # --- the line ---

    @rule()
    def open(self):
        """Also where it was open: the host says «again»."""
        self.under_way, self.receipts, self.is_open = [], [], True
        self.outbox.open(lambda event, payload: None)

    @rule()
    def breaks(self):
        self.under_way, self.receipts, self.is_open = [], [], False
        self.outbox.close()

    @rule()
    def send(self):
        with self.outbox._changed:
            if self.is_open:
                self.under_way += list(self.outbox._events())

    @rule(count=SOME)
    def arrives(self, count):
        """The first of what is under way. The host commits it, and tells so later, or never."""
        arrived, self.under_way = self.under_way[:count], self.under_way[count:]
        for event, payload in arrived:
            session = payload["session"]
            if event == "log":
                self._store(session, payload)
                self.receipts.append((self.outbox.stored, (session, payload["line"])))
            elif event == "response":
                self.answers[session].append(len(self.stored[session]))
                self.receipts.append((self.outbox.answered, (session,)))

    def _store(self, session, payload):
        if payload["line"] > self.told_up_to[session]:
            self.told_up_to[session] = payload["line"]
            self.stored[session].append(payload["msg"])

    @rule(count=SOME)
    def receipts_arrive(self, count):
        arrived, self.receipts = self.receipts[:count], self.receipts[count:]
        for tell, about in arrived:
            tell(*about)

    # --- what must be so ---

    @invariant()
    def what_is_stored_is_the_beginning_of_what_was_said(self):
        for session, stored in self.stored.items():
            assert stored == self.said[session][: len(stored)]

    @invariant()
    def an_answer_comes_after_the_last_line(self):
        for session, answers in self.answers.items():
            assert all(after == len(self.said[session]) for after in answers)

    def teardown(self):
        """The line holds for a while: then everything is there, and nothing is kept."""
        if not self.is_open:
            self.open()
        self.send()
        while self.under_way or self.receipts:
            self.arrives(len(self.under_way))
            self.receipts_arrive(len(self.receipts))
            self.send()
        assert self.stored == self.said
        assert {session for session, answers in self.answers.items() if answers} == self.answered
        assert {held.id for held in self.outbox.held()} == set(self.held) - self.answered
        assert not any(self.outbox.lines_of(held) for held in self.outbox.held())


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setattr(outbox, "MOST_UNDER_WAY", 6)
    monkeypatch.setattr(outbox, "AT_ONCE", 2)


@pytest.mark.usefixtures("few_at_once")
class TestALine(ALine.TestCase):
    settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
