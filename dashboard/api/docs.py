"""The page that shows the API's schema and tries it out, from our own static files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
def api_docs(request: HttpRequest) -> HttpResponse:
    """Open to all: it shows no more than the schema, which is the same on every installation."""
    return render(request, "api/docs.html")
