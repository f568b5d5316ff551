"""Constellations: a few strong landmarks close together, and the key that neither speed nor pitch changes.

From each strong landmark, and some of the seven that follow it, differences of log-frequency (in whole
semitones) and ratios of times (in twelfths of the whole) make a key. Music is in tune with itself and moves
in simple ratios of time, so that most true values lie in the middle of their steps, and not on a border.
Longer constellations are rarer and find candidates in a large catalogue; those of four survive more, and serve to
compare two recordings.
"""

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
    parts = [
        _of_block(strong, start, _choices(size, fan), one_in) for start in range(0, max(1, len(strong.times_s)), _BLOCK)
    ]
    keys, first, last = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((first, keys))
    order = order[_rank(keys[order]) < MAX_REPEATS]
    keys, first, last = keys[order], first[order], last[order]
    times_s = strong.times_s[first]
    return Constellations(keys, times_s, strong.octaves[first], strong.times_s[last] - times_s)


def _rank(ordered: Keys) -> Indices:
    """Which of its equals each key is, the first being 0."""
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return np.arange(len(ordered)) - np.repeat(starts, np.diff(starts, append=len(ordered)))


def _choices(size: int, fan: int) -> Indices:
    """Which following landmarks make a constellation [shape=(size, n)]."""
    return np.array([(0, *later) for later in combinations(range(1, fan + 1), size - 1)]).T


def _of_block(strong: Landmarks, start: int, steps: Indices, one_in: int) -> tuple[Keys, Indices, Indices]:
    """Keys, first and last landmarks of the constellations that begin in a block."""
    anchors = np.arange(start, min(start + _BLOCK, len(strong.times_s)))
    points = (steps[:, :, None] + anchors).reshape(len(steps), -1)
    points = points[:, points[-1] < len(strong.times_s)]
    is_fit, keys = _keys(strong.times_s[points], strong.octaves[points])
    is_fit &= keys % one_in == 0
    return keys[is_fit], points[0, is_fit], points[-1, is_fit]


def _keys(times_s: Floats, octaves: Floats) -> tuple[npt.NDArray[np.bool_], Keys]:
    """Which constellations [shape=(size, n)] say something, and their keys."""
    spread = times_s[-1] - times_s[0]
    rises = np.rint((octaves[1:] - octaves[0]) * STEPS_PER_OCTAVE).astype(np.int64)
    is_fit = (spread >= MIN_SPREAD_S) & (spread <= MAX_SPREAD_S)
    is_fit &= np.abs(rises).max(axis=0) < MAX_RISE_OCTAVES * STEPS_PER_OCTAVE
    is_fit &= np.count_nonzero(rises, axis=0) >= 2  # one tone again and again tells nothing
    ratios = np.rint((times_s[1:-1] - times_s[0]) / np.maximum(spread, MIN_SPREAD_S) * STEPS_OF_TIME).astype(np.int64)
    return is_fit, _hashed(np.concatenate([rises, ratios]))


def _hashed(values: Indices) -> Keys:
    mixed = np.zeros(values.shape[1], np.uint64)
    for row in values:
        mixed = (mixed + row.astype(np.uint64)) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(64 - KEY_BITS)).astype(np.int64)
