"""Issues: what people and scripts have to say about a task's labels."""

from django.db import models
from django.utils import timezone

from .fields import UidField
from .project import Project
from .task import Task
from .user import User


class Issue(models.Model):
    """A remark on a task, perhaps on a place or an object of it, that is open until somebody closes it."""

    class Status(models.TextChoices):
        OPEN = "Open", "Open"
        CLOSED = "Closed", "Closed"

    uid = UidField()
    project = models.ForeignKey(Project, models.CASCADE, related_name="issues")
    task = models.ForeignKey(Task, models.CASCADE, related_name="issues")
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.OPEN)
    content = models.TextField()
    position = models.CharField(max_length=2000, blank=True, help_text="Where on the asset, as the client wrote it.")
    object_id = models.CharField(max_length=64, blank=True)
    page = models.IntegerField(null=True, blank=True, help_text="0-based frame or page.")
    page_end = models.IntegerField(null=True, blank=True)
    extra = models.JSONField(default=dict, blank=True, help_text="errorCodes, pctDetails, plane and others, as given.")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=["Open", "Closed"]), name="issue_status_known"),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="issue_of_project")]

    def __str__(self) -> str:
        return self.content[:80]


class IssueComment(models.Model):
    """One answer to an issue."""

    uid = UidField()
    issue = models.ForeignKey(Issue, models.CASCADE, related_name="comments")
    content = models.TextField()
    mentions = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("issue", "id")

    def __str__(self) -> str:
        return self.content[:80]
