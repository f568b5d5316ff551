"""A recording's fingerprint, and whether two recordings are the same sound at another speed or pitch.

What others build on (indexes, joins, streams), fixed for version `landmarks-2`:

- `pack(landmarks) -> bytes | None`: the fingerprint, and the only thing to store. A version byte, then 4 bytes a
  landmark: about 6 kB for three minutes, at most 25 kB. It is the item of verification as it stands.
- `keys(fingerprint) -> int64 array [shape=(n,)]`: to find candidates by. Sorted, each once, in [0, 2**48), equally
  spread (they are hashes: any bits of one serve as shard or as sample). About 10 for each second of music, at most
  `MAX_KEYS` whatever the length. Derived from the fingerprint, never stored beside it but in an index.
  Two copies share several keys, unrelated recordings almost none. A sample is taken by the key's value alone, so
  that all recordings keep the same ones.
- `align(query, reference) -> Alignment | None`: verification of one pair of fingerprints; symmetric but for the
  direction of its factors. An alignment has `votes`, `score`, `speed` and `pitch_semitones` (two separate factors),
  `own` and `other` (the aligned stretches) and `segments` (each shared stretch of both).

Three peaks (see `classifiers.landmarks`) make a triplet: two differences of log-frequency and one ratio
of times. None of them changes with speed or pitch, so equal triplets of two recordings vote for one
(speed, pitch, offset); the same sound gathers its votes in one place, others scatter them.

Packed form: a version byte, then per peak the time since the one before (uint16, 2 ms) and the height
above 250 Hz (uint16, 1/8192 octave).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from classifiers.landmarks import Landmarks
from schemas.flags import Span

_VERSION = b"\x01"
_TIME_STEP_S = 0.002
_OCTAVE_STEP = 1 / 8192
_MAX_GAP = 0xFFFF  # 131 s; a longer one is filled by marks of height 0xFFFF
_FILLER = 0xFFFF

_FAN = 6  # following peaks that an anchor makes pairs of
_MAX_SPREAD_S = 3.0
_MAX_SPREAD_OCTAVES = 1.6
_MIN_SPREAD_S = 0.15
_OCTAVE_BINS = 20  # per octave
_RATIO_BINS = 16
_KEY_SAMPLE = 4  # one key in so many goes into an index, chosen by the key itself

_SCALE_STEP = 0.02  # of log2(speed): one triplet tells speed to about 2 %
_SHIFT_STEP = 1 / 24  # octave
_MAX_SCALE = 0.75  # octaves of speed and of pitch
_FINE_SPEEDS = np.arange(-20, 21) * 0.001
_OFFSET_STEP_S = 0.25
_TOLERANCE_S = 0.12
_CELLS = 3
_GROUP_GAP_S = 6.0
_GROUP_VOTES = 5
_MAX_PAIRS = 2_000_000
_MIN_PEAKS = 10
MIN_VOTES = 8.0
MIN_SHARE = 0.06  # of the peaks of the one with fewer: a drum pattern in common gathers some votes, not these
MIN_SPAN_S = 3.0


@dataclass(frozen=True)
class Alignment:
    """How a recording lies on another one.

    Attributes
    ----------
    votes
        Distinct peaks that agree on one speed, pitch and offset; unrelated recordings have few.
    speed
        Of the query relative to the reference (1.05: the query is 5 % faster).
    pitch_semitones
        Of the query relative to the reference.
    own, other
        The aligned stretches of query and reference, in seconds.
    """

    votes: int
    speed: float
    pitch_semitones: float
    own: Span
    other: Span

    @property
    def score(self) -> float:
        """Evidence, in votes."""
        return float(self.votes)


@dataclass(frozen=True)
class _Triplets:
    keys: npt.NDArray[np.int64]
    times_s: npt.NDArray[np.float64]
    octaves: npt.NDArray[np.float64]
    spreads_s: npt.NDArray[np.float64]


def pack(landmarks: Landmarks) -> bytes | None:
    """Serialise landmarks; None where there are too few to tell a sound by."""
    if len(landmarks.times_s) < _MIN_PEAKS:
        return None
    order = np.argsort(landmarks.times_s, kind="stable")
    steps = np.rint(landmarks.times_s[order] / _TIME_STEP_S).astype(np.int64)
    heights = np.clip(np.rint(landmarks.octaves[order] / _OCTAVE_STEP), 0, _FILLER - 1).astype(np.int64)
    gaps = np.diff(steps, prepend=0)
    fillers = gaps // _MAX_GAP
    at = np.repeat(np.arange(len(gaps)), fillers)
    gaps = np.insert(gaps % _MAX_GAP, at, _MAX_GAP)
    heights = np.insert(heights, at, _FILLER)
    return _VERSION + np.stack([gaps, heights], axis=1).astype("<u2").tobytes()


def unpack(fingerprint: bytes) -> Landmarks:
    """Restore landmarks from their packed form.

    Raises
    ------
    ValueError
        The bytes are no fingerprint of this version.
    """
    if fingerprint[:1] != _VERSION or len(fingerprint) % 4 != 1:
        raise ValueError("not a fingerprint of version 1")
    gaps, heights = np.frombuffer(fingerprint, "<u2", offset=1).reshape(-1, 2).T.astype(np.int64)
    times_s, is_peak = np.cumsum(gaps) * _TIME_STEP_S, heights != _FILLER
    return Landmarks(times_s[is_peak], heights[is_peak] * _OCTAVE_STEP)


def keys(fingerprint: bytes) -> Sequence[int]:
    """Keys to index a recording by, each once: recordings of one sound share some of them.

    A key says more than the triplet that `align` compares: also its octave and, in half octaves, how long
    it lasts. Unrelated recordings share a sixth
    of what they would share without, copies within 10 % of speed most of it.
    """
    triplets = _triplets(unpack(fingerprint))
    lasting = np.floor(2 * np.log2(triplets.spreads_s)).astype(np.int64) & 7
    found = np.unique(triplets.keys * 64 + lasting * 8 + np.floor(triplets.octaves).astype(np.int64))
    sampled: list[int] = found[_mixed(found) % _KEY_SAMPLE == 0].tolist()
    return sampled


def align(query: bytes, reference: bytes) -> Alignment | None:
    """Lay a recording on another one; None where they are not the same sound.

    The same sound has at least 8 votes, and further ones for 6 % of the peaks of the recording with fewer:
    what is found is a copy of the whole or of a large part, not a sample or a drum loop in common.
    """
    peaks, other_peaks = unpack(query), unpack(reference)
    own, other = _triplets(peaks), _triplets(other_peaks)
    needed = MIN_VOTES + MIN_SHARE * min(len(peaks.times_s), len(other_peaks.times_s))
    mine, theirs = _pairs(own.keys, other.keys)
    if not needed <= len(mine) <= _MAX_PAIRS:
        return None
    pairs = _Votes(
        own_s=own.times_s[mine],
        other_s=other.times_s[theirs],
        scales=np.log2(other.spreads_s[theirs] / own.spreads_s[mine]),
        shifts=own.octaves[mine] - other.octaves[theirs],
    )
    best = max((_fitted(pairs.at(cell)) for cell in pairs.densest()), key=lambda found: found.votes)
    is_match = best.votes >= needed and best.own.end_s - best.own.start_s >= MIN_SPAN_S
    return best if is_match else None


@dataclass(frozen=True)
class _Votes:
    """Pairs of equal triplets: where each lies, and the speed and pitch it speaks for (log2)."""

    own_s: npt.NDArray[np.float64]
    other_s: npt.NDArray[np.float64]
    scales: npt.NDArray[np.float64]
    shifts: npt.NDArray[np.float64]

    def densest(self) -> npt.NDArray[np.float64]:
        """Centres of the (scale, shift) neighbourhoods with most votes [shape=(n, 2)]."""
        scales, shifts = np.rint(self.scales / _SCALE_STEP), np.rint(self.shifts / _SHIFT_STEP)
        is_near = (np.abs(self.scales) <= _MAX_SCALE) & (np.abs(self.shifts) <= _MAX_SCALE)
        reach = round(_MAX_SCALE / _SCALE_STEP), round(_MAX_SCALE / _SHIFT_STEP)
        counts = np.zeros((2 * reach[0] + 1, 2 * reach[1] + 1))
        np.add.at(counts, (scales[is_near].astype(int) + reach[0], shifts[is_near].astype(int) + reach[1]), 1)
        smooth = uniform_filter(counts, 3, mode="constant")
        cells = np.argsort(-smooth, axis=None)[:_CELLS]
        centres = np.stack(np.unravel_index(cells, counts.shape), axis=1) - np.array(reach)
        return np.asarray(centres * np.array([_SCALE_STEP, _SHIFT_STEP]), np.float64)

    def at(self, cell: npt.NDArray[np.float64]) -> "_Votes":
        """Take the votes near a cell alone."""
        is_near = (np.abs(self.scales - cell[0]) <= 2 * _SCALE_STEP) & (
            np.abs(self.shifts - cell[1]) <= 1.5 * _SHIFT_STEP
        )
        return _Votes(self.own_s[is_near], self.other_s[is_near], self.scales[is_near], self.shifts[is_near])


def _fitted(votes: _Votes) -> Alignment:
    """Find the line other_s = offset + speed * own_s that most votes lie on."""
    speeds = np.exp2(np.median(votes.scales) if len(votes.scales) else 0.0) * (1 + _FINE_SPEEDS)
    speed, offset, most = 1.0, 0.0, -1
    for candidate in speeds:
        offsets = np.rint((votes.other_s - candidate * votes.own_s) / _OFFSET_STEP_S).astype(np.int64)
        places, counts = np.unique(offsets, return_counts=True)
        if len(places) and counts.max() > most:
            speed, offset, most = candidate, places[counts.argmax()] * _OFFSET_STEP_S, int(counts.max())
    for _ in range(2):
        is_on = np.abs(votes.other_s - offset - speed * votes.own_s) <= _TOLERANCE_S
        if np.ptp(votes.own_s[is_on]) < 1.0 if is_on.any() else True:
            break
        speed, offset = np.polyfit(votes.own_s[is_on], votes.other_s[is_on], 1)
    is_on = np.abs(votes.other_s - offset - speed * votes.own_s) <= _TOLERANCE_S
    return _alignment(votes.own_s[is_on], votes.other_s[is_on], votes.shifts[is_on], float(speed))


def _alignment(
    own_s: npt.NDArray[np.float64], other_s: npt.NDArray[np.float64], shifts: npt.NDArray[np.float64], speed: float
) -> Alignment:
    is_core = _in_groups(own_s)
    own_s, other_s, shifts = own_s[is_core], other_s[is_core], shifts[is_core]
    if not len(own_s):
        return Alignment(0, 1.0, 0.0, Span(start_s=0, end_s=0), Span(start_s=0, end_s=0))
    return Alignment(
        votes=min(len(np.unique(own_s)), len(np.unique(other_s))),
        speed=speed,
        pitch_semitones=12 * float(np.median(shifts)),
        own=Span(start_s=float(own_s.min()), end_s=float(own_s.max())),
        other=Span(start_s=float(other_s.min()), end_s=float(other_s.max())),
    )


def _in_groups(times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Leave single votes far from others out: chance scatters its votes over the whole length."""
    places, of = np.unique(times_s, return_inverse=True)
    group = np.cumsum(np.diff(places, prepend=places[:1]) > _GROUP_GAP_S)
    sizes = np.bincount(group, minlength=1)
    return np.asarray((sizes[group] >= _GROUP_VOTES)[of]) if len(places) else np.zeros(0, np.bool_)


