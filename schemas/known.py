"""The known layer: other recordings with this sound, the cluster that they form, and namesakes."""

import math
from enum import StrEnum

from schemas.base import Model
from schemas.copies import Cluster, Namesake, Relation
from schemas.disclosure import Level
from schemas.flags import Span
from schemas.senders import Resemblance, SenderRecord


class MatchKind(StrEnum):
    """How a match in the catalogue was established."""

    SAME_FILE = "same_file"
    SAME_SIGNAL = "same_signal"
    FINGERPRINT = "fingerprint"


MAX_TOLD = 3  # segments that a sentence can carry; the match keeps all


class Segment(Model):
    """One shared stretch of two recordings.

    Attributes
    ----------
    own, other
        Where it lies in this recording and in the other, in seconds.
    speed, pitch_semitones
        This recording's, relative to the other.
    """

    own: Span
    other: Span
    speed: float = 1.0
    pitch_semitones: float = 0.0


class Match(Model):
    """Another recording of the catalogue with the same sound.

    Attributes
    ----------
    speed
        This recording's speed relative to the other (1.05: this one is 5 % faster).
    pitch_semitones
        This recording's pitch relative to the other.
    own, other
        The aligned stretches in both recordings: from the start of the first segment to the end of the last one that
        lie on one line with the strongest.
    segments
        Each shared stretch, in the order of this recording; empty in screenings of older versions, where `shared`
        gives the aligned stretch in their place.
    score
        Evidence in the unit of the method (votes of the fingerprint).
    is_earlier
        Whether the other one was released before this one, by its declared release, else by its delivery.
    released_on
        That day of the other one; ISO 8601.
    own_share, other_share
        How much of each recording the segments cover together, in [0, 1].
    relation
        How this one stands to the other, as far as the senders declare it.
    declared
        What the other one's sender declares about AI.
    listed
        The list that a user brought and that holds the other one; None for a recording of the catalogue.
    reason
        Why it is on that list, in the list's own words.
    """

    kind: MatchKind
    recording_key: str
    isrc: str | None = None
    title: str = ""
    display_artist: str = ""
    sender_id: str | None = None
    audio_uri: str | None = None
    speed: float = 1.0
    pitch_semitones: float = 0.0
    own: Span
    other: Span
    score: float
    is_earlier: bool = True
    released_on: str = ""
    own_share: float = 0.0
    other_share: float = 0.0
    relation: Relation | None = None
    declared: Level = Level.UNDECLARED
    listed: str | None = None
    reason: str = ""
    segments: tuple[Segment, ...] = ()

    @property
    def shared(self) -> tuple[Segment, ...]:
        """The shared stretches; at least one."""
        whole = Segment(own=self.own, other=self.other, speed=self.speed, pitch_semitones=self.pitch_semitones)
        return self.segments or (whole,)

    def describe(self) -> str:
        """Say which seconds are which of the other one, how it was changed, and how much of each that is."""
        by = " by ".join(filter(None, (f"\u201c{self.title}\u201d", self.display_artist)))
        name = by if self.title else "a recording without a title"  # labels read this: no key of somebody else's
        ident = f" ({self.isrc})" if self.isrc else ""
        speed = f", played at {self.speed:.3f}x" if abs(self.speed - 1) >= 0.005 else ""
        pitch = f", {self.pitch_semitones:+.1f} semitones" if abs(self.pitch_semitones) >= 0.25 else ""
        reason = f": {self.reason}" if self.reason else ""
        listed = f" It is on the list {self.listed}{reason}." if self.listed else ""
        return f"{self._places()} of {name}{ident}{speed}{pitch}.{self._coverage()}{listed}"

    def _places(self) -> str:
        if not math.isfinite(self.own.end_s):
            return "This has the sound"
        told = [
            f"{_length(one.own)} {'of this ' if at == 0 else ''}({_seconds(one.own)}) are {_seconds(one.other)}"
            for at, one in enumerate(self.shared[:MAX_TOLD])
        ]
        rest = len(self.shared) - MAX_TOLD
        return ", ".join(told) + (f" and {rest} more stretches are others" if rest > 0 else "")

    def _coverage(self) -> str:
        if not (self.own_share and self.other_share and math.isfinite(self.own.end_s)):
            return ""
        return f" That is {_percent(self.own_share)} of this recording and {_percent(self.other_share)} of the other."


def _length(span: Span) -> str:
    seconds = round(span.end_s - span.start_s)
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} min {seconds % 60} s"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "less than 1%"


def _seconds(span: Span) -> str:
    return f"{_clock(span.start_s)}-{_clock(span.end_s)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Known(Model):
    """The known layer: what the catalogue says; None where nothing was compared.

    Attributes
    ----------
    cluster
        The recordings that are the same as a whole; None where there is no other.
    namesakes
        Recordings under the same ISRC with another sound; None where that was not compared.
    sender
        What the sender did before; None where nothing was counted.
    resemblances
        Other artists of the catalogue whom the names recall.
    """

    matches: tuple[Match, ...] | None = None
    cluster: Cluster | None = None
    namesakes: tuple[Namesake, ...] | None = None
    sender: SenderRecord | None = None
    resemblances: tuple[Resemblance, ...] = ()
