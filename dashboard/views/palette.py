"""What the «Go to…» dialog asks while somebody types."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import palette

from .doors import SignedInRequest, signed_in


@never_cache
@require_safe
@signed_in
def go_to(request: SignedInRequest) -> HttpResponse:
    found = palette.items(request.principal, request.GET.get("q", ""))
    return JsonResponse({"items": [item.as_dict() for item in found]})
