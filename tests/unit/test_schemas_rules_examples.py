"""The examples of `liner rules show` do what they say: the wrong one triggers its rule, the right one does not."""

import re

import pytest
from lxml import etree

from schemas.ern import read_message
from schemas.rules import RULES, Scope, run
from schemas.rules.examples import examples

PLACES = {
    "MessageSender": "MessageHeader",
    "MessageControlType": "MessageHeader",
    "Party": "PartyList",
    "SoundRecording": "ResourceList",
    "Image": "ResourceList",
    "Release": "ReleaseList",
    "Deal": "DealList",
}
PARTY = "<Party><PartyReference>P1</PartyReference><PartyName><FullName>Ada Example</FullName></PartyName></Party>"
PIECES = sorted(
    rule_id
    for rule_id, one in examples().items()
    if one.is_xml and not one.wrong.startswith("<NewReleaseMessage") and RULES[rule_id].scope is Scope.MESSAGE
)


def message(pieces):
    """Put pieces where they belong in a message of ERN 4.3.2."""
    lists = {"MessageHeader": "", "PartyList": PARTY, "ResourceList": "", "ReleaseList": "", "DealList": ""}
    for piece in etree.fromstring(f"<x>{pieces}</x>"):
        text = etree.tostring(piece, encoding="unicode")
        if piece.tag in ("SoundRecording", "Image") and piece.find("ResourceReference") is None:
            text = re.sub(r"^<\w+>", r"\g<0><ResourceReference>A1</ResourceReference>", text)
        lists[PLACES[piece.tag]] += f"<ReleaseDeal>{text}</ReleaseDeal>" if piece.tag == "Deal" else text
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in lists.items())
    reading = read_message(
        f'<e:NewReleaseMessage xmlns:e="http://ddex.net/xml/ern/432">{inside}</e:NewReleaseMessage>'.encode(), "m.xml"
    )
    return reading.findings, reading.message


def raised(pieces):
    findings, read = message(pieces)
    return {f.rule for f in (*findings, *run(Scope.MESSAGE, read))}


def test_every_rule_has_an_example_and_no_other_has():
    assert sorted(examples()) == sorted(RULES)


@pytest.mark.parametrize("rule_id", PIECES)
def test_an_example_of_xml_does_what_it_says(rule_id):
    one = examples()[rule_id]
    assert rule_id in raised(one.wrong)
    assert rule_id not in raised(one.right)


def test_all_disclosure_rules_show_xml():
    assert {r for r in RULES if r.startswith("AID")} <= set(PIECES)
