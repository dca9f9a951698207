"""Managed scripts: programs that Pluginhost starts and keeps alive, and what became of each start."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from .plugin import Plugin
from .process import ServerProcess
from .user import User


class ManagedScript(models.Model):
    """What an owner wants to run for a plugin, and how. Supervisors bring what runs to what is wanted.

    Whoever keeps it holds its lease; of several supervisors exactly one does. `revision` counts what was changed
    and each «restart»: a process that was started under an older one is replaced.
    """

    class Wanted(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"

    class Source(models.TextChoices):
        UPLOADED = "uploaded", "Uploaded"
        PATH = "path", "A path on the server"
        DEMO = "demo", "The demo's script"

    class Restart(models.TextChoices):
        ALWAYS = "always", "Always"
        ON_FAILURE = "on_failure", "When it failed"
        NEVER = "never", "Never"

    class StopSignal(models.TextChoices):
        TERM = "SIGTERM", "SIGTERM"
        INT = "SIGINT", "SIGINT"

    MOST_INSTANCES = 16

    plugin = models.OneToOneField(Plugin, models.CASCADE, related_name="managed_script")
    wanted = models.CharField(max_length=7, choices=Wanted.choices, default=Wanted.STOPPED)
    source = models.CharField(max_length=8, choices=Source.choices)
    code = models.ForeignKey("ScriptCode", models.PROTECT, null=True, blank=True, related_name="+")
    server_path = models.CharField(max_length=1000, blank=True, help_text="A folder on the server, absolute.")
    entry = models.CharField(max_length=300, help_text="The file that is started, from the script's folder on.")
    requirements = models.TextField(blank=True, max_length=100_000, help_text="As in a requirements.txt.")
    environment_encrypted = models.TextField(blank=True, editable=False, help_text="Names and values, as JSON.")
    working_directory = models.CharField(
        max_length=300, blank=True, help_text="From the script's folder on; empty for the folder itself."
    )
    restart = models.CharField(max_length=10, choices=Restart.choices, default=Restart.ALWAYS)
    stop_signal = models.CharField(max_length=7, choices=StopSignal.choices, default=StopSignal.TERM)
    patience_s = models.PositiveIntegerField(default=10, help_text="Seconds from the stop signal to the kill.")
    start_s = models.PositiveIntegerField(default=5, help_text="Seconds after which a start counts as a success.")
    memory_limit_mb = models.PositiveIntegerField(null=True, blank=True)
    cpu_limit_s = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds of processor time per start.")
    instances_wanted = models.PositiveSmallIntegerField(default=1)
    restarts_on_cancel = models.BooleanField(
        default=False, help_text="Restart it to end a cancelled session, when it has no other."
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    keeper = models.ForeignKey(ServerProcess, models.SET_NULL, null=True, editable=False, related_name="+")
    lease_until = models.DateTimeField(null=True, editable=False, help_text="In the database's time.")
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")

    class Meta:
        ordering = ("plugin",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(instances_wanted__gte=1, instances_wanted__lte=16), name="script_instances_1_to_16"
            ),
        ]

    def __str__(self) -> str:
        return f"script of {self.plugin}"


class ScriptCode(models.Model):
    """One upload of a script, kept as it came under the data directory; never changed, only followed by another."""

    script = models.ForeignKey(ManagedScript, models.CASCADE, related_name="codes")
    number = models.PositiveIntegerField(help_text="Counts the uploads, from 1.")
    name = models.CharField(max_length=200, help_text="The file's name as it was uploaded.")
    entry = models.CharField(max_length=300)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the upload.")
    size = models.PositiveBigIntegerField(help_text="Bytes, unpacked.")
    files = models.PositiveIntegerField(default=1)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("script", "-number")
        constraints = [models.UniqueConstraint(fields=["script", "number"], name="script_code_number_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"


class ScriptEnvironment(models.Model):
    """A Python environment made for one set of requirements; its build log is a file under the data directory."""

    class State(models.TextChoices):
        BUILDING = "building", "Building"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    script = models.ForeignKey(ManagedScript, models.CASCADE, related_name="environments")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the requirements and the Python it is for.")
    requirements = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.BUILDING)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it could not be made.")
    packages = models.TextField(blank=True, help_text="What is installed, one name==version a line.")

    class Meta:
        ordering = ("script", "-id")
        constraints = [models.UniqueConstraint(fields=["script", "digest"], name="script_environment_once")]

    def __str__(self) -> str:
        return f"environment {self.digest[:8]} of {self.script}"


class ScriptInstance(models.Model):
    """One of a managed script's processes, and where it stands.

    stopped ──► building ──► starting ──► up ──► stopping ──► stopped
                    │            │         │
                    ▼            ▼         ▼
                 gave_up ◄── backing_off ◄─┘        «start once more» leads from gave_up to starting
    """

    class State(models.TextChoices):
        STOPPED = "stopped", "Stopped"
        BUILDING = "building", "Making its environment"
        STARTING = "starting", "Starting"
        UP = "up", "Up"
        BACKING_OFF = "backing_off", "Backing off"
        STOPPING = "stopping", "Stopping"
        GAVE_UP = "gave_up", "Gave up"

    ALIVE = (State.STARTING, State.UP, State.STOPPING)

    script = models.ForeignKey(ManagedScript, models.CASCADE, related_name="instances")
    number = models.PositiveSmallIntegerField(help_text="From 1 to the number of instances wanted.")
    state = models.CharField(max_length=11, choices=State.choices, default=State.STOPPED)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it is in this state, in a sentence.")
    revision = models.PositiveIntegerField(default=0, help_text="The script's when this one was last started.")
    tries = models.PositiveIntegerField(default=0, help_text="Starts in a row that did not stay up.")
    next_start_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("script", "number")
        constraints = [models.UniqueConstraint(fields=["script", "number"], name="script_instance_number_once")]

    def __str__(self) -> str:
        return f"{self.script}, instance {self.number}"


class ScriptStart(models.Model):
    """One start of an instance, from the process's beginning to its end. What it printed is a file beside the data."""

    instance = models.ForeignKey(ScriptInstance, models.CASCADE, related_name="starts")
    number = models.PositiveIntegerField(help_text="Counts the instance's starts, from 1.")
    revision = models.PositiveIntegerField()
    code = models.ForeignKey(ScriptCode, models.SET_NULL, null=True, related_name="+")
    environment = models.ForeignKey(ScriptEnvironment, models.SET_NULL, null=True, related_name="+")
    keeper = models.ForeignKey(ServerProcess, models.SET_NULL, null=True, related_name="+")
    pid = models.PositiveIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now, db_default=Now())
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    up_at = models.DateTimeField(null=True, blank=True, help_text="When it had stayed up for its start time.")
    ended_at = models.DateTimeField(null=True, blank=True)
    exit_code = models.IntegerField(null=True, blank=True, help_text="Negative: the signal that ended it.")
    was_asked = models.BooleanField(default=False, help_text="It ended because it was told to.")
    reason = models.CharField(max_length=500, blank=True, help_text="How it ended, in a sentence.")
    last_lines = models.TextField(blank=True, help_text="The last it wrote to stderr, at most 20 lines.")

    class Meta:
        ordering = ("instance", "-number")
        constraints = [models.UniqueConstraint(fields=["instance", "number"], name="script_start_number_once")]
        indexes = [
            models.Index(fields=["instance"], condition=models.Q(ended_at=None), name="script_start_running"),
        ]

    def __str__(self) -> str:
        return f"start {self.number} of {self.instance}"
