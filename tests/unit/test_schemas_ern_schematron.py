"""DDEX's Schematron through Saxon: the set of the message's profile, places told, and no half-understood language."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.check import check_paths
from schemas.ern import schematron
from schemas.ern.schematron import SchematronFolder, sets_of
from schemas.ern.source import parse_xml
from schemas.ern.xsd import SchemaFolder
from schemas.errors import InvalidInput
from schemas.findings import Severity

FILE = "NewReleaseMessage_ReleaseProfile_AudioSingle_14.sch"
SET = """ <?xml version="1.0"?>
<s:schema xmlns:s="http://purl.oclc.org/dsdl/schematron" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<!-- for XPath 2 --><s:ns prefix="e" uri="http://ddex.net/xml/ern/383"/><s:title>Test</s:title>
<s:pattern id="titles"><s:rule context="*:NewReleaseMessage/List/Item[@Odd]">
  <s:report test="true()" role="Warning">An odd one: <s:value-of select="@Odd"/></s:report></s:rule>
 <s:rule context="//Item"><s:let name="wanted" value="'ok'"/>
  <s:assert test=". = $wanted" role="Fatal Error">Item &lt;<s:name/>&gt; should be ok (Clause 1)</s:assert>
  <s:assert test="@Id" role="Conditional Fatal Error">An <s:emph>Id</s:emph> is usual.</s:assert></s:rule></s:pattern>
