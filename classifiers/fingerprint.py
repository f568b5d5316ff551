"""A recording's fingerprint, and whether two recordings are the same sound at another speed or pitch.

What others build on (indexes, joins, streams), fixed for version `landmarks-3`:

- `pack(landmarks) -> bytes | None`: the fingerprint, and the only thing to store. A version byte, then 4 bytes a
  landmark: 10 to 16 kB for three minutes of music, at most 25 kB. It is the item of verification as it stands; the
  keys that an index finds candidates by are derived from it (`pipeline.duplicates.keys`).
- `align(query, reference) -> Alignment | None`: verification of one pair of fingerprints; symmetric but for the
  direction of its factors. An alignment has `votes`, `score`, `speed` and `pitch_semitones` (two separate factors),
  `own` and `other` (the aligned stretches), `segments` (each shared stretch of both) and the coverage of each.

Packed form: a version byte, then per landmark the time since the one before (uint16, 2 ms) and a uint16 of 12 bits
of height above 160 Hz (1/800 octave) and, above them, four of its reach (frames over eight).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from classifiers.landmarks import MAX_REACH, Landmarks
from classifiers.matching import Recording, Segment, shared_segments
from classifiers.matching_repeats import is_only_pattern, is_ticking
from schemas.flags import Span

_VERSION = b"\x03"
_TIME_STEP_S = 0.002
_OCTAVE_STEP = 1 / 800
_MAX_GAP = 0xFFFF  # 131 s; a longer one is filled by marks of height 0xFFF
_HEIGHT_BITS = 12
_FILLER = (1 << _HEIGHT_BITS) - 1
_SHORT_REACH = 8  # frames; what is the loudest for less is told from nothing else
_MIN_PEAKS = 10
_AT_ONCE = 16_384  # landmarks packed in one go: hours of sound have a third of a million

# Among 42,778 pairs of tracks of game music, chance and one composer's habits brought up to 36 votes, over 5.3 seconds,
# and shares of 0.3. Copies have hundreds of votes, and a share above 0.45 even at -30 % of speed.
MIN_VOTES = 40
MIN_SHARE = 0.35
MIN_SPAN_S = 6.0


@dataclass(frozen=True)
class Alignment:
    """How a recording lies on another one.

    Attributes
    ----------
    votes
        Landmarks that both have, over all segments; unrelated recordings have none.
    speed
        Of the query relative to the reference (1.05: the query is 5 % faster), whatever its pitch.
    pitch_semitones
        Of the query relative to the reference, whatever its speed. A record played faster has both:
        ``pitch_semitones == 12 * log2(speed)``.
    own, other
        The aligned stretches of query and reference, in seconds: all segments that lie on one line.
    segments
        Each shared stretch, the one with most evidence first; they differ in offset, sometimes in speed.
    own_coverage, other_coverage
        How much of each recording is shared, in [0, 1], from its first landmark to its last.
    """

    votes: int
    speed: float
    pitch_semitones: float
    own: Span
    other: Span
    segments: tuple[Segment, ...]
    own_coverage: float
    other_coverage: float

    @property
    def score(self) -> float:
        """Evidence, in votes."""
        return float(self.votes)


def pack(landmarks: Landmarks) -> bytes | None:
    """Serialise landmarks; None where there are too few to tell a sound by."""
    if len(landmarks.times_s) < _MIN_PEAKS:
        return None
    order = np.argsort(landmarks.times_s, kind="stable")
    packed, before = [_VERSION], 0
    for first in range(0, len(order), _AT_ONCE):
        marks, before = _packed(landmarks.where(order[first : first + _AT_ONCE]), before)
        packed.append(marks)
    return b"".join(packed)


def _packed(landmarks: Landmarks, before: int) -> tuple[bytes, int]:
    """Serialise landmarks in the order of time, given the step of the one before them; and the last one's step."""
    steps = np.rint(landmarks.times_s / _TIME_STEP_S).astype(np.int64)
    heights = np.clip(np.rint(landmarks.octaves / _OCTAVE_STEP), 0, _FILLER - 1).astype(np.int64)
    heights |= np.clip(landmarks.reaches - _SHORT_REACH, 0, MAX_REACH - _SHORT_REACH) << _HEIGHT_BITS
    gaps = np.diff(steps, prepend=before)
    at = np.repeat(np.arange(len(gaps)), gaps // _MAX_GAP)
    gaps = np.insert(gaps % _MAX_GAP, at, _MAX_GAP)
    heights = np.insert(heights, at, _FILLER)
    return np.stack([gaps, heights], axis=1).astype("<u2").tobytes(), int(steps[-1])


def unpack(fingerprint: bytes) -> Landmarks:
    """Restore landmarks from their packed form.

    Raises
    ------
    ValueError
        The bytes are no fingerprint of this version.
    """
    if fingerprint[:1] != _VERSION or len(fingerprint) % 4 != 1:
        raise ValueError("not a fingerprint of version 3")
    gaps, marks = np.frombuffer(fingerprint, "<u2", offset=1).reshape(-1, 2).T.astype(np.int64)
    times_s = np.asarray(np.cumsum(gaps) * _TIME_STEP_S, np.float64)
    heights = marks & _FILLER
    reaches = (marks >> _HEIGHT_BITS) + _SHORT_REACH
    octaves = np.asarray(heights * _OCTAVE_STEP, np.float64)
    return Landmarks(times_s, octaves, reaches).where(heights != _FILLER)


def align(query: bytes, reference: bytes) -> Alignment | None:
    """Lay a recording on another one; None where they share nothing."""
    return aligned(_recording(query), _recording(reference))


def aligned(own: Recording, other: Recording) -> Alignment | None:
    """Do what `align` does, for recordings that were made ready before."""
    segments = tuple(
        segment
        for segment in shared_segments(own, other)
        if segment.votes >= MIN_VOTES
        and segment.share >= MIN_SHARE
        and segment.own.end_s - segment.own.start_s >= MIN_SPAN_S
        and not is_ticking(own.landmarks, segment.own)
    )
    # Where the stretch with most evidence is only a pattern, the others are as good as that: the same, and weaker.
    if not segments or is_only_pattern(own.landmarks, other.landmarks, segments[0]):
        return None
    return _alignment(segments, own.landmarks, other.landmarks)


@lru_cache(maxsize=16)
def _recording(fingerprint: bytes) -> Recording:
    """Unpack a fingerprint once for all the candidates that it is compared with."""
    return Recording(unpack(fingerprint))


def _alignment(segments: tuple[Segment, ...], own: Landmarks, other: Landmarks) -> Alignment:
    main = [segment for segment in segments if _is_on_line(segment, segments[0])]
    return Alignment(
        votes=sum(segment.votes for segment in segments),
        speed=segments[0].speed,
        pitch_semitones=segments[0].pitch_semitones,
        own=_hull([segment.own for segment in main]),
        other=_hull([segment.other for segment in main]),
        segments=segments,
        own_coverage=_coverage([segment.own for segment in segments], own),
        other_coverage=_coverage([segment.other for segment in segments], other),
    )


def _is_on_line(segment: Segment, first: Segment) -> bool:
    """Whether a segment goes on with the same offset and speed as another."""
    expected_s = first.other.start_s + first.speed * (segment.own.start_s - first.own.start_s)
    return abs(segment.other.start_s - expected_s) < 0.5


def _hull(spans: list[Span]) -> Span:
    return Span(start_s=min(span.start_s for span in spans), end_s=max(span.end_s for span in spans))


def _coverage(spans: list[Span], landmarks: Landmarks) -> float:
    length_s = float(np.ptp(landmarks.times_s))
    covered_s, reached_s = 0.0, -np.inf
    for span in sorted(spans, key=lambda span: span.start_s):
        covered_s += max(0.0, span.end_s - max(span.start_s, reached_s))
        reached_s = max(reached_s, span.end_s)
    return min(1.0, covered_s / length_s) if length_s > 0 else 0.0
