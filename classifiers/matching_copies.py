"""Changed copies of a track, to be looked for: made of its sound, or out of the cache of an earlier evaluation."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import soxr

from classifiers.fingerprint import Alignment
from classifiers.matching_changes import Array, Change, drawn
from classifiers.matching_material import Cache, Track, fingerprint_of, load, stamp

MIN_COPY_S = 5.0

_SPEED_WITHIN = 0.01
_PITCH_WITHIN = 0.5  # semitones
_PLACE_WITHIN_S = 1.0
_KEPT = struct.Struct("<dd")  # where the stretch starts, seconds of other sound before it; then the fingerprint


@dataclass(frozen=True)
class Cut:
    """What is taken of a track before it is changed.

    Attributes
    ----------
    seed
        Chooses the stretch.
    excerpt_s
        Its length; 0 takes the whole track.
    """

    seed: int = 0
    excerpt_s: float = 0.0


@dataclass(frozen=True)
class Copy:
    """A changed copy of a track, and what a right answer says of it.

    Attributes
    ----------
    fingerprint
        Empty where the changed sound has none.
    start_s
        Where in the track the stretch starts that was changed.
    intro_s
        Seconds of other sound before it.
    """

    track: Track
    change: Change
    fingerprint: bytes
    start_s: float
    intro_s: float

    def is_right(self, found: Alignment) -> bool:
        """Whether speed, pitch and place are right."""
        place_s = self.start_s + self.change.speed * (found.segments[0].own.start_s - self.intro_s)
        return (
            abs(found.speed / self.change.speed - 1) <= _SPEED_WITHIN
            and abs(found.pitch_semitones - self.change.pitch_semitones) <= _PITCH_WITHIN
            and abs(found.segments[0].other.start_s - place_s) <= _PLACE_WITHIN_S
        )


def copies_of(track: Track, other: Track, changes: Sequence[Change], cut: Cut, cache: Cache) -> Iterator[Copy]:
    """Make changed copies of a track; none where too little sound is left.

    Parameters
    ----------
    other
        Whose beginning is put before the copies that get an intro.

    Raises
    ------
    AudioUnreadable
        One of the two cannot be decoded.
    """
    sound = _Sound(track, other, cut)
    for change in changes:
        parts = [stamp(track), change.name, cut.seed, cut.excerpt_s, *([stamp(other)] if change.intro_s else [])]
        kept = cache.kept("\0".join(map(str, parts)), partial(sound.changed, change))
        if kept:
            yield Copy(track, change, kept[_KEPT.size :], *_KEPT.unpack_from(kept))


@dataclass(frozen=True)
class _Sound:
    """A track's mono sound, decoded when it is needed, and the track whose beginning is put before it."""

    track: Track
    other: Track
    cut: Cut

    @cached_property
    def _decoded(self) -> tuple[Array, int]:
        return load(self.track.path)

    def changed(self, change: Change) -> bytes:
        """Change a random stretch; give it in its kept form, empty where too little sound is left."""
        rate = self._decoded[1]
        part, start_s = self._stretch(change.cut_s or self.cut.excerpt_s, change)
        if len(part) < MIN_COPY_S * rate:
            return b""
        copy = change.apply(part, rate)
        intro = self._intro(change.intro_s) if change.intro_s else copy[:0]
        fingerprint = fingerprint_of(np.concatenate([intro, copy]), rate) or b""
        return _KEPT.pack(start_s, len(intro) / rate) + fingerprint

    def _stretch(self, length_s: float, change: Change) -> tuple[Array, float]:
        """Take a random stretch, or all where the length is 0: samples, and where it starts."""
        wave, rate = self._decoded
        spare_s = max(0.0, len(wave) / rate - length_s) if length_s else 0.0
        start_s = float(drawn(self.cut.seed, self.track.name, change.name).uniform(0, spare_s))
        first = round(start_s * rate)
        return wave[first : first + round(length_s * rate)] if length_s else wave, start_s

    def _intro(self, length_s: float) -> Array:
        """Decode the beginning of the other track, at this one's rate."""
        wanted = self._decoded[1]
        wave, rate = load(self.other.path, 0.0, length_s)
        return wave if rate == wanted else np.asarray(soxr.resample(wave, rate, wanted), np.float32)
