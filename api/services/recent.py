"""Figures that may be a minute old: what is counted over many rows is counted once for all who look."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from api.store.database import Database

GOOD_FOR_S = 15.0
OLDEST_S = 60.0
MOST = 200  # keys of one database; beyond them all are forgotten
V = TypeVar("V")
log = logging.getLogger("liner.api")


def _always(_: object) -> bool:
    return True


class Recent(Generic[V]):
    """What was counted a moment ago, by database and key, in this process.

    A figure is shown again for a while. Who finds it older still gets it, up to a minute, and it is counted anew aside:
    whoever asks in the midst of a busy hour never waits for a count.

    Parameters
    ----------
    good_for_s
        How long a figure is shown again before it is counted anew.
    """

    def __init__(self, good_for_s: float = GOOD_FOR_S, *, now: Callable[[], float] = time.monotonic) -> None:
        self._good_for_s = good_for_s
        self._now = now
        self._kept: WeakKeyDictionary[Database, dict[Hashable, tuple[float, V]]] = WeakKeyDictionary()

    def look(
        self,
        db: Database,
        count: Callable[[Session], V],
        key: Hashable = None,
        *,
        is_kept: Callable[[V], bool] = _always,
    ) -> V:
        """Give a figure that is a minute old at most, or count it.

        Parameters
        ----------
        count
            Counts; perhaps in a thread of its own.
        is_kept
            Whether a figure took long enough to count to be shown again.
        """
        kept = self._kept.setdefault(db, {})
        entry, now = kept.get(key), self._now()
        if entry is None or now - entry[0] >= OLDEST_S:
            with db.read() as session:
                found = count(session)
            if is_kept(found):
                self.keep(db, found, key)
            return found
        if now - entry[0] >= self._good_for_s:
            kept[key] = renewed = (now, entry[1])  # the others go on with it
            aside = (db, count, key, renewed, is_kept)
            threading.Thread(target=self._renew, args=aside, name="liner-count", daemon=True).start()
        return entry[1]

    def forget(self, db: Database) -> None:
        """Forget all figures of a database: something changed that everybody should see at once."""
        self._kept.pop(db, None)

    def keep(self, db: Database, value: V, key: Hashable = None) -> None:
        """Keep a figure for a while."""
        kept = self._kept.setdefault(db, {})
        if len(kept) >= MOST:
            kept.clear()
        kept[key] = (self._now(), value)

    def _renew(
        self,
        db: Database,
        count: Callable[[Session], V],
        key: Hashable,
        old: tuple[float, V],
        is_kept: Callable[[V], bool],
    ) -> None:
        try:
            with db.counting() as session:
                found = count(session)
        except SQLAlchemyError:
            log.warning("a figure could not be counted anew; the old one is shown for a while", exc_info=True)
            return
        kept = self._kept.get(db, {})
        if kept.get(key) is not old:  # forgotten meanwhile, for a reason
            return
        if is_kept(found):
            self.keep(db, found, key)
        else:
            kept.pop(key, None)
