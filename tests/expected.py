"""What the rules find on what tests/data holds; `python tests/expected.py` writes it anew.

`tests/data/rules/cases` has a file for each rule: something that triggers it, a near miss that does not, and what
all rules of its scope find on both. A rule with a function is shown the nouns it looks at, as `tests/rule_cases`
makes them; one that a reader raises is shown files, which are written by hand. Run this deliberately, after a rule
was changed, and read the difference before it is committed.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

from lxml import etree
from pydantic import TypeAdapter

from classifiers.listener import Listener
from classifiers.listening import Limits
from pipeline import check
from pipeline.check import check_paths
from schemas.ern import read_message
from schemas.ern.xsd import SchemaFolder
from schemas.evidence import Evidence
from schemas.history import Arrival, PastDeclaration, PastMessage, RememberedHistory
from schemas.history import message_of as history_message
from schemas.package import Package
from schemas.release import Message
from schemas.rules import RULES, Scope, ask, run
from schemas.rules.examples import examples

DATA = Path(__file__).parent / "data" / "rules"
CASES = DATA / "cases"
SIDES = ("trigger", "near_miss")
NOUNS = {
    Scope.PACKAGE: Package,
    Scope.MESSAGE: Message,
    Scope.TARGET: Message,
    Scope.RECORDING: Evidence,
    Scope.HISTORY: Arrival,
}
SHORT = Limits(max_duration_s=0.5)
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


def case_of(rule_id):
    """Read what a rule is shown; None where it has no file."""
    path = CASES / f"{rule_id}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def noun_case(rule_id, case):
    """Write down the first trigger and near miss that tests/rule_cases make for a rule."""
    return {side: _written(one) for side, one in zip(SIDES, (case.triggers[0], case.near_misses[0]), strict=True)}


def _written(one):
    if isinstance(one, Arrival):
        return {"evidence": _written(one.evidence), "past": [_written(each) for each in _past(one.history)]}
    return TypeAdapter(type(one)).dump_python(one, mode="json", exclude_defaults=True)


def _past(history):
    """List what a remembered history was given, each once; messages that its declarations came in follow from these."""
    declarations = {one: None for same in history._declarations.values() for one in same}
    known = {history_message(one) for one in declarations}
    return [*declarations, *(m for same in history._messages.values() for m in same if m not in known)]


def _read(noun, shown):
    if noun is not Arrival:
        return TypeAdapter(noun).validate_python(shown, strict=False)
    past = [
        TypeAdapter(PastDeclaration if "level" in one else PastMessage).validate_python(one) for one in shown["past"]
    ]
    declarations = (one for one in past if isinstance(one, PastDeclaration))
    messages = (one for one in past if isinstance(one, PastMessage))
    return Arrival(_read(Evidence, shown["evidence"]), RememberedHistory(declarations, messages))


def findings_in(rule_id, shown):
    """List what is found on one side of a rule's case, as text."""
    rule = RULES[rule_id]
    if rule.scope is Scope.READER:
        return _findings_in_files(shown)
    subject = _read(NOUNS[rule.scope], shown)
    found = ask(rule_id, subject) if rule.scope is Scope.TARGET else run(rule.scope, subject)
    return [line(f, f.location.path) for f in found]


def line(f, path):
    return f"{f.rule} {f.severity} {path}{f':{f.location.line}' if f.location.line else ''}: {f.message}"


def _findings_in_files(files):
    """Check a folder of files: text, or bytes in hexadecimal; sound may last half a second."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in files.items():
            data = bytes.fromhex(content.removeprefix("hex:")) if content.startswith("hex:") else content.encode()
            (folder / path).write_bytes(data)
        schemas = SchemaFolder(folder) if any(folder.glob("*.xsd")) else None
        check.Listener = lambda: Listener(SHORT)
        try:
            report = check_paths([folder], xsd=schemas)
        finally:
            check.Listener = Listener
        return [line(f, Path(f.location.path).name).replace(str(folder), ".") for f in report.findings]


def of_case(rule_id, case):
    """Put a rule's case and what is found on it side by side."""
    return {**case, "expected": {side: findings_in(rule_id, case[side]) for side in SIDES}}


def of_message(name):
    """Report on a message of tests/data as `liner check --format json` does, without its path."""
    from api.cli.answering import flat, placed

    report = placed(check_paths([DATA / name], listen=False))
    messages = [m.model_dump(mode="json", exclude={"path"}) for m in report.messages]
    findings = [{k: v for k, v in flat(f).items() if k != "path"} for f in report.findings]
    whole = {"profile": None, "messages": messages, "findings": findings}
    return {**whole, "unusable": list(report.unusable), "left_alone": report.left_alone}


def write(path, data):
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


def main():
    from rule_cases.every import CASES as MADE

    write(EXAMPLES, of_examples())
    write(DATA / "contradictions.expected.json", of_message("contradictions.xml"))
    for rule_id in RULES:
        case = noun_case(rule_id, MADE[rule_id]) if rule_id in MADE else case_of(rule_id)
        if case is None:
            sys.exit(f"{rule_id} has no case: write {CASES.name}/{rule_id}.json with {' and '.join(SIDES)}.")
        write(CASES / f"{rule_id}.json", of_case(rule_id, case))


if __name__ == "__main__":
    main()
