"""The lake as declaration history: what every message declared, found by ISRC, sound, message, release and sender.

One SQLite file in the lake, shared by all workers of a machine; an index that is made anew from the lake's
screenings where it is missing. What arrives is *open* until its run is done (`pipeline.settle`); then it gets the
number of the run. An arrival sees the runs before its own, and of its own run what was made earlier, whichever
was read first. Where something earlier comes in later, the arrival is marked, and held against its past again.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from pipeline.index_file import IndexFile, transaction
from pipeline.lake import FLUSH_ROWS, Lake
from pipeline.past import DECLARATION, MESSAGE, LakePast, Norms, Place, as_text, declaration_row, message_row
from pipeline.tables import SCHEMAS
from schemas.disclosure import Level
from schemas.evidence import Evidence
from schemas.history import PastDeclaration, PastMessage, applied_message, declaration_of
from schemas.rules.spam import RATE_LIMIT

FILE = "history.sqlite"
FORM = 2  # of the tables
OPEN = 2**62  # the run of what has not been settled: after all others

_TABLES = """
CREATE TABLE IF NOT EXISTS declaration (
    source_key TEXT PRIMARY KEY,
    recording_key TEXT NOT NULL, isrc TEXT, sender_id TEXT, release_key TEXT, level TEXT NOT NULL,
    message_id TEXT NOT NULL, message_sha256 TEXT, declared_at TEXT NOT NULL, signal_hash TEXT,
    can_declare INTEGER NOT NULL, artist TEXT NOT NULL, delivery_id TEXT NOT NULL, artist_key TEXT NOT NULL,
    is_takedown INTEGER NOT NULL,
    run INTEGER NOT NULL, turn TEXT NOT NULL, marked INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS declaration_by_isrc ON declaration (isrc, run, turn);
CREATE INDEX IF NOT EXISTS declaration_by_sound ON declaration (signal_hash, run, turn);
CREATE INDEX IF NOT EXISTS declaration_by_message ON declaration (message_id, sender_id, message_sha256);
CREATE INDEX IF NOT EXISTS declaration_by_artist ON declaration (artist_key, sender_id, declared_at);
CREATE INDEX IF NOT EXISTS declaration_by_release ON declaration (release_key, sender_id);
CREATE INDEX IF NOT EXISTS declaration_by_run ON declaration (run, marked);
CREATE INDEX IF NOT EXISTS declaration_by_sender ON declaration (sender_id, run, can_declare, level);
CREATE TABLE IF NOT EXISTS message (
    sender_id TEXT NOT NULL, message_id TEXT NOT NULL, message_sha256 TEXT NOT NULL, release_key TEXT NOT NULL,
    declared_at TEXT NOT NULL, is_takedown INTEGER NOT NULL, run INTEGER NOT NULL, turn TEXT NOT NULL,
    PRIMARY KEY (sender_id, message_id, message_sha256, release_key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_by_id ON message (message_id);
CREATE INDEX IF NOT EXISTS message_by_release ON message (release_key);
CREATE INDEX IF NOT EXISTS message_by_run ON message (run);
"""
_LAST_RUN = """
SELECT max(coalesce((SELECT max(run) FROM declaration WHERE run < ?1), 0),
           coalesce((SELECT max(run) FROM message WHERE run < ?1), 0))
"""
_COLUMNS = (
    "source_key", "kind", "recording_key", "isrc", "sender_id", "release_key", "declared_level", "can_declare",
    "display_artist", "delivery_id", "signal_hash", "message_id", "message_sha256", "message_created_at", "is_takedown",
)  # fmt: skip


class LakeHistory(IndexFile):
    """The index over all declarations of a lake.

    Parameters
    ----------
    lake
        The lake's folder.
    """

    FILE, FORM, TABLES = FILE, FORM, _TABLES

    def __init__(self, lake: Path) -> None:
        super().__init__(lake)
        self._norms: Norms = {}

    @classmethod
    def ensure(cls, lake: Path) -> None:
        """Make the index anew from the lake's screenings where it is missing or of another form, as one run."""
        if cls.is_current(lake):
            return
        cls.remove(lake)
        with contextlib.closing(cls(lake)) as history:
            with transaction(history._db):  # noqa: SLF001 - its own
                for source_key, one, message in _remembered(Lake(lake)):
                    history._put(source_key, one, message)  # noqa: SLF001
                history._db.execute("UPDATE declaration SET marked = 0")  # noqa: SLF001 - it was held against it before
            history.settle()

    def arrive(self, evidence: Evidence) -> LakePast:
        """Remember what a recording declares, mark those whose past it changes, and give its own past.

        The same bytes again change nothing: they keep their place.
        """
        with transaction(self._db):
            place = self._put(evidence.intake.source_key, declaration_of(evidence), applied_message(evidence.intake))
        return LakePast(self._db, place, self._norms)

    def past_of(self, source_key: str) -> LakePast | None:
        """Give the past of a declaration that arrived before; None for what never did."""
        query = "SELECT run, turn FROM declaration WHERE source_key = ?"
        row = self._db.execute(query, (source_key,)).fetchone()
        return LakePast(self._db, Place(*row), self._norms) if row else None

    def marked(self) -> list[str]:
        """List the source keys of open arrivals that have to be held against their past again."""
        self._db.execute(
            "UPDATE declaration SET marked = 1 WHERE run = ?1 AND artist_key <> '' AND EXISTS ("
            "SELECT 1 FROM declaration d WHERE d.artist_key = declaration.artist_key AND "
            "d.sender_id = declaration.sender_id LIMIT 1 OFFSET ?2)",
            (OPEN, RATE_LIMIT),
        )
        query = "SELECT source_key FROM declaration WHERE run = ? AND marked = 1 ORDER BY source_key"
        return [key for (key,) in self._db.execute(query, (OPEN,))]

    def unmark(self, source_keys: Iterable[str]) -> None:
        """Forget the marks of what was held against its past again."""
        self._db.executemany("UPDATE declaration SET marked = 0 WHERE source_key = ?", ((k,) for k in source_keys))

    def settle(self) -> None:
        """Close the run: what is open and not marked comes before everything that arrives from now on."""
        with transaction(self._db):
            (last,) = self._db.execute(_LAST_RUN, (OPEN,)).fetchone()
            self._db.execute("UPDATE declaration SET run = ? WHERE run = ? AND marked = 0", (last + 1, OPEN))
            self._db.execute("UPDATE message SET run = ? WHERE run = ?", (last + 1, OPEN))
        self._norms.clear()

    def _put(self, source_key: str, one: PastDeclaration, message: PastMessage) -> Place:
        """Add what is new, and mark what comes after it; what is known keeps its place and takes on the rest."""
        turn = "|".join((as_text(message.declared_at), message.message_id, message.message_sha256 or "", ""))
        if message.message_sha256 and self._put_message(message, turn) and message.is_takedown:
            self._mark_released(message, Place(OPEN, turn))
        if not message.message_sha256 and one.isrc is None and one.level is Level.UNDECLARED:
            return Place(OPEN, turn)  # it can contradict nothing, and a bare catalogue has millions
        place = self._put_declaration(source_key, one, message, turn + source_key)
        if place.run == OPEN:
            self._mark_later(one, place)
        return place

    def _put_declaration(self, source_key: str, one: PastDeclaration, message: PastMessage, turn: str) -> Place:
        values = (source_key, *declaration_row(one), one.artist.casefold(), message.is_takedown, OPEN, turn)
        names = f"source_key, {DECLARATION}, artist_key, is_takedown, run, turn"
        kept = "level = excluded.level, signal_hash = coalesce(excluded.signal_hash, signal_hash)"
        row = self._db.execute(
            f"INSERT INTO declaration ({names}) VALUES ({', '.join('?' * len(values))}) "  # noqa: S608 - names, no input
            f"ON CONFLICT (source_key) DO UPDATE SET {kept} RETURNING run, turn",
            values,
        ).fetchone()
        return Place(*row)

    def _put_message(self, message: PastMessage, turn: str) -> bool:
        """Add a message; False where it is known."""
        added = self._db.execute(
            f"INSERT OR IGNORE INTO message ({MESSAGE}, run, turn) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (*message_row(message), OPEN, turn),
        )
        return added.rowcount == 1

    def _mark_later(self, one: PastDeclaration, place: Place) -> None:
        """Mark what was read before but made after an arrival with the same ISRC, sound or MessageId."""
        for column, value in (("isrc", one.isrc), ("signal_hash", one.signal_hash)):
            if value:
                self._mark(f"{column} = ?", (value,), place)
        if not one.message_id:
            return
        other = "message_id = ? AND sender_id = ? AND message_sha256 <> ?"
        key = (one.message_id, one.sender_id or "", one.message_sha256 or "")
        if self._db.execute(f"SELECT 1 FROM message WHERE {other} LIMIT 1", key).fetchone():  # noqa: S608
            self._mark(other, key, place)

    def _mark_released(self, takedown: PastMessage, place: Place) -> None:
        """Mark what may contradict a release no longer, as it was taken down before."""
        for column in ("isrc", "signal_hash"):
            theirs = f"SELECT {column} FROM declaration WHERE release_key = ? AND sender_id = ?"  # noqa: S608
            self._mark(f"{column} IN ({theirs})", (takedown.release_key or "", takedown.sender_id or ""), place)

    def _mark(self, condition: str, values: tuple[str, ...], place: Place) -> None:
        query = f"UPDATE declaration SET marked = 1 WHERE {condition} AND run = ? AND turn > ?"  # noqa: S608
        self._db.execute(query, (*values, OPEN, place.turn))


def _remembered(lake: Lake) -> Iterator[tuple[str, PastDeclaration, PastMessage]]:
    paths = [str(part) for part in lake.parts("screenings")]
    dataset = ds.dataset(paths, schema=SCHEMAS["screenings"], format="parquet")
    for batch in dataset.to_batches(columns=[*_COLUMNS, "screening"], batch_size=FLUSH_ROWS):
        for row in batch.to_pylist():
            about = row if row["message_id"] is not None else {**row, **_said(row["screening"])}
            yield row["source_key"], _declaration_of(about), _message_of(about)


def _said(screening: str) -> dict[str, Any]:
    """Look into a screening of before the message had columns of its own."""
    whole = json.loads(screening)
    intake, created = whole["intake"], whole["intake"]["message_created_at"]
    return {
        "message_id": intake["message_id"],
        "message_sha256": intake["message_sha256"],
        "message_created_at": datetime.fromisoformat(created) if created else None,
        "is_takedown": False,
        "can_declare": whole["declared"]["can_declare"],
    }


def _declaration_of(row: dict[str, Any]) -> PastDeclaration:
    return PastDeclaration(
        recording_key=row["recording_key"],
        isrc=row["isrc"],
        sender_id=row["sender_id"],
        release_key=row["release_key"],
        level=Level(row["declared_level"]),
        message_id=row["message_id"],
        message_sha256=row["message_sha256"],
        declared_at=row["message_created_at"],
        signal_hash=row["signal_hash"],
        can_declare=bool(row["can_declare"]),
        artist=row["display_artist"] or "",
        delivery_id=row["delivery_id"] or "",
    )


def _message_of(row: dict[str, Any]) -> PastMessage:
    return PastMessage(
        sender_id=row["sender_id"],
        release_key=row["release_key"],
        message_id=row["message_id"],
        message_sha256=row["message_sha256"],
        declared_at=row["message_created_at"],
        is_takedown=bool(row["is_takedown"]),
    )
