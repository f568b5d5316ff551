"""A key file: very many sorted postings on disk, and which recordings have a key, in microseconds.

The bulk of a catalogue's keys lies here, eight bytes each, in the order of `pipeline.duplicates.packing.postings`: what
the join sorts anyway. Nothing of it is loaded; a look-up of a key touches one or two pages, which the system keeps in
its cache. A key file never changes. It is written aside and gets its name when it is whole.

Form: a magic of eight bytes; the number of postings and of bits of the table; the table, which says for each value of
a key's upper bits where its postings begin; the postings. All numbers have 64 bits, little-endian.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.duplicates import packing
from pipeline.duplicates.packing import Numbers, Values

MAGIC = b"liner-k1"
HEAD = 3 * 8
A_PLACE = 512  # postings between two entries of the table: a page of memory
MAX_BITS = 24

Places = npt.NDArray[np.int64]
_NONE: Numbers = np.zeros(0, np.uint32)


class KeyFile:
    """A key file, open for reading.

    Raises
    ------
    FileNotFoundError
        There is none.
    ValueError
        It is no key file, or not whole.
    """

    def __init__(self, path: Path) -> None:
        head = np.fromfile(path, np.uint64, 3)
        if len(head) < 3 or head[0].tobytes() != MAGIC:
            raise ValueError(f"{path.name} is no key file")
        self.count, self._bits = int(head[1]), int(head[2])
        places = (1 << self._bits) + 1 if self._bits <= MAX_BITS else 0
        if path.stat().st_size != HEAD + 8 * (places + self.count):
            raise ValueError(f"{path.name} is not whole")
        self._table = np.memmap(path, np.uint64, "r", HEAD, (places,))
        every = np.memmap(path, np.uint64, "r", HEAD, (places + self.count,))  # an empty file cannot be mapped
        self.postings: Values = every[places:]

    def numbers_of(self, keys: Values, limit: int) -> list[Numbers]:
        """Look keys up, as `packing.posting_keys` gives them; of each the first ``limit`` numbers in their order."""
        upper = keys >> np.uint64(packing.KEY_BITS - self._bits)
        starts, stops = (self._table[upper + np.uint64(step)].astype(np.int64) for step in (0, 1))
        lows = keys << np.uint64(packing.NUMBER_BITS)
        firsts = self._places_from(lows, starts, stops)
        stops = self._places_from(lows | np.uint64(packing.MAX_RECORDINGS - 1), starts, stops, after=True)
        return [
            packing.posting_numbers(np.asarray(self.postings[first : min(stop, first + limit)]))
            if stop > first
            else _NONE
            for first, stop in zip(firsts.tolist(), stops.tolist(), strict=True)
        ]

    def _places_from(self, values: Values, low: Places, high: Places, *, after: bool = False) -> Places:
        """Find where values stand, or end, between two places each: all at once, for thousands are asked for."""
        while (is_open := low < high).any():
            middle = (low + high) // 2
            found = self.postings[np.minimum(middle, self.count - 1)]
            is_before = found <= values if after else found < values
            low = np.where(is_open & is_before, middle + 1, low)
            high = np.where(is_open & ~is_before, middle, high)
        return low


def write(path: Path, postings: Iterable[Values], most: int) -> None:
    """Write a key file out of postings in ascending order, some at a time.

    Parameters
    ----------
    most
        No more than so many postings come.
    """
    bits = min(MAX_BITS, max(0, (most // A_PLACE).bit_length() - 1))
    table = np.zeros((1 << bits) + 1, np.uint64)
    count = 0
    aside = path.with_name(f".{path.name}.tmp")
    with aside.open("wb") as file:
        file.seek(HEAD + table.nbytes)
        for part in postings:
            file.write(part.astype("<u8", copy=False).tobytes())
            upper = part >> np.uint64(64 - bits) if bits else np.zeros(len(part), np.uint64)
            values, counts = np.unique(upper, return_counts=True)
            table[values.astype(np.int64) + 1] += counts.astype(np.uint64)
            count += len(part)
        file.seek(0)
        file.write(MAGIC + np.array([count, bits], "<u8").tobytes() + np.cumsum(table, dtype=np.uint64).tobytes())
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
