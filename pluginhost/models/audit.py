"""The audit trail."""

from django.db import models
from django.utils import timezone

from .organization import Organization
from .user import User


class AuditEvent(models.Model):
    """Who did what to what. Rows are only ever added."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="audit_events")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150, blank=True, help_text="Kept, should the user be deleted.")
    verb = models.CharField(max_length=60, help_text="For example plugin.secret_revealed.")
    target = models.CharField(max_length=200, blank=True, help_text="What it was done to, in words.")
    target_uid = models.CharField(max_length=24, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=["organization", "-id"], name="audit_of_organization")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.target}"
