"""Figures that may be a quarter of a minute old: what is counted over many rows is counted once for all who look."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from api.store.database import Database

GOOD_FOR_S = 15.0
MOST = 200  # keys of one database; beyond them all are forgotten
V = TypeVar("V")


class Recent(Generic[V]):
    """What was counted a moment ago, by database and key, in this process.

    Parameters
    ----------
    good_for_s
        How long a figure is shown again.
    """

    def __init__(self, good_for_s: float = GOOD_FOR_S, *, now: Callable[[], float] = time.monotonic) -> None:
        self._good_for_s = good_for_s
        self._now = now
        self._kept: WeakKeyDictionary[Database, dict[Hashable, tuple[float, V]]] = WeakKeyDictionary()

    def find(self, db: Database, key: Hashable = None) -> V | None:
        """Give what was kept under a key; None where that is nothing, or too old.

        Of several who find it just too old one is told so, and counts anew; the others go on with the old figure.
        """
        kept = self._kept.get(db, {})
        entry = kept.get(key)
        if entry is None:
            return None
        (at, found), now = entry, self._now()
        if now - at < self._good_for_s:
            return found
        if now - at < 2 * self._good_for_s:
            kept[key] = (now, found)
        return None

    def forget(self, db: Database) -> None:
        """Forget all figures of a database: something changed that everybody should see at once."""
        self._kept.pop(db, None)

    def keep(self, db: Database, value: V, key: Hashable = None) -> None:
        """Keep a figure for a while."""
        kept = self._kept.setdefault(db, {})
        if len(kept) >= MOST:
            kept.clear()
        kept[key] = (self._now(), value)
