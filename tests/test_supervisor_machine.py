"""Whatever happens, in whatever order: what runs comes to be what is wanted, and never are there two of one.

Hypothesis draws the order; supervisors, guards and scripts are real. Time passes when it says so. Each script takes a
lock of its own and leaves a mark when somebody else has it.
"""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pluginhost.actions import managed_scripts
from pluginhost.models import ManagedScript, ScriptInstance, ScriptStart, User
from pluginhost.supervisor.family import is_alive

from . import makers
from .supervised import World

pytestmark = pytest.mark.django_db(transaction=True)
State = ScriptInstance.State
MOST_SUPERVISORS = 3
who = st.integers(0, MOST_SUPERVISORS - 1)


class Machine(RuleBasedStateMachine):
    folder: Path
    alice: User

    @initialize(instances=st.integers(1, 2), policy=st.sampled_from(["always", "on_failure"]))
    def begin(self, instances, policy):
        (self.folder / "two").unlink(missing_ok=True)
        self.world = World(self.folder)
        self.plugin = makers.make_plugin(self.alice, self.alice.memberships.get().organization)
        self.owner = makers.principal(self.alice)
        self.world.script(self.alice, self.plugin, instances_wanted=instances, restart=policy)
        self.world.supervisor()

    # --- what people do ---

    @rule()
    def start(self):
        managed_scripts.start(self.owner, self.plugin)

    @rule()
    def stop(self):
        managed_scripts.stop(self.owner, self.plugin)

    @rule()
    def restart(self):
        managed_scripts.restart(self.owner, self.plugin)

    @rule(instances=st.integers(1, 2))
    def want(self, instances):
        managed_scripts.configure(self.owner, self.plugin, {"instances_wanted": instances})

    @precondition(lambda self: State.GAVE_UP in self.world.states(self.plugin))
    @rule()
    def start_once_more(self):
        managed_scripts.start_once(self.owner, self.plugin)

    # --- what happens to scripts ---

    @rule(number=st.sampled_from([signal.SIGUSR1, signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV]))
    def fall(self, number):
        for pid in self.world.pids(self.plugin)[:1]:
            self.world.fall(pid, number)

    @rule()
    def lose_a_guard(self):
        for supervisor in self.world.supervisors:
            for keeping in supervisor.kept.values():
                for instance in keeping.instances.values():
                    if instance.process is not None:
                        instance.process._guard.kill()
                        return

    # --- what happens to supervisors ---

    @precondition(lambda self: len(self.world.supervisors) < MOST_SUPERVISORS)
    @rule()
    def another_supervisor(self):
        self.world.supervisor()

    @precondition(lambda self: self.world.supervisors)
    @rule(index=who)
    def kill_a_supervisor(self, index):
        self.world.kill(self._one(index))

    @precondition(lambda self: self.world.supervisors)
    @rule(index=who)
    def end_a_supervisor(self, index):
        self.world.stop(self._one(index), 1)

    @precondition(lambda self: self.world.supervisors)
    @rule(index=who)
    def look(self, index):
        self.world.look_with(self._one(index))

    @rule()
    def lose_the_lease(self):
        """Whoever looks first has it."""
        ManagedScript.objects.filter(plugin=self.plugin).update(lease_until=Now() - timedelta(seconds=1))

    @precondition(lambda self: len(self.world.supervisors) > 1)
    @rule()
    def its_keeper_oversleeps(self):
        """The lease runs out while it does not look, and the others have time to begin what still runs with it."""
        self.lose_the_lease()
        for sleeper in [one for one in self.world.supervisors if one.kept]:
            others = [one for one in self.world.supervisors if one is not sleeper]
            for other in others * 3:
                self.world.look_with(other)
            self.world.give_time(lambda: not self.world.is_alone(), 0.4)

    @rule(seconds=st.sampled_from([1, 5, 60, 601]))
    def time_passes(self, seconds):
        self.world.clock.advance(seconds)

    def _one(self, index):
        return self.world.supervisors[index % len(self.world.supervisors)]

    # --- what is true ---

    @invariant()
    def nobody_met_another(self):
        assert not hasattr(self, "world") or self.world.is_alone()

    @rule()
    def it_comes_to_be_what_is_wanted(self):
        if not self.world.supervisors:
            self.world.supervisor()
        script = ManagedScript.objects.get(plugin=self.plugin)
        wanted = script.instances_wanted if script.wanted == "running" else 0
        self.world.until(lambda: self._is_settled(wanted), f"{wanted} processes")

    def _is_settled(self, wanted):
        """So many have said that they are there, and are known to be up. What waits for its time has it."""
        for supervisor in self.world.supervisors:
            supervisor._renew_at = 0  # who is dead is looked for at each renewal
        self.world.clock.advance(300)
        instances = ScriptInstance.objects.filter(script__plugin=self.plugin)
        for_good = instances.filter(state=State.STOPPED, reason__contains="policy").count()
        gave_up = instances.filter(state=State.GAVE_UP).count() if wanted else 0
        expected = wanted - for_good - gave_up if wanted else 0
        up = instances.filter(state=State.UP).count()
        alive = [pid for pid in self._open() if is_alive(pid)]
        quiet = not instances.filter(state__in=[State.STARTING, State.BUILDING, State.STOPPING]).exists()
        return quiet and up == len(alive) == len(self.world.pids(self.plugin)) == expected

    def _open(self):
        known = ScriptStart.objects.filter(instance__script__plugin=self.plugin, ended_at=None)
        return [pid for pid in known.values_list("pid", flat=True) if pid]

    def teardown(self):
        if not hasattr(self, "world"):
            return
        try:
            self.it_comes_to_be_what_is_wanted()
            self.nobody_met_another()
        finally:
            self.world.close()
            ManagedScript.objects.filter(plugin=self.plugin).update(code=None)
            ManagedScript.objects.filter(plugin=self.plugin).delete()


@pytest.mark.long
def test_what_runs_comes_to_be_what_is_wanted(transactional_db, alice, organization, settings_of_scripts, tmp_path):
    Machine.folder, Machine.alice = tmp_path, alice
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=int(os.environ.get("PLUGINHOST_EXAMPLES", "12")),
            stateful_step_count=20,
            deadline=None,
            derandomize="PLUGINHOST_EXAMPLES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def settings_of_scripts(settings, tmp_path):
    settings.PLUGINHOST_DATA_DIR = tmp_path / "data"
    settings.PLUGINHOST_MANAGED_SCRIPTS = "1"
