import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases.making import declared, human, machine

from schemas.credits import LABELS, credit_card, level_in, to_json_ld
from schemas.disclosure import Agent, Area, Contribution, Disclosure, Level
from schemas.vocabularies import AREAS_BY_ROLE, areas_of

NONE, PARTLY, ALL, UNDECLARED = Level.NONE, Level.PARTLY, Level.ALL, Level.UNDECLARED
ROLES = st.lists(st.sampled_from(sorted(AREAS_BY_ROLE)), max_size=3).map(tuple)
CONTRIBUTIONS = st.builds(
    lambda agent, roles, ai: Contribution(agent=agent, roles=roles, areas=areas_of(roles), ai=ai),
    st.sampled_from(Agent),
    ROLES,
    st.sampled_from(Level),
)
DISCLOSURES = st.builds(
    lambda level, contributions: Disclosure(level=level, contributions=tuple(contributions)),
    st.sampled_from(Level),
    st.lists(CONTRIBUTIONS, max_size=5),
)


@pytest.mark.parametrize(
    ("disclosure", "text"),
    [
        (
            declared(PARTLY, machine("Vocalist"), human("Ana", "Lyricist", ai=PARTLY)),
            "Vocals: AI-generated. Lyrics: human, with AI help. Everything else: not declared.",
        ),
        (declared(NONE), "Everything: human."),
        (declared(ALL), "Everything: AI-generated."),
        (declared(UNDECLARED), "Everything: not declared."),
        (declared(PARTLY, human("Ana", "Lyricist")), "Everything: not declared."),
        (
            declared(PARTLY, machine("Vocalist"), human("Ana", "Vocalist", ai=NONE)),
            "Vocals: partly AI-generated, partly human. Everything else: not declared.",
        ),
        (
            declared(PARTLY, human("Ana", "ComposerLyricist", ai=NONE), human("Bo", "MixingEngineer", ai=PARTLY)),
            (
                "Lyrics: human. Composition: human. Mixing and editing: human, with AI help. "
                "Everything else: not declared."
            ),
        ),
        (declared(UNDECLARED, machine("Vocalist")), "Vocals: AI-generated. Everything else: not declared."),
        (declared(PARTLY, machine()), "Everything: not declared."),
    ],
)
def test_the_card_says_what_is_declared_and_no_more(disclosure, text):
    assert credit_card(disclosure).text == text


def test_the_card_repeats_a_contradiction_and_judges_nothing():
    card = credit_card(declared(NONE, machine("Vocalist")))

    assert card.summary == "Made without generative AI."
    assert card.text == "Vocals: AI-generated. Everything else: human."


@pytest.mark.parametrize(
    ("contributions", "level"),
    [
        ([machine("Vocalist")], ALL),
        ([machine("Vocalist"), human("Ana", "Vocalist")], PARTLY),
        ([human("Ana", "Vocalist", ai=PARTLY)], PARTLY),
        ([human("Ana", "Vocalist", ai=NONE)], NONE),
        ([human("Ana", "Vocalist", ai=NONE), human("Bo", "Vocalist")], UNDECLARED),
        ([machine("Composer")], UNDECLARED),
        ([], UNDECLARED),
    ],
)
def test_the_level_of_an_area(contributions, level):
    assert level_in(declared(PARTLY, *contributions), [Area.VOCALS]) is level


def test_the_card_as_json():
    card = credit_card(declared(PARTLY, machine("Vocalist")), title="Harbour Lights", artist="Ana Lima", isrc="X")

    assert json.loads(card.model_dump_json()) == {
        "title": "Harbour Lights",
        "artist": "Ana Lima",
        "isrc": "X",
        "level": "partly",
        "summary": "Made partly with generative AI.",
        "lines": [
            {"label": "Vocals", "area": "vocals", "level": "all", "degree": "AI-generated"},
            {"label": "Everything else", "area": None, "level": "undeclared", "degree": "not declared"},
        ],
    }


def test_the_card_as_json_ld():
    card = credit_card(declared(ALL), title="Harbour Lights", artist="Ana Lima", isrc="QZABC2600001")

    assert to_json_ld(card) == {
        "@context": "https://schema.org",
        "@type": "MusicRecording",
        "name": "Harbour Lights",
        "byArtist": {"@type": "MusicGroup", "name": "Ana Lima"},
        "isrcCode": "QZABC2600001",
        "creditText": "Everything: AI-generated.",
        "digitalSourceType": "https://schema.org/TrainedAlgorithmicMediaDigitalSource",
    }


@pytest.mark.parametrize("level", [NONE, UNDECLARED])
def test_no_source_type_is_claimed_without_ai(level):
    assert "digitalSourceType" not in to_json_ld(credit_card(declared(level)))


def test_every_area_has_a_name():
    assert set(LABELS) == set(Area)


@given(DISCLOSURES)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_card_is_complete_and_never_says_human_of_what_is_undeclared(disclosure):
    card = credit_card(disclosure)

    assert card.lines[-1].area is None
    areas = [line.area for line in card.lines[:-1]]
    assert areas == sorted(set(areas), key=list(Area).index)
    for line in card.lines:
        assert line.label
        assert line.degree in card.text
        if line.degree == "human":
            credited = [c for c in disclosure.contributions if line.area in c.areas]
            assert disclosure.level is NONE or all(c.ai is NONE for c in credited)
    assert to_json_ld(card)["creditText"] == card.text
