"""Users, with where they belong."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import password_validation, update_session_auth_hash
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from pluginhost.actions import users
from pluginhost.models import User
from pluginhost.principal import Principal

from .acting import Acting
from .organizations import MembershipsOfUser
from .site import site


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    new_password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text="Leave it empty to keep the one there is.",
    )

    class Meta:
        model = User
        fields = users.EDITABLE
        labels = {"is_superuser": "Administrator"}
        help_texts = {
            "is_superuser": "May use this administration. What one may do elsewhere follows from memberships alone.",
            "is_active": "Somebody inactive cannot sign in; neither their keys nor their running scripts are let in.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.fields["new_password"].help_text = ""

    def clean_new_password(self) -> str:
        password = self.cleaned_data["new_password"]
        if password:
            password_validation.validate_password(password, self.instance)
        elif not self.instance.pk:
            raise forms.ValidationError("Choose a first password.")
        return str(password)


@admin.register(User, site=site)
class Users(Acting):
    form = UserForm
    inlines = (MembershipsOfUser,)
    list_display = ("username", "full_name", "email", "is_active", "is_superuser", "organizations", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "first_name", "last_name", "email", "uid")
    ordering = ("username",)
    readonly_fields = ("uid", "last_login", "date_joined")
    fields = (*users.EDITABLE, "new_password", *readonly_fields)

    @admin.display(description="Name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description="Organizations")
    def organizations(self, user: User) -> str:
        return ", ".join(f"{member.organization} ({member.role})" for member in user.memberships.all())

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("memberships__organization")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.act()

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        return self.inlines if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The run history names people; whoever leaves is made inactive."""
        return False

    def act(self, principal: Principal, row: Any, fields: dict[str, Any]) -> Model:
        password = fields.pop("new_password", "")
        if row is None:
            return users.create(principal, fields, password)
        users.edit(principal, row, fields)
        if password:
            users.set_password(principal, row, password)
        return User.objects.get(pk=row.pk)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj == request.user and form.cleaned_data.get("new_password"):
            update_session_auth_hash(request, obj)
