"""Cases of the HIS group."""

from datetime import UTC, datetime

from rule_cases.making import Level, case, evidence, facts, recording

from schemas.history import Arrival, PastDeclaration, RememberedHistory

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


def arrival(level, *declarations, isrc="QZABC2600001", sound="s", **more):
    about = {
        "sender_id": OURS,
        "release_key": "4006381333931",
        "message_id": "MSG2",
        "message_path": "m.xml",
        "message_sha256": "2",
        "message_created_at": NOW,
    }
    one = evidence(recording(level, isrc=isrc), audio=facts(signal_hash=sound), **{**about, **more})
    return Arrival(one, RememberedHistory(declarations))


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
    ),
    "HIS-004": case(
        (
            arrival(NONE, past(NONE, isrc="QZABC2600002", signal_hash="s")),
            arrival(NONE, past(ALL, isrc=None, signal_hash="s")),
        ),
        arrival(NONE, past(ALL, isrc="QZABC2600002", signal_hash="t")),
        arrival(NONE, past(NONE, signal_hash="s")),
        arrival(NONE, past(UNDECLARED, isrc=None, signal_hash="s")),
        arrival(NONE, past(ALL, isrc="QZABC2600002")),
    ),
}
