"""Tasks: the labeling work of people."""

from django.db import models
from django.utils import timezone

from .asset import Asset
from .fields import UidField
from .project import Project
from .user import User


class Task(models.Model):
    """The labeling work on one asset. `answer` is people's; while it is null the asset shows its pre-labels."""

    class Status(models.TextChoices):
        TODO = "TODO", "To do"
        COMPLETED = "Completed", "Completed"

    uid = UidField()
    asset = models.OneToOneField(Asset, models.CASCADE, related_name="task")
    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.TODO)
    answer = models.JSONField(null=True, blank=True, help_text="What people labeled; null until they did.")
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("project", "id")
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=["TODO", "Completed"]), name="task_status_known"),
        ]
        indexes = [models.Index(fields=["project", "status"], name="task_by_status")]

    def __str__(self) -> str:
        return f"task {self.uid} ({self.status})"
