"""Server processes: who holds which scripts' sockets."""

from django.db import models
from django.utils import timezone


class ServerProcess(models.Model):
    """One serving process. Its lease is renewed while it lives; only of an ended one are connections declared lost."""

    name = models.CharField(max_length=40, unique=True, help_text="Random, new at each start.")
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    role = models.CharField(max_length=20, default="web")
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "server processes"

    def __str__(self) -> str:
        return f"{self.role} {self.pid} on {self.host}"
