"""The WebSockets of the pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from dashboard.consumers.log import LogConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/sessions/<str:session_id>/", LogConsumer.as_asgi()),
]
