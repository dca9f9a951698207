"""Scopes: which assets a session is about."""

from __future__ import annotations

import threading

from django.db import models
from django.utils import timezone

from pluginhost.protocol.numbers import NumberSet

from .project import Project

_MOST_RECENT = 16
_recent: dict[str, NumberSet] = {}
"""By digest, the one that was asked for longest ago first. What has the same digest is the same for ever."""
_changing = threading.Lock()


class Scope(models.Model):
    """An immutable set of asset numbers of a project, shared by reruns; equal sets are one row."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="scopes")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the stored set.")
    count = models.PositiveIntegerField(help_text="How many assets.")
    numbers_stored = models.BinaryField(help_text="Sorted ranges or a bitmap, whichever is smaller.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="scope_once_per_project")]

    def __str__(self) -> str:
        return f"{self.count} assets"

    @property
    def numbers(self) -> NumberSet:
        """Kept for the scopes that were asked for last: a script reads its scope page by page."""
        numbers = _recent.get(self.digest)
        if numbers is None:
            numbers = NumberSet.from_bytes(bytes(self.numbers_stored))
        with _changing:
            _recent.pop(self.digest, None)
            _recent[self.digest] = numbers
            while len(_recent) > _MOST_RECENT:
                del _recent[next(iter(_recent))]
        return numbers
