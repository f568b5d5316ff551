"""The keys of a catalogue: new ones in its database, the bulk of them in a sorted file that the database names.

Whatever changes both is one commit: a process that is killed leaves the old file with its rows, or the new one without
them. A key in the file may belong to a sound that is gone or has another fingerprint by now; so what is found by keys
is compared before it counts.
"""

import contextlib
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from pipeline import keyfile
from pipeline.duplicates import packing
from pipeline.duplicates.packing import Numbers, Values

TABLES = """
CREATE TABLE IF NOT EXISTS landmark (
    key INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS key_file (
    one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, up_to INTEGER NOT NULL
);
"""
FOLD_FROM = 20_000  # sounds since the last fold, and a twentieth of those before: a file is rewritten rarely
ROWS = 500_000
LAST = "SELECT coalesce(max(number), 0) FROM sound"
FRESH = """
SELECT (SELECT group_concat(number) FROM (SELECT number FROM landmark WHERE key = asked.value ORDER BY number LIMIT ?2))
FROM json_each(?1) AS asked ORDER BY asked.key
"""


class KeyStore:
    """Which sounds have a key.

    Parameters
    ----------
    database
        Of the catalogue, without transactions of its own accord; has `TABLES` and a table ``sound``.
    path
        The database's; key files lie beside it.
    """

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._db = database
        self._path = path
        self._open: tuple[str, keyfile.KeyFile] | None = None

    @property
    def prefix(self) -> str:
        """How the names of key files begin."""
        return f"{self._path.name}-keys-"

    def file(self) -> Path | None:
        """Name the key file that counts now."""
        row = self._db.execute("SELECT name FROM key_file").fetchone()
        return self._path.with_name(row[0]) if row else None

    def opened(self) -> keyfile.KeyFile | None:
        """Open the key file that counts now.

        Raises
        ------
        FileNotFoundError
            It is gone: another process folded it at this moment, or somebody deleted it.
        ValueError
            It is damaged.
        """
        path = self.file()
        if path is None:
            return None
        if self._open is None or self._open[0] != path.name:
            self._open = path.name, keyfile.KeyFile(path)
        return self._open[1]

    def add(self, keys: Iterable[int], number: int) -> None:
        """Add a sound's keys, inside a transaction of the caller."""
        rows = ((key, number) for key in keys)
        self._db.executemany("INSERT INTO landmark VALUES (?, ?) ON CONFLICT DO NOTHING", rows)

    def remove(self, keys: Iterable[int], number: int) -> None:
        """Take a sound's keys out, as far as they are not folded."""
        rows = ((key, number) for key in keys)
        self._db.executemany("DELETE FROM landmark WHERE key = ? AND number = ?", rows)

    def count(self) -> int:
        """Count the keys of all sounds."""
        held = self.opened()
        (fresh,) = self._db.execute("SELECT count(*) FROM landmark").fetchone()
        return int(fresh) + (held.count if held else 0)

    def find(self, keys: Sequence[int], limit: int) -> list[Numbers]:
        """List for each key the first sounds that have it, at most ``limit``.

        Arrays and not lists: a thousand lists at once set the garbage collector off, 40 ms in one upload of fifty.
        """
        try:
            return self._find(keys, limit)
        except FileNotFoundError:  # folded since its name was read
            return self._find(keys, limit)

    def _find(self, keys: Sequence[int], limit: int) -> list[Numbers]:
        with self._snapshot():
            held = self.opened()
            bulk: list[Numbers] = held.numbers_of(np.array(keys, np.uint64), limit) if held else []
            rows = self._db.execute(FRESH, (json.dumps([int(key) for key in keys]), limit)).fetchall()
        fresh = _split([text or "" for (text,) in rows])
        if not bulk:
            return fresh
        return [np.concatenate([old, new])[:limit] if len(old) else new for old, new in zip(bulk, fresh, strict=True)]

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Read file name and rows as of one moment."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    # --- the key file

    def load(self, postings: Iterable[Values], most: int) -> None:
        """Put sorted postings, no more than ``most``, in the place of all keys there are."""
        self._replace(lambda: (postings, most))

    def fold(self) -> bool:
        """Move the keys of what came lately into the file, if they are many; who writes meanwhile waits."""
        row = self._db.execute("SELECT up_to FROM key_file").fetchone()
        up_to = row[0] if row else 0
        (last,) = self._db.execute(LAST).fetchone()
        if last - up_to < max(FOLD_FROM, up_to // 20):
            return False
        self._replace(self._all)
        return True

    def _all(self) -> tuple[Iterator[Values], int]:
        held = self.opened()
        old = held.postings if held else np.zeros(0, np.uint64)
        fresh = self._fresh()
        return _merged(old, fresh), len(old) + len(fresh)

    def _fresh(self) -> Values:
        rows = self._db.execute("SELECT key, number FROM landmark ORDER BY key, number")
        parts = [np.zeros(0, np.uint64)]
        while batch := rows.fetchmany(ROWS):
            keys, numbers = np.array(batch, np.uint64).T
            parts.append((keys << np.uint64(packing.NUMBER_BITS)) | numbers)
        return np.concatenate(parts)

    def _replace(self, postings: Callable[[], tuple[Iterable[Values], int]]) -> None:
        after = self._path.with_name(f"{self.prefix}{uuid.uuid4().hex[:12]}")
        self._db.execute("BEGIN IMMEDIATE")
        old = [*self._path.parent.glob(f"{self.prefix}*"), *self._path.parent.glob(f".{self.prefix}*")]
        try:
            keyfile.write(after, *postings())
            self._db.execute(f"INSERT OR REPLACE INTO key_file VALUES (1, ?, ({LAST}))", (after.name,))  # noqa: S608
            self._db.execute("DELETE FROM landmark")
            self._db.commit()
        except BaseException:
            self._db.rollback()
            after.unlink(missing_ok=True)
            raise
        for path in old:  # the one before, and what a killed fold left
            path.unlink(missing_ok=True)


def _split(texts: Sequence[str]) -> list[Numbers]:
    """Read numbers that are parted by commas, all at once."""
    numbers = np.fromiter(map(int, ",".join(filter(None, texts)).split(",")) if any(texts) else (), np.uint32)
    ends = accumulate((text.count(",") + 1 if text else 0 for text in texts), initial=0)
    return [numbers[start:stop] for start, stop in pairwise(ends)]


def _merged(old: Values, fresh: Values) -> Iterator[Values]:
    """Merge two sorted arrays, some postings at a time."""
    done = 0
    for start in range(0, len(old), ROWS):
        part = np.asarray(old[start : start + ROWS])
        upto = int(np.searchsorted(fresh, part[-1], "right"))
        yield np.unique(np.concatenate([part, fresh[done:upto]]))
        done = upto
    yield fresh[done:]
