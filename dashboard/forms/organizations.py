"""What people type about organizations, their members and their own keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator

from pluginhost.models import Role

MAY = {
    Role.OWNER: "members, retention, and everything below",
    Role.MANAGER: "projects, labeling tools, plugins, and everything below",
    Role.RUNNER: "running plugins, cancelling, and everything below",
    Role.VIEWER: "looking",
}
ROLES = [(role.value, f"{role.label}: {may}") for role, may in MAY.items()]


class RoleField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        wrong = "Choose owner, manager, runner or viewer."
        super().__init__(choices=ROLES, error_messages={"required": wrong, "invalid_choice": wrong}, **kwargs)


class OrganizationForm(forms.Form):
    name = forms.CharField(
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the organization a name."},
    )


class AddMemberForm(forms.Form):
    """An account that exists."""

    account = forms.CharField(
        max_length=254,
        label="Name or e-mail address",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Give the name or the e-mail address of an account."},
    )
    role = RoleField(initial=Role.RUNNER)


class NewAccountForm(forms.Form):
    """An account that is made for somebody."""

    username = forms.CharField(
        max_length=150,
        label="Name to sign in with",
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Give a name to sign in with."},
    )
    first_name = forms.CharField(max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    last_name = forms.CharField(max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        required=False, label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = RoleField(initial=Role.RUNNER)

    @property
    def account_fields(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "role"}


class RoleForm(forms.Form):
    role = RoleField()


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        label="What it is for",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "For example: import script on gpu-2"}),
        error_messages={"required": "Say what the key is for, to tell it from others later."},
    )
