"""Retention, every hour and when a rule was changed."""

from __future__ import annotations

from celery import shared_task

from pluginhost.actions import retention
from pluginhost.models import RetentionRule


@shared_task(ignore_result=True, expires=3600)
def apply_all() -> None:
    """Each organization's rule. What one could not finish in its time goes on in the next hour."""
    for rule in RetentionRule.objects.all():
        retention.apply(rule)


@shared_task(ignore_result=True)
def apply(organization_id: int) -> None:
    """One organization's rule, right after somebody changed it."""
    for rule in RetentionRule.objects.filter(organization=organization_id):
        retention.apply(rule)
