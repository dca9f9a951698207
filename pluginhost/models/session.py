"""Sessions: the runs of plugins."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from .connection import Connection
from .fields import UidField
from .plugin import Plugin
from .project import Project
from .scope import Scope
from .user import User


class Existing(models.TextChoices):
    """What becomes of the plugin's earlier pre-labels on an asset that gets new ones."""

    REPLACE = "replace", "Replace this plugin's earlier results"
    ADD = "add", "Add to what is there"
    SKIP = "skip", "Skip assets that have pre-labels"


class SessionQuerySet(models.QuerySet["Session"]):
    def open(self) -> SessionQuerySet:
        """Those that can still move by themselves."""
        return self.filter(state__in=Session.OPEN)

    def held(self) -> SessionQuerySet:
        """Those that a script is at work on, or was until its connection broke."""
        return self.filter(state__in=Session.HELD)

    def queued_for(self, plugin: Plugin) -> SessionQuerySet:
        return self.filter(plugin=plugin, state=Session.State.QUEUED).order_by("id")

    def for_user(self, user: User) -> SessionQuerySet:
        return self.filter(project__organization__members__user=user, project__deleted_at=None)


class Session(models.Model):
    """One run of a plugin on a project.

        queued ──► running ──► succeeded | partial | failed | timed_out | cancelled
          │          │  ▲                         (these five never change)
          │          ▼  │
          │         lost ──► crashed ──► re-opened as running by a late sign of life
          └──► cancelled        running ──► cancelling ──► cancelled

    All moves are conditional UPDATEs in `actions`; the row count says who won.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        LOST = "lost", "Lost"
        CANCELLING = "cancelling", "Cancelling"
        SUCCEEDED = "succeeded", "Succeeded"
        PARTIAL = "partial", "Partial"
        FAILED = "failed", "Failed"
        TIMED_OUT = "timed_out", "Timed out"
        CRASHED = "crashed", "Crashed"
        CANCELLED = "cancelled", "Cancelled"

    HELD = (State.RUNNING, State.LOST, State.CANCELLING)
    OPEN = (State.QUEUED, *HELD)
    REVISABLE_FOR = timedelta(hours=24)
    FINAL = (State.SUCCEEDED, State.PARTIAL, State.FAILED, State.TIMED_OUT, State.CRASHED, State.CANCELLED)

    uid = UidField()
    plugin = models.ForeignKey(Plugin, models.CASCADE, related_name="sessions")
    project = models.ForeignKey(Project, models.CASCADE, related_name="sessions")
    scope = models.ForeignKey(Scope, models.PROTECT, related_name="sessions")
    started_by = models.ForeignKey(User, models.PROTECT, related_name="sessions")
    name = models.CharField(max_length=200, blank=True)
    rerun_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="reruns")
    attempt = models.PositiveIntegerField(default=1)
    is_retry = models.BooleanField(default=False, db_default=False, help_text="Pluginhost ran it again by itself.")
    first_attempt = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="attempts")
    idempotency_key = models.CharField(max_length=80, null=True, blank=True, editable=False)

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, editable=False)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it is in this state, in a sentence.")
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, blank=True, related_name="sessions")
    is_presumed_alive = models.BooleanField(default=False, help_text="Its script reconnected and has said nothing yet.")

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, help_text="When a script's connection claimed it.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When its order was sent.")
    last_sign_at = models.DateTimeField(null=True, blank=True, help_text="The newest sign of life.")
    longest_silence_s = models.FloatField(default=0, help_text="Between two signs of life so far.")
    lost_at = models.DateTimeField(null=True, blank=True, help_text="When its connection broke.")
    finished_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True, help_text="When a crashed one is run again by itself.")
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    timeout_s = models.PositiveIntegerField()
    idle_timeout_s = models.PositiveIntegerField()

    key_digest = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    key_revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    message_head = models.CharField(max_length=300, blank=True, help_text="The returned message's first line.")
    error = models.TextField(blank=True, help_text="What went wrong, where something did.")
    progress_done = models.PositiveIntegerField(null=True, blank=True)
    progress_total = models.PositiveIntegerField(null=True, blank=True)
    accepted = models.PositiveIntegerField(default=0, help_text="Assets with an accepted result.")
    rejected = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    discarded = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Assets all of whose results were turned down in a review."
    )
    objects_count = models.PositiveIntegerField(default=0)
    assets_read = models.PositiveIntegerField(default=0)
    page_size = models.PositiveIntegerField(null=True, blank=True, help_text="The largest page it asked for.")

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["succeeded", "partial", "failed", "timed_out", "crashed", "cancelled"],
                    finished_at__isnull=False,
                )
                | models.Q(state__in=["queued", "running", "lost", "cancelling"], finished_at__isnull=True),
                name="session_ended_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["running", "lost", "cancelling"]) | models.Q(started_at__isnull=False),
                name="session_held_was_claimed",
            ),
            models.UniqueConstraint(fields=["started_by", "idempotency_key"], name="session_asked_once"),
        ]
        indexes = [
            # `state` is in it so that SQLite prefers it to `session_of_plugin`, which has all that ever ran.
            models.Index(fields=["plugin", "state", "id"], condition=models.Q(state="queued"), name="session_queued"),
            models.Index(
                fields=["state"],
                condition=models.Q(state__in=["running", "lost", "cancelling"]),
                name="session_held",
            ),
            models.Index(fields=["retry_at"], condition=models.Q(retry_at__isnull=False), name="session_to_retry"),
            models.Index(fields=["project", "-id"], name="session_of_project"),
            models.Index(fields=["plugin", "-id"], name="session_of_plugin"),
            models.Index(fields=["state", "-id"], name="session_by_state"),
            models.Index(fields=["project", "created_at", "state"], name="session_by_time"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL

    @property
    def is_revisable(self) -> bool:
        """Whether a late sign of life may re-open it."""
        return (
            self.state == self.State.CRASHED
            and self.key_revoked_at is None
            and self.finished_at is not None
            and timezone.now() < self.finished_at + self.REVISABLE_FOR
        )


class SessionInputs(models.Model):
    """What the run was asked with, frozen: nothing here changes after the session was queued."""

    session = models.OneToOneField(Session, models.CASCADE, primary_key=True, related_name="inputs")
    config = models.TextField(help_text="JSON text, handed to the script as configJSON.")
    class_mapping = models.JSONField(default=dict, help_text="Model class → schemaId, or null to leave out.")
    category_schema = models.JSONField(
        null=True, help_text="The mapping as the wire has it; null when nothing is mapped."
    )
    batches = models.JSONField(default=list, help_text="Ids of the batches that were chosen.")
    scope_asked = models.JSONField(default=dict, help_text="The scope as it was asked for.")
    existing = models.CharField(max_length=7, choices=Existing.choices, default=Existing.REPLACE)
    review_first = models.BooleanField(default=False)
    plugin_version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "session inputs"

    def __str__(self) -> str:
        return f"inputs of #{self.session_id}"


class SessionReads(models.Model):
    """Which assets of its scope a session has read with its key, as a set of asset numbers."""

    session = models.OneToOneField(Session, models.CASCADE, primary_key=True, related_name="reads")
    numbers_stored = models.BinaryField(default=b"")

    class Meta:
        verbose_name_plural = "session reads"

    def __str__(self) -> str:
        return f"reads of #{self.session_id}"


class Response(models.Model):
    """A final message. Only the first counts; one that came after the end is kept and shown as late."""

    class Form(models.TextChoices):
        TEXT = "text", "Text"
        JSON = "json", "JSON"
        BYTES = "bytes", "Bytes (base64)"
        NOTHING = "nothing", "Nothing"
        ERROR = "error", "Error"

    session = models.ForeignKey(Session, models.CASCADE, related_name="responses")
    at = models.DateTimeField(default=timezone.now)
    form = models.CharField(max_length=7, choices=Form.choices)
    body = models.TextField(blank=True)
    came_late = models.BooleanField(default=False)

    class Meta:
        ordering = ("session", "id")

    def __str__(self) -> str:
        return f"response to #{self.session_id}"
