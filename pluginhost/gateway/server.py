"""The Socket.IO server as scripts need it."""

from __future__ import annotations

import logging

import socketio
from django.conf import settings
from engineio.payload import Payload

from .packets import NAMESPACE, GuardedPacket, SafeJson

# The libraries log every packet at INFO, and with it the secret of each heartbeat. A logger that `getLogger` does
# not know keeps its level, whatever is configured later.
_library_logger = logging.Logger("pluginhost.gateway.library", logging.ERROR)
_library_logger.parent = logging.getLogger(__name__)

# Engine.IO answers a long-polling request of more packets with 200 and drops all of them.
Payload.max_decode_packets = 10_000


def new_server() -> socketio.AsyncServer:
    """With the limits of the settings. Origins: none (scripts) or our own; never `*`."""
    return socketio.AsyncServer(
        async_mode="asgi",
        async_handlers=False,  # else log lines overtake each other
        namespaces=[NAMESPACE],
        serializer=GuardedPacket,
        json=SafeJson,
        max_http_buffer_size=settings.PLUGINHOST_MESSAGE_LIMIT,
        ping_interval=settings.PLUGINHOST_PING_INTERVAL,
        ping_timeout=settings.PLUGINHOST_PING_TIMEOUT,
        logger=_library_logger,
        engineio_logger=_library_logger,
    )
