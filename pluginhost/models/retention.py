"""Retention: what is deleted after a while, and what is said of it afterwards."""

from django.db import models
from django.utils import timezone

from .organization import Organization
from .project import Project
from .user import User


class RetentionRule(models.Model):
    """How long and how much an organization keeps; null keeps for ever. An organization without a row keeps all."""

    organization = models.OneToOneField(Organization, models.CASCADE, primary_key=True, related_name="retention")
    log_days = models.PositiveIntegerField(null=True, blank=True, help_text="Logs of sessions that ended before.")
    log_megabytes = models.PositiveIntegerField(null=True, blank=True, help_text="Of all logs; the oldest go first.")
    file_days = models.PositiveIntegerField(null=True, blank=True, help_text="Uploaded files that no asset uses.")
    file_megabytes = models.PositiveIntegerField(null=True, blank=True, help_text="Of those files; oldest first.")
    session_days = models.PositiveIntegerField(null=True, blank=True, help_text="Ended sessions, with their logs.")
    session_count = models.PositiveIntegerField(null=True, blank=True, help_text="Ended sessions kept; oldest go.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "retention rule"

    def __str__(self) -> str:
        return f"retention of {self.organization_id}"


class DeletedSession(models.Model):
    """What remains of a session that was deleted: enough to say so where it would have stood."""

    id = models.BigIntegerField(primary_key=True, help_text="The session's number.")
    uid = models.CharField(max_length=24, unique=True)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="deleted_sessions")
    plugin_name = models.CharField(max_length=120)
    state = models.CharField(max_length=10)
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(help_text="When the session was asked for.")
    deleted_at = models.DateTimeField(default=timezone.now)
    why = models.CharField(max_length=200)

    class Meta:
        ordering = ("-id",)
        verbose_name = "deleted session"

    def __str__(self) -> str:
        return f"#{self.pk}"
