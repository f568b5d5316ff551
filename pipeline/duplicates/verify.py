"""Verify: candidates to links, by comparing the fingerprints of both recordings.

Fingerprints of candidates alone are picked out of the lake into files that are read at any place.
"""

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.duplicates import packing
from pipeline.duplicates.shares import Share
from schemas.flags import Span

MAX_TRIED = 80  # partners of one recording; a mix or a track made of many samples has many
MAX_STRANGERS = 16  # of these who turn out to share nothing; then it is enough
MAX_STRETCHES = 64  # of one link; those with most evidence are kept
WHOLE_SHARE = 0.6  # of both recordings; above a half, any two members of a star share sound with each other

LINK = np.dtype(
    [
        ("later", "<u8"), ("earlier", "<u8"),
        ("own_start_s", "<f4"), ("own_end_s", "<f4"), ("other_start_s", "<f4"), ("other_end_s", "<f4"),
        ("speed", "<f4"), ("pitch_semitones", "<f4"), ("votes", "<f4"), ("own_share", "<f4"), ("other_share", "<f4"),
    ]
)  # fmt: skip
STRETCH = np.dtype(
    [
        ("link", "<u4"), ("own_start_s", "<f4"), ("own_end_s", "<f4"), ("other_start_s", "<f4"),
        ("other_end_s", "<f4"), ("speed", "<f4"), ("pitch_semitones", "<f4"),
    ]
)  # fmt: skip


class Stretch(Protocol):
    """A shared stretch; see `classifiers.matching.Segment`."""

    @property
    def own(self) -> Span: ...  # noqa: D102

    @property
    def other(self) -> Span: ...  # noqa: D102

    @property
    def speed(self) -> float: ...  # noqa: D102

    @property
    def pitch_semitones(self) -> float: ...  # noqa: D102


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

    @property
    def segments(self) -> Sequence[Stretch]: ...  # noqa: D102

    @property
    def own_coverage(self) -> float: ...  # noqa: D102

    @property
    def other_coverage(self) -> float: ...  # noqa: D102


Compare = Callable[[bytes, bytes], Aligned | None]


def aligned(query: bytes, reference: bytes) -> Aligned | None:
    """Lay one fingerprint on another, as `classifiers.fingerprint.align` does; None where they are not one sound."""
    from classifiers.fingerprint import align  # noqa: PLC0415 - loads scipy, which a run that skips all does not need

    found: Aligned | None = align(query, reference)
    return found


@dataclass(frozen=True, slots=True)
class Picked:
    """Fingerprints of a share: their numbers, where each ends, and all of them in a row."""

    numbers: str
    ends: str
    content: str
    base: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What Verify wrote for a chunk of candidates.

    Attributes
    ----------
    links
        Sorted by the later recording.
    stretches
        The shared stretches of each link, by its place among the links and in the order of the later recording.
    numbers
        Of all recordings in a link, ascending.
    """

    links: str
    stretches: str
    numbers: str
    tried: int
    found: int


def pick(share: Share, own: np.ndarray, scratch: Path) -> Picked:
    """Copy the fingerprints of some recordings of a share [shape=(n,), ascending] out of it."""
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


def verify(candidates: npt.NDArray[Any], fingerprints: Fingerprints, compare: Compare, target: Path) -> Verified:
    """Lay each later recording on its earlier ones, until it is the same as a whole as one of them.

    Parameters
    ----------
    candidates
        By the later recording's number, the earliest partner first.
    """
    found: list[_Found] = []
    tried = 0
    starts = [*packing.starts_of(candidates["number"]).tolist(), len(candidates)]
    for start, stop in pairwise(starts):
        for one in _links_of(_strongest(candidates[start:stop]), fingerprints, compare):
            tried += 1
            if one is not None:
                found.append(one)
    found.sort(key=lambda one: one.link[0])
    links = np.array([one.link for one in found], LINK)
    stretches = [(place, *row) for place, one in enumerate(found) for row in one.stretches]
    return Verified(
        links=packing.save(target, links),
        stretches=packing.save(target.with_name(f"stretches-{target.name}"), np.array(stretches, STRETCH)),
        numbers=packing.save(target.with_name(f"numbers-{target.name}"), packing.both_numbers(links)),
        tried=tried,
        found=len(links),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of `LINK`, and its rows of `STRETCH` without the link's place."""

    link: tuple[Any, ...]
    stretches: list[tuple[float, ...]]


def _strongest(candidates: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of very many partners take those that share most; the earliest still first."""
    if len(candidates) <= MAX_TRIED:
        return candidates
    chosen = np.argsort(-candidates["bits"].astype(int), kind="stable")[:MAX_TRIED]
    return candidates[np.sort(chosen)]


def _links_of(candidates: npt.NDArray[Any], fingerprints: Fingerprints, compare: Compare) -> Iterator[_Found | None]:
    number, later = int(candidates["number"][0]), candidates["later"][0]
    others = packing.posting_numbers(candidates["earlier"])
    own = fingerprints[number]
    strangers = 0
    for place, other in enumerate(others.tolist()):
        alignment = compare(own, fingerprints[other])
        yield _found(later, candidates["earlier"][place], alignment) if alignment else None
        strangers += alignment is None
        if strangers == MAX_STRANGERS or (alignment and is_whole(alignment.own_coverage, alignment.other_coverage)):
            return  # whoever else has the whole sound is linked with that one, too


def _found(later: np.uint64, earlier: np.uint64, alignment: Aligned) -> _Found:
    own, other = alignment.own, alignment.other
    link = (
        later, earlier, own.start_s, own.end_s, other.start_s, other.end_s,
        alignment.speed, alignment.pitch_semitones, alignment.score,
        alignment.own_coverage, alignment.other_coverage,
    )  # fmt: skip
    strongest = sorted(alignment.segments[:MAX_STRETCHES], key=lambda one: one.own.start_s)
    return _Found(link, [(*_ends(one.own), *_ends(one.other), one.speed, one.pitch_semitones) for one in strongest])


def _ends(span: Span) -> tuple[float, float]:
    return span.start_s, span.end_s


def is_whole(own_share: float, other_share: float) -> bool:
    """Whether two recordings are the same as a whole, not one inside the other or a loop in common."""
    return min(own_share, other_share) >= WHOLE_SHARE
