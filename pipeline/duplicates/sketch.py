"""Sketch: a share of the lake to sorted postings: of its keys, and of its sounds."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.duplicates import packing
from pipeline.duplicates.keys import index_keys
from pipeline.duplicates.shares import About, Share, day_of
from schemas.errors import LinerError

KeysOf = Callable[[bytes | None, float], packing.Values]

MIN_SECONDS = 3.0  # two files of nothing, or of a moment, are equal by nature


@dataclass(frozen=True, slots=True)
class Sketched:
    """What Sketch wrote for a share.

    Attributes
    ----------
    keys, sounds
        Sorted postings; of recordings with equal samples within the share only the earliest has keys.
    about
        An array of `About.DTYPE`, one row for each recording.
    compared, unusable
        Recordings with keys enough to compare them, and those whose fingerprint cannot be read.
    """

    index: int
    keys: str
    sounds: str
    about: str
    postings: int
    compared: int
    unusable: int


def sketch(share: Share, scratch: Path, keys_of: KeysOf = index_keys) -> Sketched:
    """Read a share once and write its postings."""
    about = np.zeros(share.rows, About.DTYPE)
    keys: list[packing.Values] = []
    unusable = 0
    for first, rows in share.batches(
        "signal_hash", "duration_s", "release_date", "delivered_at", "screened_at", "fingerprint"
    ):
        for place, row in enumerate(rows, first - share.base):
            own, is_readable = _keys(row, keys_of)
            keys.append(own)
            unusable += not is_readable
            signal = signal_number(row["signal_hash"]) if len(own) else 0
            day = day_of(row["release_date"], row["delivered_at"] or row["screened_at"])
            about[place] = (signal, row["duration_s"] or 0.0, day)
    return _write(share, scratch, about, keys, unusable)


def signal_number(signal_hash: str | None) -> int:
    """Turn the hash of a decoded sound into a number of 64 bits; 0 where there is none."""
    return int.from_bytes(hashlib.blake2b(signal_hash.encode(), digest_size=8).digest(), "little") if signal_hash else 0


def _keys(row: dict[str, Any], keys_of: KeysOf) -> tuple[packing.Values, bool]:
    duration_s = row["duration_s"] or 0.0
    if duration_s < MIN_SECONDS:
        return np.zeros(0, np.uint64), True
    try:
        return keys_of(row["fingerprint"], duration_s), True
    except (ValueError, LinerError):  # of another version, or not a fingerprint
        return np.zeros(0, np.uint64), False


def _write(share: Share, scratch: Path, about: np.ndarray, keys: list[packing.Values], unusable: int) -> Sketched:
    numbers = np.arange(share.base, share.base + share.rows, dtype=np.uint64)
    sounding = np.flatnonzero(about["signal"])
    order = sounding[np.argsort(about["day"][sounding], kind="stable")]
    firsts = order[np.unique(about["signal"][order], return_index=True)[1]]
    counts = np.array([len(keys[place]) for place in firsts], np.int64)
    flat = np.concatenate([keys[place] for place in firsts]) if len(firsts) else np.zeros(0, np.uint64)
    postings = packing.postings(flat, np.repeat(numbers[firsts], counts))
    sounds = packing.postings(packing.scattered(about["signal"][sounding]), numbers[sounding])
    name = f"{share.index:06}.npy"
    return Sketched(
        index=share.index,
        keys=packing.save(scratch / f"keys-{name}", np.sort(postings)),
        sounds=packing.save(scratch / f"sounds-{name}", np.sort(sounds)),
        about=packing.save(scratch / f"about-{name}", about),
        postings=len(postings),
        compared=len(sounding),
        unusable=unusable,
    )
