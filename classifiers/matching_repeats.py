"""What comes again and again proves little: a metronome is every other one, a drum pattern lies under many tunes."""

import math

import numpy as np

from classifiers.landmarks import Flags, Floats, Landmarks
from classifiers.matching import Segment, meeting
from classifiers.matching_votes import Placing, runs
from schemas.flags import Span

_STEP_S = 0.03  # within which two landmarks meet
_SAME_OCTAVES = 1 / 60
_LAGS = 3
_SAMPLE = 24_000  # landmarks that tell the commonest lags, by seconds of the longest: some hundred thousand pairs

_TICK_S = 1.0
_TICKING_SHARE = 0.75

_BAR_S = 12.0
_BARS_APART = 8  # steps, within which two lags are one
_LOOP_SHARE = 0.7  # of a recording's landmarks that come again a bar later, from where on it can be a loop
_BETTER = 3.0  # standard deviations; of patterns one in seven hundred lies that much better where it was laid
_MIN_BOTH = 20  # landmarks that lie within the reference in both places

Met = tuple[Flags, Flags]


def is_ticking(landmarks: Landmarks, span: Span) -> bool:
    """Whether a stretch is one moment again and again: a metronome's copies are all metronomes with that click."""
    part = _within(landmarks, span)
    lags = _commonest(_gaps(part, 2 * _STEP_S, _TICK_S), apart=0)
    met = (meeting(part, part, Placing(1.0, lag_s, 0.0)).is_met for lag_s in lags)
    return any(len(is_met) and np.mean(is_met) > _TICKING_SHARE for is_met in met)


def is_only_pattern(query: Landmarks, reference: Landmarks, segment: Segment) -> bool:
    """Whether a stretch lies hardly better where it was laid than a bar earlier and a bar later.

    Tunes over one drum pattern by one synthesizer share its strokes, and share them as well a bar on; a copy shares
    what does not come again, too. Of the landmarks that meet in one of the two places alone, those of a pattern divide
    evenly (McNemar's test). What is nearly the same a bar on in itself, a loop, cannot be told so, and passes.
    """
    part, placing = _within(query, segment.own), segment.placing
    here = _met(part, reference, placing)
    lags = _commonest(_gaps(part, _TICK_S, _BAR_S), apart=_BARS_APART)

    def is_as_good(lag_s: float) -> bool:
        is_again, is_told = _met(part, query, Placing(1.0, lag_s, 0.0))
        moved = Placing(placing.speed, placing.offset_s + placing.speed * lag_s, placing.shift)
        is_loop = bool(np.mean(is_again[is_told]) >= _LOOP_SHARE) if is_told.any() else True
        return not is_loop and not _is_clear(here, _met(part, reference, moved))

    return any(is_as_good(lag_s) and is_as_good(-lag_s) for lag_s in lags)


def _within(landmarks: Landmarks, span: Span) -> Landmarks:
    return landmarks.where((landmarks.times_s >= span.start_s) & (landmarks.times_s <= span.end_s))


def _met(part: Landmarks, other: Landmarks, placing: Placing) -> Met:
    """Which landmarks meet one of the other recording, and which lie within it at all [shape=(n,) each]."""
    found = meeting(part, other, placing)
    is_met, is_within = np.zeros(len(part.times_s), np.bool_), np.zeros(len(part.times_s), np.bool_)
    is_met[found.own[found.is_met]] = True
    is_within[found.own] = True
    return is_met, is_within


def _is_clear(here: Met, there: Met) -> bool:
    """Whether more meet here than chance would have it if both places were as good; yes where that cannot be said."""
    is_both = here[1] & there[1]
    only_here = int(np.count_nonzero(here[0] & ~there[0] & is_both))
    only_there = int(np.count_nonzero(there[0] & ~here[0] & is_both))
    is_better = only_here - only_there >= _BETTER * math.sqrt(max(1, only_here + only_there))
    return is_better or int(np.count_nonzero(is_both)) < _MIN_BOTH


def _gaps(part: Landmarks, shortest_s: float, longest_s: float) -> Floats:
    """List the times between a landmark and each later one of the same height, in (shortest_s, longest_s].

    A gap as short as the tolerance would be met by every landmark's own self.
    """
    sample = round(_SAMPLE / longest_s)
    times_s, octaves = part.times_s[:sample], part.octaves[:sample]
    first, later = runs(np.arange(len(times_s)) + 1, np.searchsorted(times_s, times_s + longest_s + _STEP_S))
    gaps = times_s[later] - times_s[first]
    is_same = np.abs(octaves[later] - octaves[first]) <= _SAME_OCTAVES
    return np.asarray(gaps[is_same & (gaps > shortest_s) & (gaps <= longest_s)])


def _commonest(gaps_s: Floats, apart: int) -> list[float]:
    """Find the commonest gaps, no two of them within some steps."""
    counts = np.bincount(np.rint(gaps_s / _STEP_S).astype(np.int64), minlength=1)
    lags = []
    for _ in range(_LAGS):
        at = int(counts.argmax())
        if counts[at]:
            lags.append(at * _STEP_S)
        counts[max(0, at - apart) : at + apart + 1] = 0
    return lags
