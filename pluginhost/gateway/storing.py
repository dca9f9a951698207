"""Storing what waits in the inboxes. Synchronous: it runs in the gateway's own thread, for all scripts together."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, close_old_connections, transaction

from .inbox import Item
from .outcome import Outcome, Verdicts
from .taking import Taking

logger = logging.getLogger(__name__)

_AWAY = (OperationalError, InterfaceError)


@dataclass
class Stored:
    """What became of the batches: what follows, and the ids of items that are still to be stored."""

    outcome: Outcome = field(default_factory=Outcome)
    left: set[int] = field(default_factory=set)

    @property
    def verdicts(self) -> Verdicts:
        return self.outcome.verdicts


def store(batches: Sequence[Sequence[Item]]) -> Stored:
    """Store all of it in one transaction.

    What the database refuses costs nobody else a line: it is then stored item by item, without the bad one. What
    could not be stored since the database is away is left, and only that.
    """
    items = [item for batch in batches for item in batch]
    try:
        close_old_connections()
        return Stored(_store_all(batches))
    except _AWAY as error:
        logger.warning("the database is away, trying again: %s", error)
        return Stored(left={id(item) for item in items})
    except Exception:
        logger.exception("a batch could not be stored whole; storing it piece by piece")
    return _store_each(items)


def _store_all(batches: Sequence[Sequence[Item]]) -> Outcome:
    outcome = Outcome()
    with transaction.atomic():
        for batch in batches:
            Taking(outcome).take(batch)
    return outcome


def _store_each(items: Sequence[Item]) -> Stored:
    stored = Stored()
    for index, item in enumerate(items):
        outcome = Outcome(dict(stored.verdicts), muted=dict(stored.outcome.muted))
        try:
            with transaction.atomic():
                Taking(outcome).take([item])
        except _AWAY as error:
            logger.warning("the database is away, trying again: %s", error)
            stored.left = {id(later) for later in items[index:]}
            return stored
        except Exception:  # the edge of the loop: this item is given up, the next ones must go on
            logger.exception("a %s could not be stored and is left out", type(item.report).__name__)
        else:
            stored.outcome.add(outcome)
    return stored
