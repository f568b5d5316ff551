"""Whether two recordings hold the same sound, at which speed and pitch, and where.

Equal constellations (see `classifiers.matching_keys`) of two recordings each propose a speed, a pitch and an
offset. The proposals that gather most votes are tried on all landmarks: under the right one, half of them and
more lie on a landmark of the other recording within some hundredths of a second and a fifth of a semitone;
by chance one in a hundred does. Stretches where they do are the shared segments.
"""

from dataclasses import dataclass

import numpy as np

from classifiers.landmarks import OCTAVES, Flags, Floats, Landmarks
from classifiers.matching_keys import Constellations, Indices, constellations
from classifiers.matching_votes import Placing, proposals, runs
from schemas.flags import Span

SIZE = 4  # landmarks in a constellation that votes
_FULL = 8000  # strong landmarks, half an hour, of which all constellations vote; of a longer recording a part does
_WHOLE = 0.9

_WIDE = (0.09, 1 / 24)  # seconds and octaves off, before the proposal is refined
_NARROW = (0.03, 1 / 60)
_ROUNDS = 3

# A first look at a proposal, in nats: under the right one 0.35 or more of a stretch's landmarks lie within the wide
# tolerance, under a wrong one about one in eight. A stretch of 40 of 114 landmarks, the poorest that counts, has 19.8.
_SEEN = float(np.log(0.4 / 0.12))
_UNSEEN = float(np.log(0.6 / 0.88))
_MIN_LOOK = 14.0

# A segment's evidence in nats: landmarks that meet speak for it, those that do not against it.
_MEETING = float(np.log(0.5 / 0.025))
_MISSING = float(np.log(0.5 / 0.975))
_MIN_SEGMENT = 18.0
_MAX_GAP_S = 8.0


@dataclass(frozen=True)
class Segment:
    """A shared stretch.

    Attributes
    ----------
    own, other
        Where it lies in query and reference, in seconds.
    votes
        Landmarks of it that both have.
    share
        Of its landmarks, those that both have, in [0, 1].
    speed, pitch_semitones
        Of the query relative to the reference.
    """

    own: Span
    other: Span
    votes: int
    share: float
    speed: float
    pitch_semitones: float

    @property
    def placing(self) -> Placing:
        """How the query lies on the reference there."""
        return Placing(self.speed, self.other.end_s - self.speed * self.own.end_s, self.pitch_semitones / 12)


@dataclass(frozen=True)
class Meeting:
    """Landmarks of the query that lie within the reference, and which of its landmarks each one meets.

    Attributes
    ----------
    own, other
        Indices of landmarks [shape=(n,)]; ``other`` is -1 where there is none.
    """

    own: Indices
    other: Indices

    @property
    def is_met(self) -> Flags:
        """Which of the query's landmarks meet one."""
        return self.other >= 0


class Recording:
    """One recording made ready to be compared with others.

    Attributes
    ----------
    landmarks
        All of them.
    strong
        The strong ones alone.
    """

    def __init__(self, landmarks: Landmarks) -> None:
        self.landmarks = landmarks
        self.strong = landmarks.strong()
        self._constellations: tuple[int, Constellations] | None = None

    @property
    def length_s(self) -> float:
        """Seconds from the first landmark to the last."""
        return float(np.ptp(self.landmarks.times_s)) if len(self.landmarks.times_s) else 0.0

    @property
    def one_in(self) -> int:
        """Of its constellations, one in so many is enough to vote."""
        return 1 + len(self.strong.times_s) // _FULL

    def constellations(self, one_in: int) -> Constellations:
        """Those that vote, one in so many; kept for the next comparison."""
        if self._constellations is None or self._constellations[0] != one_in:
            self._constellations = one_in, constellations(self.strong, SIZE, one_in=one_in)
        return self._constellations[1]


def shared_segments(query: Recording, reference: Recording) -> list[Segment]:
    """Find what could be shared stretches of two recordings, most evidence first; none overlaps another."""
    one_in = max(query.one_in, reference.one_in)
    own, other = query.constellations(one_in), reference.constellations(one_in)
    found: list[tuple[float, Segment]] = []
    for proposal in proposals(own, other):
        placing = refined(query.landmarks, reference.landmarks, proposal)
        if placing is None:
            continue
        segments = _segments(query.landmarks, reference.landmarks, placing)
        found += segments
        if _whole([segment for _, segment in segments], query, reference):
            break  # nothing is left to find
    return _apart([segment for _, segment in sorted(found, key=lambda pair: -pair[0])])


def _whole(segments: list[Segment], query: Recording, reference: Recording) -> bool:
    """Whether segments of one line cover nearly all of the query or of the reference."""
    own_s = sum(segment.own.end_s - segment.own.start_s for segment in segments)
    other_s = sum(segment.other.end_s - segment.other.start_s for segment in segments)
    return own_s >= _WHOLE * query.length_s or other_s >= _WHOLE * reference.length_s


