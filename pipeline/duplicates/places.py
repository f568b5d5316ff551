"""Places: where each recording stands after a run, looked up by its key in a file of its own.

The tables of a run are in the order of clusters, the screenings of a lake in the order of arrival. To bring the two
together without reading one of them again and again, everything that is said of a recording is put into a SQLite file
first. Then the screenings are read twice, from the first to the last: once for which is the newest of each delivery,
once for what it says. Time grows with their number, memory does not, whatever the size of a cluster.
"""

import contextlib
import json
import shutil
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.duplicates.results import SHOWN
from pipeline.lake import Lake
from schemas.copies import Cluster, Copy, Namesake
from schemas.disclosure import Level
from schemas.screening import Screening

ROWS = 500
CLUSTERS_AT_HAND = 64

Row = Mapping[str, Any]

_TABLES = """
CREATE TABLE cluster (id INTEGER PRIMARY KEY, earliest TEXT NOT NULL, star TEXT NOT NULL);
CREATE TABLE member (recording_key TEXT PRIMARY KEY, cluster INTEGER NOT NULL, copy TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE link (recording_key TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE namesake (recording_key TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE newest (source_key TEXT PRIMARY KEY, screened_at INTEGER NOT NULL, id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX newest_by_id ON newest (id);
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What a run says of one recording.

    Attributes
    ----------
    cluster
        As a screening of this recording carries it; None where it has no copies.
    first
        The row of the cluster's earliest: how it is declared, the hash of its sound, where its file is.
    copy
        The recording as a member of the cluster.
    link
        The row that says how it lies on the earliest; None where its samples are those of another member.
    namesakes
        The earliest recording of its ISRC, where that has another sound.
    """

    cluster: Cluster | None = None
    first: Row | None = None
    copy: Copy | None = None
    link: Row | None = None
    namesakes: tuple[Namesake, ...] = ()


