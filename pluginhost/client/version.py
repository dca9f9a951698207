"""Which client this is. The wheel has the same number."""

NAME = "pluginhost.client"
VERSION = "1.0.0"
