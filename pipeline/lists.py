"""Lists that a user brings: known spam, take-downs. Each works as a catalogue of its own.

A list is a CSV, JSON or Parquet file. Each row has at least one of ``fingerprint`` (Base64; bytes in Parquet),
``signal_hash`` and ``sha256``, and may have ``title``, ``artist``, ``isrc``, ``reason``, ``duration`` (seconds). It is
kept as ``lists/NAME.parquet`` in the lake; the catalogue holds its entries beside the recordings, so that one look-up
answers both.
"""

import base64
import binascii
import csv
import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sound import Sound
from schemas.csv_files import open_csv
from schemas.disclosure import Level
from schemas.errors import InvalidInput
from schemas.screening import derived_id

FOLDER = "lists"
BATCH_ROWS = 1000
SCHEMA = pa.schema(
    [
        ("entry", pa.string()),
        ("fingerprint", pa.binary()),
        ("signal_hash", pa.string()),
        ("audio_sha256", pa.string()),
        ("isrc", pa.string()),
        ("title", pa.string()),
        ("display_artist", pa.string()),
        ("reason", pa.string()),
        ("duration_s", pa.float64()),
        ("added_at", pa.string()),
    ]
)
_NAMES = {
    "fingerprint": "fingerprint",
    "signal_hash": "signal_hash",
    "sha256": "audio_sha256",
    "audio_sha256": "audio_sha256",
    "isrc": "isrc",
    "title": "title",
    "artist": "display_artist",
    "display_artist": "display_artist",
    "reason": "reason",
    "duration": "duration_s",
    "duration_s": "duration_s",
}
_IDENTIFYING = ("fingerprint", "signal_hash", "audio_sha256")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{16,128}")


