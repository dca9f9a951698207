"""The engine as a Django app."""

from django.apps import AppConfig


class PluginhostConfig(AppConfig):
    name = "pluginhost"
    verbose_name = "Pluginhost"
