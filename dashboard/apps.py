"""The face as a Django app."""

from django.apps import AppConfig

from .celery import app as celery_app


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "Dashboard"
    celery = celery_app
