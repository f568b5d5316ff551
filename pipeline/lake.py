"""The lake: Parquet parts that any tool reads with a glob, written as a run goes.

``<lake>/<table>/*.parquet`` for the tables of `pipeline.tables`. A part appears whole under its name
(written aside, then renamed), so a reader or a killed run never sees half of one. `Lake.tidy` merges the small
parts of a run into larger ones and drops the rows that later rows replace; its journal makes that one step,
finished by the next run if this one is killed in the middle.
"""

import contextlib
import fcntl
import json
import os
import time
import uuid
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pipeline.screened import DeadLetter, Screened
from pipeline.tables import KEYS, SCHEMAS, TOGETHER, Row, dead_letter_row, rows_of
from schemas.errors import LakeUnusable
from schemas.screening import Screening

FORMAT = {"format": "liner-lake", "version": 1}
OWN_FILES = (
    "lake.json",
    "catalogue.sqlite",
    "duplicates",
    "lists",
    "history.sqlite",
    "outbox.sqlite",
    "senders.sqlite",
)
FRESH, SETTLED = "part-", "data-"
FLUSH_ROWS = 200
FLUSH_SECONDS = 5.0
MERGED_BYTES = 24 * 1024 * 1024  # uncompressed size of a merged file
MERGED_PARTS = 32  # with it, what tidying holds in memory at a time, however long the run was
STALE_SECONDS = 3600.0


