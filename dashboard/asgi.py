"""The ASGI application. From outside in:

lifespan -> slashes -> proxies -> hosts -> guard -> Socket.IO -> WebSockets (consumers) | HTTP (Django)

Of Django there are several, each with threads of its own: for pages; for programs, which come with a key and need no
sign-in and no cookie; for exports, whose calls wait for minutes; and for who asks whether we are well.
"""

from __future__ import annotations

import os

import django
import socketio
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django.setup(set_prefix=False)  # loads the apps; what stands below needs their models

from dashboard import routing  # noqa: E402
from dashboard.answering import ByPath, InOneThread, WithoutSignIn  # noqa: E402
from dashboard.guard import Guard  # noqa: E402
from dashboard.hosts import KnownHosts, SameOrigin  # noqa: E402
from dashboard.lifespan import Lifespan  # noqa: E402
from dashboard.proxies import TrustedProxies  # noqa: E402
from dashboard.serve.duties import duties  # noqa: E402
from dashboard.slashes import SingleSlashes  # noqa: E402
from dashboard.static_files import StaticFiles  # noqa: E402
from pluginhost.gateway import app as gateway  # noqa: E402
from pluginhost.v2.exports import MOST_AT_ONCE  # noqa: E402

websockets = SameOrigin(AuthMiddlewareStack(URLRouter(routing.websocket_urlpatterns)))
pages = StaticFiles(InOneThread("pages", threads=16))
for_programs = settings.PLUGINHOST_MIDDLEWARE_FOR_PROGRAMS
programs = WithoutSignIn("programs", threads=32, middleware=for_programs)
# Some more than wait at once, so that one call too many is told so.
waiting = WithoutSignIn("exports", threads=MOST_AT_ONCE + 8, middleware=for_programs)
health = WithoutSignIn("health", threads=4, middleware=for_programs)
http = ByPath(("/v2", "/api/v1"), programs, otherwise=pages)
http = ByPath(("/v2/export", "/v2/exportV3"), waiting, otherwise=http)
http = ByPath(("/healthz", "/readyz"), health, otherwise=http)
others = ProtocolTypeRouter({"http": http, "websocket": websockets})
application = Lifespan(
    SingleSlashes(TrustedProxies(KnownHosts(Guard(socketio.ASGIApp(gateway.sio, others))))),
    on_startup=duties.begin,
    on_shutdown=duties.end,
)
