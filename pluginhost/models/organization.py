"""Organizations and who belongs to them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .fields import UidField
from .user import User


class Role(models.TextChoices):
    """What a member may do; each role may all that stands below it."""

    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    RUNNER = "runner", "Runner"
    VIEWER = "viewer", "Viewer"

    @classmethod
    def at_least(cls, least: str) -> list[str]:
        """The roles that may what `least` may."""
        ladder = [cls.OWNER, cls.MANAGER, cls.RUNNER, cls.VIEWER]
        return [str(role) for role in ladder[: ladder.index(cls(least)) + 1]]


class Organization(models.Model):
    """People who share plugins and projects; strangers to it see nothing of them."""

    uid = UidField()
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """One user's role in one organization."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("organization", "user")
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="member_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="member_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"
