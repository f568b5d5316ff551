"""Cases of the AID group."""

from rule_cases.making import Level, case, cover, human, machine, message, recording, release

from schemas.disclosure import Agent, Contribution, Disclosure
from schemas.release import Deal, DisplayArtist

NONE, PARTLY, ALL, UNDECLARED = Level.NONE, Level.PARTLY, Level.ALL, Level.UNDECLARED
AI_ARTIST = DisplayArtist(special="GenerativeAI")
ANA = DisplayArtist(name="Ana Lima", party_reference="P1")
CLARA = DisplayArtist(name="Clara Schumann", party_reference="P2", roles=("Composer",))


def own(text):
    return Contribution(agent=Agent.OTHER, special_text=text)


old = recording().model_copy(update={"disclosure": Disclosure()})

CASES = {
    "AID-001": case(
        message(recording(UNDECLARED)),
        message(recording(NONE)),
        message(old, version="4.3"),  # the version cannot declare
        message(recording(UNDECLARED, text="Yes")),  # XSD-006: said wrongly is not unsaid
    ),
    "AID-002": case(
        (
            message(recording(NONE, human(ai=PARTLY))),
            message(recording(NONE, machine("Vocalist"))),
            message(recording(NONE, edition_contributions=(machine("Mixer"),))),
        ),
        message(recording(NONE, human(ai=NONE))),
        message(recording(PARTLY, human(ai=PARTLY))),
    ),
    "AID-003": case(
        message(recording(ALL, machine("Vocalist"), human())),
        message(recording(ALL, machine("Vocalist"))),
        message(recording(PARTLY, machine("Vocalist"), human())),
    ),
    "AID-004": case(
        message(recording(PARTLY, human(ai=ALL))),
        message(recording(PARTLY, human(ai=PARTLY))),
        message(recording(PARTLY, machine("Composer"))),
    ),
    "AID-005": case(
        (message(recording(PARTLY, machine(ai=PARTLY))), message(recording(PARTLY, machine(ai=NONE)))),
        message(recording(PARTLY, machine(ai=ALL))),
        message(recording(PARTLY, human(ai=PARTLY))),
    ),
    "AID-006": case(
        message(recording(PARTLY, human(ai=NONE))),
        message(recording(PARTLY, human(ai=PARTLY))),
        message(recording(PARTLY, edition_contributions=(machine("Mixer"),))),
    ),
    "AID-007": case(
        message(recording(UNDECLARED, machine("Composer"))),
        message(recording(UNDECLARED, human(ai=NONE))),
        message(recording(PARTLY, machine("Composer"))),
    ),
    "AID-008": case(
        (
            message(recording(NONE, display_artists=(AI_ARTIST,))),
            message(recording(UNDECLARED, display_artists=(AI_ARTIST,))),
        ),
        message(recording(ALL, display_artists=(AI_ARTIST,))),
        message(recording(NONE, display_artists=(DisplayArtist(special="VariousArtists"),))),
    ),
    "AID-009": case(
        message(recording(ALL, machine())),
        message(recording(ALL, machine("Vocalist"))),
        message(recording(NONE, Contribution(agent=Agent.HUMAN, name="Ana Lima"))),
    ),
    "AID-010": case(
        message(recording(ALL, machine("Vocalist"), display_artists=(CLARA, ANA))),
        message(recording(ALL, machine("Vocalist"), display_artists=(AI_ARTIST,))),
        message(recording(ALL, machine("Vocalist"), display_artists=(CLARA,))),  # shown, and performs nothing
        message(recording(ALL, machine("Vocalist"), human("Ana Lima", "Vocalist"), display_artists=(ANA,))),  # AID-003
        message(recording(ALL, machine("Lyricist"), display_artists=(ANA,))),
        message(recording(PARTLY, machine("Vocalist"), display_artists=(ANA,))),
    ),
    "AID-011": case(
        (
            message(recording(PARTLY), release(NONE)),
            message(recording(ALL), cover(NONE), release(ALL)),
        ),
        message(recording(PARTLY), release(PARTLY)),
        message(recording(ALL), cover(ALL), release(ALL)),
        message(recording(PARTLY), release(NONE, resource_references=("A7",))),  # not in this release
    ),
    "AID-012": case(
        message(recording(ALL), release(UNDECLARED)),
        message(recording(ALL), release(ALL)),
        message(recording(UNDECLARED), release(UNDECLARED)),
        message(recording(NONE, machine("Vocalist")), release(UNDECLARED)),  # None or Partly: nobody knows
        message(recording(ALL, human()), release(UNDECLARED)),
        message(recording(NONE), cover(ALL), release(UNDECLARED)),  # the picture says otherwise
    ),
    "AID-013": case(
        message(recording(NONE), cover(UNDECLARED)),
        message(recording(NONE), cover(NONE)),
        message(recording(UNDECLARED), cover(UNDECLARED)),
    ),
    "AID-014": case(
        (
            message(recording(NONE, human("Suno"))),
            message(recording(NONE, human("SUNO AI v4.5"))),
            message(recording(NONE, display_artists=(DisplayArtist(name="Suno AI", party_reference="P1"),))),
        ),
        message(recording(NONE, human("Suno Lee"))),
        message(recording(NONE, human("Ai"))),  # a given name
        message(recording(ALL, machine("Vocalist"), display_artists=(AI_ARTIST,))),
    ),
    "AID-015": case(
        (
            message(recording(ALL, machine("Vocalist"), is_instrumental=True)),
            message(recording(ALL, machine("Lyricist"), has_vocals=False)),
        ),
        message(recording(ALL, machine("Composer"), is_instrumental=True)),
        message(recording(ALL, machine("Vocalist"), has_vocals=True)),
        message(recording(ALL, machine("Vocalist"))),
    ),
    "AID-016": case(
        message(deals=(Deal(use_types=("Stream", "UseForTrainingGenerativeAI")),)),
        message(deals=(Deal(use_types=("Stream",)),)),
    ),
    "AID-017": case(
        (
            message(recording(NONE, own("AI-generated vocals"))),
            message(recording(NONE, human("Ana Lima", "GenerativeVocalist"))),
            message(recording(NONE, human("Ana Lima", "AIVocalist"))),
            message(recording(NONE, display_artists=(DisplayArtist(special="AI singer"),))),
        ),
        message(recording(NONE, own("Maiden Choir"))),
        message(recording(NONE, human("Ana Lima", "AIFF engineer"))),
        message(recording(ALL, display_artists=(AI_ARTIST,))),
        message(recording(ALL, machine("Vocalist", special_text="GenerativeAI"))),
    ),
}
