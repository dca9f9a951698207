"""The members of an organization: who they are, and letting in, changing and removing by its owners."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.forms import refusals
from dashboard.forms.organizations import MAY, AddMemberForm, NewAccountForm, RoleForm
from dashboard.runs_of_plugins import newest
from pluginhost import access
from pluginhost.actions import organizations as actions
from pluginhost.errors import Invalid, PluginhostError
from pluginhost.models import ApiKey, Member, Organization, Plugin, Project, Role, Session

from .doors import SignedInRequest, host_of, signed_in
from .organization_page import frame

PAGE = 100


@require_safe
@signed_in
def organization(request: SignedInRequest, uid: str) -> HttpResponse:
    return _page(request, access.organization(request.principal, uid))


def _page(
    request: SignedInRequest,
    found: Organization,
    add_form: AddMemberForm | None = None,
    new_form: NewAccountForm | None = None,
) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\0", "").strip()[:200]
    members = _with_last_seen(found.members.select_related("user"), asked)
    page = Paginator(members, PAGE).get_page(request.GET.get("page"))
    context = {
        **frame(request.principal, found, "members"),
        "page": page,
        "rows": _rows(found, list(page.object_list)),
        "q": asked,
        "roles": [(role.value, role.label, may) for role, may in MAY.items()],
        "add_form": add_form or AddMemberForm(prefix="add"),
        "new_form": new_form or NewAccountForm(prefix="new"),
    }
    is_wrong = any(form is not None and form.errors for form in (add_form, new_form))
    return render(request, "organizations/members.html", context, status=422 if is_wrong else 200)


def _with_last_seen(members: QuerySet[Member], asked: str) -> QuerySet[Member]:
    """By name. A program that uses their key is a sign of them, too."""
    if asked:
        user = Q(user__username__icontains=asked) | Q(user__email__icontains=asked)
        members = members.filter(user | Q(user__first_name__icontains=asked) | Q(user__last_name__icontains=asked))
    used = ApiKey.objects.filter(user=OuterRef("user")).order_by().values("user").annotate(at=Max("last_used_at"))
    return members.annotate(key_used_at=Subquery(used.values("at"))).order_by("user__username", "pk")


def _rows(organization: Organization, members: list[Member]) -> list[dict[str, Any]]:
    sessions = _sessions_of(organization, members)
    return [
        {
            "member": member,
            "role": Role(member.role).label,
            "seen_at": max(filter(None, (member.user.last_login, member.key_used_at)), default=None),  # type: ignore[attr-defined]
            "sessions": sessions.get(member.user_id, {}).get("all", 0),
            "open": sessions.get(member.user_id, {}).get("open", 0),
        }
        for member in members
    ]


def _sessions_of(organization: Organization, members: list[Member]) -> dict[int, dict[str, int]]:
    """How many of the installation's newest sessions each of them asked for here, and how many are open."""
    here = newest(Session.objects.filter(project__organization=organization)).order_by()
    mine = here.filter(started_by__in=[member.user_id for member in members])
    rows = mine.values("started_by").annotate(all=Count("pk"), open=Count("pk", filter=Q(state__in=Session.OPEN)))
    return {row["started_by"]: {"all": row["all"], "open": row["open"]} for row in rows}


# --- what owners do ---


@require_http_methods(["GET", "POST"])
@signed_in
def organization_member_add(request: SignedInRequest, uid: str) -> HttpResponse:
    """An account that exists."""
    found = access.organization(request.principal, uid, access.OWNER)
    if request.method == "GET":
        return redirect("organization", uid)
    form = AddMemberForm(request.POST, prefix="add")
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            member = actions.add_member(request.principal, found, chosen["account"], chosen["role"])
        except Invalid as error:
            refusals.show(form, error)
        else:
            name = member.user.shown_name
            messages.success(request, f"{name} is a member now, with the role {chosen['role']}.")
            return redirect("organization", uid)
    return _page(request, found, add_form=form)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def organization_account_new(request: SignedInRequest, uid: str) -> HttpResponse:
    """A new account; its one-time password stands on the answer to this request and nowhere else."""
    found = access.organization(request.principal, uid, access.OWNER)
    if request.method == "GET":
        return redirect("organization", uid)
    form = NewAccountForm(request.POST, prefix="new")
    if not form.is_valid():
        return _page(request, found, new_form=form)
    try:
        user, password = actions.add_new_account(
            request.principal, found, form.account_fields, form.cleaned_data["role"]
        )
    except Invalid as error:
        refusals.show(form, error)
        return _page(request, found, new_form=form)
    context = {
        **frame(request.principal, found, "members"),
        "account": user,
        "password": password,
        "account_role": form.cleaned_data["role"],
        "sign_in_address": host_of(request) + reverse("account_login"),
    }
    return render(request, "organizations/account_made.html", context)


@require_POST
@signed_in
def organization_member_role(request: SignedInRequest, uid: str, user_uid: str) -> HttpResponse:
    found = access.organization(request.principal, uid, access.OWNER)
    member = access.member(request.principal, found, user_uid)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Invalid(str(form.errors["role"][0]))
    role = form.cleaned_data["role"]
    actions.set_member(found, member.user, role, by=request.principal)
    messages.success(request, f"{member.user.shown_name} is {_a(role)} now.")
    return redirect("organization", uid)


def _a(role: str) -> str:
    return f"an {role}" if role == Role.OWNER else f"a {role}"


@require_http_methods(["GET", "POST"])
@signed_in
def organization_member_remove(request: SignedInRequest, uid: str, user_uid: str) -> HttpResponse:
    """Asks first, and says what they lose. Anybody may leave."""
    found = access.organization(request.principal, uid)
    member = access.member(request.principal, found, user_uid)
    is_self = member.user_id == request.user.pk
    if not is_self:
        access.organization(request.principal, uid, access.OWNER)
    if request.method == "POST":
        try:
            actions.remove_member(member, by=request.principal)
        except PluginhostError as error:
            messages.error(request, error.sentence)
            return redirect("organization", uid)
        if is_self:
            messages.success(request, f"You left {found.name}.")
            return redirect("organizations")
        messages.success(request, f"{member.user.shown_name} is no member any more.")
        return redirect("organization", uid)
    context = {**frame(request.principal, found, "members"), "member": member, "is_self": is_self, **_losses(member)}
    return render(request, "organizations/remove.html", context)


def _losses(member: Member) -> dict[str, Any]:
    organization, user = member.organization, member.user
    started = Session.objects.filter(project__organization=organization, started_by=user)
    return {
        "role_word": Role(member.role).label.lower(),
        "plugins": Plugin.objects.present().filter(organization=organization).count(),
        "owned": Plugin.objects.present().filter(organization=organization, owner=user).count(),
        "projects": Project.objects.present().filter(organization=organization).count(),
        "open_sessions": list(started.open().select_related("plugin").order_by("pk")[:20]),
        "keys": ApiKey.objects.filter(user=user, revoked_at=None).count(),
        "is_last_owner": member.role == Role.OWNER
        and not organization.members.filter(role=Role.OWNER).exclude(pk=member.pk).exists(),
    }
