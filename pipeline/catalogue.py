"""The catalogue: every sound that was screened, in an index that answers a new one in milliseconds.

One SQLite file in the lake, shared by all workers of a machine. A worker first adds its sound and commits, then looks
up: SQLite orders commits, so of two copies screened at the same moment the later one sees the other. A process that
is killed in the middle of a write leaves what was committed and nothing else. The file is an index, with the bulk of
the keys in a second one (`pipeline.keystore`); both are made anew from the lake's ``fingerprints`` and lists where they
are missing or of an older form.

What a look-up means (matches, clusters, namesakes) is in `pipeline.compare`.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline.duplicates import packing
from pipeline.duplicates.join import enough_bits
from pipeline.duplicates.keys import indexed, wide_keys
from pipeline.duplicates.sketch import KeysOf
from pipeline.index_file import transaction
from pipeline.keystore import TABLES, KeyStore
from pipeline.sound import Sound

FILE = "catalogue.sqlite"
FORM = 4  # of the tables and keys; another one is made anew
BUSY_SECONDS = 60.0
HOT = 64  # a key in more sounds says little: of those that have it, only the first to arrive are looked at
HOT_SHOWN = 4
CERTAIN = 1.5  # times what is enough to be compared: three keys that few have, and not two
CHECKPOINT_PAGES = 131_072  # 512 MB of changes, some 140 sounds, where nobody finds time to bring them home before
CACHE_KB = 65_536

_TABLES = """
CREATE TABLE IF NOT EXISTS sound (
    number INTEGER PRIMARY KEY,
    recording_key TEXT NOT NULL UNIQUE,
    signal_hash TEXT, audio_sha256 TEXT,
    isrc TEXT, title TEXT NOT NULL, display_artist TEXT NOT NULL, sender_id TEXT, rights_holder TEXT NOT NULL,
    audio_uri TEXT,
    duration_s REAL NOT NULL,
    day INTEGER NOT NULL,
    delivered_at TEXT NOT NULL,
    declared TEXT NOT NULL,
    listed TEXT, reason TEXT NOT NULL,
    centre INTEGER,
    fingerprint BLOB
);
CREATE INDEX IF NOT EXISTS sound_by_signal ON sound (signal_hash, day, delivered_at);
CREATE INDEX IF NOT EXISTS sound_by_isrc ON sound (isrc) WHERE isrc IS NOT NULL;
CREATE INDEX IF NOT EXISTS sound_by_centre ON sound (centre, day, delivered_at) WHERE centre IS NOT NULL;
CREATE INDEX IF NOT EXISTS sound_by_file ON sound (audio_sha256) WHERE listed IS NOT NULL;
CREATE INDEX IF NOT EXISTS sound_by_list ON sound (listed) WHERE listed IS NOT NULL;
CREATE TABLE IF NOT EXISTS revisit (recording_key TEXT PRIMARY KEY, asked INTEGER NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = tuple(field.name for field in fields(Sound) if field.name != "number")
_KEPT = ("recording_key", "delivered_at", "centre")  # a redelivery does not make a recording a newcomer
_READ = ", ".join(_COLUMNS) + ", number"
_INSERT = (
    f"INSERT INTO sound ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - own names
    f"ON CONFLICT (recording_key) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS if c not in _KEPT)} "
    "RETURNING number"
)


@dataclass(frozen=True, slots=True)
class Alike:
    """A sound that shares keys with another: its number, and whether hardly any stranger shares as many."""

    number: int
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What a catalogue holds: recordings, keys, entries by list, recordings to look at again, bytes on disk."""

    sounds: int
    keys: int
    lists: dict[str, int]
    waiting: int
    size: int

    def as_dict(self) -> dict[str, object]:
        """Give it as plain data."""
        return asdict(self)


class Catalogue:
    """The index over all sounds of a lake.

    Parameters
    ----------
    lake
        The lake's folder.
    keys_of
        Chooses the keys of a fingerprint.
    """

    def __init__(self, lake: Path, keys_of: KeysOf = wide_keys) -> None:
        self._keys_of = lru_cache(maxsize=8)(keys_of)  # who is added is looked up at once
        lake.mkdir(parents=True, exist_ok=True)
        path = lake / FILE
        # One worker's stages run on one thread at a time, but not always on the same.
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self._db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        self._db.executescript(_TABLES + TABLES)
        self._db.execute(f"PRAGMA user_version = {FORM}")
        self._path = path
        self.keys = KeyStore(self._db, path)
        for file in filter(None, (path, self.keys.file())):
            _read_ahead(file)

    @classmethod
    def is_current(cls, lake: Path) -> bool:
        """Whether a lake has a catalogue of this form, and its keys."""
        if _form_of(lake / FILE) != FORM:
            return False
        try:
            with contextlib.closing(sqlite3.connect(lake / FILE, timeout=BUSY_SECONDS)) as db:
                KeyStore(db, lake / FILE).opened()
        except (FileNotFoundError, ValueError):
            return False
        return True

    @classmethod
    def replace(cls, lake: Path, made: Path) -> None:
        """Put a catalogue that was made and closed in another folder into a lake's place for it."""
        old = list(lake.glob(f"{FILE}-*"))  # log, shared memory, key files
        for keys in made.glob(f"{FILE}-keys-*"):
            keys.replace(lake / keys.name)
        for file in old:
            file.unlink(missing_ok=True)
        (made / FILE).replace(lake / FILE)

    def bring_home(self) -> None:
        """Move what was committed from the log to its places, in a moment when nobody waits for an answer."""
        self.keys.fold()
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, sound: Sound) -> Sound:
        """Add or replace a sound and commit; a recording keeps its place in the order of arrival."""
        values = astuple(sound)[: len(_COLUMNS)]
        keys = self._keys(sound)
        with transaction(self._db):
            before = self.sound(sound.recording_key)
            (number,) = self._db.execute(_INSERT, values).fetchone()
            if before is not None and before.fingerprint != sound.fingerprint:
                self.keys.remove(self._keys(before), number)
            self.keys.add(keys, number)
        return self.numbered([number])[0]

    def load_sounds(self, sounds: Iterable[Sound]) -> None:
        """Add very many sounds with their numbers, without keys; the last of a recording counts."""
        insert = f"INSERT OR REPLACE INTO sound ({_READ}) VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"  # noqa: S608
        with transaction(self._db):
            self._db.executemany(insert, (astuple(sound) for sound in sounds))

    def load_centres(self, pairs: Iterable[Mapping[str, str]]) -> None:
        """Say of very many recordings around which one they stand, by their keys."""
        centre = "SELECT number FROM sound WHERE recording_key = :centre"
        update = f"UPDATE sound SET centre = ({centre}) WHERE recording_key = :own"  # noqa: S608 - names from this file
        with transaction(self._db):
            self._db.executemany(update, pairs)

    def forget_list(self, name: str) -> int:
        """Take a list out of the index; return how many entries it had."""
        with transaction(self._db):
            gone = list(self._select("listed = ?", name))
            for sound in gone:
                self.keys.remove(self._keys(sound), sound.number)
            self._db.execute("DELETE FROM sound WHERE listed = ?", (name,))
        return len(gone)

    def contents(self) -> Contents:
        """Count what is here."""
        (sounds,) = self._db.execute("SELECT count(*) FROM sound WHERE listed IS NULL").fetchone()
        (waiting,) = self._db.execute("SELECT count(*) FROM revisit").fetchone()
        query = "SELECT listed, count(*) FROM sound WHERE listed IS NOT NULL GROUP BY listed ORDER BY listed"
        lists = dict(self._db.execute(query).fetchall())
        size = sum(p.stat().st_size for p in self._path.parent.glob(f"{FILE}*"))
        return Contents(sounds=sounds, keys=self.keys.count(), lists=lists, waiting=waiting, size=size)

    # --- looking up

    def sound(self, recording_key: str) -> Sound | None:
        """Look a recording up."""
        return next(self._select("recording_key = ?", recording_key), None)

    def numbered(self, numbers: Sequence[int]) -> list[Sound]:
        """Look numbers up, in their order; those that are gone are left out."""
        found = (next(self._select("number = ?", number), None) for number in numbers)
        return [sound for sound in found if sound is not None]

    def of_signal(self, own: Sound, limit: int) -> list[Sound]:
        """List other sounds with equal samples, the earliest first."""
        if own.signal_hash is None:
            return []
        where = "signal_hash = ? AND number <> ? ORDER BY day, delivered_at LIMIT ?"
        return list(self._select(where, own.signal_hash, own.number, limit))

    def of_file(self, own: Sound, limit: int) -> list[Sound]:
        """List entries of lists with the very same file."""
        if own.audio_sha256 is None:
            return []
        where = "audio_sha256 = ? AND listed IS NOT NULL AND number <> ? LIMIT ?"
        return list(self._select(where, own.audio_sha256, own.number, limit))

    def of_isrc(self, own: Sound, limit: int) -> list[Sound]:
        """List other recordings of the same ISRC."""
        if own.isrc is None:
            return []
        return list(self._select("isrc = ? AND number <> ? AND listed IS NULL LIMIT ?", own.isrc, own.number, limit))

    def of_centre(self, number: int, limit: int) -> list[Sound]:
        """List the members of a cluster without its centre, the earliest first."""
        where = "centre = ?1 AND number <> ?1 ORDER BY day, delivered_at, number LIMIT ?2"
        return list(self._select(where, number, limit))

    def count_of_centre(self, number: int) -> int:
        """Count the members of a cluster without its centre."""
        query = "SELECT count(*) FROM sound WHERE centre = ?1 AND number <> ?1"
        (count,) = self._db.execute(query, (number,)).fetchone()
        return int(count)

    def alike(self, own: Sound) -> list[Alike]:
        """Rank other sounds by the bits of what they share with one; those with too few are left out."""
        (last,) = self._db.execute("SELECT coalesce(max(number), 0) FROM sound").fetchone()
        found = self.keys.find(self._keys(own), HOT)
        if not found:
            return []
        sizes = np.array([len(numbers) for numbers in found])
        weights = np.maximum(1.0, np.log2(max(last, 2) / np.maximum(1, sizes)))
        told = [numbers if len(numbers) < HOT else numbers[:HOT_SHOWN] for numbers in found]
        numbers, places = np.unique(np.concatenate(told), return_inverse=True)
        bits = np.bincount(places, np.repeat(weights, [len(some) for some in told]), len(numbers))
        enough = enough_bits(last)
        chosen = np.flatnonzero((bits >= enough) & (numbers != own.number))
        ranked = chosen[np.argsort(-bits[chosen], kind="stable")]
        return [Alike(int(numbers[at]), is_certain=bool(bits[at] >= CERTAIN * enough)) for at in ranked]

    def _keys(self, sound: Sound) -> list[int]:
        try:
            keys = indexed(self._keys_of(sound.fingerprint))
        except ValueError:  # of another version: it is found by its samples alone until it is screened again
            return []
        return [int(key) for key in packing.posting_keys(keys)]

    def _select(self, where: str, *values: str | int) -> Iterator[Sound]:
        query = f"SELECT {_READ} FROM sound WHERE {where}"  # noqa: S608 - conditions from this file
        for row in self._db.execute(query, values):
            yield Sound(*row)

    # --- clusters and what is to be looked at again

    def settle(self, own: Sound, centre: int | None) -> bool:
        """Say whose cluster a recording belongs to; return whether that is new."""
        if own.centre == centre:
            return False
        self._db.execute("UPDATE sound SET centre = ? WHERE number = ?", (centre, own.number))
        return True

    def ask_revisit(self, recording_keys: Iterable[str]) -> None:
        """Remember recordings that were screened before an earlier copy of them was here."""
        rows = ((key,) for key in recording_keys)
        self._db.executemany("INSERT INTO revisit VALUES (?, 1) ON CONFLICT DO UPDATE SET asked = asked + 1", rows)

    def revisits(self) -> dict[str, int]:
        """List the recordings that should be looked at again, the earliest first, with how often that was asked."""
        query = (
            "SELECT recording_key, asked FROM revisit LEFT JOIN sound USING (recording_key) ORDER BY day, delivered_at"
        )
        return dict(self._db.execute(query).fetchall())

    def revisited(self, asked: Iterable[tuple[str, int]]) -> None:
        """Forget recordings that were looked at again, unless somebody asked once more meanwhile."""
        self._db.executemany("DELETE FROM revisit WHERE recording_key = ? AND asked = ?", asked)


def _form_of(path: Path) -> int | None:
    if not path.exists():
        return None
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as db:
            return int(db.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError:  # cut off by a full disk, or not a database
        return None


def _read_ahead(path: Path) -> None:
    """Ask the system to read the index into its cache: a look-up touches some 200 places of it."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)
