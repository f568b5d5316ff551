"""Join: postings of a range of keys to pairs of recordings; then pairs of a range to candidates.

The weight of a shared key is its rarity in bits: log2 of all recordings by those that have it, at least 1. Keys in
more than `HOT` recordings are hot: silence, tones, drum loops, stock intros, and sounds of which there are very many
copies. Such a key makes no pairs among all that have it, which would be half the square of their number; it makes
pairs with the earliest of them alone. So two million copies of one file cost two million pairs for each key and still
meet in one place, and a loop that strangers share costs as little, and is found to be nothing when it is compared.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.duplicates import packing
from pipeline.duplicates.packing import Values
from pipeline.duplicates.shares import About
from pipeline.duplicates.sketch import WideKeys

HOT = 32
MIN_RARE_KEYS = 1.6  # evidence of a candidate, in keys that no third recording has: two keys that few have
MIN_WIDE = 3  # wide keys in common that are worth a full comparison
HOT_AT_ONCE = 50_000
COMPACT_PAIRS = 8_000_000  # pairs in memory before equal ones are added up


@dataclass(frozen=True, slots=True)
class Joined:
    """What Join wrote for a range of keys.

    Attributes
    ----------
    hot_keys, hot_postings
        Keys in more than `HOT` recordings, and how often they occur.
    """

    pairs: str
    count: int
    hot_keys: int
    hot_postings: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """What Count wrote for a range of pairs."""

    path: str
    count: int


@dataclass(frozen=True, slots=True)
class Sifted:
    """What Sift wrote for a chunk of recordings: candidates, and the numbers of all that are in one, ascending."""

    path: str
    numbers: str
    count: int


CANDIDATE = np.dtype([("number", "<u4"), ("later", "<u8"), ("earlier", "<u8"), ("bits", "<u2")])


def join(postings: Values, about: About, target: Path) -> Joined:
    """Make pairs out of the postings of a range of keys.

    Parameters
    ----------
    postings
        In any order; sorted in place.
    """
    postings.sort()
    starts = packing.starts_of(packing.posting_keys(postings))
    sizes = np.diff(np.append(starts, len(postings)))
    numbers = packing.posting_numbers(postings)
    weights = _weights(sizes, about.total)
    is_hot = sizes > HOT
    pairs = _Pairs()
    for size in range(2, HOT + 1):
        of_size = np.flatnonzero(sizes == size)
        one, other = np.triu_indices(size, 1)
        for start, stop in packing.chunks(len(of_size), max(1, COMPACT_PAIRS // len(one))):
            group = of_size[start:stop]
            table = numbers[starts[group, None] + np.arange(size)]
            pairs.add(
                packing.pairs(table[:, one].ravel(), table[:, other].ravel(), np.repeat(weights[group], len(one)))
            )
    for start, stop in packing.chunks(int(is_hot.sum()), HOT_AT_ONCE):
        chosen = np.flatnonzero(is_hot)[start:stop]
        at = np.repeat(starts[chosen], sizes[chosen]) + _counted(sizes[chosen])
        pairs.add(_with_earliest(numbers[at], sizes[chosen], weights[chosen], about))
    values = pairs.packed()
    return Joined(packing.save(target, values), len(values), int(is_hot.sum()), int(sizes[is_hot].sum()))


def _weights(sizes: np.ndarray, total: int) -> np.ndarray:
    return np.clip(np.rint(np.log2(max(total, 2) / sizes)), 1, packing.MAX_WEIGHT).astype(np.uint64)


def _counted(sizes: np.ndarray) -> np.ndarray:
    """Count from 0 within each run."""
    return np.asarray(np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes))


def _with_earliest(numbers: np.ndarray, sizes: np.ndarray, weights: np.ndarray, about: About) -> Values:
    """Pair the recordings of each of some hot keys, one key's after the other's, with their earliest."""
    ranks = about.ranks(numbers)
    earliest = np.minimum.reduceat(ranks, np.cumsum(sizes) - sizes)
    earliest = np.repeat(packing.posting_numbers(earliest), sizes)
    others = numbers != earliest
    return packing.pairs(earliest[others], numbers[others], np.repeat(weights, sizes)[others])


class _Pairs:
    """Packed pairs, equal ones added up whenever many have gathered; a weight stays at most 255."""

    def __init__(self) -> None:
        self._parts: list[Values] = []
        self._count = 0
        self._limit = COMPACT_PAIRS

    def add(self, pairs: Values) -> None:
        self._parts.append(pairs)
        self._count += len(pairs)
        if self._count > self._limit:
            self._compact()
            self._limit = max(COMPACT_PAIRS, 2 * self._count)

    def packed(self) -> Values:
        self._compact()
        return self._parts[0]

    def _compact(self) -> None:
        every = np.concatenate(self._parts) if self._parts else np.zeros(0, np.uint64)
        places, sums = packing.summed(every)
        self._parts = [places | np.minimum(sums, packing.MAX_WEIGHT).astype(np.uint64)]
        self._count = len(places)


def count(pairs: Values, about: About, target: Path) -> Candidates:
    """Keep the pairs of a range that share enough to be compared, by the number of the later recording.

    Parameters
    ----------
    pairs
        In any order; sorted in place.
    """
    places, sums = packing.summed(pairs)
    is_enough = sums >= enough_bits(about.total)
    ranks = [about.ranks(side) for side in packing.pair_numbers(places[is_enough])]
    found = np.zeros(int(is_enough.sum()), CANDIDATE)
    found["later"], found["earlier"] = np.maximum(*ranks), np.minimum(*ranks)
    found["number"] = packing.posting_numbers(found["later"])
    found["bits"] = np.minimum(sums[is_enough], 0xFFFF)
    return Candidates(packing.save(target, found[np.argsort(found["number"], kind="stable")]), len(found))


def enough_bits(total: int) -> float:
    """Say what two recordings must share to be compared, in bits; no more than a range can add up for one pair."""
    return min(MIN_RARE_KEYS * math.log2(max(total, 2) / 2), packing.MAX_WEIGHT)


def candidates_of(paths: Sequence[str], start: int, stop: int) -> npt.NDArray[Any]:
    """Read the candidates whose later recording has a number in a range; the earliest partner first."""
    parts = [np.zeros(0, CANDIDATE)]
    for path in paths:
        file = np.load(path, mmap_mode="r")
        low, high = np.searchsorted(file["number"], [start, stop])
        parts.append(np.array(file[low:high]))
    every = np.concatenate(parts)
    return every[np.lexsort((every["earlier"], every["number"]))]


def sift(candidates: npt.NDArray[Any], wide: WideKeys, target: Path) -> Sifted:
    """Keep the candidates that share enough wide keys, too.

    Parameters
    ----------
    candidates
        By the number of the later recording.
    """
    is_worth = np.zeros(len(candidates), np.bool_)
    earlier = packing.posting_numbers(candidates["earlier"]).tolist()
    own_number, own = -1, np.zeros(0, np.uint32)
    for place, number in enumerate(candidates["number"].tolist()):
        if number != own_number:
            own_number, own = number, wide[number]
        both = np.concatenate([own, wide[earlier[place]]])
        both.sort(kind="stable")
        is_worth[place] = np.count_nonzero(both[1:] == both[:-1]) >= MIN_WIDE
    kept = candidates[is_worth]
    numbers = packing.save(target.with_name(f"numbers-{target.name}"), packing.both_numbers(kept))
    return Sifted(packing.save(target, kept), numbers, len(kept))
