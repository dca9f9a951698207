"""Signing in and changing the password: allauth's forms with our words."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name, password, and whether to stay."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, password, remember = (self.fields[key] for key in ("login", "password", "remember"))
        name.label, password.label, remember.label = "Name", "Password", "Stay signed in for 14 days"
        name.error_messages["required"] = "Give the name of your account."
        password.error_messages["required"] = "Give your password."
        password.help_text = ""
        for field in (name, password):
            field.widget.attrs.pop("placeholder", None)
        name.widget.attrs |= {"autofocus": True, "autocapitalize": "none"}


class PasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """The present password and, twice, the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"oldpassword": "Present password", "password1": "New password", "password2": "New password, again"}
        for key, label in labels.items():
            self.fields[key].label = label
            self.fields[key].help_text = ""
            self.fields[key].widget.attrs.pop("placeholder", None)
        self.fields["password1"].help_text = "At least 10 characters; not one of the common ones."
