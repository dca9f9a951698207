"""What a script said while it ran, and what happened to its session meanwhile."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .session import Session


class LogHead(models.Model):
    """A session's newest line number and its counts, so that nothing is counted when a page is shown.

    Whoever stores lines raises `last` first; that is what makes the numbers gapless across processes.
    """

    session = models.OneToOneField(Session, models.CASCADE, primary_key=True, related_name="log_head")
    last = models.PositiveIntegerField(default=0, help_text="The number of the newest line.")
    bytes = models.PositiveBigIntegerField(default=0)
    debug = models.PositiveIntegerField(default=0)
    info = models.PositiveIntegerField(default=0)
    warning = models.PositiveIntegerField(default=0)
    error = models.PositiveIntegerField(default=0)
    dropped = models.PositiveIntegerField(default=0, help_text="Lines past the limit, not kept.")
    told_up_to = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Our own client numbers its lines: this one and all before it are stored."
    )
    deleted_up_to = models.PositiveIntegerField(default=0, db_default=0, help_text="Lines 1 to this one were deleted.")
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_why = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Said where the lines would have stood."
    )

    class Meta:
        verbose_name = "log head"

    def __str__(self) -> str:
        return f"{self.last} lines of #{self.session_id}"


class LogLine(models.Model):
    """One line as it came: `number` counts without gaps in its session, from 1; `at` is our clock."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="log_lines", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    level = models.PositiveSmallIntegerField(help_text="As in Python's logging: 10, 20, 30, 40, 50.")
    message = models.TextField()
    extra = models.TextField(blank=True, help_text="The other keys of the event, as JSON text.")
    came_late = models.BooleanField(default=False, help_text="It came after its session had ended.")

    class Meta:
        ordering = ("session", "number")
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="log_line_number_once_per_session"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="log_line_number_from_one"),
        ]
        indexes = [models.Index(fields=["session", "level", "number"], name="log_line_by_level")]

    def __str__(self) -> str:
        return f"#{self.session_id} L{self.number}"


class SessionEvent(models.Model):
    """One thing that happened to a session, in a sentence; pages show it between the log lines.

    Kept apart from the lines, so that line 17 is the 17th thing that the script said.
    """

    session = models.ForeignKey(Session, models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    after_line = models.PositiveIntegerField(default=0, help_text="The newest line when it happened.")
    kind = models.CharField(max_length=30)
    sentence = models.CharField(max_length=500)

    class Meta:
        ordering = ("session", "id")

    def __str__(self) -> str:
        return self.sentence
