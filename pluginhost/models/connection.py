"""Connections: the stays of scripts."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .plugin import Plugin
from .process import ServerProcess


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def open(self) -> ConnectionQuerySet:
        """Scripts that are here now and were let in."""
        return self.filter(state=Connection.State.OPEN)


class Connection(models.Model):
    """One stay of a script. A refused one is kept once per address and reason, with the count of its tries."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        QUARANTINED = "quarantined", "Quarantined"
        CLOSED = "closed", "Closed"

    plugin = models.ForeignKey(Plugin, models.CASCADE, related_name="connections")
    process = models.ForeignKey(ServerProcess, models.SET_NULL, null=True, related_name="connections")
    sid = models.CharField(max_length=64, help_text="The socket's name in its process.")
    state = models.CharField(max_length=11, choices=State.choices)
    was_accepted = models.BooleanField(help_text="False: its secret was wrong from first to last.")
    address = models.CharField(max_length=64, blank=True)
    transport = models.CharField(max_length=10, blank=True, help_text="websocket or polling.")
    opened_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was refused, quarantined or closed.")
    refusals = models.PositiveIntegerField(default=0, help_text="Heartbeats that were refused.")
    is_draining = models.BooleanField(default=False, db_default=False, help_text="It gets no new sessions.")
    is_to_go = models.BooleanField(default=False, db_default=False, help_text="Somebody asked to disconnect it.")
    dialect = models.CharField(
        max_length=40, blank=True, db_default="", help_text="Which client it is, as far as it can be told."
    )
    client_version = models.CharField(max_length=40, blank=True, db_default="", help_text="Our own client tells it.")
    instance = models.CharField(
        max_length=120, blank=True, db_default="", help_text="The script's own name for itself."
    )
    told = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True, help_text="What its hello said."
    )
    round_trip_ms = models.FloatField(null=True, blank=True, help_text="Of the newest probe that was answered.")
    slowest_ms = models.FloatField(null=True, blank=True, help_text="Of all probes of this stay.")
    probed_at = models.DateTimeField(null=True, blank=True)
    noted = models.PositiveIntegerField(default=0, help_text="Events it sent that were refused.")
    noted_reason = models.CharField(max_length=300, blank=True, help_text="Why the last of them was refused.")

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_at__isnull=False)
                | (~models.Q(state="closed") & models.Q(closed_at__isnull=True)),
                name="connection_closed_when_it_says_so",
            ),
        ]
        indexes = [
            models.Index(fields=["plugin", "-id"], name="connection_of_plugin"),
            models.Index(fields=["plugin"], condition=models.Q(state="open"), name="connection_open"),
            models.Index(fields=["process", "state"], condition=~models.Q(state="closed"), name="connection_here"),
        ]

    def __str__(self) -> str:
        return f"connection {self.pk} from {self.address}"
