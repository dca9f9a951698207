"""Pluginhost's own client for plugin scripts. It needs python-socketio and requests, and no Django.

    from pluginhost.client import SDK, BatchModelPlugin, run

A script for the public client is ported by changing its imports: `ango.…` or `imerit_ango.…` to `pluginhost.client.…`.
"""

from .plugin_logger import PluginLogger
from .plugins import BatchModelPlugin, run
from .sdk import SDK
from .version import VERSION as __version__

__all__ = ["SDK", "BatchModelPlugin", "PluginLogger", "__version__", "run"]
