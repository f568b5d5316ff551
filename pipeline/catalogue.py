"""The catalogue: every sound that was screened, found again by its signal or its fingerprint.

One SQLite file in the lake, shared by all workers of a machine. A worker first adds its sound and commits,
then looks up: SQLite orders commits, so of two copies screened at the same moment the later one sees the
other. The file is an index; it is made anew from the lake's ``fingerprints`` table where it is missing.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Self

from pipeline.lake import Lake
from schemas.flags import Span
from schemas.screening import AudioFacts, Intake, Match, MatchKind

BUSY_SECONDS = 60.0
MAX_MATCHES = 20  # a person looks at a few; spam farms make hundreds
HOT = 200  # a key that this many sounds share (silence, a stock loop) says little about which one it is
MAX_CANDIDATES = 12  # sounds that are compared in full
MIN_SHARED = 4  # keys in common before a full comparison is worth its time ...
MIN_SHARE = 0.03  # ... and their share of the smaller one's keys: copies share 15 % and more, strangers 2 %

_TABLES = """
CREATE TABLE IF NOT EXISTS sound (
    number INTEGER PRIMARY KEY,
    recording_key TEXT NOT NULL UNIQUE,
    signal_hash TEXT NOT NULL,
    isrc TEXT, title TEXT, display_artist TEXT, sender_id TEXT, audio_uri TEXT,
    duration_s REAL NOT NULL,
    delivered_at TEXT NOT NULL,
    fingerprint BLOB
);
CREATE INDEX IF NOT EXISTS sound_by_signal ON sound (signal_hash);
CREATE TABLE IF NOT EXISTS landmark (
    key INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS landmark_by_sound ON landmark (number);
CREATE TABLE IF NOT EXISTS revisit (recording_key TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_COLUMNS = (
    "recording_key, signal_hash, isrc, title, display_artist, sender_id, audio_uri, duration_s, delivered_at, "
    "fingerprint"
)
_KEPT = ("recording_key", "delivered_at")  # a redelivery does not make a recording a newcomer


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording as the catalogue keeps it.

    Attributes
    ----------
    delivered_at
        When its message was made, or when it was first screened; ISO 8601 in UTC.
    number
        Order of arrival in the catalogue; 0 before it is added.
    """

    recording_key: str
    signal_hash: str
    isrc: str | None
    title: str
    display_artist: str
    sender_id: str | None
    audio_uri: str | None
    duration_s: float
    delivered_at: str
    fingerprint: bytes | None
    number: int = 0

    @classmethod
    def of(cls, intake: Intake, audio: AudioFacts, fingerprint: bytes | None) -> Self:
        """Take from an intake what a match will show."""
        recording = intake.recording
        delivered_at = intake.message_created_at or datetime.now(UTC)
        return cls(
            recording_key=intake.recording_key,
            signal_hash=audio.signal_hash,
            isrc=recording.isrc if recording else None,
            title=intake.title,
            display_artist=recording.display_artist if recording else "",
            sender_id=intake.sender_id,
            audio_uri=intake.audio_uri,
            duration_s=audio.duration_s,
            delivered_at=delivered_at.astimezone(UTC).isoformat(timespec="microseconds"),
            fingerprint=fingerprint,
        )


class Catalogue:
    """The index over all sounds of a lake.

    Parameters
    ----------
    lake
        The lake's folder.
    """

    def __init__(self, lake: Path) -> None:
        lake.mkdir(parents=True, exist_ok=True)
        # One worker's stages run on one thread at a time, but not always on the same.
        self._db = sqlite3.connect(
            lake / "catalogue.sqlite", timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    @classmethod
    def ensure(cls, lake: Path) -> None:
        """Make the index anew from the lake's fingerprints where it is missing."""
        if (lake / "catalogue.sqlite").exists():
            return
        with contextlib.closing(cls(lake)) as catalogue:
            for sound in _sounds_of(lake):
                catalogue.add(sound)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, sound: Sound) -> None:
        """Add or replace a sound and commit; a recording keeps its place in the order of arrival."""
        values = (
            sound.recording_key,
            sound.signal_hash,
            sound.isrc,
            sound.title,
            sound.display_artist,
            sound.sender_id,
            sound.audio_uri,
            sound.duration_s,
            sound.delivered_at,
            sound.fingerprint,
        )
        changed = ", ".join(f"{c} = excluded.{c}" for c in _COLUMNS.split(", ") if c not in _KEPT)
        with self._transaction():
            (number,) = self._db.execute(
                f"INSERT INTO sound ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?) "  # noqa: S608 - names from this file
                f"ON CONFLICT (recording_key) DO UPDATE SET {changed} RETURNING number",
                values,
            ).fetchone()
            self._db.execute("DELETE FROM landmark WHERE number = ?", (number,))
            if sound.fingerprint:
                keys = ((key, number) for key in set(_landmarks().keys(sound.fingerprint)))
                self._db.executemany("INSERT INTO landmark VALUES (?, ?)", keys)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")  # take the write lock at once: upgrading a read lock could fail
        try:
            yield
        except BaseException:
            self._db.rollback()
            raise
        self._db.commit()

    def matches(self, recording_key: str) -> tuple[Match, ...]:
        """Find other recordings with the sound of one that was added before, the strongest first."""
        own = self.sound(recording_key)
        if own is None:
            return ()
        same = list(self._same_signal(own))
        seen = {match.recording_key for match in same}
        near = [m for m in self._near(own) if m.recording_key not in seen]
        return tuple([*same, *sorted(near, key=lambda m: -m.score)][:MAX_MATCHES])

    def sound(self, recording_key: str) -> Sound | None:
        """Look a recording up."""
        return next(self._select("recording_key = ?", recording_key), None)

    def ask_revisit(self, recording_keys: Iterable[str]) -> None:
        """Remember recordings that were screened before an earlier copy of them was here."""
        keys = ((key,) for key in recording_keys)
        self._db.executemany("INSERT INTO revisit VALUES (?) ON CONFLICT DO NOTHING", keys)

    def revisits(self) -> list[str]:
        """List the recordings that should be looked at again."""
        return [key for (key,) in self._db.execute("SELECT recording_key FROM revisit ORDER BY recording_key")]

    def revisited(self, recording_keys: Iterable[str]) -> None:
        """Forget recordings that were looked at again."""
        self._db.executemany("DELETE FROM revisit WHERE recording_key = ?", ((key,) for key in recording_keys))

    def _select(self, where: str, *values: str | int) -> Iterator[Sound]:
        query = f"SELECT {_COLUMNS}, number FROM sound WHERE {where}"  # noqa: S608 - conditions from this file
        for row in self._db.execute(query, values):
            yield Sound(*row)

    def _same_signal(self, own: Sound) -> Iterator[Match]:
        where = "signal_hash = ? AND number <> ? ORDER BY number LIMIT ?"
        for other in self._select(where, own.signal_hash, own.number, MAX_MATCHES):
            whole = Span(start_s=0.0, end_s=own.duration_s)
            yield _match(MatchKind.SAME_SIGNAL, own, other, own_span=whole, other_span=whole, score=own.duration_s)

    def _near(self, own: Sound) -> Iterator[Match]:
        if not own.fingerprint:
            return
        for number in self._candidates(own):
            other = next(self._select("number = ?", number))
            alignment = _landmarks().align(own.fingerprint, other.fingerprint) if other.fingerprint else None
            if alignment is not None:
                yield _match(
                    MatchKind.FINGERPRINT,
                    own,
                    other,
                    own_span=alignment.own,
                    other_span=alignment.other,
                    score=alignment.score,
                    speed=alignment.speed,
                    pitch_semitones=alignment.pitch_semitones,
                )

    def _candidates(self, own: Sound) -> list[int]:
        """Rank other sounds by the keys they share, hot keys left out."""
        rows = self._db.execute(
            "WITH mine AS (SELECT key FROM landmark WHERE number = ?1), "
            "rare AS (SELECT key FROM mine WHERE "
            "(SELECT count(*) FROM (SELECT 1 FROM landmark l WHERE l.key = mine.key LIMIT ?2)) < ?2) "
            "SELECT l.number, count(*) AS shared FROM rare JOIN landmark l ON l.key = rare.key "
            "WHERE l.number <> ?1 GROUP BY l.number HAVING shared >= ?3 ORDER BY shared DESC, l.number LIMIT ?4",
            (own.number, HOT, MIN_SHARED, MAX_CANDIDATES),
        ).fetchall()
        size = self._size(own.number)
        return [number for number, shared in rows if shared >= MIN_SHARE * min(size, self._size(number))]

    def _size(self, number: int) -> int:
        (keys,) = self._db.execute("SELECT count(*) FROM landmark WHERE number = ?", (number,)).fetchone()
        return int(keys)


def _landmarks() -> ModuleType:
    from classifiers import fingerprint  # noqa: PLC0415 - loads scipy, which a run that skips everything does not need

    return fingerprint


def _sounds_of(lake: Path) -> Iterator[Sound]:
    for row in Lake(lake).rows("fingerprints"):
        delivered_at = (row["delivered_at"] or row["screened_at"]).astimezone(UTC).isoformat(timespec="microseconds")
        fields = {name: row[name] for name in _COLUMNS.split(", ") if name in row}
        yield Sound(**{**fields, "title": row["title"] or "", "delivered_at": delivered_at})


def _match(
    kind: MatchKind,
    own: Sound,
    other: Sound,
    *,
    own_span: Span,
    other_span: Span,
    score: float,
    speed: float = 1.0,
    pitch_semitones: float = 0.0,
) -> Match:
    return Match(
        kind=kind,
        recording_key=other.recording_key,
        isrc=other.isrc,
        title=other.title,
        display_artist=other.display_artist,
        sender_id=other.sender_id,
        audio_uri=other.audio_uri,
        speed=speed,
        pitch_semitones=pitch_semitones,
        own=own_span,
        other=other_span,
        score=score,
        is_earlier=(other.delivered_at, other.number) < (own.delivered_at, own.number),
    )
