"""How two recordings lie on each other, drawn: the landmarks of both, and those that they have in common.

`alignment` gives the places to listen to, `picture` what to look at. Both work on fingerprints alone.
"""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from classifiers.fingerprint import Alignment, align, unpack
from classifiers.landmarks import OCTAVES, Flags, Floats, Landmarks
from classifiers.matching import Segment, meeting
from classifiers.matching_votes import Placing
from schemas.errors import InvalidInput
from schemas.flags import Span

EXCERPT_S = 12.0  # enough for a person to hear that it is the same
MIN_PIXELS, MAX_PIXELS = 120, 4096

_GROUND = (9, 14, 20)
_ALONE = (60, 92, 108)
_SHARED = (250, 180, 60)
_RIM = (29, 60, 74)
_GAP = 8  # pixels between the two halves

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Excerpts:
    """Two stretches that hold the same sound, to hear one after the other.

    Attributes
    ----------
    own, other
        The same music in query and reference, in seconds; ``other`` is ``speed`` times as long.
    speed, pitch_semitones
        Of the query relative to the reference: play the reference at ``speed`` to hear both at one tempo.
    """

    own: Span
    other: Span
    speed: float
    pitch_semitones: float


def alignment(query: bytes, reference: bytes) -> tuple[Alignment, tuple[Excerpts, ...]] | None:
    """Lay a recording on another one and choose what a person should hear, for each shared stretch its densest part.

    Parameters
    ----------
    query, reference
        Fingerprints.

    Returns
    -------
    (alignment, excerpts) or None
        One pair of excerpts for each segment, in the same order; None where nothing is shared.
    """
    found = align(query, reference)
    if found is None:
        return None
    own, other = unpack(query), unpack(reference)
    return found, tuple(_excerpts(own, other, segment) for segment in found.segments)


def _excerpts(own: Landmarks, other: Landmarks, segment: Segment) -> Excerpts:
    placing = segment.placing
    met = meeting(own, other, placing)
    times_s = own.times_s[met.own[met.is_met]]
    times_s = times_s[(times_s >= segment.own.start_s) & (times_s <= segment.own.end_s)]
    length_s = min(EXCERPT_S, segment.own.end_s - segment.own.start_s)
    starts = times_s[times_s <= segment.own.end_s - length_s]
    starts = starts if len(starts) else np.array([segment.own.start_s])
    counts = np.searchsorted(times_s, starts + length_s, "right") - np.searchsorted(times_s, starts)
    start_s = float(starts[counts.argmax()])
    at_s = max(0.0, placing.offset_s + placing.speed * start_s)
    return Excerpts(
        own=Span(start_s=start_s, end_s=start_s + length_s),
        other=Span(start_s=at_s, end_s=at_s + placing.speed * length_s),
        speed=segment.speed,
        pitch_semitones=segment.pitch_semitones,
    )


def picture(
    query: bytes,
    reference: bytes,
    own: Span,
    other: Span,
    *,
    width: int = 900,
    height: int = 420,
) -> bytes:
    """Draw the landmarks of two stretches above each other as PNG: time to the right, pitch upwards.

    The query is above. Landmarks that both have are bright and stand under each other; the lower half is moved by
    the difference in pitch, so that they stand on the same height too.

    Parameters
    ----------
    own, other
        The stretches of query and reference, in seconds, as `alignment` gives them.
    width, height
        Pixels, 120 to 4096 each.

    Raises
    ------
    InvalidInput
        A size or a stretch makes no sense.
    """
    if not (MIN_PIXELS <= width <= MAX_PIXELS and MIN_PIXELS <= height <= MAX_PIXELS):
        raise InvalidInput(f"A picture has {MIN_PIXELS} to {MAX_PIXELS} pixels on a side, not {width} x {height}.")
    if own.end_s <= own.start_s or other.end_s <= other.start_s:
        raise InvalidInput("A stretch runs from a second to a later one.")
    upper, lower = unpack(query), unpack(reference)
    placing = _measured(upper, lower, own, other)
    met = meeting(upper, lower, placing)
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = _GROUND
    half = (height - _GAP) // 2
    pixels[half : half + _GAP] = _RIM
    is_shared = np.zeros(len(upper.times_s), np.bool_), np.zeros(len(lower.times_s), np.bool_)
    is_shared[0][met.own[met.is_met]] = True
    is_shared[1][met.other[met.is_met]] = True
    _draw(pixels[:half], _scaled(upper.times_s, own), upper.octaves - placing.shift, is_shared[0])
    _draw(pixels[half + _GAP :], _scaled(lower.times_s, other), lower.octaves, is_shared[1])
    return _png(pixels)


def _measured(upper: Landmarks, lower: Landmarks, own: Span, other: Span) -> Placing:
    """Speed and offset from the stretches; the pitch at which most landmarks meet."""
    speed = (other.end_s - other.start_s) / (own.end_s - own.start_s)
    offset_s = other.start_s - speed * own.start_s
    shifts = np.arange(-36, 37) / 48
    tried = [Placing(speed, offset_s, float(shift)) for shift in shifts]
    best = max(tried, key=lambda placing: np.count_nonzero(meeting(upper, lower, placing).is_met))
    met = meeting(upper, lower, best)
    differences = upper.octaves[met.own[met.is_met]] - lower.octaves[met.other[met.is_met]]
    return Placing(speed, offset_s, float(np.median(differences)) if len(differences) else best.shift)


def _scaled(times_s: Floats, span: Span) -> Floats:
    return (times_s - span.start_s) / (span.end_s - span.start_s)


def _draw(pixels: Pixels, across: Floats, octaves: Floats, is_shared: Flags) -> None:
    """Set a dot for each landmark; shared ones last, so that they lie on top."""
    height, width = pixels.shape[:2]
    is_seen = (across >= 0) & (across <= 1) & (octaves >= 0) & (octaves <= OCTAVES)
    for shared, colour, size in ((False, _ALONE, 3), (True, _SHARED, 5)):
        chosen = is_seen & (is_shared == shared)
        columns = np.rint(across[chosen] * (width - size)).astype(int)
        rows = np.rint((1 - octaves[chosen] / OCTAVES) * (height - size)).astype(int)
        for row, column in zip(rows, columns, strict=True):
            pixels[row : row + size, column : column + size] = colour


def _png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=False, compress_level=6)
    return buffer.getvalue()
