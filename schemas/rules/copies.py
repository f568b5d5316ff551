"""Rules of the HIS group that listen: a recording beside what has its sound, or its ISRC, in the catalogue.

Source: house; ISRC Handbook. Inputs: `schemas.evidence.Evidence`, whose known layer says what was compared. A copy is
found though it was played faster, higher or encoded anew; `schemas.rules.history` compares equal samples alone.
"""

from collections.abc import Iterator
from itertools import islice

from schemas.copies import COPY_SHARE, Namesake, Relation
from schemas.disclosure import Level
from schemas.evidence import Evidence
from schemas.findings import Severity
from schemas.known import Match, MatchKind
from schemas.rules.registry import Hit, Scope, rule

MAX_NAMED = 5


@rule(
    "HIS-006",
    Severity.WARNING,
    "A copy is declared in another way",
    why="One sound has one making, at whatever speed it is played; two statements about it cannot both be right.",
    source="house; sound compared by fingerprint, from 60% of both recordings on",
    mend="Declare the recording as its earlier copy is declared, or tell the recipient why that one is wrong.",
    scope=Scope.RECORDING,
)
def copy_is_declared_in_one_way(evidence: Evidence) -> Iterator[Hit]:
    """Compare with earlier copies; what has the same ISRC, or equal samples, other rules compare."""
    recording = evidence.intake.recording
    if recording is None or recording.disclosure.level is Level.UNDECLARED:
        return
    level = recording.disclosure.level
    others = (m for m in evidence.known.matches or () if _is_copy(m) and (m.isrc is None or m.isrc != recording.isrc))
    for other in islice((m for m in others if m.declared not in (Level.UNDECLARED, level)), MAX_NAMED):
        text = f"{other.describe()} That one is declared {other.declared}; this one {level}."
        yield Hit(text, evidence.at, evidence.subject, level)


def _is_copy(match: Match) -> bool:
    return (
        match.kind is MatchKind.FINGERPRINT
        and match.listed is None
        and match.is_earlier
        and match.relation is not Relation.REMIX
        and min(match.own_share, match.other_share) >= COPY_SHARE
    )


@rule(
    "HIS-007",
    Severity.WARNING,
    "One ISRC, two sounds",
    why="An ISRC names one recording; with two sounds under it, plays and money go to the wrong one.",
    source="ISRC Handbook (one ISRC for one recording); house; sound compared by fingerprint",
    mend="Find out whose ISRC it is, and give the other recording one of its own.",
    scope=Scope.RECORDING,
)
def isrc_has_one_sound(evidence: Evidence) -> Iterator[Hit]:
    """Name the earlier recordings of the same ISRC that were compared and are another sound."""
    for other in islice((one for one in evidence.known.namesakes or () if one.is_earlier), MAX_NAMED):
        is_own = other.recording_key == evidence.intake.recording_key
        said = "was delivered before as" if is_own else "is also"
        text = f"{other.isrc} {said} {_name(other)} of {round(other.duration_s)} s, with another sound."
        yield Hit(text, evidence.at, evidence.subject, other.isrc)


def _name(other: Namesake) -> str:
    by = " by ".join(filter(None, (f"\u201c{other.title}\u201d" if other.title else "", other.display_artist)))
    return by or "a recording without a title"