def _triplets(landmarks: Landmarks) -> _Triplets:
    times, octaves = landmarks.times_s, landmarks.octaves
    count = len(times)
    parts = [
        np.stack([first, second, third])
        for b in range(1, _FAN)
        for c in range(b + 1, _FAN + 1)
        for first in [np.arange(max(0, count - c))]
        for second, third in [(first + b, first + c)]
    ]
    a, b, c = np.concatenate(parts, axis=1)
    spread = times[c] - times[a]
    rise_b, rise_c = octaves[b] - octaves[a], octaves[c] - octaves[a]
    is_fit = (
        (spread >= _MIN_SPREAD_S)
        & (spread <= _MAX_SPREAD_S)
        & (np.abs(rise_b) <= _MAX_SPREAD_OCTAVES)
        & (np.abs(rise_c) <= _MAX_SPREAD_OCTAVES)
        & ((np.abs(rise_b) > 1 / 12) | (np.abs(rise_c) > 1 / 12))  # one tone again and again tells nothing
    )
    a, b, spread, rise_b, rise_c = a[is_fit], b[is_fit], spread[is_fit], rise_b[is_fit], rise_c[is_fit]
    ratio = (times[b] - times[a]) / spread
    width = 2 * round(_MAX_SPREAD_OCTAVES * _OCTAVE_BINS) + 1
    key = np.rint((rise_b + _MAX_SPREAD_OCTAVES) * _OCTAVE_BINS).astype(np.int64)
    key = key * width + np.rint((rise_c + _MAX_SPREAD_OCTAVES) * _OCTAVE_BINS).astype(np.int64)
    key = key * (_RATIO_BINS + 1) + np.rint(ratio * _RATIO_BINS).astype(np.int64)
    return _Triplets(key, times[a], octaves[a], spread)


def _mixed(values: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    mixed = values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mixed >> np.uint64(40)


def _pairs(
    mine: npt.NDArray[np.int64], theirs: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find all pairs of indices with equal keys."""
    order = np.argsort(theirs, kind="stable")
    ordered = theirs[order]
    low, high = np.searchsorted(ordered, mine, "left"), np.searchsorted(ordered, mine, "right")
    counts = high - low
    own = np.repeat(np.arange(len(mine)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return own, order[np.repeat(low, counts) + within]
