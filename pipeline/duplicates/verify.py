"""Verify: candidates to links, by comparing the fingerprints of both recordings.

Fingerprints of candidates alone are picked out of the lake into files that are read at any place.
"""

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.duplicates import packing
from pipeline.duplicates.shares import About, Share
from schemas.flags import Span

WHOLE_SHARE = 0.6  # of both recordings; above a half, any two members of a star share sound with each other

LINK = np.dtype(
    [
        ("later", "<u8"), ("earlier", "<u8"),
        ("own_start_s", "<f4"), ("own_end_s", "<f4"), ("other_start_s", "<f4"), ("other_end_s", "<f4"),
        ("speed", "<f4"), ("pitch_semitones", "<f4"), ("votes", "<f4"), ("own_share", "<f4"), ("other_share", "<f4"),
    ]
)  # fmt: skip


class Aligned(Protocol):
    """What a comparison of two fingerprints says; see `classifiers.fingerprint.Alignment`."""

    @property
    def score(self) -> float: ...  # noqa: D102

    @property
    def speed(self) -> float: ...  # noqa: D102

    @property
    def pitch_semitones(self) -> float: ...  # noqa: D102

    @property
    def own(self) -> Span: ...  # noqa: D102

    @property
    def other(self) -> Span: ...  # noqa: D102


Compare = Callable[[bytes, bytes], Aligned | None]


@dataclass(frozen=True, slots=True)
class Picked:
    """Fingerprints of a share: their numbers, where each ends, and all of them in a row."""

    numbers: str
    ends: str
    content: str
    base: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What Verify wrote for a chunk of candidates; ``links`` is sorted by the later recording."""

    links: str
    tried: int
    found: int


def pick(share: Share, wanted: np.ndarray, scratch: Path) -> Picked:
    """Copy the fingerprints of wanted recordings [shape=(n,), ascending] out of a share."""
    low, high = np.searchsorted(wanted, [share.base, share.base + share.rows])
    own = wanted[low:high]
    name = f"{share.index:06}"
    content = scratch / f"picked-{name}.bin"
    aside = content.with_name(f".{content.name}.tmp")
    ends: list[int] = []
    with aside.open("wb") as file:
        if len(own):
            for first, rows in share.batches("fingerprint"):
                for number in own[np.searchsorted(own, first) : np.searchsorted(own, first + len(rows))]:
                    file.write(rows[number - first]["fingerprint"] or b"")
                    ends.append(file.tell())
    aside.replace(content)
    return Picked(
        numbers=packing.save(scratch / f"picked-{name}.npy", own),
        ends=packing.save(scratch / f"ends-{name}.npy", np.array(ends, np.int64)),
        content=str(content),
        base=share.base,
    )


class Fingerprints:
    """Picked fingerprints by the recording's number."""

    def __init__(self, picked: Sequence[Picked]) -> None:
        self._picked = sorted(picked, key=lambda one: one.base)
        self._bases = [one.base for one in self._picked]
        self._open: dict[int, tuple[Any, Any, Any]] = {}

    def __getitem__(self, number: int) -> bytes:
        """Read one."""
        index = bisect.bisect_right(self._bases, number) - 1
        numbers, ends, content = self._files(index)
        place = int(np.searchsorted(numbers, number))
        start = int(ends[place - 1]) if place else 0
        return bytes(content[start : int(ends[place])])

    def _files(self, index: int) -> tuple[Any, Any, Any]:
        if index not in self._open:
            one = self._picked[index]
            self._open[index] = (
                np.load(one.numbers, mmap_mode="r"),
                np.load(one.ends, mmap_mode="r"),
                np.memmap(one.content, np.uint8, "r"),
            )
        return self._open[index]


def verify(
    candidates: npt.NDArray[Any], about: About, fingerprints: Fingerprints, compare: Compare, target: Path
) -> Verified:
    """Compare the two recordings of each candidate; the later one is laid on the earlier one."""
    low, high = candidates["low"], candidates["high"]
    ranks_low, ranks_high = about.ranks(low), about.ranks(high)
    later, earlier = np.maximum(ranks_low, ranks_high), np.minimum(ranks_low, ranks_high)
    own_s, other_s = (about[packing.posting_numbers(side)]["duration_s"] for side in (later, earlier))
    found = np.zeros(len(candidates), LINK)
    kept = 0
    for row in range(len(candidates)):
        numbers = packing.posting_numbers(np.array([later[row], earlier[row]]))
        alignment = compare(fingerprints[int(numbers[0])], fingerprints[int(numbers[1])])
        if alignment is not None:
            found[kept] = _link(later[row], earlier[row], alignment, float(own_s[row]), float(other_s[row]))
            kept += 1
    links = found[:kept]
    return Verified(packing.save(target, links[np.argsort(links["later"], kind="stable")]), len(candidates), kept)


def _link(later: np.uint64, earlier: np.uint64, alignment: Aligned, own_s: float, other_s: float) -> tuple[Any, ...]:
    own, other = alignment.own, alignment.other
    return (
        later, earlier, own.start_s, own.end_s, other.start_s, other.end_s,
        alignment.speed, alignment.pitch_semitones, alignment.score,
        covered(own, own_s), covered(other, other_s),
    )  # fmt: skip


def covered(span: Span, duration_s: float) -> float:
    """Say which share of a recording a stretch of it is, in [0, 1]."""
    return min(1.0, max(0.0, span.end_s - span.start_s) / duration_s) if duration_s > 0 else 0.0


def is_whole(own_share: float, other_share: float) -> bool:
    """Whether two recordings are the same as a whole, not one inside the other or a loop in common."""
    return min(own_share, other_share) >= WHOLE_SHARE