def save_list(lake: Path, name: str, source: Path) -> int:
    """Read a user's file and keep it in the lake; return how many different entries it has.

    Raises
    ------
    InvalidInput
        The name or a row cannot be used; the message says which. Nothing is kept then.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is no name for a list.", mend="Use small letters, digits, - and _: known-spam, takedowns_2026."
        )
    target = path_of(lake, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.tmp")
    added_at = datetime.now(UTC).isoformat(timespec="microseconds")
    seen: set[str] = set()
    try:
        with pq.ParquetWriter(aside, SCHEMA, compression="zstd") as writer:
            for batch in _batches(_without_repeats(_entries(source), seen)):
                writer.write_table(pa.Table.from_pylist([{**row, "added_at": added_at} for row in batch], SCHEMA))
        if not seen:
            raise InvalidInput(f"{source.name} has no entry.", mend=_mend())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return len(seen)


def drop_list(lake: Path, name: str) -> None:
    """Take a list out of the lake; `InvalidInput` where there is none of that name."""
    if not _NAME.fullmatch(name) or not path_of(lake, name).exists():
        there = ", ".join(list_names(lake)) or "none"
        raise InvalidInput(f"There is no list {name}; there are: {there}.", mend="Name one of them.")
    path_of(lake, name).unlink()


def list_names(lake: Path) -> list[str]:
    """Name the lists of a lake."""
    return sorted(path.stem for path in (lake / FOLDER).glob("[!.]*.parquet"))


def path_of(lake: Path, name: str) -> Path:
    """Say where a list is kept."""
    return lake / FOLDER / f"{name}.parquet"


def listed_sounds(lake: Path, name: str | None = None) -> Iterator[Sound]:
    """Yield the entries of one list, or of all, as the catalogue takes them."""
    for one in [name] if name else list_names(lake):
        with pq.ParquetFile(path_of(lake, one)) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield from (_sound(one, row) for row in batch.to_pylist())


def _sound(name: str, row: dict[str, Any]) -> Sound:
    return Sound(
        recording_key=derived_id("lst", name, row["entry"]),
        signal_hash=row["signal_hash"],
        audio_sha256=row["audio_sha256"],
        isrc=row["isrc"],
        title=row["title"] or "",
        display_artist=row["display_artist"] or "",
        sender_id=None,
        rights_holder="",
        audio_uri=None,
        duration_s=row["duration_s"],
        day=0,
        delivered_at=row["added_at"],
        declared=Level.UNDECLARED.value,
        fingerprint=row["fingerprint"],
        listed=name,
        reason=row["reason"] or "",
    )


# --- reading a user's file


def _without_repeats(entries: Iterable[dict[str, Any]], seen: set[str]) -> Iterator[dict[str, Any]]:
    """Leave out entries with the same hashes and fingerprint as an earlier one, and note those that are taken."""
    for entry in entries:
        if entry["entry"] not in seen:
            seen.add(entry["entry"])
            yield entry


def _entries(source: Path) -> Iterator[dict[str, Any]]:
    readers = {".csv": _csv_rows, ".json": _json_rows, ".jsonl": _json_rows, ".parquet": _parquet_rows}
    reader = readers.get(source.suffix.lower())
    if reader is None:
        raise InvalidInput(f"{source.name} is neither CSV, JSON nor Parquet.", mend=_mend())
    try:
        for number, row in enumerate(reader(source), start=1):
            yield _entry({str(k).strip().lower(): v for k, v in row.items()}, f"{source.name}, entry {number}")
    except RecursionError as error:
        raise InvalidInput(f"{source.name} is nested too deeply.", mend=_mend()) from error
    except (OSError, UnicodeDecodeError, csv.Error, json.JSONDecodeError, pa.ArrowInvalid) as error:
        raise InvalidInput(f"{source.name} cannot be read: {error}", mend=_mend()) from error


def _entry(row: dict[str, Any], where: str) -> dict[str, Any]:
    given = {_NAMES[name]: value for name, value in row.items() if name in _NAMES and value not in (None, "")}
    if not any(name in given for name in _IDENTIFYING):
        raise InvalidInput(f"{where} has neither fingerprint nor hash.", mend=_mend())
    for name in ("signal_hash", "audio_sha256"):
        if name in given:
            given[name] = _digest(str(given[name]), where)
    own_s = 0.0
    if "fingerprint" in given:
        given["fingerprint"], own_s = _fingerprint(given["fingerprint"], where)
    texts = {name: str(given[name]) for name in ("isrc", "title", "display_artist", "reason") if name in given}
    identity = [str(given.get(name, "")) for name in _IDENTIFYING]
    return {
        **dict.fromkeys(SCHEMA.names),
        **given,
        **texts,
        "duration_s": _seconds(given.get("duration_s"), where) or own_s,
        "entry": derived_id("ent", *identity),
    }


def _digest(text: str, where: str) -> str:
    digest = text.strip().lower()
    if not _DIGEST.fullmatch(digest):
        raise InvalidInput(f"{where}: {text[:40]!r} is no hash.", mend="Write hashes in hexadecimal digits.")
    return digest


def _fingerprint(value: object, where: str) -> tuple[bytes, float]:
    from classifiers.fingerprint import unpack  # noqa: PLC0415 - loads scipy

    try:
        packed = value if isinstance(value, bytes) else base64.b64decode(str(value), validate=True)
        times_s = unpack(packed).times_s
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(
            f"{where}: the fingerprint cannot be read: {error}.",
            mend="Take it from the lake's table fingerprints as liner wrote it, in Base64 for CSV and JSON.",
        ) from error
    return packed, float(times_s[-1]) if len(times_s) else 0.0


def _seconds(value: object, where: str) -> float:
    try:
        seconds = float(str(value)) if value is not None else 0.0
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise InvalidInput(f"{where}: {str(value)[:40]!r} is no number of seconds.", mend="Write 183.4, or nothing.")
    return seconds


def _csv_rows(source: Path) -> Iterator[dict[str, Any]]:
    with open_csv(source) as (stream, delimiter):
        for row in csv.DictReader(stream, delimiter=delimiter):
            yield {name: value for name, value in row.items() if name is not None}


def _json_rows(source: Path) -> Iterator[dict[str, Any]]:
    """Read one array of objects, or one object a line."""
    text = source.read_text("utf-8-sig")
    found = json.loads(text) if text.lstrip()[:1] == "[" else [json.loads(line) for line in text.splitlines() if line]
    for row in found:
        if not isinstance(row, dict):
            raise InvalidInput(f"{source.name}: {str(row)[:40]!r} is no object.", mend=_mend())
        yield row


def _parquet_rows(source: Path) -> Iterator[dict[str, Any]]:
    with pq.ParquetFile(source) as file:
        held = [name for name in file.schema_arrow.names if name.strip().lower() in _NAMES]
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=held):
            yield from batch.to_pylist()


def _batches(entries: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) >= BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _mend() -> str:
    return "Bring CSV, JSON or Parquet with a column fingerprint, signal_hash or sha256; docs/catalogue.md shows it."
