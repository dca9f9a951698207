"""What the giver's earlier imports left on the assets of one that is being received."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pluginhost.actions import import_assets
from pluginhost.import_standing import STANDING, Left, left_on
from pluginhost.models import Import, ProjectHead
from pluginhost.prepared import Prepared
from pluginhost.protocol.numbers import NumberSet


class Before:
    """Asked a thousand assets at a time: mostly there is none among them, and the sets of assets tell so at once."""

    def __init__(self, imported: Import) -> None:
        self._imported = imported
        self._place: int | None = None
        self._given = NumberSet()

    def left_on(self, assets: Collection[int], numbers: Mapping[int, int]) -> dict[int, Left]:
        """By asset; `numbers` are those of the assets in their project."""
        if len(assets) > import_assets.LOOKED_UP:
            self._look()
            again = NumberSet.of(numbers[asset] for asset in assets) & self._given
            assets = [asset for asset in assets if numbers[asset] in again] if again else ()
        return left_on(assets, self._imported) if assets else {}

    def _look(self) -> None:
        """At the earlier imports, again when others have come between."""
        place = _PLACE.value(self._imported.project_id)
        if place == self._place:
            return
        self._place = place
        own = Import.objects.filter(project=self._imported.project_id, session=self._imported.session_id)
        if self._imported.session_id is None:
            own = own.filter(deleted_session=None, user=self._imported.user_id)
        self._given = import_assets.of(own.filter(state__in=STANDING).exclude(pk=self._imported.pk))


_PLACE = Prepared(lambda project: ProjectHead.objects.filter(project=project).values_list("last_applied"), 1)
