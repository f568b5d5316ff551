"""Votes: each pair of equal constellations proposes a speed, a pitch and an offset; the densest are worth a try."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.landmarks import Flags, Floats
from classifiers.matching_keys import Constellations, Indices, Keys

_MAX_OCTAVES = 0.75  # of speed and of pitch that are looked for
_SPEED_STEP, _PITCH_STEP = 0.015, 1 / 48  # octaves: one constellation tells speed and pitch to about that
_STEPS = np.array([_SPEED_STEP, _PITCH_STEP])
_REACH = np.rint(_MAX_OCTAVES / _STEPS).astype(np.int64)
_CELLS = 6
_OFFSETS = 3
_FINE_SPEEDS = np.arange(-12, 13) * 0.001
_OFFSET_STEP_S = 0.25
_MIN_PROPOSALS = 5  # votes for one speed and pitch; copies of four seconds have dozens
_MIN_ON_LINE = 4  # ... and for one offset

Counts = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Placing:
    """How a query lies on a reference: ``other_s = offset_s + speed * own_s``, ``own = other + shift`` octaves."""

    speed: float
    offset_s: float
    shift: float


def proposals(own: Constellations, other: Constellations) -> Iterator[Placing]:
    """Propose how a recording lies on another one, the densest neighbourhood of speed and pitch first."""
    mine, theirs = equal_pairs(own.keys, other.keys)
    if len(mine) < _MIN_PROPOSALS:
        return
    scales = np.log2(other.spreads_s[theirs] / own.spreads_s[mine])
    shifts = own.octaves[mine] - other.octaves[theirs]
    own_s, other_s = own.times_s[mine], other.times_s[theirs]
    for scale, shift in _densest(scales, shifts):
        is_near = (np.abs(scales - scale) <= 1.5 * _SPEED_STEP) & (np.abs(shifts - shift) <= 1.5 * _PITCH_STEP)
        if np.count_nonzero(is_near) >= _MIN_PROPOSALS:
            pitch = float(np.median(shifts[is_near]))
            for speed, offset_s in _lines(own_s[is_near], other_s[is_near], 2.0**scale):
                yield Placing(speed, offset_s, pitch)


def equal_pairs(mine: Keys, theirs: Keys) -> tuple[Indices, Indices]:
    """Find all pairs of indices with equal keys; both sides are in order."""
    return runs(np.searchsorted(theirs, mine, "left"), np.searchsorted(theirs, mine, "right"))


def runs(low: Indices, high: Indices) -> tuple[Indices, Indices]:
    """List the places from each ``low`` up to its ``high`` [shape=(n,)]: which pair they belong to, and the places."""
    counts = high - low
    owners = np.repeat(np.arange(len(low)), counts)
    return owners, np.arange(len(owners)) + np.repeat(low - np.cumsum(counts) + counts, counts)


def _densest(scales: Floats, shifts: Floats) -> Floats:
    """Centres of the neighbourhoods of (speed, pitch) with most votes [shape=(n, 2)], in octaves."""
    counts = _counted(scales, shifts, np.zeros(len(scales), np.int64), 1)[0]
    smooth = _neighbourhoods(counts)
    centres = []
    for _ in range(_CELLS):
        place = np.array(np.unravel_index(smooth.argmax(), smooth.shape))
        if smooth[tuple(place)] < _MIN_PROPOSALS:
            break
        centres.append((place - _REACH) * _STEPS)
        low = np.maximum(place - 2, 0)
        smooth[low[0] : place[0] + 3, low[1] : place[1] + 3] = 0
    return np.array(centres).reshape(-1, 2)


def are_promising(scales: Floats, shifts: Floats, owners: Indices, count: int) -> Flags:
    """Which of ``count`` owners of votes have a neighbourhood of (speed, pitch) with enough of them [shape=(count,)].

    Without one, `classifiers.matching.shared_segments` finds nothing.
    """
    if not count:
        return np.zeros(0, np.bool_)
    most: Counts = _neighbourhoods(_counted(scales, shifts, owners, count)).max(axis=(1, 2))
    return np.greater_equal(most, _MIN_PROPOSALS)


def _counted(scales: Floats, shifts: Floats, owners: Indices, count: int) -> Counts:
    """Votes by owner, speed and pitch [shape=(count, speeds, pitches)]."""
    places = np.rint(np.stack([scales, shifts], axis=1) / _STEPS).astype(np.int64)
    is_near = (np.abs(places) <= _REACH).all(axis=1)
    shape = (count, *(2 * _REACH + 1))
    flat = np.ravel_multi_index((owners[is_near], *(places[is_near] + _REACH).T), shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).astype(np.int32).reshape(shape)


def _neighbourhoods(counts: Counts) -> Counts:
    """Sum each cell with the eight around it, along the last two axes."""
    padded = np.pad(counts, [(0, 0)] * (counts.ndim - 2) + [(1, 1), (1, 1)])
    rows = padded[..., :-2, :] + padded[..., 1:-1, :] + padded[..., 2:, :]
    sums: Counts = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    return sums


def _lines(own_s: Floats, other_s: Floats, speed: float) -> Iterator[tuple[float, float]]:
    """Find the lines ``other_s = offset + speed * own_s`` that most votes lie on: (speed, offset) each."""
    candidates = speed * (1 + _FINE_SPEEDS)
    most = _most_at_one_offset(own_s, other_s, candidates)
    best = float(candidates[np.flatnonzero(most == most.max())[-1]])
    offsets = other_s - best * own_s
    places, counts = np.unique(np.rint(offsets / _OFFSET_STEP_S), return_counts=True)
    for at in np.argsort(-counts, kind="stable")[:_OFFSETS]:
        if counts[at] >= _MIN_ON_LINE:
            is_near = np.abs(offsets - places[at] * _OFFSET_STEP_S) <= _OFFSET_STEP_S
            yield best, float(np.median(offsets[is_near]))


def _most_at_one_offset(own_s: Floats, other_s: Floats, speeds: npt.NDArray[np.floating[Any]]) -> Indices:
    """How many votes agree on an offset, at each speed, all counted at once [shape=(speeds,)]."""
    places = np.rint((other_s - speeds[:, None] * own_s) / _OFFSET_STEP_S).astype(np.int64)
    places -= places.min()
    width = int(places.max()) + 1
    counts = np.bincount((places + width * np.arange(len(speeds))[:, None]).ravel(), minlength=width * len(speeds))
    return np.asarray(counts.reshape(len(speeds), width).max(axis=1))
