"""Constellations: a few strong landmarks close together, and the key that neither speed nor pitch changes.

From each strong landmark, and some of the seven that follow it, differences of log-frequency (in whole
semitones) and ratios of times (in twelfths of the whole) make a key. Music is in tune with itself and moves
in simple ratios of time, so that most true values lie in the middle of their steps, and not on a border.
Longer constellations are rarer and find candidates in a large catalogue; those of four survive more, and serve to
compare two recordings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from classifiers.landmarks import Floats, Landmarks

FAN = 7  # following landmarks that a constellation is chosen from
MIN_SPREAD_S, MAX_SPREAD_S = 0.2, 4.0
MAX_RISE_OCTAVES = 2.5
STEPS_PER_OCTAVE = 12
STEPS_OF_TIME = 12
KEY_BITS = 48
MAX_REPEATS = 12  # a constellation that comes again and again is kept so often: pairs of two loops grow by the square

_BLOCK = 512  # anchors worked on at once: memory stays flat for a recording of any length
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Keys = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Constellations:
    """Constellations of one recording, in the order of their keys.

    Attributes
    ----------
    keys
        In [0, 2**48), equally spread [shape=(n,)].
    times_s, octaves
        Of the first landmark.
    spreads_s
        Seconds from the first landmark to the last.
    """

    keys: Keys
    times_s: Floats
    octaves: Floats
    spreads_s: Floats


def constellations(strong: Landmarks, size: int, *, one_in: int = 1, fan: int = FAN) -> Constellations:
    """Find the constellations of ``size`` landmarks.

    Parameters
    ----------
    one_in
        Of all keys, those that are multiples of it are kept.
    fan
        Following landmarks that a constellation is chosen from.
    """
    parts = [_none()]
    for start in range(0, len(strong.times_s), _BLOCK):
        keys, first, last = _of_block(strong, start, _choices(size, fan), fan)
        kept = np.flatnonzero(keys % one_in == 0) if one_in > 1 else slice(None)
        parts.append((keys[kept], first[kept], last[kept]))
    keys, first, last = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(keys, kind="stable")
    order = order[_rank(keys[order]) < MAX_REPEATS]
    keys, first, last = keys[order], first[order], last[order]
    times_s = strong.times_s[first]
    return Constellations(keys, times_s, strong.octaves[first], strong.times_s[last] - times_s)


def _none() -> tuple[Keys, Indices, Indices]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)


def _rank(ordered: Keys) -> Indices:
    """Which of its equals each key is, the first being 0."""
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return np.arange(len(ordered)) - np.repeat(starts, np.diff(starts, append=len(ordered)))


def _choices(size: int, fan: int) -> Indices:
    """Which following landmarks make a constellation, 0 being the next one [shape=(size - 1, n)]."""
    return np.array(list(combinations(range(fan), size - 1))).T


def _of_block(strong: Landmarks, start: int, choices: Indices, fan: int) -> tuple[Keys, Indices, Indices]:
    """Keys, first and last landmarks of the constellations that begin in a block, in the order of the first."""
    anchors = np.arange(start, min(start + _BLOCK, len(strong.times_s)))
    later_s, rises = _following(strong, anchors, fan)
    at, choice = np.nonzero(_are_fit(later_s, rises, choices).T)
    chosen = choices[:, choice], at
    spreads_s = later_s[chosen[0][-1], at]
    ratios = np.rint(later_s[chosen[0][:-1], at] / spreads_s * STEPS_OF_TIME).astype(np.int64)
    return _hashed([*rises[chosen], *ratios]), anchors[at], anchors[at] + chosen[0][-1] + 1


def _following(strong: Landmarks, anchors: Indices, fan: int) -> tuple[Floats, Indices]:
    """How much later each following landmark is, and by how many semitones higher [shape=(fan, n) each].

    Those that would follow the last one come after an endless time.
    """
    places = anchors + np.arange(1, fan + 1)[:, None]
    is_there = places < len(strong.times_s)
    places = np.minimum(places, len(strong.times_s) - 1)
    later_s = np.where(is_there, strong.times_s[places] - strong.times_s[anchors], np.inf)
    rises = np.rint((strong.octaves[places] - strong.octaves[anchors]) * STEPS_PER_OCTAVE).astype(np.int64)
    return later_s, rises


def _are_fit(later_s: Floats, rises: Indices, choices: Indices) -> npt.NDArray[np.bool_]:
    """Which constellations of each anchor say something [shape=(choices, n)].

    This is asked of single landmarks, in bytes, before anything is reckoned for the tens of thousands of their choices.
    """
    is_near = np.abs(rises) < MAX_RISE_OCTAVES * STEPS_PER_OCTAVE
    moves = (rises != 0).astype(np.int8)
    is_fit = ((later_s >= MIN_SPREAD_S) & (later_s <= MAX_SPREAD_S))[choices[-1]]
    for choice in choices:
        is_fit &= is_near[choice]
    return np.asarray(
        is_fit & (moves[choices].sum(axis=0, dtype=np.int8) >= 2)
    )  # one tone again and again tells nothing


def _hashed(rows: Sequence[Indices]) -> Keys:
    mixed = np.zeros(len(rows[0]), np.uint64)
    for row in rows:
        mixed += row.view(np.uint64)
        mixed *= _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(64 - KEY_BITS)).astype(np.int64)
