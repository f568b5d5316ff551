"""Cases of the HIS rules that compare sound."""

from rule_cases.making import Level, case, evidence, recording

from schemas.copies import Namesake, Relation
from schemas.flags import Span
from schemas.known import Known, Match, MatchKind

NONE, ALL, UNDECLARED = Level.NONE, Level.ALL, Level.UNDECLARED
WHOLE = Span(start_s=0.0, end_s=180.0)


def beside(level, *, isrc="QZABC2600001", **more):
    """A recording with this declaration beside an earlier copy."""
    about = {
        "kind": MatchKind.FINGERPRINT, "recording_key": "rec_2", "isrc": "QZABC2600002", "title": "Quay", "speed": 1.03,
        "own": WHOLE, "other": WHOLE, "score": 500.0, "own_share": 1.0, "other_share": 0.95,
        "relation": Relation.STRANGER, "declared": ALL,
    }  # fmt: skip
    known = Known(matches=(Match(**{**about, **more}),))
    return evidence(recording(level, isrc=isrc)).model_copy(update={"known": known})


def named(*others):
    return evidence(recording()).model_copy(update={"known": Known(namesakes=others)})


CASES = {
    "HIS-006": case(
        (
            beside(NONE),
            beside(NONE, isrc=None),
            beside(ALL, declared=NONE),
            beside(NONE, relation=Relation.EDIT, title=""),
        ),
        beside(ALL),
        beside(UNDECLARED),
        beside(NONE, declared=UNDECLARED),
        beside(NONE, own_share=0.3),  # a medley, a sample
        beside(NONE, isrc="QZABC2600002"),  # HIS-003
        beside(NONE, kind=MatchKind.SAME_SIGNAL),  # HIS-004
        beside(NONE, relation=Relation.REMIX),  # made anew, perhaps in another way
        beside(NONE, is_earlier=False),  # stated at the later one
        beside(NONE, listed="known-spam"),
    ),
    "HIS-007": case(
        (
            named(Namesake(recording_key="rec_2", isrc="QZABC2600001", title="Quay", duration_s=61.7)),
            named(Namesake(recording_key="rec_2", isrc="QZABC2600001", duration_s=3.0)),
        ),
        named(),
        beside(NONE, isrc="QZABC2600002"),
        named(
            Namesake(recording_key="rec_2", isrc="QZABC2600001", duration_s=61.7, is_earlier=False)
        ),  # at the later one
    ),
}