class Places:
    """The tables that `liner duplicates` wrote into a lake, by recording.

    Parameters
    ----------
    folder
        An empty folder for the file; `of_lake` makes and removes one.
    """

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "places.sqlite", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
        self._cluster = lru_cache(maxsize=CLUSTERS_AT_HAND)(self._read_cluster)

    @classmethod
    @contextlib.contextmanager
    def of_lake(cls, lake: Path) -> Iterator["Places"]:
        """Read a lake's tables for as long as the context lasts."""
        folder = lake / f".places-{uuid.uuid4().hex[:12]}"
        folder.mkdir()
        try:
            with contextlib.closing(cls(folder)) as places:
                places.fill(lake / "duplicates")
                yield places
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def fill(self, tables: Path) -> None:
        """Read clusters, members, links and namesakes."""
        self._db.execute("BEGIN")
        for path in sorted((tables / "clusters").glob("*.parquet")):
            of_cluster = groupby(_rows(tables / "members" / path.name), key=itemgetter("cluster_id"))
            for row, (_, members) in zip(_rows(path), of_cluster, strict=True):
                self._put_cluster(row, members)
        for path in sorted((tables / "links").glob("*.parquet")):
            self._put_links(row for row in _rows(path) if row["is_whole"])
        for path in sorted((tables / "namesakes").glob("*.parquet")):
            rows = ((row["recording_key"], json.dumps(row)) for row in _rows(path))
            self._db.executemany("INSERT OR REPLACE INTO namesake VALUES (?, ?)", rows)
        self._db.execute("COMMIT")

    def _put_cluster(self, row: Row, members: Iterable[Row]) -> None:
        first: Row = {}
        shown: list[Copy] = []
        insert = "INSERT INTO cluster (earliest, star) VALUES (?, '') RETURNING id"
        (number,) = self._db.execute(insert, (row["earliest_key"],)).fetchone()
        for one in members:
            first = first or one
            copy = Copy(**{name: one[name] for name in Copy.model_fields})
            if len(shown) <= SHOWN:
                shown.append(copy)
            values = (one["recording_key"], number, copy.model_dump_json())
            self._db.execute("INSERT OR REPLACE INTO member VALUES (?, ?, ?)", values)
        star = json.dumps({"cluster": _cluster(row, shown).model_dump(mode="json"), "first": first})
        self._db.execute("UPDATE cluster SET star = ? WHERE id = ?", (star, number))

    def _put_links(self, rows: Iterable[Row]) -> None:
        """Keep those of members with the earliest of their cluster."""
        insert = (
            "INSERT OR REPLACE INTO link SELECT :own, :content FROM member JOIN cluster ON cluster.id = member.cluster "
            "WHERE member.recording_key = :own AND cluster.earliest = :other"
        )
        values = ({"own": r["recording_key"], "other": r["other_key"], "content": json.dumps(r)} for r in rows)
        self._db.executemany(insert, values)

    def of(self, recording_key: str) -> Place:
        """Say what the run says of a recording."""
        found = self._one("SELECT content FROM namesake WHERE recording_key = ?", recording_key)
        namesakes = (_namesake(json.loads(found)),) if found else ()
        row = self._db.execute("SELECT cluster, copy FROM member WHERE recording_key = ?", (recording_key,)).fetchone()
        if row is None:
            return Place(namesakes=namesakes)
        cluster, first = self._cluster(row[0])
        copy = Copy.model_validate_json(row[1])
        link = self._one("SELECT content FROM link WHERE recording_key = ?", recording_key)
        return Place(cluster.seen_from(copy), first, copy, json.loads(link) if link else None, namesakes)

    def _read_cluster(self, number: int) -> tuple[Cluster, Row]:
        star = json.loads(self._one("SELECT star FROM cluster WHERE id = ?", number) or "{}")
        return Cluster.model_validate(star["cluster"]), star["first"]

    def _one(self, query: str, value: object) -> str | None:
        row = self._db.execute(query, (value,)).fetchone()
        return row[0] if row else None

    def screenings(self, lake: Lake) -> Iterator[Screening]:
        """Yield the newest screening of each delivery of the recordings that something is said of."""
        parts = lake.parts("screenings")
        self._db.execute("BEGIN")
        for part in parts:
            for rows in _batches(part, ["source_key", "recording_key", "screened_at", "id"]):
                self._note(rows)
        self._db.execute("COMMIT")
        for part in parts:
            for rows in _batches(part, ["id", "screening"]):
                wanted = self._among("SELECT id FROM newest WHERE id IN", [row["id"] for row in rows])
                for row in rows:
                    if row["id"] in wanted:
                        self._db.execute("DELETE FROM newest WHERE id = ?", (row["id"],))  # it may stand there twice
                        wanted.discard(row["id"])
                        yield Screening.model_validate_json(row["screening"])

    def _note(self, rows: Sequence[Row]) -> None:
        keys = [row["recording_key"] for row in rows]
        wanted = self._among("SELECT recording_key FROM member WHERE recording_key IN", keys)
        wanted |= self._among("SELECT recording_key FROM namesake WHERE recording_key IN", keys)
        values = (
            (row["source_key"], int(row["screened_at"].timestamp() * 1e6), row["id"])
            for row in rows
            if row["recording_key"] in wanted
        )
        self._db.executemany(
            "INSERT INTO newest VALUES (?, ?, ?) ON CONFLICT (source_key) DO UPDATE SET screened_at = "
            "excluded.screened_at, id = excluded.id WHERE excluded.screened_at >= newest.screened_at",
            values,
        )

    def _among(self, query: str, keys: Sequence[str]) -> set[str]:
        return {key for (key,) in self._db.execute(f"{query} ({', '.join('?' * len(keys))})", keys)}


def _cluster(row: Row, shown: Sequence[Copy]) -> Cluster:
    first, *others = shown
    return Cluster(
        id=row["cluster_id"],
        earliest=first,
        bearer=row["bearer_key"],
        at_odds=row["at_odds_key"],
        size=row["size"],
        titles=row["titles"],
        artists=row["artists"],
        senders=row["senders"],
        members=tuple(others),
    )


def _namesake(row: Row) -> Namesake:
    return Namesake(
        recording_key=row["other_key"],
        isrc=row["isrc"],
        title=row["other_title"],
        display_artist=row["other_artist"],
        sender_id=row["other_sender"],
        duration_s=row["other_duration_s"],
        declared=Level(row["other_declared_level"]),
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for rows in _batches(path, None):
        yield from rows


def _batches(path: Path, columns: list[str] | None) -> Iterator[list[dict[str, Any]]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS, columns=columns):
            yield batch.to_pylist()