class Lake:
    """A folder of tables.

    Raises
    ------
    LakeUnusable
        The folder cannot be written, or holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        mark = folder / "lake.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not mark.exists():
                self._refuse_foreign_files()
                for table, schema in SCHEMAS.items():  # an empty part: a glob over the table finds its columns
                    _write(schema.empty_table(), folder / table / f"{SETTLED}{0:020d}.parquet")
                _replace(mark, json.dumps(FORMAT).encode())
        except OSError as error:
            raise LakeUnusable(
                f"The lake {folder} cannot be used: {error.strerror}.", mend="Choose a writable folder with --lake."
            ) from error

    def _refuse_foreign_files(self) -> None:
        names = (entry.name for entry in os.scandir(self.folder))
        foreign = [name for name in names if not name.startswith((".", *OWN_FILES)) and name not in SCHEMAS]
        if foreign:
            raise LakeUnusable(
                f"{self.folder} is no lake: it holds {foreign[0]}.", mend="Choose an empty folder with --lake."
            )

    def parts(self, table: str) -> list[Path]:
        """Name a table's parts, oldest first."""
        return sorted((self.folder / table).glob("[!.]*.parquet"), key=lambda p: p.name.partition("-")[2])

    def screened_sources(self, versions_key: str) -> Iterator[str]:
        """Yield the source keys that were screened by these versions."""
        paths = [str(p) for p in self.parts("screenings")]
        dataset = ds.dataset(paths, schema=SCHEMAS["screenings"], format="parquet")
        batches = dataset.to_batches(columns=["source_key"], filter=ds.field("versions_key") == versions_key)
        for batch in batches:
            yield from batch.column(0).to_pylist()

    def screenings_of(self, recording_keys: Collection[str], versions_key: str) -> Iterator[Screening]:
        """Yield the newest screening of each delivery of some recordings by these versions."""
        wanted = ds.field("recording_key").isin(list(recording_keys)) & (ds.field("versions_key") == versions_key)
        return self._newest(wanted)

    def newest_of(self, source_keys: Collection[str]) -> Iterator[Screening]:
        """Yield the newest screening of some intakes, whatever made it."""
        return self._newest(ds.field("source_key").isin(list(source_keys)))

    def _newest(self, wanted: ds.Expression) -> Iterator[Screening]:
        """Yield of each intake what was made last: fresh parts may hold the same one several times."""
        paths = [str(p) for p in self.parts("screenings")]
        dataset = ds.dataset(paths, schema=SCHEMAS["screenings"], format="parquet")
        newest: dict[str, tuple[datetime, str]] = {}
        for batch in dataset.to_batches(columns=["source_key", "screened_at", "screening"], filter=wanted):
            for row in batch.to_pylist():
                found = (row["screened_at"], row["screening"])
                newest[row["source_key"]] = max(newest.get(row["source_key"], found), found)
        yield from (Screening.model_validate_json(screening) for _, screening in newest.values())

    def newest_first(self) -> Iterator[list[tuple[str, str]]]:
        """Yield source keys with their screenings as JSON, some hundred at a time, from the newest part backwards."""
        for part in reversed(self.parts("screenings")):
            with pq.ParquetFile(part) as file:
                for group in reversed(range(file.num_row_groups)):
                    table = file.read_row_group(group, columns=["source_key", "screened_at", "screening"])
                    ordered = table.sort_by([("screened_at", "descending")])
                    for batch in ordered.to_batches(max_chunksize=FLUSH_ROWS):
                        yield list(zip(batch["source_key"].to_pylist(), batch["screening"].to_pylist(), strict=True))

    def rows(self, table: str) -> Iterator[Row]:
        """Yield a table's rows, oldest part first; of rows with one key the last one counts."""
        for part in self.parts(table):
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(batch_size=FLUSH_ROWS):
                    yield from batch.to_pylist()

    def write(self, table: str, rows: list[Row], name: str | None = None) -> None:
        """Write rows as one new part."""
        target = self.folder / table / (name or f"{FRESH}{_stamp()}.parquet")
        _write(pa.Table.from_pylist(rows, schema=SCHEMAS[table]), target)

    def tidy(self) -> None:
        """Merge fresh parts and drop replaced rows; waits for another process that does the same."""
        with self._locked():
            self._finish_journal()
            for table in SCHEMAS:
                self._renew(table)
                fresh = [p for p in self.parts(table) if p.name.startswith(FRESH)]
                for start in range(0, len(fresh), MERGED_PARTS):
                    self._settle(table, fresh[start : start + MERGED_PARTS])
                self._drop_stale(table)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _renew(self, table: str) -> None:
        """Give parts of an older liner the columns that came since: a glob wants the same ones everywhere."""
        for part in self.parts(table):
            if pq.read_schema(part) != SCHEMAS[table]:
                _write(_whole(part), part)

    def _settle(self, table: str, fresh: list[Path]) -> None:
        latest = _latest(fresh, KEYS[table])
        swap: dict[str, str] = {}  # temporary name: final name
        gone = [p.name for p in fresh]
        for part in (p for p in self.parts(table) if p.name.startswith(SETTLED)):
            kept = _without(part, KEYS[table], latest)
            if kept is not None:
                gone.append(part.name)
                swap |= self._set_aside(table, kept, part.name.removesuffix(".parquet") + "x.parquet")
        for number, (first, group) in enumerate(_groups(fresh)):
            merged = pa.concat_tables([_only_latest(p, table, latest) for p in group])
            name = f"{SETTLED}{first.name.removeprefix(FRESH).removesuffix('.parquet')}-{number}.parquet"
            swap |= self._set_aside(table, merged, name)
        self._swap(table, swap, gone)

    def _set_aside(self, table: str, content: pa.Table, name: str) -> dict[str, str]:
        if not content.num_rows:
            return {}
        aside = f".{name}.{uuid.uuid4().hex[:8]}.tmp"
        pq.write_table(content, self.folder / table / aside, compression="zstd")
        return {aside: name}

    def _swap(self, table: str, swap: dict[str, str], gone: list[str]) -> None:
        _replace(self._journal, json.dumps({"table": table, "swap": swap, "gone": gone}).encode())
        self._finish_journal()

    @property
    def _journal(self) -> Path:
        return self.folder / ".journal.json"

    def _finish_journal(self) -> None:
        """Do what the journal says; doing it twice changes nothing."""
        if not self._journal.exists():
            return
        plan = json.loads(self._journal.read_bytes())
        folder = self.folder / plan["table"]
        for aside, name in plan["swap"].items():
            if (folder / aside).exists():
                (folder / aside).replace(folder / name)
        for name in plan["gone"]:
            (folder / name).unlink(missing_ok=True)
        self._journal.unlink()

    def _drop_stale(self, table: str) -> None:
        for leftover in (self.folder / table).glob(".*.tmp"):
            if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
                leftover.unlink(missing_ok=True)


