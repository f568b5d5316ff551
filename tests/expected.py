"""What the rules find on the messages of tests/data and on the examples; `python tests/expected.py` writes it anew.

Run it deliberately, after a rule was changed, and read the difference before it is committed.
"""

import json
import re
from pathlib import Path

from lxml import etree

from pipeline.check import check_paths
from schemas.ern import read_message
from schemas.rules import RULES, Scope, run
from schemas.rules.examples import examples

DATA = Path(__file__).parent / "data" / "rules"
EXAMPLES = DATA / "examples.expected.json"
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
SENDER = "<MessageSender><PartyId>PADPIDA202401120D9</PartyId></MessageSender>"
REST_OF_HEADER = (
    "<MessageId>M1</MessageId><MessageRecipient><PartyId>PADPIDA2012041004F</PartyId></MessageRecipient>"
    "<MessageCreatedDateTime>2026-11-22T12:00:00Z</MessageCreatedDateTime>"
)
RELEASE = "<Release><ReleaseReference>R0</ReleaseReference></Release>"
PIECES = sorted(
    rule_id
    for rule_id, one in examples().items()
    if one.is_xml and not one.wrong.startswith("<NewReleaseMessage") and RULES[rule_id].scope is Scope.MESSAGE
)


def message_of(pieces):
    """Put pieces where they belong in a message of ERN 4.3.2."""
    lists = {"MessageHeader": "", "PartyList": PARTY, "ResourceList": "", "ReleaseList": "", "DealList": ""}
    for piece in etree.fromstring(f"<x>{pieces}</x>"):
        text = etree.tostring(piece, encoding="unicode")
        if piece.tag in ("SoundRecording", "Image") and piece.find("ResourceReference") is None:
            text = re.sub(r"^<\w+>", r"\g<0><ResourceReference>A1</ResourceReference>", text)
        lists[PLACES[piece.tag]] += f"<ReleaseDeal>{text}</ReleaseDeal>" if piece.tag == "Deal" else text
    if "<MessageSender>" not in lists["MessageHeader"]:
        lists["MessageHeader"] += SENDER
    lists["MessageHeader"] += REST_OF_HEADER
    lists["ReleaseList"] = lists["ReleaseList"] or RELEASE
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in lists.items())
    return f'<e:NewReleaseMessage xmlns:e="http://ddex.net/xml/ern/432">{inside}</e:NewReleaseMessage>'.encode()


def findings_of(pieces):
    """List what the reader and the rules of a message find, as text."""
    reading = read_message(message_of(pieces), "m.xml")
    found = (*reading.findings, *run(Scope.MESSAGE, reading.message))
    return [f"{f.rule} {f.severity} {f.location.xpath or ''}: {f.message}" for f in found]


def of_examples():
    """List what is found on both sides of each example of XML."""
    return {
        rule_id: {side: findings_of(getattr(examples()[rule_id], side)) for side in ("wrong", "right")}
        for rule_id in PIECES
    }


def of_message(name):
    """Report on a message of tests/data as `liner check --format json` does, without its path."""
    from api.cli.answering import flat

    report = check_paths([DATA / name], listen=False)
    messages = [m.model_dump(mode="json", exclude={"path"}) for m in report.messages]
    findings = [{k: v for k, v in flat(f).items() if k != "path"} for f in report.findings]
    whole = {"profile": None, "messages": messages, "findings": findings}
    return {**whole, "unusable": list(report.unusable), "left_alone": report.left_alone}


def write(path, data):
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write(EXAMPLES, of_examples())
    write(DATA / "contradictions.expected.json", of_message("contradictions.xml"))
