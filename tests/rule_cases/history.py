"""Cases of the HIS group."""

from datetime import UTC, datetime

from rule_cases.making import Level, case, evidence, facts, recording

from schemas.history import Arrival, PastDeclaration, PastMessage, RememberedHistory
from schemas.screening import Heard, Signal

NONE, PARTLY, ALL, UNDECLARED = Level.NONE, Level.PARTLY, Level.ALL, Level.UNDECLARED
OURS, THEIRS = "PADPIDA202401120D9", "PADPIDA2014021204H"
BEFORE, NOW, LATER = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))


def past(level=NONE, **more):
    about = {
        "recording_key": "rec_1",
        "isrc": "QZABC2600001",
        "sender_id": OURS,
        "release_key": "4006381333931",
        "level": level,
        "message_id": "MSG1",
        "message_sha256": "1",
        "declared_at": BEFORE,
    }
    return PastDeclaration(**{**about, **more})


def takedown(**more):
    """A message that withdraws a release."""
    about = {"sender_id": OURS, "release_key": "4006381333931", "message_id": "MSG9", "declared_at": NOW}
    return PastMessage(**{**about, **more, "is_takedown": True})


def many(*levels, each=10, **more):
    """Ten recordings of each level."""
    numbered = ((level, f"QZABC26{n:02}{k:03}") for n, level in enumerate(levels) for k in range(each))
    return [past(level, isrc=isrc, release_key=isrc, **more) for level, isrc in numbered]


def arrival(level, *before, isrc="QZABC2600001", sound="s", artist="", signals=(), seconds=180.0, **more):
    about = {
        "sender_id": OURS,
        "release_key": "4006381333931",
        "message_id": "MSG2",
        "message_path": "m.xml",
        "message_sha256": "2",
        "message_created_at": NOW,
    }
    what = recording(level, isrc=isrc, display_artist=artist)
    one = evidence(what, audio=facts(signal_hash=sound, duration_s=seconds), **{**about, **more})
    one = one.model_copy(update={"heard": Heard(signals=tuple(Signal(name=n, value=v, model="m") for n, v in signals))})
    messages = [m for m in before if isinstance(m, PastMessage)]
    return Arrival(one, RememberedHistory((m for m in before if isinstance(m, PastDeclaration)), messages))


def undeclarable(*before):
    """A message of a version without a place for the declaration."""
    one = arrival(UNDECLARED, *before)
    disclosure = one.evidence.intake.recording.disclosure.model_copy(update={"can_declare": False})
    old = one.evidence.intake.recording.model_copy(update={"disclosure": disclosure})
    intake = one.evidence.intake.model_copy(update={"recording": old})
    return Arrival(one.evidence.model_copy(update={"intake": intake}), one.history)


