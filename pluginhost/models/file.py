"""Files that scripts and people uploaded."""

from django.db import models
from django.utils import timezone

from .project import Project
from .user import User


class StoredFile(models.Model):
    """One uploaded file in the data directory; `key` is its path in `/files/`. Never overwritten."""

    key = models.CharField(max_length=200, unique=True)
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="files")
    kind = models.CharField(max_length=20, default="assets", help_text="What it was uploaded for.")
    content_type = models.CharField(max_length=100, default="application/octet-stream")
    size = models.PositiveBigIntegerField(null=True, help_text="Bytes; null until the upload is whole.")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_why = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Said where the file would have been."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.key
