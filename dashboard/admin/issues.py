"""What people and scripts said about tasks, and what tasks went through."""

from __future__ import annotations

from django.contrib import admin

from pluginhost.models import Issue, IssueComment, TaskStep

from .base import ViewOnly
from .site import site


@admin.register(Issue, site=site)
class Issues(ViewOnly):
    list_display = ("uid", "project", "status", "__str__", "created_by", "created_at")
    list_filter = ("status",)
    list_select_related = ("project", "created_by")
    search_fields = ("uid__exact", "project__name", "task__uid__exact")
    search_help_text = "The id of an issue or of a task, or a part of a project's name."


@admin.register(IssueComment, site=site)
class IssueComments(ViewOnly):
    list_display = ("uid", "issue", "__str__", "created_by", "created_at")
    list_select_related = ("issue", "created_by")
    search_fields = ("uid__exact", "issue__uid__exact")
    search_help_text = "The id of a comment or of an issue."


@admin.register(TaskStep, site=site)
class TaskSteps(ViewOnly):
    list_display = ("task", "stage", "to_stage", "review_status", "by", "at")
    list_select_related = ("task", "by")
    search_fields = ("task__uid__exact",)
    search_help_text = "The id of a task."
