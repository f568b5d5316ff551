"""Packing: two numbers in one 64-bit value, so that sorting values sorts and groups records at once.

A posting is a key (36 bits) and a recording's number (28 bits). A pair is two numbers, scattered, and the weight of
what they share (8 bits). Scattering is a multiplication modulo a power of two by an odd constant: it can be undone,
and it spreads equal parts of the range over equal parts of the records.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.uint32]

NUMBER_BITS = 28
KEY_BITS = 64 - NUMBER_BITS
PAIR_BITS = 2 * NUMBER_BITS
WEIGHT_BITS = 64 - PAIR_BITS
MAX_RECORDINGS = 1 << NUMBER_BITS
MAX_WEIGHT = (1 << WEIGHT_BITS) - 1
RANGE_VALUES = 4_000_000  # 32 MB of values, some 200 MB while they are sorted and paired

_U64 = np.uint64
_NUMBER_MASK = _U64(MAX_RECORDINGS - 1)
_KEY_FACTOR = _U64(0x9E3779B97F4A7C15)
_PAIR_FACTOR = 0x9E3779B97F4A15  # odd, 56 bits
_PAIR_BACK = pow(_PAIR_FACTOR, -1, 1 << PAIR_BITS)
_PAIR_MASK = _U64((1 << PAIR_BITS) - 1)


def scattered(raw: npt.NDArray[Any]) -> Values:
    """Spread keys of any kind evenly over 64 bits [shape=(n,)]; equal keys stay equal."""
    value = raw.astype(_U64)
    value = (value ^ (value >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> _U64(27))) * _U64(0x94D049BB133111EB)
    return np.asarray((value ^ (value >> _U64(31))) * _KEY_FACTOR, np.uint64)


def postings(keys: Values, numbers: npt.NDArray[Any]) -> Values:
    """Pack scattered keys with the numbers of their recordings; the first 36 bits of a key count."""
    return np.asarray((keys >> _U64(NUMBER_BITS) << _U64(NUMBER_BITS)) | numbers.astype(_U64), np.uint64)


def posting_keys(packed: Values) -> Values:
    """Take the keys out of postings."""
    return np.asarray(packed >> _U64(NUMBER_BITS), np.uint64)


def posting_numbers(packed: Values) -> Numbers:
    """Take the numbers out of postings."""
    return (packed & _NUMBER_MASK).astype(np.uint32)


def pairs(one: npt.NDArray[Any], other: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Values:
    """Pack pairs of numbers, the smaller first, with a weight of at most 255."""
    low, high = np.minimum(one, other).astype(_U64), np.maximum(one, other).astype(_U64)
    place = (((low << _U64(NUMBER_BITS)) | high) * _U64(_PAIR_FACTOR)) & _PAIR_MASK
    return np.asarray((place << _U64(WEIGHT_BITS)) | weights.astype(_U64), np.uint64)


def pair_numbers(packed: Values) -> tuple[Numbers, Numbers]:
    """Take the two numbers out of packed pairs, the smaller first."""
    pair = ((packed >> _U64(WEIGHT_BITS)) * _U64(_PAIR_BACK)) & _PAIR_MASK
    return (pair >> _U64(NUMBER_BITS)).astype(np.uint32), (pair & _NUMBER_MASK).astype(np.uint32)


def summed(packed: Values) -> tuple[Values, npt.NDArray[np.int64]]:
    """Sort packed pairs in place and add up the weights of equal ones.

    Returns
    -------
    tuple of arrays
        One packed pair for each different one, without weight, and the sums [shape=(n,)].
    """
    packed.sort()
    places = packed >> _U64(WEIGHT_BITS)
    starts = starts_of(places)
    weights = (packed & _U64(MAX_WEIGHT)).astype(np.int64)
    sums = np.add.reduceat(weights, starts) if len(starts) else weights
    return np.asarray(places[starts] << _U64(WEIGHT_BITS), np.uint64), sums


def starts_of(ordered: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Say where each run of equal values begins in a sorted array."""
    if not len(ordered):
        return np.zeros(0, np.int64)
    return np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])


def ranges_for(values: int) -> int:
    """Choose in how many ranges so many evenly spread values are worked on; a power of two."""
    return 1 << max(0, math.ceil(math.log2(max(1, values) / RANGE_VALUES)))


def one_range(paths: Iterable[str], index: int, count: int) -> Values:
    """Read one of ``count`` equal ranges of 64-bit values out of sorted files."""
    step = (1 << 64) // count
    low, high = index * step, (index + 1) * step
    parts: list[Values] = []
    for path in paths:
        values: Values = np.load(path, mmap_mode="r")
        start = int(np.searchsorted(values, _U64(low), "left"))
        stop = len(values) if high >> 64 else int(np.searchsorted(values, _U64(high), "left"))
        parts.append(np.array(values[start:stop]))
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def both_numbers(linked: npt.NDArray[Any]) -> Numbers:
    """List the numbers of all recordings in candidates or links, each once, in ascending order [shape=(n,)]."""
    return np.union1d(posting_numbers(linked["later"]), posting_numbers(linked["earlier"]))


def numbers_between(paths: Iterable[str], start: int, stop: int) -> Numbers:
    """Read the numbers of a range out of files that `both_numbers` filled; each once, in ascending order [shape=(n,)].

    Of each file only the range is read: a share's part, whatever all shares have.
    """
    parts: list[Numbers] = [np.zeros(0, np.uint32)]
    for path in paths:
        file: Numbers = np.load(path, mmap_mode="r")
        low, high = np.searchsorted(file, np.array([start, stop], np.uint32))
        parts.append(np.array(file[low:high]))
    return np.unique(np.concatenate(parts))


def save(path: Path, array: npt.NDArray[Any]) -> str:
    """Write an array under its name at once or not at all; a retried step writes the same again."""
    aside = path.with_name(f".{path.name}.tmp")
    with aside.open("wb") as file:
        np.save(file, array)
    aside.replace(path)
    return str(path)


def chunks(total: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut ``range(total)`` into stretches of ``size``."""
    for start in range(0, total, size):
        yield start, min(start + size, total)


def joined(paths: Sequence[str], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Read small arrays as one."""
    return np.concatenate([np.load(path) for path in paths]) if paths else np.zeros(0, dtype)
