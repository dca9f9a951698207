"""The files of the pages themselves, as `serve` has copied them: no thread and no Django is needed for them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from servestatic import ServeStaticASGI

from .asgi_types import Application


class StaticFiles(ServeStaticASGI):
    """Everything else goes to `application`."""

    def __init__(self, application: Application) -> None:
        super().__init__(
            application,
            root=str(settings.STATIC_ROOT),
            prefix=settings.STATIC_URL,
            max_age=60,
            add_headers_function=_add_headers,
        )


def _add_headers(headers: Any, path: str, url: str) -> None:
    """Those that Django's SecurityMiddleware gives pages."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = settings.SECURE_REFERRER_POLICY
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
