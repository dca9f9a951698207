"""Notifications: what somebody should know, shown under the bell."""

from django.db import models
from django.utils import timezone

from .organization import Organization
from .user import User


class Notification(models.Model):
    """A message to one user from a member of an organization they share (or from Pluginhost itself)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    sender = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=1000)
    link = models.CharField(max_length=2048, blank=True, help_text="An http or https address.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_of_user"),
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return self.title or self.message[:80]
