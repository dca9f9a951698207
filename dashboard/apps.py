"""The face as a Django app."""

from importlib import import_module

from django.apps import AppConfig

from .celery import app as celery_app


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "Dashboard"
    celery = celery_app

    def ready(self) -> None:
        import_module("dashboard.checks")  # it needs the models, which are loaded by now
