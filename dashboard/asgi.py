"""The ASGI application. From outside in:

lifespan -> slashes -> proxies -> hosts -> guard -> Socket.IO -> WebSockets (consumers) | Django
"""

from __future__ import annotations

import os

import socketio
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django = get_asgi_application()  # loads the apps; what stands below needs their models

from dashboard import routing  # noqa: E402
from dashboard.guard import Guard  # noqa: E402
from dashboard.hosts import KnownHosts, SameOrigin  # noqa: E402
from dashboard.lifespan import Lifespan  # noqa: E402
from dashboard.proxies import TrustedProxies  # noqa: E402
from dashboard.serve.duties import duties  # noqa: E402
from dashboard.slashes import SingleSlashes  # noqa: E402
from pluginhost.gateway import app as gateway  # noqa: E402

websockets = SameOrigin(AuthMiddlewareStack(URLRouter(routing.websocket_urlpatterns)))
others = ProtocolTypeRouter({"http": django, "websocket": websockets})
application = Lifespan(
    SingleSlashes(TrustedProxies(KnownHosts(Guard(socketio.ASGIApp(gateway.sio, others))))),
    on_startup=duties.begin,
    on_shutdown=duties.end,
)
