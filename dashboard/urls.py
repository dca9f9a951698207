"""The table of contents."""

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, path

from dashboard.api.app import api
from dashboard.api.docs import api_docs
from dashboard.views import home

urlpatterns: list[URLPattern | URLResolver] = [
    # --- the way in ---
    path("", home.home, name="home"),
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("account/password/", account.password_change, name="account_change_password"),
    # --- api ---
    path("api/docs", api_docs, name="api_docs"),
    path("api/v1/", api.urls),
]
