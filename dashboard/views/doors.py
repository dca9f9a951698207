"""The frame of every view: who asks, and how our own errors become pages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from pluginhost import authentication
from pluginhost.errors import Forbidden, Gone, NotFound, PluginhostError
from pluginhost.models import User
from pluginhost.principal import Principal

logger = logging.getLogger(__name__)
P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """A request as views behind `signed_in` get it."""

    user: User  # type: ignore[assignment]
    principal: Principal


View = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]


def signed_in(view: View[P]) -> Callable[..., HttpResponseBase]:
    """Let in whoever is signed in, with `request.principal`; our errors that the view does not mend become pages.

    Who was given a password by somebody else changes it before anything else.
    """

    @wraps(view)
    def with_principal(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.must_change_password:
            messages.info(request, "Choose a password of your own first: this one was made by somebody else.")
            return redirect("account_change_password")
        request.principal = authentication.by_user(request.user)
        try:
            return view(request, *args, **kwargs)
        except PluginhostError as error:
            return page_of(request, error)

    return login_required(with_principal)


def asking(user: int) -> Principal:
    """Who asks, for a query that is prepared: through the same door, with a user whose id is filled in later."""
    return authentication.by_user(User(pk=user))


def page_of(request: HttpRequest, error: PluginhostError) -> HttpResponse:
    """The page for an error: 410, 404, 403, or after a POST the page it came from with the sentence on it."""
    if isinstance(error, Gone):
        return render(request, "410.html", {"sentence": error.sentence}, status=410)
    if isinstance(error, NotFound):
        return render(request, "404.html", {"sentence": error.sentence}, status=404)
    if isinstance(error, Forbidden):
        return render(request, "403.html", {"sentence": error.sentence}, status=403)
    if request.method == "POST":
        messages.error(request, error.sentence)
        return redirect(came_from(request))
    return render(request, "400.html", {"sentence": error.sentence}, status=error.status)


def came_from(request: HttpRequest, otherwise: str = "/") -> str:
    """The page of ours that a request was sent from."""
    referer = request.headers.get("Referer", "")
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(referer, allowed_hosts=hosts, require_https=request.is_secure())
    return referer if is_ours else otherwise


def host_of(request: HttpRequest) -> str:
    """What programs are told to connect to; the request's host was checked before it came here."""
    return settings.PLUGINHOST_URL or f"{request.scheme}://{request.get_host()}"
