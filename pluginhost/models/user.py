"""People."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from .fields import UidField


class User(AbstractUser):
    """Somebody who signs in. What they may do follows from their memberships alone."""

    uid = UidField()
    must_change_password = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="It was made for them, and shown to who made it."
    )

    class Meta(AbstractUser.Meta):
        ordering = ("username",)

    @property
    def shown_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        """One or two letters for the round mark beside a name."""
        words = self.shown_name.replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper()
