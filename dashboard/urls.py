"""The table of contents."""

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path, re_path

from dashboard.admin import site as administration
from dashboard.api.app import api
from dashboard.api.docs import api_docs
from dashboard.views import account as own
from dashboard.views import (
    asset_adding,
    asset_tables,
    assets,
    audit,
    batches,
    exports,
    health,
    home,
    imports,
    ledger,
    members,
    organizations,
    palette,
    plugin_development,
    plugins,
    project_plugins,
    project_sessions,
    projects,
    results,
    retention,
    review,
    runs,
    session_log,
    session_tabs,
    sessions,
    tools,
)
from pluginhost.v2 import files

urlpatterns: list[URLPattern | URLResolver] = [
    # --- the way in ---
    path("", home.home, name="home"),
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("seen/", home.home_seen, name="home_seen"),
    path("go-to/", palette.go_to, name="go_to"),
    # --- what is one's own ---
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/api-keys/", own.api_keys, name="api_keys"),
    path("account/api-keys/<int:number>/revoke/", own.api_key_revoke, name="api_key_revoke"),
    path("notifications/", own.notifications, name="notifications"),
    path("notifications/read/", own.notifications_read, name="notifications_read"),
    path("notifications/<int:number>/read/", own.notification_read, name="notification_read"),
    # --- organizations ---
    path("organizations/", organizations.organizations, name="organizations"),
    path("organizations/new/", organizations.organization_new, name="organization_new"),
    path("organizations/<str:uid>/", members.organization, name="organization"),
    path("organizations/<str:uid>/members/add/", members.organization_member_add, name="organization_member_add"),
    path("organizations/<str:uid>/members/new/", members.organization_account_new, name="organization_account_new"),
    path(
        "organizations/<str:uid>/members/<str:user_uid>/role/",
        members.organization_member_role,
        name="organization_member_role",
    ),
    path(
        "organizations/<str:uid>/members/<str:user_uid>/remove/",
        members.organization_member_remove,
        name="organization_member_remove",
    ),
    path("organizations/<str:uid>/audit/", audit.organization_audit, name="organization_audit"),
    path("organizations/<str:uid>/retention/", retention.organization_retention, name="organization_retention"),
    path("organizations/<str:uid>/settings/", organizations.organization_settings, name="organization_settings"),
    # --- projects ---
    path("projects/", projects.projects, name="projects"),
    path("projects/new/", projects.project_new, name="project_new"),
    path("projects/<str:uid>/", assets.project, name="project"),
    path("projects/<str:uid>/assets/add/", asset_adding.project_assets_add, name="project_assets_add"),
    path("projects/<str:uid>/assets/tables/<str:table_id>/", asset_tables.project_table, name="project_table"),
    path(
        "projects/<str:uid>/assets/tables/<str:table_id>/refused/",
        asset_tables.project_table_refused,
        name="project_table_refused",
    ),
    path("projects/<str:uid>/assets/known/", asset_adding.project_assets_known, name="project_assets_known"),
    path("projects/<str:uid>/uploads/reserve/", asset_adding.project_uploads_reserve, name="project_uploads_reserve"),
    path("projects/<str:uid>/uploads/add/", asset_adding.project_uploads_add, name="project_uploads_add"),
    path("projects/<str:uid>/assets/<int:number>/", assets.asset, name="asset"),
    path("projects/<str:uid>/labeling-tools/", tools.project_tools, name="project_tools"),
    path("projects/<str:uid>/labeling-tools/check/", tools.project_tools_check, name="project_tools_check"),
    path("projects/<str:uid>/assets/change/", batches.project_assets_change, name="project_assets_change"),
    path("projects/<str:uid>/batches/", batches.project_batches, name="project_batches"),
    path("projects/<str:uid>/batches/<str:batch_uid>/", batches.batch, name="batch"),
    path("projects/<str:uid>/batches/<str:batch_uid>/delete/", batches.batch_delete, name="batch_delete"),
    path("projects/<str:uid>/plugins/", project_plugins.project_plugins, name="project_plugins"),
    path("projects/<str:uid>/plugins/<str:plugin_uid>/run/", runs.project_run, name="project_run"),
    path(
        "projects/<str:uid>/plugins/<str:plugin_uid>/enable/",
        project_plugins.project_plugin_enable,
        name="project_plugin_enable",
    ),
    path(
        "projects/<str:uid>/plugins/<str:plugin_uid>/disable/",
        project_plugins.project_plugin_disable,
        name="project_plugin_disable",
    ),
    path("projects/<str:uid>/scope/", runs.project_scope_count, name="project_scope_count"),
    path("projects/<str:uid>/sessions/", project_sessions.project_sessions, name="project_sessions"),
    path("projects/<str:uid>/exports/", exports.project_exports, name="project_exports"),
    path("projects/<str:uid>/imports/", imports.project_imports, name="project_imports"),
    path("projects/<str:uid>/settings/", projects.project_settings, name="project_settings"),
    path("projects/<str:uid>/delete/", projects.project_delete, name="project_delete"),
    path("projects/<str:uid>/imports/<str:verb>/chosen/", ledger.project_imports_flip, name="project_imports_flip"),
    path("imports/<int:import_id>/", imports.imported, name="imported"),
    path("imports/<int:import_id>/<str:verb>/", ledger.import_flip, name="import_flip"),
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
    path("sessions/<str:session_id>/results/", results.session_results, name="session_results"),
    path("sessions/<str:session_id>/results/chosen/", results.session_results_chosen, name="session_results_chosen"),
    re_path(
        r"^sessions/(?P<session_id>[^/]+)/results\.(?P<form>csv|json)$",
        results.session_results_download,
        name="session_results_download",
    ),
    path("sessions/<str:session_id>/imports/<str:verb>/", ledger.session_imports_flip, name="session_imports_flip"),
    path("sessions/<str:session_id>/review/", review.session_review, name="session_review"),
    path("sessions/<str:session_id>/inputs/", session_tabs.session_inputs, name="session_inputs"),
    path("sessions/<str:session_id>/timeline/", session_tabs.session_timeline, name="session_timeline"),
    path("sessions/<str:session_id>/log/", session_log.session_log, name="session_log"),
    path("sessions/<str:session_id>/message/<int:response_id>/", session_log.session_message, name="session_message"),
    path("sessions/<str:session_id>/cancel/", sessions.session_cancel, name="session_cancel"),
    path("sessions/<str:session_id>/rerun/", sessions.session_rerun, name="session_rerun"),
    path("sessions/<str:session_id>/rename/", sessions.session_rename, name="session_rename"),
    # --- admin ---
    path("admin/", administration.urls),
    # --- api ---
    path("api/docs", api_docs, name="api_docs"),
    path("api/v1/", api.urls),
    # --- health ---
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    # --- scripts' doors ---
    re_path("^v2(?:/+|$)", include("pluginhost.v2.urls")),
    path("files/<path:key>", files.stored, name="file"),
]