def refined(query: Landmarks, reference: Landmarks, proposal: Placing) -> Placing | None:
    """Fit speed, offset and pitch to the landmarks that meet under a proposal; None where nothing speaks for it."""
    placing = proposal
    for turn in range(_ROUNDS):
        found = meeting(query, reference, placing, _NARROW if turn else _WIDE)
        if not turn and _most_evidence(np.where(found.is_met, _SEEN, _UNSEEN)) < _MIN_LOOK:
            return None
        own, other = found.own[found.is_met], found.other[found.is_met]
        if len(own) < 4 or np.ptp(query.times_s[own]) < 1.0:
            return placing
        placing = _fitted(query.times_s[own], reference.times_s[other], placing.speed, placing.shift)
        shifts = query.octaves[own] - reference.octaves[other]
        placing = Placing(placing.speed, placing.offset_s, float(np.median(shifts)))
    return placing


def _fitted(own_s: Floats, other_s: Floats, speed: float, shift: float) -> Placing:
    """Theil's line through pairs half the recording apart: it does not mind those that met by chance."""
    half = len(own_s) // 2
    run = own_s[half : 2 * half] - own_s[:half]
    rise = other_s[half : 2 * half] - other_s[:half]
    is_fit = run > 0.5
    if is_fit.any():
        slope = float(np.median(rise[is_fit] / run[is_fit]))
        speed = slope if abs(slope / speed - 1) < 0.02 else speed
    return Placing(speed, float(np.median(other_s - speed * own_s)), shift)


def meeting(
    query: Landmarks, reference: Landmarks, placing: Placing, tolerance: tuple[float, float] = _NARROW
) -> Meeting:
    """Lay the query's landmarks on the reference and see which meet one there."""
    at_s = placing.offset_s + placing.speed * query.times_s
    octaves = query.octaves - placing.shift
    times = reference.times_s
    if not len(times):
        return Meeting(np.zeros(0, np.int64), np.zeros(0, np.int64))
    is_within = (at_s >= times[0]) & (at_s <= times[-1]) & (octaves >= 0) & (octaves <= OCTAVES)
    own = np.flatnonzero(is_within)
    at_s, octaves = at_s[own], octaves[own]
    low, high = np.searchsorted(times, at_s - tolerance[0]), np.searchsorted(times, at_s + tolerance[0], "right")
    asking, asked = runs(low, high)
    far = np.abs(reference.octaves[asked] - octaves[asking])
    is_near = far <= tolerance[1]
    asking, asked, far = asking[is_near], asked[is_near], far[is_near]
    order = np.lexsort((far, asking))[::-1]  # of all that one meets, the nearest is written last
    other = np.full(len(own), -1)
    other[asking[order]] = asked[order]
    return Meeting(own, other)


def _segments(query: Landmarks, reference: Landmarks, placing: Placing) -> list[tuple[float, Segment]]:
    """Find the stretches of the query where more landmarks meet than chance would have it, with their evidence."""
    found = meeting(query, reference, placing)
    own_s = query.times_s[found.own]
    gains = np.where(found.is_met, _MEETING, _MISSING)
    gains -= np.maximum(0, np.diff(own_s, prepend=own_s[:1]) - _MAX_GAP_S)  # a long gap parts two segments
    if _most_evidence(gains) < _MIN_SEGMENT:
        return []
    return [
        (evidence, _segment(own_s[first:last], found.is_met[first:last], placing))
        for first, last, evidence in _best_runs(gains)
        if evidence >= _MIN_SEGMENT
    ]


def _most_evidence(gains: Floats) -> float:
    """Sum the run that has most."""
    sums = np.concatenate([[0.0], np.cumsum(gains)])
    return float(np.max(sums - np.minimum.accumulate(sums)))


def _best_runs(gains: Floats) -> list[tuple[int, int, float]]:
    """Find the runs whose sum no longer or shorter one raises: (first, one past the last, sum)."""
    runs, start, total, best, end = [], 0, 0.0, 0.0, 0
    for at, gain in enumerate(gains.tolist()):
        total += gain
        if total <= 0 or total < best - _MIN_SEGMENT:
            if best > 0:
                runs.append((start, end, best))
            start, total, best, end = at + 1, 0.0, 0.0, at + 1
        elif total > best:
            best, end = total, at + 1
    return [*runs, (start, end, best)] if best > 0 else runs


def _segment(own_s: Floats, is_met: Flags, placing: Placing) -> Segment:
    start_s, end_s = float(own_s[0]), float(own_s[-1])
    return Segment(
        own=Span(start_s=start_s, end_s=end_s),
        other=Span(
            start_s=max(0.0, placing.offset_s + placing.speed * start_s),
            end_s=max(0.0, placing.offset_s + placing.speed * end_s),
        ),
        votes=int(np.count_nonzero(is_met)),
        share=float(np.mean(is_met)),
        speed=placing.speed,
        pitch_semitones=12 * placing.shift,
    )


def _apart(segments: list[Segment]) -> list[Segment]:
    """Leave those out that lie mostly on a stronger one, in either recording's time."""
    kept: list[Segment] = []
    for segment in segments:
        length = segment.own.end_s - segment.own.start_s
        if all(_common_s(segment.own, other.own) <= 0.3 * length for other in kept):
            kept.append(segment)
    return kept


def _common_s(one: Span, other: Span) -> float:
    return max(0.0, min(one.end_s, other.end_s) - max(one.start_s, other.start_s))
