"""A library of fingerprints in memory: who finds candidates, and which pairs could match at all."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from classifiers.fingerprint import unpack
from classifiers.matching import Recording
from classifiers.matching_keys import Constellations, Indices
from classifiers.matching_material import Track
from classifiers.matching_votes import are_promising, equal_pairs


@dataclass(frozen=True)
class Named:
    """The recordings to compare one with.

    Attributes
    ----------
    asked
        Those that a look-up of a single one names, the likeliest first.
    joined
        Those that a comparison of all with all names.
    """

    asked: Sequence[str]
    joined: Sequence[str]


Finder = Callable[[bytes], Named]
"""Names, for a fingerprint, the recordings to compare it with."""

MakeFinder = Callable[[Mapping[str, bytes]], AbstractContextManager[Finder]]
"""Makes a finder over fingerprints by name."""


class Library:
    """The originals of an evaluation.

    Parameters
    ----------
    tracks
        By name.
    fingerprints
        Of those that have one, by name.

    Attributes
    ----------
    names
        Of the tracks that have a fingerprint, in order.
    recordings
        Those tracks by name, ready to be compared.
    """

    def __init__(self, tracks: dict[str, Track], fingerprints: dict[str, bytes]) -> None:
        self.tracks, self.fingerprints = tracks, fingerprints
        self.names = sorted(fingerprints)
        self.recordings = {name: Recording(unpack(fingerprints[name])) for name in self.names}
        self._is_long = np.array([self.recordings[name].one_in > 1 for name in self.names], np.bool_)

    @cached_property
    def _votes(self) -> tuple[Constellations, Indices]:
        """Put the constellations of all recordings into one order, but for the long ones, with whose they are."""
        places = np.flatnonzero(~self._is_long)
        all_of = [self.recordings[self.names[place]].constellations(1) for place in places]
        found, owners = _joined([one.keys for one in all_of])
        order = np.argsort(found, kind="stable")
        times_s, octaves, spreads_s = (
            np.concatenate([np.zeros(0), *(getattr(one, what) for one in all_of)])[order]
            for what in ("times_s", "octaves", "spreads_s")
        )
        return Constellations(found[order], times_s, octaves, spreads_s), places[owners[order]]

    def rivals(self, name: str) -> set[str]:
        """Name the later tracks that `classifiers.fingerprint.align` could match with one.

        It needs a speed and a pitch that enough constellations vote for; whoever lacks them is None there without
        another look. Counting the votes against all tracks at once costs a fraction of asking pair by pair. Of a
        recording of more than half an hour only a part votes: it is everybody's rival.
        """
        place = self.names.index(name)
        if self._is_long[place]:
            return set(self.names[place + 1 :])
        votes = self.recordings[name].constellations(1)
        every, owners = self._votes
        mine, theirs = equal_pairs(votes.keys, every.keys)
        is_later = owners[theirs] > place
        mine, theirs = mine[is_later], theirs[is_later]
        scales = np.log2(every.spreads_s[theirs] / votes.spreads_s[mine])
        shifts = votes.octaves[mine] - every.octaves[theirs]
        first = place + 1
        is_rival = are_promising(scales, shifts, owners[theirs] - first, len(self.names) - first)
        return {self.names[first + at] for at in np.flatnonzero(is_rival | self._is_long[first:])}


def _joined(parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Concatenate [shape=(n,)], and say which part each item is of."""
    owners = np.repeat(np.arange(len(parts)), np.array([len(part) for part in parts], np.int64))
    return np.concatenate([*parts, np.zeros(0, np.int64)]), owners
