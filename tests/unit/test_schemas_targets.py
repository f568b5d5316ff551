import pytest
from rule_cases.making import cover, human, machine, recording

from schemas.disclosure import Agent, Contribution, Level
from schemas.targets import (
    AppleFlags,
    DistroKidCredits,
    Gate,
    apple_flags,
    bandcamp_gate,
    believe_gate,
    distrokid_credits,
    spotify_credits,
    unlicensed_generators,
)

NONE, PARTLY, ALL, UNDECLARED = Level.NONE, Level.PARTLY, Level.ALL, Level.UNDECLARED


@pytest.mark.parametrize(
    ("one", "roles"),
    [
        (recording(ALL, machine("Vocalist", "Composer"), machine("Vocalist")), ("Vocalist", "Composer")),
        (recording(PARTLY, machine("Vocalist"), human("Ana", "Lyricist", ai=PARTLY)), ("Vocalist",)),
        (recording(PARTLY, machine("Vocalist", ai=PARTLY)), ()),  # contradicts itself: AID-005
        (recording(PARTLY, human("Ana", "Vocalist", ai=ALL)), ()),  # a person: AID-004
        (recording(ALL), ()),
        (recording(ALL, edition_contributions=(machine("Mixer"),)), ("Mixer",)),
        (recording(ALL, machine("Vocalist"), kind="Video"), ()),  # audio only
    ],
)
def test_spotify_credits_roles_that_are_wholly_ai(one, roles):
    assert spotify_credits(one) == roles


@pytest.mark.parametrize(
    ("one", "images", "flags"),
    [
        (recording(NONE, human(ai=NONE)), (cover(NONE),), ()),
        (recording(UNDECLARED), (cover(UNDECLARED),), ()),
        (recording(PARTLY, machine("Vocalist")), (), ("Track",)),
        (recording(PARTLY, human("Ana", "StudioProducer", ai=PARTLY)), (), ("Track",)),
        (recording(PARTLY, human("Ana", "ComposerLyricist", ai=PARTLY)), (), ("Composition",)),
        (recording(PARTLY, machine("MasteringEngineer")), (), ()),
        (recording(ALL), (), ("Track",)),
        (recording(NONE), (cover(NONE), cover(ALL)), ("Artwork",)),
        (recording(PARTLY, machine("Vocalist"), kind="Video"), (), ("Music Video",)),
    ],
)
def test_apple_has_four_tags(one, images, flags):
    assert apple_flags(one, images).names == flags


def test_apple_names_its_tags_in_order():
    assert AppleFlags(artwork=True, track=True, composition=True, music_video=True).names == (
        "Artwork",
        "Track",
        "Composition",
        "Music Video",
    )


@pytest.mark.parametrize(
    ("one", "lyrics", "composition", "audio"),
    [
        (recording(UNDECLARED), UNDECLARED, UNDECLARED, UNDECLARED),
        (recording(NONE), NONE, NONE, NONE),
        (recording(ALL), UNDECLARED, UNDECLARED, ALL),
        (recording(ALL, machine("Vocalist"), machine("ComposerLyricist")), ALL, ALL, ALL),
        (recording(PARTLY, machine("Vocalist"), human("Ana", "Musician")), UNDECLARED, UNDECLARED, PARTLY),
        (recording(PARTLY, human("Ana", "Lyricist", ai=PARTLY)), PARTLY, UNDECLARED, UNDECLARED),
        (recording(PARTLY, human("Ana", "Lyricist", ai=NONE)), NONE, UNDECLARED, UNDECLARED),
        (recording(PARTLY, machine("MasteringEngineer")), UNDECLARED, UNDECLARED, UNDECLARED),
    ],
)
def test_distrokid_asks_for_three(one, lyrics, composition, audio):
    assert distrokid_credits(one) == DistroKidCredits(lyrics=lyrics, composition=composition, audio=audio)


@pytest.mark.parametrize(
    ("level", "gate"),
    [(ALL, Gate.REFUSED), (PARTLY, Gate.PERSON), (NONE, Gate.OPEN), (UNDECLARED, Gate.UNKNOWN)],
)
def test_gates_follow_the_declaration(level, gate):
    assert bandcamp_gate(recording(level)) is gate
    assert believe_gate(recording(level)) is gate


@pytest.mark.parametrize("level", [NONE, UNDECLARED])
@pytest.mark.parametrize("credit", [machine("Vocalist"), human("Ana", ai=PARTLY)])
def test_an_ai_credit_makes_a_gate_ask_whatever_the_level_says(level, credit):
    assert bandcamp_gate(recording(level, credit)) is Gate.PERSON
    assert believe_gate(recording(level, credit)) is Gate.PERSON


@pytest.mark.parametrize(
    ("one", "named"),
    [
        (human("Suno"), ("Suno",)),
        (human("SUNO AI v4.5"), ("SUNO AI v4.5",)),
        (Contribution(agent=Agent.OTHER, special_text="made with suno"), ("made with suno",)),
        (human("Udio"), ()),  # licensed
        (human("Sunongo"), ()),
    ],
)
def test_believe_blocks_unlicensed_generators(one, named):
    assert unlicensed_generators(recording(NONE, one)) == named
    assert believe_gate(recording(NONE, one)) is (Gate.REFUSED if named else Gate.OPEN)
