"""Namesakes: recordings under one ISRC whose sounds are two.

Each is compared with the earliest recording of its ISRC alone. That is one comparison a recording, and it misses no
ISRC: where there are two sounds, one of them is not the earliest's.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.duplicates import packing
from pipeline.duplicates.shares import About
from pipeline.duplicates.stars import MEMBER
from pipeline.duplicates.twins import TWIN
from pipeline.duplicates.verify import Compare, Fingerprints

MIN_TOLD_S = 10.0  # a shorter sound may be a part of the other one that cannot be recognised
MOST_OF_ISRC = 1000  # recordings of one ISRC that are compared: a name for so many sounds is none


@dataclass(frozen=True, slots=True)
class Named:
    """Pairs of recordings of one ISRC, by number, and the numbers of all in one, ascending."""

    pairs: str
    numbers: str


def named(pairs: npt.NDArray[Any], about: About, target: Path) -> Named:
    """Keep the pairs of one ISRC that are worth a comparison: of other samples, and long enough.

    Parameters
    ----------
    pairs
        Of `TWIN` [shape=(n,)], each recording with the earliest of its ISRC.
    """
    own, first = about[pairs["number"]], about[pairs["first"]]
    is_long = np.minimum(own["duration_s"], first["duration_s"]) >= MIN_TOLD_S
    return _saved(_earliest(pairs[is_long & (own["signal"] != first["signal"])], about), target)


def _saved(pairs: npt.NDArray[Any], target: Path) -> Named:
    numbers = np.union1d(pairs["number"], pairs["first"])
    return Named(packing.save(target, pairs), packing.save(target.with_name(f"numbers-{target.name}"), numbers))


def _earliest(pairs: npt.NDArray[Any], about: About) -> npt.NDArray[Any]:
    """Of each ISRC take the earliest recordings, as many as are compared; by number."""
    ordered = pairs[np.lexsort((about.ranks(pairs["number"]), pairs["first"]))]
    starts = packing.starts_of(ordered["first"])
    place = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.append(starts, len(ordered))))
    kept = ordered[place < MOST_OF_ISRC]
    return np.asarray(kept[np.argsort(kept["number"])])


def namesakes(
    pairs: npt.NDArray[Any], members: str, fingerprints: Fingerprints, compare: Compare, target: Path
) -> Named:
    """Compare pairs of one ISRC, and write those that are two sounds.

    Parameters
    ----------
    pairs
        Of `TWIN`, by number.
    members
        File of `MEMBER`: what stands around one centre is one sound, however it was found.
    """
    known_again = lru_cache(maxsize=256)(lambda number: _laid(fingerprints, compare, number, number))
    apart = [
        tuple(pair)
        for pair in pairs[_centre_of(pairs["number"], members) != _centre_of(pairs["first"], members)].tolist()
        if not _laid(fingerprints, compare, *pair) and all(map(known_again, pair))
    ]
    return _saved(np.array(apart, TWIN), target)


def _laid(fingerprints: Fingerprints, compare: Compare, own: int, other: int) -> bool:
    return compare(fingerprints[own], fingerprints[other]) is not None


def _centre_of(numbers: npt.NDArray[Any], members: str) -> npt.NDArray[np.int64]:
    """Look up around whom recordings stand; who stands around nobody is its own centre."""
    every: npt.NDArray[Any] = np.load(members, mmap_mode="r")
    if not len(every):
        return numbers.astype(np.int64)
    places = np.minimum(np.searchsorted(every["number"], numbers), len(every) - 1)
    found = np.asarray(every[places], MEMBER)
    return np.where(found["number"] == numbers, found["centre"], numbers).astype(np.int64)
