"""Who asks: a user, a program with a personal key, or a session's script with its session key."""

from __future__ import annotations

from dataclasses import dataclass

from .models import ApiKey, Session, User


@dataclass(frozen=True)
class Principal:
    """Somebody with rights. `session` is set for a session key, which may never more than its runner may."""

    user: User
    api_key: ApiKey | None = None
    session: Session | None = None

    @property
    def kind(self) -> str:
        if self.session is not None:
            return "session key"
        return "API key" if self.api_key is not None else "user"
