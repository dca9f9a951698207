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

    class Review(models.TextChoices):
        TODO = "Todo", "To do"
        ACCEPTED = "Accepted", "Accepted"
        REJECTED = "Rejected", "Rejected"
        FIXED = "Fixed", "Fixed"

    LABEL, COMPLETE = "Label", "Complete"
    """The stages that every project has; others have ids of the project's own (`Project.stages`)."""

    uid = UidField()
    asset = models.OneToOneField(Asset, models.CASCADE, related_name="task")
    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.TODO)
    stage = models.CharField(
        max_length=64, default=LABEL, db_default=LABEL, help_text="A stage's id; Complete when it is completed."
    )
    review_status = models.CharField(max_length=8, choices=Review.choices, default=Review.TODO, db_default="Todo")
    priority = models.IntegerField(default=0, db_default=0, help_text="-10,000 to 10,000; the highest comes first.")
    answer = models.JSONField(null=True, blank=True, help_text="What people labeled; null until they did.")
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    updated_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("project", "id")
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=["TODO", "Completed"]), name="task_status_known"),
            models.CheckConstraint(
                condition=models.Q(status="Completed", stage="Complete")
                | (models.Q(status="TODO") & ~models.Q(stage="Complete")),
                name="task_complete_in_status_and_stage",
            ),
            models.CheckConstraint(
                condition=models.Q(review_status__in=["Todo", "Accepted", "Rejected", "Fixed"]),
                name="task_review_known",
            ),
            models.CheckConstraint(
                condition=models.Q(priority__gte=-10_000, priority__lte=10_000), name="task_priority_in_range"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "status"], name="task_by_status"),
            models.Index(fields=["project", "stage", "id"], name="task_by_stage"),
            models.Index(fields=["project", "priority", "id"], name="task_by_priority"),
            models.Index(fields=["project", "updated_at", "id"], name="task_by_change"),
            models.Index(fields=["project", "id"], condition=models.Q(answer__isnull=False), name="task_answered"),
        ]

    def __str__(self) -> str:
        return f"task {self.uid} ({self.status})"


class TaskStep(models.Model):
    """One step of a task's history: who moved it out of which stage, and with what answer. Rows are only added."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="steps")
    stage = models.CharField(max_length=64, help_text="The stage that it left.")
    to_stage = models.CharField(max_length=64, help_text="The stage that it came to.")
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    duration_ms = models.PositiveIntegerField(default=0)
    review_status = models.CharField(max_length=8, blank=True)
    answer = models.JSONField(null=True, blank=True, help_text="As it was then, where the step had one.")
    details = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="What a client said of it, for example pctDetails.",
    )
    starts_anew = models.BooleanField(
        default=False, db_default=False, help_text="The stage history that clients see begins after it."
    )

    class Meta:
        ordering = ("task", "id")

    def __str__(self) -> str:
        return f"{self.stage} → {self.to_stage}"
