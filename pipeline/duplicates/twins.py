"""Twins: recordings whose decoded samples are equal. One of them, the earliest, is compared for all of them.

What finds them finds whatever has a name in common: recordings of one ISRC, too (`pipeline.duplicates.namesakes`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.duplicates import packing
from pipeline.duplicates.packing import Values
from pipeline.duplicates.shares import About

TWIN = np.dtype([("number", "<u4"), ("first", "<u4")])


def twins(postings: Values, about: About, target: Path, name: str = "signal") -> str:
    """Find the twins in a range of sounds, and write who stands for whom.

    Parameters
    ----------
    postings
        Of sounds, in any order; sorted in place. Their 36 bits say which to look at, the full hash decides.
    name
        The field of ``about`` in which twins are equal.
    """
    postings.sort()
    starts = packing.starts_of(packing.posting_keys(postings))
    sizes = np.diff(np.append(starts, len(postings)))
    is_shared = np.repeat(sizes > 1, sizes)
    numbers = packing.posting_numbers(postings[is_shared])
    names, ranks = about[numbers][name], about.ranks(numbers)
    order = np.lexsort((ranks, names))
    numbers, names = numbers[order], names[order]
    heads = packing.starts_of(names)
    firsts = np.repeat(numbers[heads], np.diff(np.append(heads, len(numbers))))
    is_twin = firsts != numbers
    found = np.zeros(int(is_twin.sum()), TWIN)
    found["number"], found["first"] = numbers[is_twin], firsts[is_twin]
    return packing.save(target, found)


def merged(paths: Sequence[str], target: Path) -> str:
    """Write the twins of all ranges as one array, by number."""
    every = packing.joined(sorted(paths), TWIN)
    return packing.save(target, every[np.argsort(every["number"])])


def without_twins(postings: Values, twins_path: str) -> Values:
    """Drop the postings of recordings for which another one stands."""
    every: npt.NDArray[Any] = np.load(twins_path, mmap_mode="r")
    gone = np.asarray(every["number"])
    if not len(gone):
        return postings
    numbers = packing.posting_numbers(postings)
    places = np.minimum(np.searchsorted(gone, numbers), len(gone) - 1)
    return np.asarray(postings[gone[places] != numbers], np.uint64)
