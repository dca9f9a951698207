"""What becomes of the items of one import: which assets they are for, what each of these is given, and what is said.

Only reads; `actions.import_rows` stores what comes of it, `import_checks` only tells it.

Each item has one outcome, however many assets it names: it is accepted, refused, or says nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import NamedTuple

from . import file_links
from .import_targets import Target, Targets, missing
from .models import Project, Session
from .protocol import import_items
from .protocol.geometry import Refusal
from .protocol.given import Given
from .protocol.import_items import ALWAYS, Item, Notice, Read, whole

LONGEST_NAME, LONGEST_PATH, LONGEST_MESSAGE = 1000, 200, 500


class Refused(NamedTuple):
    """An item that was not taken, and why."""

    index: int  # type: ignore[assignment]  # the method of tuples that it hides is of no use here
    name: str
    asset: int | None
    code: str
    path: str
    message: str


class Noticed(NamedTuple):
    """A remark about an item that was taken."""

    index: int  # type: ignore[assignment]  # the method of tuples that it hides is of no use here
    asset: int | None
    code: str
    path: str
    message: str


class Sorting:
    """The items of one import in their order: `read` each, then `sort` some of them together.

    `refused`, `noticed` and `masks` grow until whoever stores them says `forget`, and so do these: `homes` counts, by
    asset, the items that brought it something new, each at the first such asset; `repeated` are the items that
    brought nothing new to any.
    """

    def __init__(self, project: Project, session: Session | None, host: str) -> None:
        self.refused: list[Refused] = []
        self.noticed: list[Noticed] = []
        self.masks: set[str] = set()
        self.homes: dict[int, int] = {}
        self.plainly: dict[int, tuple[int, Read]] = {}
        self.repeated = 0
        self._unread: list[tuple[int, Item, Refusal]] = []
        self._schema = import_items.Schema(project.category_schema)
        self._targets = Targets(project, session, host)
        self._host = host

    def read(self, item: object, index: int) -> Read | None:
        """The item as it may be given, or None when it was refused."""
        try:
            return self._schema.plain(item) or self._schema.thorough(item, index)
        except Refusal as refusal:
            if (named := import_items.naming(item)) is not None:
                self._unread.append((len(self.refused), named, refusal))
            self._refuse(index, import_items.name_of(item), None, refusal)
            return None

    def sort(
        self, items: list[tuple[int, Read]], known: Callable[[Iterable[Target]], dict[int, Given]]
    ) -> dict[int, Given]:
        """What each asset is given by now. `known` tells what it had been given before by this same import.

        What was given `plainly` is kept apart: a single item each, which nothing was to be said of.
        """
        self._find_unread()
        targets = self._targets.of([item for _, item in items])
        flat = list(chain.from_iterable(targets))
        given = known(flat)
        taking, plainly = self._targets.taking(flat) - given.keys(), self.plainly
        for one, found in zip(items, targets, strict=True):
            if len(found) == 1 and (asset := found[0].pk) in taking and _is_plain(one[1], found[0]):
                plainly[asset] = one
                taking.remove(asset)  # what else comes for it is put together with this
            else:
                self._sort_by_itself(one, found, given)
                taking.difference_update(target.pk for target in found)
        return given

    def _find_unread(self) -> None:
        """Which assets the items name that could not be read: what became of these is that they were refused."""
        unread, self._unread = self._unread, []
        if not unread:
            return
        for (place, _, refusal), found in zip(unread, self._targets.of([item for _, item, _ in unread]), strict=True):
            for target in found[:1]:
                self.refused[place] = self.refused[place]._replace(asset=target.pk)
            for target in found[1:]:
                self._pass_over(self.refused[place].index, target, refusal)

    def _sort_by_itself(self, one: tuple[int, Read], found: list[Target], given: dict[int, Given]) -> None:
        index, item = one[0], whole(one[1])
        if not found:
            self._refuse(index, item.name, None, missing(item, index))
            return
        for target in found:
            if target.pk in self.plainly:
                given[target.pk] = self.given_plainly(target.pk)
        self._give(index, item, found, given)

    def given_plainly(self, asset: int) -> Given:
        """One of these, from now on as any other."""
        self.homes[asset] = 1
        index, item = self.plainly.pop(asset)
        return Given.by(whole(item), index)

    def forget(self) -> None:
        """What was said and counted so far has been seen to."""
        self.refused.clear()
        self.noticed.clear()
        self.masks.clear()
        self.homes.clear()
        self.plainly.clear()
        self._unread.clear()
        self.repeated = 0

    def notice(self, index: int, asset: int | None, notice: Notice) -> None:
        code, path, message = notice
        self.noticed.append(Noticed(index, asset, code, path[:LONGEST_PATH], message[:LONGEST_MESSAGE]))

    # --- one item ---

    def _give(self, index: int, item: Item, targets: list[Target], given: dict[int, Given]) -> None:
        """To each asset that it names; refused is it only where none of them takes it."""
        home: int | None = None
        taken: list[Target] = []
        refusals: list[tuple[Target, Refusal]] = []
        for target in targets:
            try:
                is_new = self._give_one(index, item, target, given)
            except Refusal as error:
                refusals.append((target, error))
                continue
            taken.append(target)
            home = target.pk if is_new and home is None else home
        if not taken:
            target, refusal = refusals.pop(0)
            self._refuse(index, item.name, target.pk, refusal)
        elif home is None:
            self.repeated += 1
            self.notice(index, taken[0].pk, ("repeated", f"[{index}]", _REPEATED))
        else:
            self.homes[home] = self.homes.get(home, 0) + 1
            self._note_masks(item)
        for target, refusal in refusals:
            self._pass_over(index, target, refusal)
        if taken:
            self._say(index, item, targets, taken)

    def _pass_over(self, index: int, target: Target, refusal: Refusal) -> None:
        self.notice(index, target.pk, ("passed_over", refusal.path or f"[{index}]", refusal.message))

    def _give_one(self, index: int, item: Item, target: Target, given: dict[int, Given]) -> bool:
        """Whether it was anything new."""
        self._targets.check(target, index)
        before = given.get(target.pk)
        if before is None:
            given[target.pk] = Given.by(item, index)
            return True
        if not before.add(item, index):
            return False
        message = f"It was put together with item {before.index}, which is for the same asset."
        self.notice(index, target.pk, ("merged", f"[{index}]", message))
        return True

    def _say(self, index: int, item: Item, targets: list[Target], taken: list[Target]) -> None:
        """What is remarked about an item that was taken."""
        if len(targets) > 1:
            by = "externalId" if item.external_id else "data"
            message = f"{len(targets)} assets have this {by}; it was given to {len(taken)} of them."
            self.notice(index, None, ("ambiguous_external_id", f"[{index}].{by}", message))
        for notice in item.notices:
            self.notice(index, taken[0].pk, notice)
        for target in taken:
            if target.is_answered:
                self.notice(index, target.pk, ("labeled_by_people", f"[{index}]", _ANSWERED))
            if target.size is not None and (outside := item.outside(target.size, index)) is not None:
                self.notice(index, target.pk, outside)

    def _note_masks(self, item: Item) -> None:
        """The keys of those files of ours that it names as its masks."""
        for name in import_items.MASKS:
            if name in item.content and (key := file_links.key_in(item.content[name], self._host)) is not None:
                self.masks.add(key)

    def _refuse(self, index: int, name: str, asset: int | None, refusal: Refusal) -> None:
        path = refusal.path or f"[{index}]"
        self.refused.append(
            Refused(
                index,
                name[:LONGEST_NAME],
                asset,
                refusal.code,
                path[:LONGEST_PATH],
                refusal.message[:LONGEST_MESSAGE],
            )
        )


def _is_plain(item: Read, target: Target) -> bool:
    """Whether nothing is to be said when the asset is given this."""
    if isinstance(item, Item) and (item.notices or item.loose or len(item.content) > len(ALWAYS)):
        return False
    if target.is_answered:
        return False
    size = target.metadata and target.size
    return not size or item.is_inside(size)


_ANSWERED = "People have labeled the asset, and it shows what they made of it."
_REPEATED = "Items before it had given all of this to the asset already."
