"""Organizations and their members."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from pluginhost.actions import organizations
from pluginhost.errors import PluginhostError
from pluginhost.models import Member, Organization, User
from pluginhost.principal import Principal

from .acting import Acting, trial
from .base import principal_of
from .site import site


class MembersFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Rows of members, handed to the verbs for them."""

    principal: Principal

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name in ("organization", "user"):
            if name in form.fields and form.instance.pk:
                form.fields[name].disabled = True  # who it is about is the row itself

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        try:
            with trial():
                self.act()
        except PluginhostError as error:
            raise ValidationError(error.sentence) from None

    def act(self) -> None:
        """Do what the rows say, and keep it in the lists from which the administration writes its history."""
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        gone = self.deleted_forms
        for form in self.forms:
            if form in gone and form.instance.pk:
                organizations.remove_member(Member.objects.get(pk=form.instance.pk), by=self.principal)
                self.deleted_objects.append(form.instance)
            elif form not in gone and form.has_changed():
                self._set(form)

    def _set(self, form: Any) -> None:
        chosen = {self.fk.name: self.instance, **form.cleaned_data}
        member = organizations.set_member(chosen["organization"], chosen["user"], chosen["role"], by=self.principal)
        if form.instance.pk:
            self.changed_objects.append((member, form.changed_data))
        else:
            self.new_objects.append(member)


class Members(admin.TabularInline):  # type: ignore[type-arg]
    model = Member
    formset = MembersFormSet
    extra = 0
    fields: ClassVar[Any] = ("user", "role")
    autocomplete_fields: ClassVar[Any] = ("user",)
    verbose_name_plural = "members"

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.principal = principal_of(request)
        return formset


class MembershipsOfUser(Members):
    fk_name = "user"
    fields = ("organization", "role")
    autocomplete_fields = ("organization",)
    verbose_name_plural = "memberships"


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Organization
        fields = ("name",)


class NewOrganizationForm(OrganizationForm):
    owner = forms.ModelChoiceField(User.objects.filter(is_active=True), help_text="Its first member.")


@admin.register(Organization, site=site)
class Organizations(Acting):
    form = OrganizationForm
    inlines = (Members,)
    list_display = ("name", "members_count", "uid", "created_at")
    search_fields = ("name", "uid")
    ordering = ("name",)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=OrganizationForm if obj else NewOrganizationForm, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("name", "uid", "created_at") if obj else ("name", "owner")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("uid", "created_at") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        return self.inlines if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        return super().get_queryset(request).annotate(members_number=Count("members"))

    @admin.display(description="Members", ordering="members_number")
    def members_count(self, organization: Any) -> int:
        return int(organization.members_number)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.act()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Its projects and their whole history would go with it."""
        return False

    def act(self, principal: Principal, row: Any, fields: dict[str, Any]) -> Model:
        if row is None:
            return organizations.create(fields["name"], fields["owner"], by=principal)
        if fields["name"] != row.name:
            organizations.rename(row, fields["name"], by=principal)
        return row  # type: ignore[no-any-return]


@admin.register(Member, site=site)
class MemberTable(Acting):
    fields = ("organization", "user", "role", "created_at")
    readonly_fields = ("created_at",)
    fixed = ("organization", "user")
    autocomplete_fields = ("organization", "user")
    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "organization")
    search_fields = ("user__username", "user__email", "organization__name")

    def act(self, principal: Principal, row: Any, fields: dict[str, Any]) -> Model:
        if row is None:
            return organizations.set_member(fields["organization"], fields["user"], fields["role"], by=principal)
        return organizations.set_member(row.organization, row.user, fields["role"], by=principal)

    def take_away(self, principal: Principal, row: Any) -> None:
        organizations.remove_member(Member.objects.get(pk=row.pk), by=principal)
