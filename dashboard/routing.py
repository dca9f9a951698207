"""The WebSockets of the pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from dashboard.consumers.log import LogConsumer
from dashboard.consumers.look import LookConsumer
from dashboard.consumers.output import OutputConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/look/", LookConsumer.as_asgi()),
    path("ws/sessions/<str:session_id>/", LogConsumer.as_asgi()),
    path("ws/sessions/<str:session_id>/output/<str:which>/", OutputConsumer.as_asgi()),
    path("ws/plugins/<str:uid>/output/<str:which>/", OutputConsumer.as_asgi()),
]
