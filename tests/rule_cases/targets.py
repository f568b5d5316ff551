"""Cases of the TGT group."""

from rule_cases.making import Level, case, cover, human, machine, message, recording

NONE, PARTLY, ALL = Level.NONE, Level.PARTLY, Level.ALL
SUNG_BY_AI = message(recording(PARTLY, machine("Vocalist"), human("Ana Lima", "Lyricist", ai=NONE)))

UNPLACED = message(recording(PARTLY, human("Ana Lima", ai=NONE)))  # Partly, and no credit says where
UNOWNED = message(recording(Level.UNDECLARED, machine("Vocalist")))

CASES = {
    "TGT-SPO": case(
        (SUNG_BY_AI, message(recording(PARTLY, human(ai=PARTLY)))),
        message(recording(NONE, human(ai=NONE))),
    ),
    "TGT-APL": case(
        (SUNG_BY_AI, message(recording(NONE), cover(PARTLY)), UNPLACED),
        message(recording(NONE), cover(NONE)),
        message(recording(PARTLY, machine("MasteringEngineer"))),  # no material portion of track or composition
        message(recording(NONE, human("Ana Lima", ai=NONE))),
    ),
    "TGT-DEE": case(message(recording(NONE)), message()),
    "TGT-DSK": case(
        (SUNG_BY_AI, UNPLACED),
        message(recording(PARTLY, machine("MasteringEngineer"))),  # not asked for
    ),
    "TGT-BCP": case((message(recording(ALL)), SUNG_BY_AI, UNOWNED), message(recording(NONE))),
    "TGT-BLV": case(
        (message(recording(ALL)), SUNG_BY_AI, message(recording(NONE, human("Suno")))),
        message(recording(NONE, human("Sunongo"))),
    ),
}
