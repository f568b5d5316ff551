"""What every sender did: one SQLite file in the lake, kept up by Judge in batch and stream, one pass, little memory.

An arrival sees the runs before its own alone, so that nothing depends on the order in which a run is read. When its
run is done it waits to be looked at again with the whole run known (`pipeline.hindsight`): a sender's first delivery
has its record, too. The file is an index: where it is missing, it is made anew from the lake's screenings. Rates are
in `schemas.senders`.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.index_file import IndexFile, transaction
from pipeline.lake import FLUSH_ROWS, Lake
from pipeline.sender_counts import counted
from schemas.errors import InvalidInput
from schemas.evidence import Evidence
from schemas.flags import FlagSeverity
from schemas.names import phrases, plain, skeleton, word_order, word_set
from schemas.screening import Known, Screening, SubjectKind
from schemas.senders import Likeness, Resemblance, SenderRecord

FILE = "senders.sqlite"
FORM = 1
MOST_RESEMBLANCES = 3
NAMED_WORDS = 2  # a name of one word stands in too many titles by chance
NAMED_LETTERS = 7
MOST_TRIES = 3  # to find in the lake what waits: a worker may not have written it yet
REMEMBERED = 512  # records of senders by day, for the run's length

_TABLES = """
CREATE TABLE IF NOT EXISTS arrival (
    source_key TEXT PRIMARY KEY, recording TEXT NOT NULL, sender TEXT NOT NULL, day INTEGER NOT NULL,
    release TEXT NOT NULL, artist TEXT NOT NULL, title TEXT NOT NULL, words TEXT NOT NULL, sound TEXT, cover TEXT,
    is_short INTEGER NOT NULL, flagged INTEGER NOT NULL, upheld INTEGER, is_open INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS arrival_by_sender ON arrival (sender, day);
CREATE INDEX IF NOT EXISTS arrival_by_artist ON arrival (sender, artist, day);
CREATE INDEX IF NOT EXISTS arrival_open ON arrival (is_open) WHERE is_open = 1;
CREATE TABLE IF NOT EXISTS artist (
    name TEXT NOT NULL, sender TEXT NOT NULL, skeleton TEXT NOT NULL, written TEXT NOT NULL, words INTEGER NOT NULL,
    is_open INTEGER NOT NULL, PRIMARY KEY (name, sender)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS artist_by_skeleton ON artist (skeleton);
CREATE TABLE IF NOT EXISTS waiting (source_key TEXT PRIMARY KEY, tries INTEGER NOT NULL) WITHOUT ROWID;
"""
_PUT = """
INSERT INTO arrival VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 1)
ON CONFLICT (source_key) DO UPDATE SET flagged = excluded.flagged, sound = coalesce(excluded.sound, sound)
"""


class SenderIndex(IndexFile):
    """The index over what all senders of a lake did.

    Parameters
    ----------
    lake
        The lake's folder.
    """

    FILE, FORM, TABLES = FILE, FORM, _TABLES

    def __init__(self, lake: Path) -> None:
        super().__init__(lake)
        self._records: dict[tuple[str, int], SenderRecord | None] = {}

    @classmethod
    def ensure(cls, lake: Path) -> None:
        """Make the index anew from the lake's screenings where it is missing or of another form."""
        if cls.is_current(lake):
            return
        cls.remove(lake)
        with contextlib.closing(cls(lake)) as index:
            index.add(_screenings(Lake(lake)))
            index.close_run(looks_again=False)

    def add(self, screenings: Iterable[Screening]) -> None:
        """Count screenings; the same bytes again change only what became of them."""
        with transaction(self._db):
            for one in screenings:
                sender = sender_of(one.intake.account, one.intake.sender_id)
                if sender and one.intake.kind is SubjectKind.RECORDING and not one.intake.is_takedown:
                    self._db.execute(_PUT, _row(one, sender))
                    self._add_artist(one, sender)

    def close_run(self, *, looks_again: bool = True) -> None:
        """Let what came in so far count from now on; it waits to be looked at again, unless that was done before."""
        with transaction(self._db):
            if looks_again:
                self._db.execute("INSERT OR IGNORE INTO waiting SELECT source_key, 0 FROM arrival WHERE is_open = 1")
            self._db.execute("UPDATE arrival SET is_open = 0 WHERE is_open = 1")
            self._db.execute("UPDATE artist SET is_open = 0 WHERE is_open = 1")
        self._records.clear()

    def waiting(self) -> int:
        """Count what waits to be looked at again."""
        (count,) = self._db.execute("SELECT count(*) FROM waiting").fetchone()
        return int(count)

    def waiting_among(self, source_keys: Sequence[str]) -> set[str]:
        """Tell which of a few source keys wait to be looked at again."""
        marks = ", ".join("?" * len(source_keys))
        rows = self._db.execute(f"SELECT source_key FROM waiting WHERE source_key IN ({marks})", source_keys)  # noqa: S608
        return {key for (key,) in rows}

    def looked_at(self, source_keys: Iterable[str]) -> None:
        """Forget what was looked at again."""
        with transaction(self._db):
            self._db.executemany("DELETE FROM waiting WHERE source_key = ?", ((key,) for key in source_keys))

    def not_found(self) -> None:
        """Count a try for what waits and is not in the lake yet; after a few it never will be."""
        with transaction(self._db):
            self._db.execute("UPDATE waiting SET tries = tries + 1")
            self._db.execute("DELETE FROM waiting WHERE tries >= ?", (MOST_TRIES,))

    def told(self, verdicts: Iterable[tuple[str, bool]]) -> int:
        """Take moderators' verdicts in, by recording key: whether a flag was upheld; give how many were known."""
        with transaction(self._db):
            query = "UPDATE arrival SET upheld = ? WHERE recording = ?"
            known = sum(self._db.execute(query, (upheld, key)).rowcount for key, upheld in verdicts)
        self._records.clear()
        return known

    def known(self, evidence: Evidence) -> Known:
        """Add what the sender did before, and whom the names recall, to what the catalogue knows."""
        intake = evidence.intake
        sender = sender_of(intake.account, intake.sender_id)
        day = day_of(intake.message_created_at) if intake.message_created_at else None
        record = self.record(sender, day) if sender else None
        update = {"sender": record, "resemblances": self._resemblances(evidence, sender or "")}
        return evidence.known.model_copy(update=update)

    def record(self, sender: str, day: int | None = None) -> SenderRecord | None:
        """Give a sender's record on a day, by default the last on which it sent; None for who never did."""
        if day is None:
            query = "SELECT max(day) FROM arrival WHERE sender = ? AND is_open = 0"
            (day,) = self._db.execute(query, (sender,)).fetchone()
        if day is None:
            return None
        key = (sender, day)
        if key not in self._records:
            if len(self._records) >= REMEMBERED:
                self._records.pop(next(iter(self._records)))
            self._records[key] = counted(self._db, sender, day)
        return self._records[key]

    def senders(self) -> Iterator[SenderRecord]:
        """Give every sender's latest record, by name."""
        for (sender,) in self._db.execute("SELECT DISTINCT sender FROM arrival ORDER BY sender").fetchall():
            if record := self.record(sender):
                yield record

    def _add_artist(self, one: Screening, sender: str) -> None:
        written = one.intake.recording.display_artist if one.intake.recording else ""
        if name := plain(written):
            words = len(written.split())
            row = (name, sender, skeleton(written), written, words)
            self._db.execute("INSERT OR IGNORE INTO artist VALUES (?, ?, ?, ?, ?, 1)", row)

    def _resemblances(self, evidence: Evidence, sender: str) -> tuple[Resemblance, ...]:
        recording = evidence.intake.recording
        if recording is None:
            return ()
        own = {plain(one) for one in (recording.display_artist, *(a.name for a in recording.display_artists))}
        own |= {plain(c.name) for c in recording.all_contributions}
        found = [*self._look_alikes(recording.display_artist, own, sender), *self._named(recording.title, own, sender)]
        return tuple(found[:MOST_RESEMBLANCES])

    def _look_alikes(self, name: str, own: set[str], sender: str) -> Iterator[Resemblance]:
        """Find other senders' artists of the same skeleton from earlier runs, for a name in letters that pass."""
        if plain(name) == skeleton(name):
            return  # written in its own letters: who looks like it is the other one's affair
        query = "SELECT min(written), count(*), name FROM artist WHERE skeleton = ? AND sender <> ? AND is_open = 0"
        rows = self._db.execute(f"{query} GROUP BY name ORDER BY name", (skeleton(name), sender)).fetchall()
        if not plain(name) or any(other in own for *_, other in rows):
            return  # the artist is the sender's to bring, as somebody else's is
        for written, senders, _ in rows:
            yield Resemblance(kind=Likeness.LOOK_ALIKE, name=name, other=written, senders=senders)

    def _named(self, title: str, own: set[str], sender: str) -> Iterator[Resemblance]:
        """Find other senders' artists of two words or more who are named in a title."""
        runs = {run for run in phrases(title) if len(run) >= NAMED_LETTERS and run not in own}
        whole = plain(title)
        for run in sorted(runs - {whole}):  # a title that is a name is a title
            query = "SELECT min(written), count(*) FROM artist WHERE name = ? AND words >= ? AND is_open = 0"
            written, senders = self._db.execute(query, (run, NAMED_WORDS)).fetchone()
            theirs = "SELECT 1 FROM artist WHERE name = ? AND sender = ?"
            if written and not self._db.execute(theirs, (run, sender)).fetchone():
                yield Resemblance(kind=Likeness.IN_TITLE, name=title, other=written, senders=senders)


def verdicts_of(labels: Path) -> list[tuple[str, bool]]:
    """Read moderators' verdicts from the Parquet of ``liner labels export``.

    Raises
    ------
    InvalidInput
        It is no such file.
    """
    try:
        table = pq.read_table(labels, columns=["recording_key", "is_upheld"])
    except (OSError, pa.ArrowException, KeyError) as error:
        mend = "`liner labels export` writes one."
        raise InvalidInput(f"{labels} holds no labels: {str(error).splitlines()[0]}", mend=mend) from error
    return [(row["recording_key"], bool(row["is_upheld"])) for row in table.to_pylist()]


def sender_of(account: str | None, sender_id: str | None) -> str | None:
    """Name who answers for a delivery: the transport account, else the message's DPID; None for bare files."""
    return account or sender_id


def _row(one: Screening, sender: str) -> tuple[object, ...]:
    intake, recording, audio = one.intake, one.intake.recording, one.found.audio
    title = recording.title if recording else ""
    artist = plain(recording.display_artist) if recording else ""
    length = audio.duration_s if audio else (recording.duration_s if recording else None) or 0.0
    cover = next((p.sha256 for p in one.found.pictures if p.sha256), None)
    grave = any(flag.severity is not FlagSeverity.LOW and flag.code not in OF_SENDERS for flag in one.flags)
    day = day_of(intake.message_created_at or one.screened_at)
    return (
        intake.source_key,
        intake.recording_key,
        sender,
        day,
        intake.release_key or intake.delivery_id,
        artist,
        word_order(title),
        " ".join(sorted(word_set(title))),
        audio.signal_hash if audio else None,
        cover,
        STACKED_S[0] <= length <= STACKED_S[1],
        grave,
    )


OF_SENDERS = frozenset({"SPM-020", "SPM-021", "SPM-022", "SPM-023", "SPM-024", "SPM-030"})  # no flag feeds itself
STACKED_S = (30.0, 35.0)


def day_of(moment: datetime) -> int:
    """Give a moment's day in UTC as a number."""
    return moment.astimezone(UTC).date().toordinal()


def _screenings(lake: Lake) -> Iterator[Screening]:
    for part in lake.parts("screenings"):
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=FLUSH_ROWS, columns=["screening"]):
                for row in batch.to_pylist():
                    yield Screening.model_validate_json(row["screening"])
