"""Projects and the numbers kept about them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from pluginhost.actions import projects
from pluginhost.models import Project, ProjectHead
from pluginhost.models.project import empty_schema
from pluginhost.principal import Principal

from .acting import Acting
from .base import ViewOnly
from .site import site


@admin.register(Project, site=site)
class Projects(Acting):
    fixed = ("organization",)
    readonly_fields = ("uid", "schema_version", "created_by", "created_at", "deleted_at")
    fields = ("organization", "name", "description", "category_schema", *readonly_fields)
    autocomplete_fields = ("organization",)
    list_display = ("name", "uid", "organization", "assets_count", "pre_labeled", "created_at", "deleted_at")
    list_filter = (("deleted_at", admin.EmptyFieldListFilter),)
    list_select_related = ("organization", "head")
    search_fields = ("name", "uid", "organization__name")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """No labeling tools yet is no mistake."""
        optional = {"required": False} if db_field.name == "category_schema" else {}
        return super().formfield_for_dbfield(db_field, request, **kwargs, **optional)

    @admin.display(description="Assets", ordering="head__assets")
    def assets_count(self, project: Any) -> int:
        return int(project.head.assets)

    @admin.display(description="Pre-labeled", ordering="head__pre_labeled")
    def pre_labeled(self, project: Any) -> int:
        return int(project.head.pre_labeled)

    def view_on_site(self, project: Any) -> str:
        return reverse("project", args=[project.uid])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None or obj.deleted_at is None

    has_delete_permission = has_change_permission

    def act(self, principal: Principal, row: Any, fields: dict[str, Any]) -> Model:
        if row is None:
            row = projects.create(principal, fields["organization"], fields["name"], fields["description"])
        elif (fields["name"], fields["description"]) != (row.name, row.description):
            row = projects.edit(principal, row, fields)
        schema = fields["category_schema"] or empty_schema()
        if schema != row.category_schema:
            row = projects.set_category_schema(principal, row, schema)
        return row  # type: ignore[no-any-return]

    def take_away(self, principal: Principal, row: Any) -> None:
        projects.delete(principal, row)


@admin.register(ProjectHead, site=site)
class ProjectHeads(ViewOnly):
    list_display = ("project", "assets", "pre_labeled", "last_number", "last_applied", "last_import_at")
    list_select_related = ("project",)
    search_fields = ("project__name", "project__uid")
