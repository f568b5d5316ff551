"""Sketch: a share of the lake to sorted postings: of its keys, its sounds and its ISRCs."""

import bisect
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.duplicates import packing
from pipeline.duplicates.keys import indexed, wide_keys
from pipeline.duplicates.shares import About, Share, day_of
from schemas.errors import LinerError

KeysOf = Callable[[bytes | None], packing.Values]

ALIKE = 64  # different fingerprints of a share whose keys are kept at a time
MIN_SECONDS = 3.0  # two files of nothing, or of a moment, are equal by nature


@dataclass(frozen=True, slots=True)
class Sketched:
    """What Sketch wrote for a share.

    Attributes
    ----------
    keys, sounds, isrcs
        Sorted postings; of recordings with equal samples within the share only the earliest has keys.
    wide, ends
        The wide keys of all recordings in a row, the upper 32 bits of each, and where each recording's end.
    about
        An array of `About.DTYPE`, one row for each recording.
    compared, unusable
        Recordings with keys enough to compare them, and those whose fingerprint cannot be read.
    """

    index: int
    keys: str
    sounds: str
    isrcs: str
    wide: str
    ends: str
    about: str
    postings: int
    compared: int
    unusable: int


def sketch(share: Share, scratch: Path, keys_of: KeysOf = wide_keys) -> Sketched:
    """Read a share once and write its postings."""
    about = np.zeros(share.rows, About.DTYPE)
    keys: list[packing.Values] = []
    unusable = 0
    keys_once = lru_cache(maxsize=ALIKE)(keys_of)  # of a million copies of one file the keys are found once
    for first, rows in share.batches(
        "signal_hash", "isrc", "duration_s", "release_date", "delivered_at", "screened_at", "fingerprint"
    ):
        for place, row in enumerate(rows, first - share.base):
            own, is_readable = _keys(row, keys_once)
            keys.append(own)
            unusable += not is_readable
            signal, isrc = (hashed(row[name]) if len(own) else 0 for name in ("signal_hash", "isrc"))
            day = day_of(row["release_date"], row["delivered_at"] or row["screened_at"])
            about[place] = (signal, isrc, row["duration_s"] or 0.0, day)
    return _write(share, scratch, about, keys, unusable)


def hashed(name: str | None) -> int:
    """Turn a name (the hash of a decoded sound, an ISRC) into a number of 64 bits; 0 where there is none."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") if name else 0


def _keys(row: dict[str, Any], keys_of: KeysOf) -> tuple[packing.Values, bool]:
    if (row["duration_s"] or 0.0) < MIN_SECONDS:
        return np.zeros(0, np.uint64), True
    try:
        return keys_of(row["fingerprint"]), True
    except (ValueError, LinerError):  # of another version, or not a fingerprint
        return np.zeros(0, np.uint64), False


def _write(share: Share, scratch: Path, about: npt.NDArray[Any], wide: list[packing.Values], unusable: int) -> Sketched:
    numbers = np.arange(share.base, share.base + share.rows, dtype=np.uint64)
    sounding = np.flatnonzero(about["signal"])
    order = sounding[np.argsort(about["day"][sounding], kind="stable")]
    firsts = order[np.unique(about["signal"][order], return_index=True)[1]]
    keys = [indexed(wide[place]) for place in firsts]
    flat = np.concatenate([np.zeros(0, np.uint64), *keys])
    postings = packing.postings(flat, np.repeat(numbers[firsts], [len(own) for own in keys]))
    short = [(own >> np.uint64(32)).astype(np.uint32) for own in wide]
    name = f"{share.index:06}.npy"
    return Sketched(
        index=share.index,
        keys=packing.save(scratch / f"keys-{name}", np.sort(postings)),
        sounds=packing.save(scratch / f"sounds-{name}", _named(about["signal"], numbers)),
        isrcs=packing.save(scratch / f"isrcs-{name}", _named(about["isrc"], numbers)),
        wide=packing.save(scratch / f"wide-{name}", np.concatenate([np.zeros(0, np.uint32), *short])),
        ends=packing.save(scratch / f"wide-ends-{name}", np.cumsum([0, *map(len, wide)])),
        about=packing.save(scratch / f"about-{name}", about),
        postings=len(postings),
        compared=len(sounding),
        unusable=unusable,
    )


def _named(names: npt.NDArray[Any], numbers: npt.NDArray[Any]) -> packing.Values:
    """Make sorted postings of names; 0 is none."""
    places = np.flatnonzero(names)
    return np.sort(packing.postings(packing.scattered(names[places]), numbers[places]))


class WideKeys:
    """The wide keys of any recording by its number; the files stay on disk."""

    def __init__(self, shares: Sequence[Share], sketched: Sequence[Sketched]) -> None:
        self._bases = [share.base for share in shares]
        self._sketched = {one.index: one for one in sketched}
        self._open: dict[int, tuple[Any, Any]] = {}

    def __getitem__(self, number: int) -> npt.NDArray[np.uint32]:
        """Read those of one recording, in order."""
        index = bisect.bisect_right(self._bases, number) - 1
        if index not in self._open:
            one = self._sketched[index]
            self._open[index] = np.load(one.wide, mmap_mode="r"), np.load(one.ends, mmap_mode="r")
        wide, ends = self._open[index]
        place = number - self._bases[index]
        return np.asarray(wide[ends[place] : ends[place + 1]])
