"""Plugins, and what a project makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from .fields import UidField
from .organization import Organization
from .project import Project
from .user import User

if TYPE_CHECKING:
    from datetime import datetime


class PluginQuerySet(models.QuerySet["Plugin"]):
    def present(self) -> PluginQuerySet:
        """Those that were not deleted."""
        return self.filter(deleted_at=None)

    def for_user(self, user: User) -> PluginQuerySet:
        return self.present().filter(organization__members__user=user)


class Plugin(models.Model):
    """What is registered: a name, an ID and a secret with which scripts connect, and defaults for its runs."""

    class Type(models.TextChoices):
        BATCH_MODEL = "batch_model", "Batch Model"

    uid = UidField()
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="plugins")
    owner = models.ForeignKey(User, models.PROTECT, related_name="plugins")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=5000)
    type = models.CharField(max_length=20, choices=Type.choices, default=Type.BATCH_MODEL)
    class_names = models.JSONField(default=list, blank=True, help_text="The classes the model tells apart, in order.")
    default_config = models.TextField(default="{}", help_text="JSON text, copied into each run's Config JSON.")
    config_schema = models.TextField(blank=True, help_text="A JSON Schema for the config; empty for none.")
    concurrency = models.PositiveSmallIntegerField(default=1, help_text="Sessions at once for each connected script.")
    timeout_s = models.PositiveIntegerField(default=86_400, help_text="A session's hard limit, in seconds.")
    idle_timeout_s = models.PositiveIntegerField(
        default=1_800, help_text="Seconds without a sign of life after which a session is ended."
    )
    retries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Times a crashed session is run again by itself, 0 to 5."
    )
    retries_after_imports = models.BooleanField(
        default=False, db_default=False, help_text="Also where the crashed session had imported something."
    )
    version = models.PositiveIntegerField(default=1, editable=False, help_text="Counts the edits.")
    secret_encrypted = models.TextField(editable=False)
    secret_digest = models.CharField(max_length=64, editable=False)
    secret_set_at = models.DateTimeField(default=timezone.now, editable=False)
    old_secret_digest = models.CharField(max_length=64, blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    quarantined_at = models.DateTimeField(null=True, blank=True, editable=False)
    quarantine_reason = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PluginQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.CheckConstraint(condition=models.Q(concurrency__gte=1), name="plugin_concurrency_from_one"),
            models.CheckConstraint(condition=models.Q(retries__lte=5), name="plugin_retries_to_five"),
            models.CheckConstraint(
                condition=models.Q(timeout_s__gte=1, idle_timeout_s__gte=1), name="plugin_limits_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_quarantined(self) -> bool:
        """Whether all its scripts are kept without work, because somebody said so."""
        return self.quarantined_at is not None

    def old_secret_is_good(self, now: datetime) -> bool:
        return bool(self.old_secret_digest) and self.old_secret_until is not None and now < self.old_secret_until


class PluginInProject(models.Model):
    """A plugin enabled in a project, with its class mapping and config there."""

    plugin = models.ForeignKey(Plugin, models.CASCADE, related_name="places")
    project = models.ForeignKey(Project, models.CASCADE, related_name="plugin_places")
    class_mapping = models.JSONField(default=dict, blank=True, help_text="Model class → schemaId, or null.")
    left_out = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="Model class → title of the labeling tool that was deleted under it.",
    )
    config = models.TextField(blank=True, help_text="JSON text; empty means the plugin's default.")
    enabled_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("project", "plugin")
        verbose_name = "plugin in a project"
        verbose_name_plural = "plugins in projects"
        constraints = [models.UniqueConstraint(fields=["plugin", "project"], name="plugin_once_per_project")]

    def __str__(self) -> str:
        return f"{self.plugin} in {self.project}"
