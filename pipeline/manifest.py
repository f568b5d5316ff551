"""Manifests: a CSV or Parquet file with one recording per row, of any length.

A column ``path`` or ``uri`` names the audio; ``isrc``, ``title``, ``artist``, ``sender``,
``release``, ``label`` and ``duration`` (seconds) are understood; every other column travels along
as metadata. The rows are copied once, row by row, to a spool file of JSON lines, so that workers can open
any stretch by its byte offset and no process holds the whole.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from pipeline.landing import FILES_PER_REF, FIRST_ALONE, DeliveryRef
from pipeline.submitted import is_submitted_table
from schemas.csv_files import open_csv
from schemas.errors import InvalidInput
from schemas.package import Layout

PATH_COLUMNS = ("path", "uri", "audio", "file", "filename")
PARQUET_BATCH = 1000

Row = dict[str, str]


def is_manifest(source: Path) -> bool:
    """Whether a path is a manifest rather than a folder, message, submission or sound file."""
    return source.suffix.lower() in {".csv", ".tsv", ".parquet"} and source.is_file() and not is_submitted_table(source)


def spool(source: Path, target: Path) -> Iterator[DeliveryRef]:
    """Copy a manifest's rows to ``target`` and name stretches of it for the workers.

    Raises
    ------
    InvalidInput
        The file is neither CSV nor Parquet, or has no column that names the audio.
    """
    root = str(source.absolute().parent)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as sink:
        start, held, total = 0, 0, 0
        for row in _rows(source):
            sink.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            held, total = held + 1, total + 1
            if held >= (1 if total <= FIRST_ALONE else FILES_PER_REF):
                sink.flush()
                yield _ref(root, source.name, target, start, held)
                start, held = sink.tell(), 0
        sink.flush()
        if held:
            yield _ref(root, source.name, target, start, held)


def _ref(root: str, name: str, target: Path, start: int, count: int) -> DeliveryRef:
    return DeliveryRef(root, name, Layout.AUDIO, rows=(str(target), start, count))


def spooled(rows: tuple[str, int, int]) -> Iterator[Row]:
    """Read one stretch of a spool file."""
    path, start, count = rows
    with Path(path).open("rb") as stream:
        stream.seek(start)
        for _ in range(count):
            yield json.loads(stream.readline())


def audio_of(row: Row) -> str:
    """Take the audio's path or URI from a row; empty where the row has none."""
    return next((row[column] for column in PATH_COLUMNS if row.get(column)), "")


def _rows(source: Path) -> Iterator[Row]:
    rows = _parquet_rows(source) if source.suffix.lower() == ".parquet" else _csv_rows(source)
    for row in rows:
        yield {name: value for name, value in row.items() if value}


def _check_columns(source: Path, columns: list[str]) -> None:
    if not set(columns) & set(PATH_COLUMNS):
        found = ", ".join(columns[:12]) or "none"
        raise InvalidInput(
            f"{source.name} has no column that names the audio (columns: {found}).",
            mend="Name the column with the path or URI of the sound file: path or uri.",
        )


def _csv_rows(source: Path) -> Iterator[Row]:
    with open_csv(source, errors="surrogateescape") as (stream, delimiter):
        reader = csv.reader(stream, delimiter=delimiter)
        try:
            columns = [name.strip().lower() for name in next(reader, [])]
            _check_columns(source, columns)
            for values in reader:
                if any(values):
                    yield {c: v.encode("utf-8", "replace").decode() for c, v in zip(columns, values, strict=False)}
        except csv.Error as error:
            raise InvalidInput(f"{source.name}, line {reader.line_num}: {error}.", mend="Write it as CSV.") from error


def _parquet_rows(source: Path) -> Iterator[Row]:
    import pyarrow as pa  # noqa: PLC0415 - slow to load, and most runs have no Parquet manifest
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(source) as file:
            columns = [name.strip().lower() for name in file.schema_arrow.names]
            _check_columns(source, columns)
            for batch in file.iter_batches(batch_size=PARQUET_BATCH):
                for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield {c: "" if v is None else str(v) for c, v in zip(columns, values, strict=True)}
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidInput(f"{source.name} is not readable as Parquet: {error}", mend="Write it anew.") from error
