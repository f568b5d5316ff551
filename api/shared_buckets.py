"""What the workers of one machine know together of who asks: buckets of tokens, and which keys were found good.

Each is a small file in memory: a table of sets of slots. A name's hash chooses the set; within it whatever was not used
for longest gives way, and is forgotten. A set is locked while it is looked at, some microseconds; the clock is the
machine's, the same for all processes.
"""

import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from api.ratelimit import BURST_S, MOST_BUCKETS, spent

SLOT = struct.Struct("=Qdd")  # hash of the name, 0 for nobody's; a number; when it was written (s)
WAYS = 8
SETS = MOST_BUCKETS // WAYS
WIDTH = WAYS * SLOT.size


class SharedTable:
    """A number for each name, for all processes that name the same file; nothing of it outlives a restart.

    Parameters
    ----------
    path
        The file; made where it is missing.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        os.ftruncate(self._file, SETS * WIDTH)  # bytes that are there stay
        self._table = mmap.mmap(self._file, SETS * WIDTH)

    @contextmanager
    def slot(self, name: str) -> Iterator["Slot"]:
        """Give a name's slot to look at and to change, while no other process does."""
        digest = int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()) or 1
        start = digest % SETS * WIDTH
        fcntl.lockf(self._file, fcntl.LOCK_EX, WIDTH, start)
        try:
            yield Slot(self._table, start, digest)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, WIDTH, start)


class Slot:
    """A name's place in its set: ``found`` is its number and when that was written, None where there is none."""

    def __init__(self, table: mmap.mmap, start: int, digest: int) -> None:
        slots = list(SLOT.iter_unpack(table[start : start + WIDTH]))
        own = next((way for way, one in enumerate(slots) if one[0] == digest), None)
        oldest = min(range(WAYS), key=lambda way: slots[way][2] if slots[way][0] else -1.0)
        self.found: tuple[float, float] | None = None if own is None else slots[own][1:]
        self._table = table
        self._at = start + (oldest if own is None else own) * SLOT.size
        self._digest = digest

    def put(self, number: float, now: float) -> None:
        """Write the name's number."""
        SLOT.pack_into(self._table, self._at, self._digest, number, now)

    def clear(self) -> None:
        """Forget the name."""
        if self.found is not None:
            SLOT.pack_into(self._table, self._at, 0, 0.0, 0.0)


class SharedBuckets:
    """Token buckets by name, as `api.ratelimit.Buckets`.

    Parameters
    ----------
    rate
        Tokens per second; 0 for no limit.
    """

    def __init__(self, table: SharedTable, rate: float) -> None:
        self.rate = rate
        self.size = max(1.0, rate * BURST_S)
        self._table = table

    def take(self, name: str) -> float:
        """Take a token; return 0, or the seconds until there is one."""
        if self.rate <= 0:
            return 0.0
        with self._table.slot(name) as slot:
            now = self._table.now()
            level, at = slot.found or (self.size, now)
            left, wait = spent(min(self.size, level + max(0.0, now - at) * self.rate), self.rate)
            slot.put(left, now)
        return wait


class SharedNames:
    """Names that were found good, as `api.ratelimit.Names`."""

    def __init__(self, table: SharedTable) -> None:
        self._table = table

    def __contains__(self, name: str) -> bool:
        with self._table.slot(name) as slot:
            return slot.found is not None

    def set(self, name: str, *, is_good: bool) -> None:
        """Remember a name, or forget it."""
        with self._table.slot(name) as slot:
            if is_good:
                slot.put(1.0, self._table.now())
            else:
                slot.clear()
