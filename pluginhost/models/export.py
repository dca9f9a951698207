"""Exports: a project's work written into a ZIP, each to a path of its own."""

from django.db import models
from django.utils import timezone

from .fields import UidField
from .file import StoredFile
from .project import Project
from .session import Session
from .user import User


class Export(models.Model):
    """One asked-for export.

        queued ──► building ──► ready | failed

    Large ones are built by Celery; whoever asked waits for `ready` in the meantime. Whoever builds says so every few
    seconds in `building_at`; one that has not been heard of for a while is taken over, a few times.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        BUILDING = "building", "Building"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    class Shape(models.TextChoices):
        ASSETS = "assets", "One item per asset (clients to 1.1)"
        TASKS = "tasks", "One item per task (clients from 1.0.8 and 1.2)"
        ISSUES = "issues", "One item per issue"

    uid = UidField()
    project = models.ForeignKey(Project, models.CASCADE, related_name="exports")
    session = models.ForeignKey(Session, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    shape = models.CharField(max_length=6, choices=Shape.choices)
    is_lines = models.BooleanField(default=False, help_text="NDJSON instead of one JSON array.")
    filters = models.JSONField(default=dict, blank=True, help_text="Stages, batches, dates and flags, as understood.")
    items = models.PositiveIntegerField(default=0)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, blank=True, related_name="+")
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often somebody began to build it."
    )
    building_at = models.DateTimeField(null=True, blank=True, help_text="When its builder was last heard of.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=["project", "-id"], name="export_of_project")]

    def __str__(self) -> str:
        return f"export {self.uid} ({self.state})"
