"""What a lake remembers of declarations is what its screenings said."""

import pytest
from rule_cases.history import ALL, NONE, arrival

from pipeline.history import lake_history
from pipeline.lake import Lake, LakeWriter
from pipeline.screened import Screened
from schemas.history import Arrival, declaration_of
from schemas.rules.history import hold_against_history
from schemas.screening import Screening, Versions


def screened(one):
    evidence = one.evidence
    return Screened(
        Screening(
            id="scr_1",
            versions=Versions(engine="1", policy="p"),
            screened_at=one.now.declared_at,
            intake=evidence.intake,
            declared=evidence.intake.recording.disclosure,
            found=evidence.found,
        )
    )


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    writer = LakeWriter(lake)
    writer.add(screened(arrival(ALL, message_sha256="1", message_id="MSG1")))
    writer.flush()
    return lake


def test_a_lake_remembers_what_was_declared(lake):
    first = arrival(ALL, message_sha256="1", message_id="MSG1")

    assert list(lake_history(lake).of_isrc("QZABC2600001")) == [declaration_of(first.evidence)]


def test_rules_hold_a_new_message_against_the_lake(lake):
    new = Arrival(arrival(NONE).evidence, lake_history(lake))

    assert [f.rule for f in hold_against_history(new)] == ["HIS-001"]


def test_an_empty_lake_remembers_nothing(tmp_path):
    assert not lake_history(Lake(tmp_path / "lake")).of_isrc("QZABC2600001")
