"""The import ledger: what came, what was taken, what was refused."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .asset import Asset
from .plugin import Plugin
from .process import ServerProcess
from .project import Project
from .session import Existing, Session
from .user import User


class ImportQuerySet(models.QuerySet["Import"]):
    def of_session(self, session: Session) -> ImportQuerySet:
        return self.filter(session=session)


class Import(models.Model):
    """One request that brought pre-labels.

        receiving ──► applied ◄──► undone
            └──────► staged ──► applied
                        └─────► discarded

    Its rows count only while it is `applied`; so one UPDATE of its state makes all of it true at once.
    """

    class State(models.TextChoices):
        RECEIVING = "receiving", "Receiving"
        STAGED = "staged", "Staged"
        APPLIED = "applied", "Applied"
        DISCARDED = "discarded", "Discarded"
        UNDONE = "undone", "Undone"

    project = models.ForeignKey(Project, models.CASCADE, related_name="imports")
    session = models.ForeignKey(Session, models.SET_NULL, null=True, blank=True, related_name="imports")
    deleted_session = models.PositiveBigIntegerField(
        null=True, blank=True, editable=False, help_text="The number of its session, where that was deleted."
    )
    plugin = models.ForeignKey(Plugin, models.SET_NULL, null=True, blank=True, related_name="+")
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    process = models.ForeignKey(ServerProcess, models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.RECEIVING)
    existing = models.CharField(max_length=7, choices=Existing.choices, default=Existing.REPLACE)
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)
    applied_seq = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the request.")
    items = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    objects_count = models.PositiveIntegerField(default=0)
    classes = models.JSONField(default=dict, blank=True, help_text="Objects by labeling tool (schemaId → count).")
    reasons = models.JSONField(default=dict, blank=True, help_text="Rejections by code (code → count).")
    notices = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="What was taken with a remark, by code (code → count)."
    )
    hid_assets = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Assets on which it took the place of pre-labels of other imports."
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Of its state, the last.")
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    reviewed_from = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reviewed_as",
        help_text="The staged import of which this one holds what the review took.",
    )

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["applied", "undone"], applied_seq__isnull=False)
                | (~models.Q(state__in=["applied", "undone"]) & models.Q(applied_seq__isnull=True)),
                name="import_has_its_place_once_applied",
            ),
            models.UniqueConstraint(fields=["project", "applied_seq"], name="import_place_once_per_project"),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="import_of_project"),
            models.Index(fields=["session", "id"], name="import_of_session"),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"


class ImportAssets(models.Model):
    """Which assets an import gives something new, as a set of asset numbers: as immutable as its pre-labels.

    What is kept about projects and sessions is counted from these sets when imports are undone or redone, since
    to ask for each pre-label would take seconds.
    """

    origin = models.OneToOneField(Import, models.CASCADE, primary_key=True, related_name="assets_given")
    numbers_stored = models.BinaryField(default=b"")

    class Meta:
        verbose_name_plural = "import assets"

    def __str__(self) -> str:
        return f"assets of import {self.origin_id}"


class PreLabel(models.Model):
    """What one import gives one asset: an immutable row. `content` is `{objects, classifications, relations, …}`."""

    origin = models.ForeignKey(Import, models.CASCADE, related_name="pre_labels")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="pre_labels")
    index = models.PositiveIntegerField(help_text="The place of its (first) item in the request, from 0.")
    content = models.TextField(help_text="JSON text.")
    content_digest = models.CharField(max_length=32)
    objects_count = models.PositiveIntegerField(default=0)
    is_unchanged = models.BooleanField(
        default=False, help_text="The session had given the asset just this before; the row adds nothing."
    )

    class Meta:
        ordering = ("origin", "index", "id")
        verbose_name = "pre-label"
        constraints = [models.UniqueConstraint(fields=["origin", "asset"], name="pre_label_once_per_import")]
        indexes = [models.Index(fields=["origin", "index"], name="pre_label_by_index")]

    def __str__(self) -> str:
        return f"pre-label {self.pk}"


class Rejection(models.Model):
    """One item that was refused, with the reason as a code, a JSON path, and a sentence."""

    origin = models.ForeignKey(Import, models.CASCADE, related_name="rejections")
    index = models.PositiveIntegerField(help_text="The item's place in the request, from 0.")
    external_id = models.CharField(max_length=1000, blank=True)
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="+")
    code = models.CharField(max_length=40)
    path = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=500)

    class Meta:
        ordering = ("origin", "index", "id")
        indexes = [models.Index(fields=["origin", "index"], name="rejection_by_index")]

    def __str__(self) -> str:
        return f"[{self.index}] {self.code}"


class Notice(models.Model):
    """A remark about an item that was taken all the same: the code, the JSON path, and a sentence."""

    origin = models.ForeignKey(Import, models.CASCADE, related_name="remarks")
    index = models.PositiveIntegerField(help_text="The item's place in the request, from 0.")
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, related_name="+")
    code = models.CharField(max_length=40)
    path = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=500)

    class Meta:
        ordering = ("origin", "index", "id")
        indexes = [models.Index(fields=["origin", "index"], name="notice_by_index")]

    def __str__(self) -> str:
        return f"[{self.index}] {self.code}"
