"""Heartbeats that name no plugin there is: of most of them somebody asks why his script gets no work."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class UnknownCaller(models.Model):
    """Once for each address and id, with the count of its tries. It is nobody's: no plugin, no organization."""

    address = models.CharField(max_length=64, blank=True)
    given_id = models.CharField(max_length=64, blank=True, help_text="What stood in the place of the plugin's id.")
    is_deleted = models.BooleanField(default=False, help_text="A plugin had this id, and was deleted.")
    dialect = models.CharField(max_length=40, blank=True)
    tries = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-last_at", "-id")
        constraints = [models.UniqueConstraint(fields=["address", "given_id"], name="unknown_caller_once")]
        indexes = [models.Index(fields=["-last_at"], name="unknown_caller_newest")]

    def __str__(self) -> str:
        return f"{self.given_id} from {self.address}"
