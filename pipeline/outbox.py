"""The outbox: screenings that the review API has not acknowledged yet, kept through crashes.

One SQLite file beside the lake's tables. A screening is put here before its row reaches the lake, and leaves when
the API has taken it; so whatever stops a run, the next one delivers what is still here.
"""

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BUSY_SECONDS = 60.0

_TABLE = """
CREATE TABLE IF NOT EXISTS undelivered (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    screening TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    since REAL NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One screening on its way: its id, what it is about, and its JSON."""

    id: str
    path: str
    screening: str


class Outbox:
    """The undelivered screenings of a lake; safe to use from several processes.

    Parameters
    ----------
    lake
        The lake's folder.
    """

    def __init__(self, lake: Path) -> None:
        lake.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            lake / "outbox.sqlite", timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(_TABLE)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(self, parcel: Parcel) -> None:
        """Keep a screening until it is acknowledged."""
        self._db.execute(
            "INSERT INTO undelivered (id, path, screening, since) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET screening = excluded.screening",
            (parcel.id, parcel.path, parcel.screening, time.time()),
        )

    def count(self) -> int:
        """How many screenings wait."""
        (number,) = self._db.execute("SELECT count(*) FROM undelivered").fetchone()
        return int(number)

    def take(self, limit: int, *, after: str = "", refused_too: bool = True) -> list[Parcel]:
        """Read the next parcels in the order of their ids; they stay until `acknowledge`."""
        rows = self._db.execute(
            "SELECT id, path, screening FROM undelivered WHERE id > ? AND (? OR attempts = 0) ORDER BY id LIMIT ?",
            (after, refused_too, limit),
        )
        return [Parcel(*row) for row in rows]

    def acknowledge(self, ids: Iterable[str]) -> None:
        """Drop what the review API has taken."""
        self._db.executemany("DELETE FROM undelivered WHERE id = ?", ((one,) for one in ids))

    def note(self, ids: Iterable[str], problem: str) -> None:
        """Remember why parcels could not be delivered; they stay for the next run."""
        self._db.executemany(
            "UPDATE undelivered SET attempts = attempts + 1, problem = ? WHERE id = ?", ((problem, one) for one in ids)
        )
