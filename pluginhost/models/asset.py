"""Assets: what is labeled."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .batch import Batch
from .fields import UidField
from .project import Project


class Asset(models.Model):
    """One image, text or other thing to label. `number` counts without gaps in its project, from 1."""

    uid = UidField()
    project = models.ForeignKey(Project, models.CASCADE, related_name="assets")
    number = models.PositiveIntegerField(editable=False)
    external_id = models.CharField(max_length=1000, help_text="Chosen by whoever added it; not unique.")
    data = models.TextField(help_text="An address, or the text itself.")
    data_digest = models.CharField(max_length=32, editable=False, help_text="MD5 of data, to find an asset by it.")
    dataset = models.JSONField(null=True, blank=True, help_text="Addresses of the pages of a multi-page asset.")
    metadata = models.JSONField(null=True, blank=True, help_text="width and height in pixels, where known.")
    context_data = models.JSONField(null=True, blank=True)
    attachments = models.JSONField(null=True, blank=True)
    storage = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("project", "number")
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="asset_number_once_per_project"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="asset_number_from_one"),
        ]
        indexes = [
            models.Index(fields=["project", "external_id"], name="asset_by_external_id"),
            models.Index(fields=["project", "data_digest"], name="asset_by_data"),
        ]

    def __str__(self) -> str:
        return self.external_id


class BatchAsset(models.Model):
    """One asset's place in one batch."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="places")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="places")

    class Meta:
        verbose_name = "asset in a batch"
        verbose_name_plural = "assets in batches"
        constraints = [models.UniqueConstraint(fields=["batch", "asset"], name="asset_once_per_batch")]

    def __str__(self) -> str:
        return f"asset {self.asset_id} in batch {self.batch_id}"
