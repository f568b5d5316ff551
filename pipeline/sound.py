"""A recording's sound as the catalogue keeps it, and what a match with another one says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from pipeline.duplicates.shares import day_of, day_text
from pipeline.duplicates.verify import Aligned
from schemas.copies import Copy, Relation, relation_of
from schemas.disclosure import Level
from schemas.flags import Span
from schemas.known import Match, MatchKind, Segment
from schemas.screening import AudioFacts, Intake

MAX_SEGMENTS = 32  # of a match; those with most evidence are kept


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording, or one entry of a list that a user brought.

    Attributes
    ----------
    day
        Of its declared release, else of its delivery; see `pipeline.duplicates.shares.day_of`.
    delivered_at
        When its message was made, or when it was first screened; ISO 8601 in UTC.
    listed, reason
        The list that it stands on, and why; None for a recording of the catalogue.
    centre
        Number of the recording that its cluster is named after; None for one that is its own.
    number
        Order of arrival in the catalogue; 0 before it is added.
    """

    recording_key: str
    signal_hash: str | None
    audio_sha256: str | None
    isrc: str | None
    title: str
    display_artist: str
    sender_id: str | None
    rights_holder: str
    audio_uri: str | None
    duration_s: float
    day: int
    delivered_at: str
    declared: str
    fingerprint: bytes | None
    listed: str | None = None
    reason: str = ""
    centre: int | None = None
    number: int = 0

    @classmethod
    def of(cls, intake: Intake, audio: AudioFacts, fingerprint: bytes | None) -> Self:
        """Take from an intake what a match will show."""
        recording = intake.recording
        delivered_at = (intake.message_created_at or datetime.now(UTC)).astimezone(UTC)
        return cls(
            recording_key=intake.recording_key,
            signal_hash=audio.signal_hash,
            audio_sha256=audio.sha256,
            isrc=recording.isrc if recording else None,
            title=intake.title,
            display_artist=recording.display_artist if recording else "",
            sender_id=intake.sender_id,
            rights_holder=intake.rights_holder,
            audio_uri=intake.audio_uri,
            duration_s=audio.duration_s,
            day=day_of(intake.release_date, delivered_at),
            delivered_at=delivered_at.isoformat(timespec="microseconds"),
            declared=(recording.disclosure.level if recording else Level.UNDECLARED).value,
            fingerprint=fingerprint,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any], number: int = 0) -> Self:
        """Take it from a row of the lake's table ``fingerprints``; older parts lack some columns."""
        delivered_at = (row["delivered_at"] or row["screened_at"]).astimezone(UTC)
        return cls(
            recording_key=row["recording_key"],
            signal_hash=row["signal_hash"],
            audio_sha256=row.get("audio_sha256"),
            isrc=row["isrc"],
            title=row["title"] or "",
            display_artist=row["display_artist"] or "",
            sender_id=row["sender_id"],
            rights_holder=row.get("rights_holder") or "",
            audio_uri=row["audio_uri"],
            duration_s=row["duration_s"],
            day=day_of(row.get("release_date"), delivered_at),
            delivered_at=delivered_at.isoformat(timespec="microseconds"),
            declared=row.get("declared_level") or Level.UNDECLARED.value,
            fingerprint=row["fingerprint"],
            number=number,
        )

    @property
    def rank(self) -> tuple[int, str, int]:
        """Sorts recordings from the earliest to the latest."""
        return self.day, self.delivered_at, self.number

    @property
    def is_centre(self) -> bool:
        """Whether no earlier recording is the same as a whole."""
        return self.listed is None and self.centre in (None, self.number)

    def copy_of(self, earliest: Self | None) -> Copy:
        """Describe it as a member of a cluster."""
        return Copy(
            recording_key=self.recording_key,
            isrc=self.isrc,
            title=self.title,
            display_artist=self.display_artist,
            sender_id=self.sender_id,
            released_on=day_text(self.day),
            relation=relation_of(self, earliest) if earliest else None,
        )


def same(kind: MatchKind, own: Sound, other: Sound) -> Match:
    """Say that two recordings are equal from the first to the last sample."""
    whole = Span(start_s=0.0, end_s=own.duration_s)
    return _match(own, other, kind=kind, own_span=whole, other_span=whole, shares=(1.0, 1.0), score=own.duration_s)


def alike(own: Sound, other: Sound, alignment: Aligned) -> Match:
    """Say how one recording lies on another."""
    return _match(
        own,
        other,
        kind=MatchKind.FINGERPRINT,
        own_span=alignment.own,
        other_span=alignment.other,
        shares=(alignment.own_coverage, alignment.other_coverage),
        segments=_segments(alignment),
        score=alignment.score,
        speed=alignment.speed,
        pitch_semitones=alignment.pitch_semitones,
    )


def _segments(alignment: Aligned) -> tuple[Segment, ...]:
    """Bring the strongest shared stretches into the order of the first recording."""
    strongest = alignment.segments[:MAX_SEGMENTS]
    return tuple(
        Segment(own=one.own, other=one.other, speed=one.speed, pitch_semitones=one.pitch_semitones)
        for one in sorted(strongest, key=lambda one: one.own.start_s)
    )


def _match(
    own: Sound,
    other: Sound,
    *,
    kind: MatchKind,
    own_span: Span,
    other_span: Span,
    shares: tuple[float, float],
    score: float,
    segments: tuple[Segment, ...] = (),
    speed: float = 1.0,
    pitch_semitones: float = 0.0,
) -> Match:
    relation: Relation | None = None if other.listed else relation_of(own, other)
    return Match(
        kind=kind,
        recording_key=other.recording_key,
        isrc=other.isrc,
        title=other.title,
        display_artist=other.display_artist,
        sender_id=other.sender_id,
        audio_uri=other.audio_uri,
        speed=speed,
        pitch_semitones=pitch_semitones,
        own=own_span,
        other=other_span,
        score=score,
        is_earlier=other.listed is not None or other.rank < own.rank,
        released_on="" if other.listed else day_text(other.day),
        own_share=shares[0],
        other_share=shares[1],
        relation=relation,
        declared=Level(other.declared),
        listed=other.listed,
        reason=other.reason,
        segments=segments or (Segment(own=own_span, other=other_span),),
    )
