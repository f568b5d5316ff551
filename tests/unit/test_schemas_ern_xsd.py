"""Messages beside the DDEX schemas of a folder: the same verdict as the reference manifest, and nothing hostile."""

import csv
import time

import pytest

from schemas.ern import xsd
from schemas.ern.xsd import SchemaFolder
from schemas.errors import InvalidInput
from schemas.findings import Severity

NAMESPACE = "http://ddex.net/xml/ern/432"
ROOT = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:a="urn:avs" targetNamespace="{NAMESPACE}">
<xs:import namespace="urn:avs" schemaLocation="http://ddex.invalid/avs/values.xsd"/>
<xs:element name="NewReleaseMessage"><xs:complexType><xs:sequence>
<xs:element name="Count" type="xs:int" minOccurs="0" maxOccurs="unbounded"/>
<xs:element name="ContainsAI" type="a:Level" minOccurs="0"/>
</xs:sequence><xs:attribute name="AvsVersionId"/></xs:complexType></xs:element></xs:schema>"""
VALUES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:avs">
<xs:annotation><xs:documentation source="AvsVersionId">9</xs:documentation></xs:annotation>
<xs:simpleType name="Level"><xs:restriction base="xs:string"><xs:enumeration value="All"/><xs:enumeration value="None"/>
</xs:restriction></xs:simpleType></xs:schema>"""


def message(body="", namespace=NAMESPACE, avs="9"):
    return f'<m:NewReleaseMessage xmlns:m="{namespace}" AvsVersionId="{avs}">\n{body}\n</m:NewReleaseMessage>'.encode()


def found(folder, data):
    return list(folder.validate(data, "m.xml"))


@pytest.fixture
def folder(tmp_path):
    for name, text in (("ern/release-notification.xsd", ROOT), ("elsewhere/values.xsd", VALUES)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, "utf-8")
    return SchemaFolder(tmp_path)


def test_samples_get_the_verdict_of_the_reference_manifest(shared):
    samples = shared / "ddex/samples"
    schemas = SchemaFolder(shared / "ddex/xsd")
    rows = csv.DictReader((samples / "MANIFEST.csv").read_text("utf-8").splitlines())
    compared = 0
    for row in rows:
        findings = found(schemas, (samples / row["file"]).read_bytes())
        if [f.severity for f in findings] == [Severity.INFO]:
            assert "has no schema for" in findings[0].message
        elif row["xsd_valid"].split(" ")[0] in ("yes", "no"):
            compared += 1
            assert (not findings) == row["xsd_valid"].startswith("yes"), row["file"]

    assert compared > 130


def test_an_error_points_to_line_element_and_value(folder):
    (one,) = found(folder, message("<ContainsAI>Yes</ContainsAI>"))

    assert (one.rule, one.severity, one.value) == ("XSD-002", Severity.ERROR, "Yes")
    assert (one.location.path, one.location.line) == ("m.xml", 2)
    assert one.location.xpath == "/NewReleaseMessage/ContainsAI"


@pytest.mark.parametrize("body", ["", "<Count>1</Count><ContainsAI>All</ContainsAI>", "<!-- x --><Count> 2 </Count>"])
def test_a_valid_message_says_nothing(folder, body):
    assert not found(folder, message(body))


@pytest.mark.parametrize(
    ("avs", "rule"), [("9", "XSD-002"), ("10", "XSD-003"), ("4.3.1", "XSD-003"), ("9" * 5000, "XSD-003")]
)
def test_an_unknown_value_of_a_newer_set_is_a_warning(folder, avs, rule):
    (one,) = found(folder, message("<ContainsAI>Mostly</ContainsAI>", avs=avs))

    assert one.rule == rule


def test_a_newer_set_excuses_no_other_error(folder):
    (one,) = found(folder, message("<Count>many</Count>", avs="10"))

    assert (one.rule, one.severity) == ("XSD-002", Severity.ERROR)


def test_431_is_compared_with_the_schema_of_432(folder):
    namespace = NAMESPACE.replace("432", "431")

    assert not found(folder, message("<ContainsAI>All</ContainsAI>", namespace))
    (one,) = found(folder, message("<ContainsAI>Yes</ContainsAI>", namespace))
    assert one.severity is Severity.ERROR


def test_a_version_without_schema_is_told_and_no_error(folder):
    (one,) = found(folder, message(namespace="http://ddex.net/xml/ern/382"))

    assert (one.rule, one.severity) == ("XSD-002", Severity.INFO)


@pytest.mark.parametrize("data", [b"", b"<a", b"PK\x03\x04", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_what_the_reader_refuses_is_left_to_the_reader(folder, data):
    assert not found(folder, data)


def test_many_errors_are_counted(folder):
    *shown, rest = found(folder, message("<Count>x</Count>\n" * 70))

    assert len(shown) == xsd.MAX_SHOWN
    assert shown[-1].location.line == xsd.MAX_SHOWN + 1
    assert rest.message == "There are 20 more errors against the schema."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_large_message_keeps_its_places(folder, encoding):
    data = message("<Count>1</Count>\n" * (xsd.MAX_TAGS_AT_ONCE // 2) + "<Count>x</Count>").decode()

    (one,) = found(folder, data.encode(encoding))
    assert one.location.line == xsd.MAX_TAGS_AT_ONCE // 2 + 2
    assert not found(folder, data.replace("x</", "1</").encode(encoding))


def test_a_message_of_errors_alone_is_soon_given_up(folder):
    data = message("<Count>x</Count>\n" * 300_000)
    start = time.process_time()

    *_, rest = found(folder, data)

    assert rest.message == f"There are more than {xsd.MAX_ERRORS:,} more errors against the schema."
    assert time.process_time() - start < 3


def test_a_folder_without_schemas_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="holds no schema"):
        SchemaFolder(tmp_path)
    with pytest.raises(InvalidInput, match="holds no schema"):
        SchemaFolder(tmp_path / "absent")


def test_an_import_that_is_not_there_is_named_and_not_fetched(tmp_path):
    (tmp_path / "a.xsd").write_text(ROOT, "utf-8")

    with pytest.raises(InvalidInput, match=r"no usable schema: .*values\.xsd"):
        found(SchemaFolder(tmp_path), message())


def test_a_broken_schema_is_named(tmp_path):
    (tmp_path / "a.xsd").write_text(ROOT.replace("xs:int", "xs:nothing"), "utf-8")
    (tmp_path / "values.xsd").write_text(VALUES, "utf-8")

    with pytest.raises(InvalidInput, match="no usable schema"):
        found(SchemaFolder(tmp_path), message())