class LakeWriter:
    """Buffers rows and writes them as parts: every few seconds, so that a killed run keeps what it has."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._rows: dict[str, list[Row]] = {}
        self._since = time.monotonic()

    def add(self, element: Screened | DeadLetter) -> None:
        """Take one result; may write."""
        if not self._rows:
            self._since = time.monotonic()
        tables = {"dead_letters": [dead_letter_row(element)]} if isinstance(element, DeadLetter) else rows_of(element)
        for table, rows in tables.items():
            self._rows.setdefault(table, []).extend(rows)
        if len(self._rows.get("screenings", ())) >= FLUSH_ROWS or time.monotonic() - self._since > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is buffered, the screenings last: they are what the next run skips by.

        Raises
        ------
        LakeUnusable
            The parts cannot be written; the rows stay buffered.
        """
        try:
            for table in sorted(self._rows, key=lambda t: t == "screenings"):
                if rows := self._rows[table]:
                    self._lake.write(table, rows)
                self._rows[table] = []
        except OSError as error:
            raise LakeUnusable(
                f"The lake {self._lake.folder} cannot be written: {error.strerror or error}.",
                mend="Make room or mend the permissions, and run again: what is written is kept.",
            ) from error
        self._rows = {}


def _stamp() -> str:
    """Make a name that sorts by time and that no other worker makes."""
    return f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"


def _replace(target: Path, content: bytes) -> None:
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    aside.write_bytes(content)
    aside.replace(target)


def _write(table: pa.Table, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.tmp")
    pq.write_table(table, aside, compression="zstd")
    aside.replace(target)


def _read(part: Path, *columns: str) -> pa.Table:
    with pq.ParquetFile(part) as file:
        return file.read(columns=list(columns) or None)


def _whole(part: Path) -> pa.Table:
    """Read a part; columns that came after it was written are empty."""
    content, schema = _read(part), SCHEMAS[part.parent.name]
    for field in schema:
        if field.name not in content.column_names:
            content = content.append_column(field, pa.nulls(content.num_rows, field.type))
    return content.select(schema.names).cast(schema)


def _keys(part: Path, columns: tuple[str, ...]) -> pa.ChunkedArray:
    content = _read(part, *columns)
    return pc.binary_join_element_wise(*(content.column(name) for name in columns), "|")


def _latest(parts: Iterable[Path], columns: tuple[str, ...]) -> dict[str, str]:
    """Map each key to the name of the last part that holds it."""
    return {key: part.name for part in parts for key in _keys(part, columns).unique().to_pylist()}


def _only_latest(part: Path, table: str, latest: dict[str, str]) -> pa.Table:
    """Read a part without the rows that a later part replaces, or later rows of its own."""
    rows, keys = _whole(part), _keys(part, KEYS[table]).to_pylist()
    made = rows[TOGETHER[table]].to_pylist() if table in TOGETHER else range(len(keys))
    last = dict(zip(keys, made, strict=True))
    is_kept = [latest[key] == part.name and last[key] == one for key, one in zip(keys, made, strict=True)]
    return rows.filter(pa.array(is_kept, pa.bool_()))


def _without(part: Path, columns: tuple[str, ...], latest: dict[str, str]) -> pa.Table | None:
    """Read a settled part without the rows that fresh ones replace; None where there are none of those."""
    replaced = pc.is_in(_keys(part, columns), value_set=pa.array(list(latest), type=pa.string()))
    return _whole(part).filter(pc.invert(replaced)) if pc.any(replaced).as_py() else None


def _groups(parts: list[Path]) -> Iterator[tuple[Path, list[Path]]]:
    """Group parts so that each group, merged, stays below `MERGED_BYTES`."""
    group: list[Path] = []
    size = 0
    for part in parts:
        content = pq.read_metadata(part)
        part_size = sum(content.row_group(n).total_byte_size for n in range(content.num_row_groups))
        if group and size + part_size > MERGED_BYTES:
            yield group[0], group
            group, size = [], 0
        group.append(part)
        size += part_size
    if group:
        yield group[0], group
