"""Indexing: the catalogue of a whole lake at once, from its fingerprints, lists and clusters.

Adding a million sounds one by one would write each key to its own place in the file. Here the keys are sorted first,
as `pipeline.duplicates` does it, and the file is written from its beginning to its end. It gets its name when it is
whole: a process that is killed leaves no half of it.
"""

import contextlib
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from pipeline.catalogue import Catalogue
from pipeline.duplicates import packing
from pipeline.duplicates.keys import wide_keys
from pipeline.duplicates.packing import Values
from pipeline.duplicates.shares import Share, shares_of
from pipeline.duplicates.sketch import KeysOf, sketch
from pipeline.lists import listed_sounds
from pipeline.sound import Sound

ROWS = 2000
COLUMNS = (
    "recording_key", "signal_hash", "audio_sha256", "isrc", "title", "display_artist", "sender_id", "rights_holder",
    "audio_uri", "duration_s", "release_date", "delivered_at", "screened_at", "declared_level", "fingerprint",
)  # fmt: skip


def make_anew(lake: Path, keys_of: KeysOf = wide_keys) -> None:
    """Make a lake's catalogue in the place of the one that is there."""
    scratch = lake / f".catalogue-{uuid.uuid4().hex[:12]}"
    scratch.mkdir(parents=True)
    try:
        shares = shares_of(lake) if (lake / "lake.json").exists() else []
        with contextlib.closing(Catalogue(scratch, keys_of)) as catalogue:
            for share in shares:
                catalogue.load_sounds(_sounds(share))
            sketched = [sketch(share, scratch, keys_of) for share in shares]
            catalogue.keys.load(_postings([one.keys for one in sketched]), sum(one.postings for one in sketched))
            catalogue.load_centres(_centres(lake))
            for sound in listed_sounds(lake):
                catalogue.add(sound)
        Catalogue.replace(lake, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def ensure(lake: Path) -> None:
    """Make a lake's catalogue anew where it is missing or of an older form."""
    if not Catalogue.is_current(lake):
        make_anew(lake)


def _sounds(share: Share) -> Iterator[Sound]:
    for first, rows in share.batches(*COLUMNS):
        for number, row in enumerate(rows, first + 1):
            yield Sound.of_row(row, number)


def _postings(sorted_files: list[str]) -> Iterator[Values]:
    """Yield postings in ascending order; of sounds with equal samples the first of a share has them."""
    ranges = packing.ranges_for(sum(len(np.load(path, mmap_mode="r")) for path in sorted_files))
    for index in range(ranges):
        postings = packing.one_range(sorted_files, index, ranges)
        postings.sort()
        yield postings + np.uint64(1)  # 0 stands for a sound that was not added


def _centres(lake: Path) -> Iterator[Mapping[str, str]]:
    """Yield who stands around whom, as the last `liner duplicates` found it."""
    for path in sorted((lake / "duplicates" / "members").glob("*.parquet")):
        earliest: dict[str, str] = {}
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["cluster_id", "recording_key", "relation"]):
                for row in batch.to_pylist():
                    if row["relation"] is None:
                        earliest = {row["cluster_id"]: row["recording_key"]}
                    yield {"own": row["recording_key"], "centre": earliest[row["cluster_id"]]}
