"""The examples of `liner rules show` do what they say: the wrong one triggers its rule, the right one does not."""

import json

import pytest
from expected import DATA, EXAMPLES, PIECES, findings_of, of_examples, of_message

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
