"""The lake as declaration history: what its screenings declared, read once from the columns that say so."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq

from pipeline.lake import FLUSH_ROWS, Lake
from schemas.disclosure import Level
from schemas.history import PastDeclaration, RememberedHistory

COLUMNS = ("recording_key", "isrc", "sender_id", "release_key", "declared_level", "signal_hash", "screening")


def lake_history(lake: Lake) -> RememberedHistory:
    """Remember every declaration of a lake.

    A lake of a million recordings takes about a gigabyte; a larger catalogue asks the review store instead.
    """
    return RememberedHistory(_declarations(lake))


def _declarations(lake: Lake) -> Iterator[PastDeclaration]:
    for part in lake.parts("screenings"):
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=FLUSH_ROWS, columns=list(COLUMNS)):
                yield from map(_declaration, batch.to_pylist())


def _declaration(row: dict[str, Any]) -> PastDeclaration:
    intake = json.loads(row["screening"])["intake"]  # the message's own words have no columns
    created = intake["message_created_at"]
    return PastDeclaration(
        recording_key=row["recording_key"],
        isrc=row["isrc"],
        sender_id=row["sender_id"],
        release_key=row["release_key"],
        level=Level(row["declared_level"]),
        message_id=intake["message_id"],
        message_sha256=intake["message_sha256"],
        declared_at=datetime.fromisoformat(created) if created else None,
        signal_hash=row["signal_hash"],
    )
