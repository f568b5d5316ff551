"""The examples of `liner rules show` do what they say: the wrong one triggers its rule, the right one does not."""

import json

import pytest
from expected import DATA, EXAMPLES, PIECES, case_of, findings_in, findings_of, noun_case, of_examples, of_message
from rule_cases.every import CASES

from schemas.rules import RULES
from schemas.rules.examples import examples


def raised(pieces):
    return {one.split(" ", 1)[0] for one in findings_of(pieces)}


def test_every_rule_has_an_example_and_no_other_has():
    assert sorted(examples()) == sorted(RULES)


@pytest.mark.parametrize("rule_id", PIECES)
def test_an_example_of_xml_does_what_it_says(rule_id):
    one = examples()[rule_id]
    assert rule_id in raised(one.wrong)
    assert rule_id not in raised(one.right)


def test_all_disclosure_rules_show_xml():
    assert {r for r in RULES if r.startswith("AID")} <= set(PIECES)


def test_findings_are_as_expected():
    """A changed rule changes this on purpose: python tests/expected.py, and read the difference."""
    assert of_examples() == json.loads(EXAMPLES.read_text("utf-8"))
    expected = json.loads((DATA / "contradictions.expected.json").read_text("utf-8"))
    assert of_message("contradictions.xml") == expected


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_every_rule_has_a_trigger_and_a_near_miss_in_the_data(rule_id):
    """What is written down is what the factories make, and gives the findings that stand beside it."""
    case = case_of(rule_id)
    assert case, (
        f"write tests/data/rules/cases/{rule_id}.json, or a case in tests/rule_cases, and run tests/expected.py"
    )
    sides = {side: case[side] for side in ("trigger", "near_miss")}
    if rule_id in CASES:
        assert sides == noun_case(rule_id, CASES[rule_id])
    found = {side: findings_in(rule_id, shown) for side, shown in sides.items()}
    assert found == case["expected"]
    assert any(one.startswith(f"{rule_id} ") for one in found["trigger"])
    assert not any(one.startswith(f"{rule_id} ") for one in found["near_miss"])
