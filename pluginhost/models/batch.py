"""Batches: named parts of a project."""

from django.db import models
from django.utils import timezone

from .fields import UidField
from .project import Project


class Batch(models.Model):
    """A named set of a project's assets; an asset may be in several."""

    uid = UidField()
    project = models.ForeignKey(Project, models.CASCADE, related_name="batches")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name", "id")
        verbose_name_plural = "batches"
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="batch_name_once_per_project")]

    def __str__(self) -> str:
        return self.name
