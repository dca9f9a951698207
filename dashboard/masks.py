"""Brush masks: pictures as large as the asset's, laid over it. The browser loads them, never the server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pluginhost import file_links
from pluginhost.models import Project, StoredFile

BRUSH = "brushDataUrl"


def masks_of(project: Project, contents: Iterable[Mapping[str, Any]], host: str) -> dict[str, str]:
    """Where a browser gets each mask that these contents name, by its address as it was given.

    A file of ours is signed where it is this project's; of another project's nothing is said. One query, or none.
    """
    given = {content[BRUSH] for content in contents if isinstance(content.get(BRUSH), str)}
    found: dict[str, str] = {}
    own: dict[str, list[str]] = {}
    for address in given:
        key = file_links.key_in(address, host)
        if key is not None:
            own.setdefault(key, []).append(address)
        elif address.startswith(("https://", "http://", "data:image/")):
            found[address] = address
    if own:
        known = StoredFile.objects.filter(key__in=own, project=project, deleted_at=None)
        for key in known.values_list("key", flat=True):
            found |= dict.fromkeys(own[key], file_links.shown_link("", key))
    return found
