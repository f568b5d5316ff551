"""Invented recordings whose keys coincide as often as those of real music, some of them copies of others.

What was measured, on 373 full-length tracks of game music, 2026-11-23: 1864 wide keys a track, and in 67,838 pairs of
tracks of different collections 0.0032 wide keys in common for each; so the invented keys are drawn evenly from as many
as make that so. Keys that several collections had are drawn with their measured frequency. Copies keep a share of their
original's keys as real copies of a minute did (median, first decile) at each change.

An invented recording's fingerprint is its seed; `keys_of` draws its keys anew whenever it is asked.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.duplicates.keys import chosen
from pipeline.duplicates.packing import Values
from pipeline.lake import Lake
from pipeline.sound import Sound
from schemas.flags import Span

WIDE_KEYS = 1864
SHARED_BY_CHANCE = 0.0032
SPACE = round(WIDE_KEYS**2 / SHARED_BY_CHANCE)
COMMON = ((3 / 373, 14),)  # how often such a key is in a track, and how many there are; twice as many as indexed
KEPT = (
    0.18,
    0.07,
    0.15,
    0.06,
    0.08,
    0.02,
    0.1,
    0.04,
    0.037,
    0.014,
)  # Opus 48k, tempo -10 %, pitch -3, speed +30, -30 %
COPIES = 0.02
FARM = 0.002  # recordings that are copies of one and the same
PART_ROWS = 4096
_FORM = struct.Struct("<cQQf")  # mark, own seed, seed of the original, share of its keys that are kept


@dataclass(frozen=True)
class Kind:
    """Keys of one kind, as measured on tracks of game music, in pairs of different collections.

    Attributes
    ----------
    wide
        Of a track.
    by_chance
        In common, for each pair; more than seven are a copy and were left out.
    """

    wide: int
    by_chance: float

    @property
    def indexed(self) -> int:
        """How many of them are joined by."""
        return self.wide // 2

    @property
    def different(self) -> float:
        """How many different ones there are, if all were as likely."""
        return self.indexed**2 / (self.by_chance / 2)


KINDS = {"six": Kind(1864, 0.0032), "paired": Kind(2579, 0.000117)}


@dataclass(frozen=True)
class Placed:
    """An alignment of two recordings that are known to be one sound, or not."""

    own: Span
    other: Span
    score: float = 100.0
    speed: float = 1.0
    pitch_semitones: float = 0.0
    own_coverage: float = 1.0
    other_coverage: float = 1.0

    @property
    def segments(self) -> tuple["Placed", ...]:
        """One stretch."""
        return (self,)


WHOLE = Placed(own=Span(start_s=0, end_s=180), other=Span(start_s=0, end_s=180))


def invented(number: int, total: int) -> bytes:
    """Invent the fingerprint of one of ``total`` recordings."""
    rng = np.random.default_rng((total, number))
    draw = rng.random()
    if draw < FARM:
        return _FORM.pack(b"i", number + 1, 1, KEPT[number % 2])
    if draw < COPIES and number:
        return _FORM.pack(b"i", number + 1, 1 + int(rng.integers(0, number)), float(rng.choice(KEPT)))
    return original(number + 1)


def original(seed: int) -> bytes:
    """Make the fingerprint of a recording that is nobody's copy."""
    return _FORM.pack(b"i", seed, seed, 1.0)


def keys_of(fingerprint: bytes | None) -> Values:
    """Draw a recording's keys."""
    _, own, source, kept = _FORM.unpack(fingerprint or b"")
    if own == source:
        return chosen(_drawn(own))
    rng = np.random.default_rng((7, own))
    keys = _drawn(source)
    fresh = rng.integers(0, SPACE, len(keys))
    return chosen(np.where(rng.random(len(keys)) < kept, keys, fresh))


@lru_cache(maxsize=64)
def _drawn(seed: int) -> np.ndarray:
    rng = np.random.default_rng((3, seed))
    count = max(20, int(rng.normal(WIDE_KEYS, WIDE_KEYS / 3)))
    common = [
        SPACE + n + 1000 * kind
        for kind, (share, many) in enumerate(COMMON)
        for n in range(many)
        if rng.random() < share
    ]
    return np.concatenate([rng.integers(0, SPACE, count), np.array(common, np.int64)])


def are_one(query: bytes, reference: bytes) -> Placed | None:
    """Tell from the seeds whether two recordings are one sound."""
    sources = {_FORM.unpack(fingerprint)[2] for fingerprint in (query, reference)}
    return WHOLE if len(sources) == 1 else None


def write_lake(folder: Path, total: int) -> int:
    """Write a lake of invented recordings; return how many are copies."""
    lake, copies = Lake(folder), 0
    for start in range(0, total, PART_ROWS):
        rows = list(_rows(range(start, min(start + PART_ROWS, total)), total))
        copies += sum(row["signal_hash"] == "copy" for row in rows)
        lake.write(
            "fingerprints", [{**row, "signal_hash": row["recording_key"]} for row in rows], f"data-{start:012}.parquet"
        )
    return copies


def upload(number: int, total: int, source: int | None) -> Sound:
    """Invent an upload that comes after ``total`` recordings; a copy of the one with the seed ``source``, or new."""
    seed = total + 10 + number
    packed = _FORM.pack(b"i", seed, source or seed, 0.15 if source else 1.0)
    (row,) = _rows(range(number, number + 1), total)
    return Sound.of_row({**row, "recording_key": f"new_{number}", "signal_hash": f"n{number}", "fingerprint": packed})


def _rows(numbers: range, total: int) -> Iterator[dict[str, Any]]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for number in numbers:
        fingerprint = invented(number, total)
        _, own, source, _ = _FORM.unpack(fingerprint)
        yield {
            "recording_key": f"rec_{number:032}", "screening_id": "scr", "isrc": None, "title": f"Song {number}",
            "display_artist": f"Artist {number % 1000}", "sender_id": f"S{number % 97}", "audio_uri": None,
            "duration_s": 180.0, "audio_sha256": "", "release_date": None, "rights_holder": "",
            "declared_level": "none", "delivered_at": moment, "screened_at": moment, "fingerprint": fingerprint,
            "signal_hash": "" if own == source else "copy",
        }  # fmt: skip
