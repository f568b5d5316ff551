import re

import pytest
from rule_cases import deliveries, identifiers, sound
from rule_cases.every import CASES
from rule_cases.making import evidence, human, message, recording

from schemas.disclosure import Level
from schemas.findings import Location, Severity
from schemas.release import Party
from schemas.rules import RULES, Scope, finding, run
from schemas.rules.registry import MAX_VALUE, declare
from schemas.screening import Found, ProvenanceState

CHECKED = sorted(r.id for r in RULES.values() if r.check)


def raised(rule_id, subject):
    rule = RULES[rule_id]
    return [f for f in run(rule.scope, subject) if f.rule == rule_id]


def test_every_rule_with_a_function_has_a_trigger_and_a_near_miss():
    assert sorted(CASES) == CHECKED
    assert all(case.triggers and case.near_misses for case in CASES.values())


@pytest.mark.parametrize("rule_id", CHECKED)
def test_rule_finds_its_triggers(rule_id):
    for trigger in CASES[rule_id].triggers:
        findings = raised(rule_id, trigger)

        assert findings, trigger
        assert all(f.message.endswith(".") and f.why and f.mend and f.subject for f in findings)


@pytest.mark.parametrize("rule_id", CHECKED)
def test_rule_leaves_near_misses_alone(rule_id):
    for near_miss in CASES[rule_id].near_misses:
        assert not raised(rule_id, near_miss), near_miss


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_rule_says_everything_a_person_needs(rule_id):
    rule = RULES[rule_id]

    assert re.fullmatch(r"[A-Z]{3}-[0-9]{3}|TGT-[A-Z]{3}", rule.id)
    assert rule.title
    assert all(text.endswith(".") for text in (rule.why, rule.mend))
    assert rule.source
    assert (rule.check is None) == (rule.scope is Scope.READER)


def test_readers_raise_what_is_declared_for_them():
    assert {r.id for r in RULES.values() if r.check is None} == {
        "PKG-010",
        "PKG-014",
        "PKG-015",
        "PKG-016",
        "XSD-001",
        "XSD-007",
    }


def test_a_rule_id_is_never_used_twice():
    with pytest.raises(ValueError, match="AID-001 is registered twice"):
        declare("AID-001", Severity.INFO, "Again", why="", source="", mend="")


def test_a_finding_carries_the_rules_words_and_its_own_place():
    one = finding("PKG-010", "Not well-formed.", at=Location(path="a.xml", line=3), value="x" * 999)

    assert (one.rule, one.severity, one.file_status) == ("PKG-010", Severity.ERROR, "NewReleaseMessageInvalid")
    assert (one.location.line, len(one.value or "")) == (3, MAX_VALUE)


def test_rules_run_in_the_order_of_their_ids():
    found = [f.rule for f in run(Scope.MESSAGE, message(recording(Level.ALL, human(ai=Level.ALL))))]

    assert found == sorted(found)
    assert {"AID-003", "AID-004"} <= set(found)


def retagged(level):
    return sound.signed(level, ProvenanceState.INVALID, sound.AI, failures=(sound.HASH,))


@pytest.mark.parametrize(
    ("rule_id", "subject", "severity"),
    [
        ("IDN-008", identifiers.sender("MYDPID"), Severity.ERROR),
        ("IDN-008", identifiers.sender("PADPIDA202401120D8"), Severity.WARNING),
        ("PKG-012", deliveries.CASES["PKG-012"].triggers[0], Severity.ERROR),
        ("PRV-001", sound.signed(Level.NONE, ProvenanceState.TRUSTED, sound.AI), Severity.ERROR),
        ("PRV-001", sound.signed(Level.NONE, ProvenanceState.VALID, sound.AI), Severity.WARNING),
        ("PRV-003", retagged(Level.ALL), Severity.INFO),
        ("PRV-003", retagged(Level.NONE), Severity.WARNING),
        ("PRV-005", sound.tagged(Level.NONE), Severity.WARNING),
        ("PRV-005", sound.tagged(Level.PARTLY), Severity.INFO),
        ("SPM-006", sound.named("\u0410na Lima"), Severity.WARNING),
        ("SPM-006", sound.named(title="a | b | c | d | e | f"), Severity.INFO),
    ],
)
def test_severity_where_the_catalogue_names_two(rule_id, subject, severity):
    assert [f.severity for f in raised(rule_id, subject)] == [severity]


def test_the_same_message_id_with_the_same_bytes_is_only_noted():
    one = message(path="a", sha256="1")

    (found,) = raised("PKG-012", deliveries.batch("a", messages=(one, one.model_copy(update={"path": "b"}))))

    assert found.severity is Severity.INFO


def test_no_provenance_is_never_said_of_a_file_that_was_not_opened():
    unopened = evidence().model_copy(update={"found": Found()})

    assert not raised("PRV-006", unopened)


def test_a_sequence_of_isrcs_may_stand_in_any_order():
    artists = sound.numbered("ABCDE")
    shuffled = artists.model_copy(update={"sound_recordings": artists.sound_recordings[::-1]})

    assert raised("SPM-009", shuffled)


@pytest.mark.parametrize(
    ("recipients", "severity"),
    [
        ((Party(name="Spotify AB"),), "warning"),
        ((), "info"),
        ((Party(),), "info"),
        ((Party(name="Shop"),), "info"),
    ],
)
def test_what_spotify_refuses_weighs_less_for_others(recipients, severity):
    assert [f.severity for f in raised("XSD-005", message(version="4.2", recipients=recipients))] == [severity]


def test_one_wrong_identifier_is_one_finding():
    for isrc in ("TEST00000001", "XXXX"):
        twice = message(recording(isrc=isrc), recording(reference="A2", isrc=isrc))
        rules = [f.rule for f in run(Scope.MESSAGE, twice) if f.rule.startswith("IDN-0") and f.subject == isrc]
        assert len(set(rules)) == 1 + (isrc != "XXXX"), rules  # one code for two recordings is a fault of its own
