"""Projects: assets to label, the labeling tools for it, and the numbers kept about them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from pluginhost.protocol.numbers import NumberSet

from .fields import UidField
from .organization import Organization
from .user import User


def empty_schema() -> dict[str, list[Any]]:
    return {"tools": [], "classifications": [], "relations": []}


class ProjectQuerySet(models.QuerySet["Project"]):
    def present(self) -> ProjectQuerySet:
        """Those that were not deleted."""
        return self.filter(deleted_at=None)

    def for_user(self, user: User) -> ProjectQuerySet:
        return self.present().filter(organization__members__user=user)


class Project(models.Model):
    """Assets, the labeling tools for them (the category schema), and the plugins enabled for it."""

    class Kind(models.TextChoices):
        ANGO = "ango", "Labeling"
        PCT = "pct", "Point clouds"
        IFRAME = "iframe", "A page of one's own"

    uid = UidField()
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="projects")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=5000)
    kind = models.CharField(
        max_length=6, choices=Kind.choices, default=Kind.ANGO, db_default="ango", help_text="The wire's «type»."
    )
    category_schema = models.JSONField(default=empty_schema, help_text="Tools, classifications and relations.")
    schema_version = models.PositiveIntegerField(default=1, editable=False)
    stages = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="Stages of its own; Label and Complete are always.",
    )
    benchmark = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="benchmarkEnabled, …Ratio, …Cutoff, as given.",
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["ango", "pct", "iframe"]), name="project_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectHead(models.Model):
    """The numbers of one project that are kept and not counted, in a narrow row of its own.

    Whoever adds assets or applies imports updates this row first: it is what orders them.
    """

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="head")
    last_number = models.PositiveIntegerField(default=0, help_text="The number of the newest asset.")
    assets = models.PositiveIntegerField(default=0)
    deleted_numbers = models.BinaryField(
        default=b"", db_default=b"", help_text="Numbers whose assets were deleted; never given again."
    )
    pre_labeled = models.PositiveIntegerField(default=0, help_text="Assets with a live pre-label.")
    last_applied = models.PositiveBigIntegerField(default=0, help_text="The newest import's place in the order.")
    last_import_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "project's numbers"
        verbose_name_plural = "projects' numbers"

    def __str__(self) -> str:
        return f"{self.assets} assets of {self.project_id}"

    @property
    def deleted(self) -> NumberSet:
        return NumberSet.from_bytes(bytes(self.deleted_numbers))

    @property
    def numbers(self) -> NumberSet:
        """The numbers of the assets that are there."""
        return NumberSet.up_to(self.last_number) - self.deleted

    def place_of(self, number: int) -> int:
        """Where an asset stands among those that are there, from 1."""
        return number - len(self.deleted & NumberSet.up_to(number)) if self.deleted_numbers else number