CASES = {
    "HIS-001": case(
        (
            arrival(PARTLY, past(ALL)),
            arrival(NONE, past(PARTLY)),
            arrival(UNDECLARED, past(NONE)),
            arrival(NONE, past(NONE), past(ALL, declared_at=NOW, message_sha256="3")),
        ),
        arrival(ALL, past(PARTLY)),
        arrival(NONE, past(ALL, declared_at=LATER)),  # PKG-013
        arrival(NONE, past(ALL, message_sha256="2")),  # the same message again
        arrival(NONE, past(ALL, release_key="other")),  # HIS-003
        arrival(NONE, past(ALL), past(NONE, declared_at=NOW, message_sha256="3")),  # lowered before, not now
        arrival(UNDECLARED, past(UNDECLARED)),
    ),
    "HIS-002": case(
        (arrival(ALL, past(PARTLY)), arrival(PARTLY, past(NONE)), arrival(NONE, past(UNDECLARED))),
        arrival(PARTLY, past(ALL)),
        arrival(ALL),
        arrival(UNDECLARED, past(UNDECLARED)),
        arrival(ALL, past(NONE, declared_at=LATER)),
    ),
    "HIS-003": case(
        (
            arrival(NONE, past(ALL, sender_id=THEIRS)),
            arrival(NONE, past(ALL, release_key="other")),
            arrival(ALL, past(PARTLY, sender_id=THEIRS, declared_at=LATER)),
        ),
        arrival(NONE, past(NONE, sender_id=THEIRS)),
        arrival(NONE, past(UNDECLARED, sender_id=THEIRS)),
        arrival(UNDECLARED, past(ALL, sender_id=THEIRS)),
        arrival(NONE, past(ALL)),  # an update, HIS-001
        arrival(NONE, past(ALL, sender_id=THEIRS, isrc="QZABC2600002")),
        arrival(NONE, past(ALL, sender_id=THEIRS), past(NONE, sender_id=THEIRS, declared_at=NOW)),  # put right since
        arrival(NONE, past(ALL, sender_id=THEIRS), takedown(sender_id=THEIRS)),  # withdrawn since
    ),
    "HIS-004": case(
        (
            arrival(NONE, past(NONE, isrc="QZABC2600002", signal_hash="s")),
            arrival(NONE, past(ALL, isrc=None, signal_hash="s")),
            arrival(NONE, past(ALL, isrc=None, signal_hash="s", recording_key="rec_2"), isrc=None),
        ),
        arrival(NONE, past(ALL, isrc="QZABC2600002", signal_hash="t")),
        arrival(NONE, past(NONE, signal_hash="s")),
        arrival(NONE, past(UNDECLARED, isrc=None, signal_hash="s")),
        arrival(NONE, past(NONE, isrc=None, signal_hash="s", recording_key="rec_2"), isrc=None),
        arrival(NONE, past(ALL, isrc="QZABC2600002")),
        arrival(NONE, past(ALL, isrc="QZABC2600002", signal_hash="s"), signals=[("silence_share", 1.0)]),
        arrival(NONE, past(ALL, isrc="QZABC2600002", signal_hash="s"), seconds=2.0),
        arrival(NONE, past(ALL, isrc="QZABC2600002", signal_hash="s", release_key="x"), takedown(release_key="x")),
    ),
    "HIS-005": case(
        (arrival(UNDECLARED, *many(NONE, ALL)), arrival(UNDECLARED, *many(NONE, ALL), past(UNDECLARED))),
        arrival(NONE, *many(NONE, ALL)),
        arrival(UNDECLARED, *many(NONE, UNDECLARED)),
        arrival(UNDECLARED, *many(NONE, ALL, each=9)),  # too few to have a norm
        arrival(UNDECLARED, *many(NONE, ALL, sender_id=THEIRS)),
        arrival(UNDECLARED, *many(NONE, ALL, can_declare=False)),
        undeclarable(*many(NONE, ALL)),
    ),
    "SPM-005": case(
        arrival(NONE, *many(NONE, NONE, NONE, artist="Ana Lima", declared_at=NOW), artist="ANA LIMA"),
        arrival(NONE, *many(NONE, NONE, artist="Ana Lima", declared_at=NOW), artist="Ana Lima"),  # at the limit
        arrival(NONE, artist="Ana Lima", message_created_at=datetime(1, 1, 2, tzinfo=UTC)),
        arrival(NONE, *many(NONE, NONE, NONE, artist="Ana Lima", declared_at=BEFORE), artist="Ana Lima"),  # long ago
        arrival(NONE, *many(NONE, NONE, NONE, artist="Ana Lima", declared_at=LATER), artist="Ana Lima"),
        arrival(NONE, *many(NONE, NONE, NONE, artist="Ana Lima", declared_at=NOW, sender_id=THEIRS), artist="Ana Lima"),
        arrival(NONE, *many(NONE, NONE, NONE, artist="Bo Berg", declared_at=NOW), artist="Ana Lima"),
        arrival(
            NONE, *(past(artist="Ana Lima", declared_at=NOW, message_id=str(n)) for n in range(30)), artist="Ana Lima"
        ),
    ),
}
