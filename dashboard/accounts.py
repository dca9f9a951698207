"""How people sign in: by name and password; accounts are made by administrators and owners."""

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from pluginhost.actions import users
from pluginhost.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Allauth's decisions, in our words."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "That name and password do not go together.",
        "too_many_login_attempts": "Too many tries with a wrong password. Wait 5 minutes, then try again.",
        "enter_current_password": "This is not your present password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves."""
        return False

    def set_password(self, user: User, password: str) -> None:
        """Whose password was made by somebody else is let in everywhere from now on."""
        users.change_own_password(user, password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(request, "This account was closed. An administrator can open it again.")
        return redirect("account_login")
