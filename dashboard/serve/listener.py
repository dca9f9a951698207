"""The listening socket. The parent keeps it, so that a connection is never refused while a child is replaced."""

from __future__ import annotations

import errno
import socket
import time

from django.core.exceptions import ImproperlyConfigured

from .options import is_ipv6

BACKLOG = 1024
PATIENCE_SECONDS = 1.0
_WHY = {
    errno.EADDRINUSE: "PLUGINHOST_PORT: port {port} of {host} is in use already; choose another with --port.",
    errno.EACCES: "PLUGINHOST_PORT: port {port} may not be used by this account; choose one above 1023 with --port.",
    errno.EADDRNOTAVAIL: "PLUGINHOST_HOST: {host} is not an address of this machine; choose another with --host.",
}


def listen(host: str, port: int) -> socket.socket:
    """A TCP socket that listens; ImproperlyConfigured says what is wrong with the address.

    The protocol is named since asyncio sets TCP_NODELAY only on sockets that say that they are TCP.
    """
    family = socket.AF_INET6 if is_ipv6(host) else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        _bind(listener, host, port)
        listener.listen(BACKLOG)
    except socket.gaierror:
        listener.close()
        raise ImproperlyConfigured(f"PLUGINHOST_HOST: {host} is neither an address nor a known name.") from None
    except OSError as error:
        listener.close()
        why = _WHY.get(error.errno or 0, "PLUGINHOST_HOST: cannot listen on {host}, port {port}: {error}.")
        raise ImproperlyConfigured(why.format(host=host, port=port, error=error.strerror)) from None
    return listener


def _bind(listener: socket.socket, host: str, port: int) -> None:
    """A server that was killed may still hold the port while its children end: wait for them a moment."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            listener.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > give_up:
                raise
            time.sleep(0.05)
        else:
            return