<s:pattern><s:rule context="//@Id"><s:report test="current() = 'x'" role="Error">Id x.</s:report></s:rule></s:pattern>
{}</s:schema>"""
PROFILE = "CommonReleaseTypesTypes/14/AudioSingle"


def message(body, profile=PROFILE, namespace="http://ddex.net/xml/ern/383"):
    return parse_xml(
        f'<m:NewReleaseMessage xmlns:m="{namespace}" ReleaseProfileVersionId="{profile}">\n<List>\n{body}</List>\n'
        "</m:NewReleaseMessage>".encode()
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "14").mkdir()
    (tmp_path / "14" / FILE).write_text(SET.format(""), "utf-8")
    return SchematronFolder(tmp_path)


def found(folder, root):
    return [(f.severity, f.location.line, f.location.xpath, f.message) for f in folder.findings(root, "m.xml")]


def test_a_failed_rule_points_to_line_and_element(folder):
    root = message("<Item Id='1'>ok</Item>\n<Item Id='2'>no</Item>\n")
    assert found(folder, root) == [
        (Severity.ERROR, 4, "/NewReleaseMessage/List/Item[2]", "Item <Item> should be ok (Clause 1)")
    ]


def test_of_two_rules_of_a_pattern_the_first_that_fits_is_asked(folder):
    [(severity, line, _, said)] = found(folder, message("<Item Odd='yes'>no</Item>"))
    assert (severity, line, said) == (Severity.WARNING, 3, "An odd one: yes.")


def test_an_attribute_is_placed_at_its_element(folder):
    [(severity, _, xpath, _)] = found(folder, message("<Item Id='x'>ok</Item>"))
    assert (severity, xpath) == (Severity.ERROR, "/NewReleaseMessage/List/Item")


def test_a_remark_is_said_once_behind_the_errors(folder):
    said = found(folder, message("<Item>ok</Item>\n<Item>ok</Item>\n<Item>no</Item>\n"))
    assert [(severity, text) for severity, *_, text in said] == [
        (Severity.ERROR, "Item <Item> should be ok (Clause 1)"),
        (Severity.INFO, "An Id is usual. (3 places)"),
    ]


def test_the_rest_is_counted(folder, monkeypatch):
    monkeypatch.setattr(schematron, "MAX_SHOWN", 2)
    *_, (severity, _, _, text) = found(folder, message("<Item Id='1'>no</Item>" * 5))
    assert (severity, text) == (Severity.INFO, "DDEX's Schematron has 3 more remarks.")


@pytest.mark.parametrize(
    ("namespace", "attributes", "sets"),
    [
        ("http://ddex.net/xml/ern/41", {"ReleaseProfileVersionId": "Audio"}, ["Audio 21", "TRACKS 21"]),
        (
            "http://ddex.net/xml/ern/411",
            {"ReleaseProfileVersionId": "Audio", "ReleaseProfileVariantVersionId": "Classical"},
            ["Audio 21", "ClassicalVariant 21", "TRACKS 21"],
        ),
        ("http://ddex.net/xml/ern/432", {"ReleaseProfileVersionId": "Audio"}, []),
        ("http://ddex.net/xml/ern/411", {}, []),
        (
            "http://ddex.net/xml/ern/382",
            {"ReleaseProfileVersionId": PROFILE, "BusinessProfileVersionId": "CommonDealTypes/14/Download"},
            ["AudioSingle 14", "BusinessProfile 14"],
        ),
        ("http://ddex.net/xml/ern/382", {"ReleaseProfileVersionId": "AudioSingle"}, []),
    ],
)
def test_the_header_names_the_sets(namespace, attributes, sets):
    root = parse_xml(f'<m:NewReleaseMessage xmlns:m="{namespace}"/>'.encode())
    for name, value in attributes.items():
        root.set(name, value)
    assert [" ".join(one) for one in sets_of(root)] == [s.replace("TRACKS", schematron._TRACKS) for s in sets]


@pytest.mark.parametrize("profile", ["CommonReleaseTypesTypes/13/AudioSingle", "x/14/Video", ""])
def test_another_profile_is_not_asked(folder, profile):
    assert found(folder, message("<Item>no</Item>", profile)) == []


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        ("<s:phase id='a'/>", "<phase>, which is not supported"),
        ("<s:pattern abstract='true' id='a'/>", "<pattern>, which is not supported"),
        ("<s:pattern><s:include href='x'/></s:pattern>", "<include>, which is not supported"),
        ("<s:pattern><s:rule context='a'><s:extends rule='b'/></s:rule></s:pattern>", "<extends>"),
        ("<s:pattern><s:rule context=\"document('a.xml')\"/></s:pattern>", "reads other documents"),
        ("<s:pattern><s:rule/></s:pattern>", "<rule> has no context"),
        ("<s:pattern><s:rule context='a'><s:assert test='['>x</s:assert></s:rule></s:pattern>", "no usable Schematron"),
        ("<x/>", "of another language"),
        ("<s:pattern>", "it is no XML"),
    ],
)
def test_what_is_not_understood_is_refused_in_words(tmp_path, piece, said):
    (tmp_path / FILE).write_text(SET.format(piece), "utf-8")
    with pytest.raises(InvalidInput) as caught:
        found(SchematronFolder(tmp_path), message(""))
    assert said in str(caught.value)


def test_without_saxon_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setattr(schematron, "find_spec", lambda _: None)
    [(severity, _, _, text)] = found(folder, message("<Item>no</Item>"))
    assert severity is Severity.INFO
    assert "pip install 'linernotes[schematron]'" in text


def test_a_large_message_is_not_asked(folder, monkeypatch):
    monkeypatch.setattr(schematron, "MAX_ELEMENTS", 10)
    [(severity, _, _, text)] = found(folder, message("<Item>no</Item>" * 10))
    assert severity is Severity.INFO
    assert "more than 10 elements" in text


def test_threads_share_one_saxon(folder):
    roots = [message(f"<Item Id='{n}'>no</Item>") for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda root: len(found(folder, root)), roots))
    assert counts == [1] * 8


def test_sets_in_a_folder_beside_are_found(tmp_path):
    (tmp_path / "xsd").mkdir()
    (tmp_path / "schematron").mkdir()
    (tmp_path / "schematron" / FILE).write_text(SET.format(""), "utf-8")
    assert found(SchematronFolder(tmp_path / "xsd"), message("<Item Id='1'>no</Item>"))


def test_ddex_own_sets_on_its_own_samples(shared):
    folder = SchemaFolder(shared / "ddex/xsd")
    assert len(folder.schematron._files) == 29
    album = (shared / "ddex/samples/miqwit__dedex/013_isrc_empty_string.xml").read_bytes()
    clauses = [f for f in folder.findings(album, "m.xml") if f.rule == "XSD-007"]
    assert any(f.severity is Severity.ERROR and f.location.xpath.endswith("/ISRC") for f in clauses)
    audio = (shared / "ddex/samples/sshaw__ddex/1_Audio.xml").read_bytes()
    remarks = [f for f in folder.findings(audio, "m.xml") if f.rule == "XSD-007"]
    assert remarks
    assert all(f.severity is Severity.INFO and f.location.line for f in remarks)  # they are all conditional


def test_check_asks_the_schematron_of_the_schema_folder(shared):
    sample = shared / "ddex/samples/sshaw__ddex/1_Audio.xml"
    report = check_paths([sample], listen=False, xsd=SchemaFolder(shared / "ddex/xsd"))
    assert "XSD-007" in {f.rule for f in report.findings}
