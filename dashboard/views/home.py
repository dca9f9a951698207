"""The way in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def home(request: HttpRequest) -> HttpResponse:
    """Projects are what people come for."""
    return redirect("projects")
