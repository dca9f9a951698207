"""The table of contents."""

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, path

from dashboard.api.app import api
from dashboard.api.docs import api_docs
from dashboard.views import health, home, plugin_development, plugins, session_log, session_tabs, sessions

urlpatterns: list[URLPattern | URLResolver] = [
    # --- the way in ---
    path("", home.home, name="home"),
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("account/password/", account.password_change, name="account_change_password"),
    # --- plugins ---
    path("plugins/", plugins.plugins, name="plugins"),
    path("plugins/new/", plugins.plugin_new, name="plugin_new"),
    path("plugins/<str:uid>/", plugins.plugin, name="plugin"),
    path("plugins/<str:uid>/development/", plugin_development.plugin_development, name="plugin_development"),
    path("plugins/<str:uid>/connections/", plugin_development.plugin_connections, name="plugin_connections"),
    path("plugins/<str:uid>/sessions/", plugins.plugin_sessions, name="plugin_sessions"),
    path("plugins/<str:uid>/settings/", plugins.plugin_settings, name="plugin_settings"),
    path("plugins/<str:uid>/secret/", plugin_development.plugin_secret, name="plugin_secret"),
    path("plugins/<str:uid>/rotate/", plugin_development.plugin_rotate, name="plugin_rotate"),
    path("plugins/<str:uid>/quarantine/", plugins.plugin_quarantine, name="plugin_quarantine"),
    path("plugins/<str:uid>/release/", plugins.plugin_release, name="plugin_release"),
    path("plugins/<str:uid>/delete/", plugins.plugin_delete, name="plugin_delete"),
    # --- sessions ---
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/<str:session_id>/", session_tabs.session, name="session"),
    path("sessions/<str:session_id>/results/", session_tabs.session_results, name="session_results"),
    path("sessions/<str:session_id>/inputs/", session_tabs.session_inputs, name="session_inputs"),
    path("sessions/<str:session_id>/timeline/", session_tabs.session_timeline, name="session_timeline"),
    path("sessions/<str:session_id>/log/", session_log.session_log, name="session_log"),
    path("sessions/<str:session_id>/message/<int:response_id>/", session_log.session_message, name="session_message"),
    path("sessions/<str:session_id>/cancel/", sessions.session_cancel, name="session_cancel"),
    path("sessions/<str:session_id>/rerun/", sessions.session_rerun, name="session_rerun"),
    path("sessions/<str:session_id>/rename/", sessions.session_rename, name="session_rename"),
    # --- api ---
    path("api/docs", api_docs, name="api_docs"),
    path("api/v1/", api.urls),
    # --- health ---
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
