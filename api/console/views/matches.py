"""Other recordings with this sound: how much of each is shared, where, and what the two senders declare.

A match says that two recordings share sound; only one that covers nearly all of both is called the same recording.
"""

from dataclasses import dataclass

from api.console.views import words
from schemas.copies import Relation
from schemas.disclosure import Level
from schemas.known import Known, Match, MatchKind, Segment

WHOLE = 0.8  # of a recording; intros and endings are cut off by everybody
RELATIONS = {
    Relation.SAME_ISRC: "Both bear the same ISRC: one recording, delivered or released again.",
    Relation.RE_RELEASE: "The same sender released it before, under another ISRC.",
    Relation.SAME_HOLDER: "Another sender, the same rights holder and title: a change of distributor, or a claim.",
    Relation.SAME_NAME: "Another sender names the same artist and title, but not the same rights holder.",
    Relation.EDIT: "The titles differ in a word such as “Radio Edit”; the artist is the same.",
    Relation.REMIX: "By its title this is a remix or the like of the other one.",
    Relation.RETITLED: "The same sender or rights holder has it under another title.",
    Relation.STRANGER: "Another sender has it under another name; nothing declared explains the copy.",
}
LEVELS = {Level.NONE: "no AI", Level.PARTLY: "partly AI", Level.ALL: "all AI"}


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A shared stretch: its seconds in both recordings in words and as numbers, to be heard at matched speed."""

    number: int
    length: str
    own: str
    other: str
    changed: str
    own_start_s: float
    own_end_s: float
    other_start_s: float
    other_end_s: float
    speed: float
    keeps_pitch: str


@dataclass(frozen=True, slots=True)
class MatchView:
    """Another recording with the same sound, how to line the two up, and what else is known of it."""

    number: int
    title: str
    artist: str
    isrc: str
    how: str
    aligned: str
    own_start_s: float
    own_end_s: float
    other_start_s: float
    other_end_s: float
    speed: float
    keeps_pitch: str
    has_audio: bool
    covers: str
    segments: tuple[SegmentView, ...]
    notes: tuple[str, ...]


def match_views(known: Known) -> tuple[MatchView, ...]:
    """List the matches, numbered from 1 in the order in which the screening keeps them."""
    return tuple(_match(number, match) for number, match in enumerate(known.matches or (), start=1))


def is_whole(match: Match) -> bool:
    """Whether nearly all of both is shared; so is one of an older screening, which did not say how much."""
    shares = (match.own_share, match.other_share)
    return match.kind is not MatchKind.FINGERPRINT or not any(shares) or min(shares) >= WHOLE


def _match(number: int, match: Match) -> MatchView:
    return MatchView(
        number=number,
        title=match.title or match.recording_key,
        artist=match.display_artist,
        isrc=match.isrc or "no ISRC",
        how=_how(match),
        aligned=_aligned(match),
        own_start_s=match.own.start_s,
        own_end_s=match.own.end_s,
        other_start_s=match.other.start_s,
        other_end_s=match.other.end_s,
        speed=match.speed,
        keeps_pitch=_keeps_pitch(match.pitch_semitones),
        has_audio=match.audio_uri is not None,
        covers=_covers(match),
        segments=tuple(_segment(n, one, match) for n, one in enumerate(match.shared, start=1)),
        notes=tuple(filter(None, (_relation(match), _listed(match)))),
    )


def _how(match: Match) -> str:
    if match.kind is MatchKind.SAME_FILE:
        how = "Identical file"
    elif match.kind is MatchKind.SAME_SIGNAL:
        how = "Identical signal"
    else:
        how = _extent(match) + _change(match)
    return how if match.is_earlier else f"{how}; the other came later"


def _extent(match: Match) -> str:
    if is_whole(match):
        return "Same recording"
    if match.own_share >= WHOLE:
        return "A part of the other recording"
    if match.other_share >= WHOLE:
        return "Contains the other recording"
    return "In part the same recording"


def _change(match: Match) -> str:
    is_faster = abs(match.speed - 1) >= 0.005
    speed = f", {words.percent(abs(match.speed - 1))} {'faster' if match.speed > 1 else 'slower'}" if is_faster else ""
    is_moved = abs(match.pitch_semitones) >= 0.25
    return speed + (f", {match.pitch_semitones:+.1f} semitones" if is_moved else "")


def _aligned(match: Match) -> str:
    if len(match.shared) > 1:
        seconds = sum(one.own.end_s - one.own.start_s for one in match.shared)
        return f"{len(match.shared)} stretches, {words.clock(round(seconds))} together"
    own = words.stretch(match.own.start_s, match.own.end_s)
    return f"{own} here is {words.stretch(match.other.start_s, match.other.end_s)} there"


def _relation(match: Match) -> str:
    parts = [RELATIONS[match.relation]] if match.relation else []
    if match.released_on:
        parts.append(f"The other is of {match.released_on}.")
    if match.declared in LEVELS:
        parts.append(f"Its sender declares {LEVELS[match.declared]}.")
    return " ".join(parts)


def _listed(match: Match) -> str:
    reason = f": {match.reason}" if match.reason else ""
    return f"On the list {match.listed}{reason}." if match.listed else ""


def _covers(match: Match) -> str:
    if not (match.own_share and match.other_share):
        return ""
    return f"{words.percent(match.own_share)} of this recording, {words.percent(match.other_share)} of the other."


def _keeps_pitch(semitones: float) -> str:
    return "yes" if abs(semitones) < 0.25 else "no"


def _segment(number: int, segment: Segment, match: Match) -> SegmentView:
    own, other = segment.own, segment.other
    is_other_speed = abs(segment.speed - match.speed) >= 0.005
    return SegmentView(
        number=number,
        length=words.clock(round(own.end_s - own.start_s)),
        own=words.stretch(own.start_s, own.end_s),
        other=words.stretch(other.start_s, other.end_s),
        changed=f"at {segment.speed:.2f} times its speed" if is_other_speed else "",
        own_start_s=own.start_s,
        own_end_s=own.end_s,
        other_start_s=other.start_s,
        other_end_s=other.end_s,
        speed=segment.speed,
        keeps_pitch=_keeps_pitch(segment.pitch_semitones),
    )
