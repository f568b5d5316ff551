import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from strategies import messages
from typer.testing import CliRunner

from api.cli.app import app
from api.cli.suggesting import unified_diff
from schemas.ern import read_message
from schemas.ern.strays import VALUES
from schemas.ern.writer import write_message
from schemas.markup import Edit, apply_edits, elements_of
from schemas.release import MessageKind
from schemas.rules import Scope, run
from schemas.suggest import FOLLOWERS, suggest
from schemas.vocabularies import AI_PLACES

DATA = Path(__file__).parents[1] / "data" / "rules"
RECORDING = """\
    <SoundRecording>
      <ResourceReference>A1</ResourceReference>
      <Contributor>
        <ContributorPartyReference>P1</ContributorPartyReference>
        <Role><Value>Composer</Value></Role>
        <AiContribution>Partly</AiContribution>
      </Contributor>
      <ContainsAI>Partly</ContainsAI>
      <IsInstrumental>true</IsInstrumental>
    </SoundRecording>
"""
RELEASE = """\
    <Release>
      <ReleaseReference>R0</ReleaseReference>
      <DisplayTitleText>Tide</DisplayTitleText>
      <ContainsAI>Partly</ContainsAI>
      <IsSoundtrack>false</IsSoundtrack>
    </Release>
"""


def document(recording=RECORDING, release=RELEASE, version="432"):
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!-- <ContainsAI>partly</ContainsAI> stays -->
<ern:NewReleaseMessage xmlns:ern='http://ddex.net/xml/ern/{version}' AvsVersionId = "9">
  <ResourceList>
{recording}  </ResourceList>
  <ReleaseList>
{release}  </ReleaseList>
</ern:NewReleaseMessage>
"""


def found(text):
    data = text if isinstance(text, bytes) else text.encode()
    reading = read_message(data, "m.xml")
    assert reading.message
    return [f.rule for f in (*reading.findings, *run(Scope.MESSAGE, reading.message))]


def corrected(text):
    return suggest(text.encode(), "m.xml").data.decode()


RIGHT = document()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<ContainsAI>Partly</ContainsAI>\n      <IsInst", "<ContainsAI>partly</ContainsAI>\n      <IsInst"),
        ("<ContainsAI>Partly</ContainsAI>\n      <IsInst", "<ContainsAi>PARTLY</ContainsAi>\n      <IsInst"),
        ("<ContainsAI>Partly</ContainsAI>\n      <IsInst", "<containsAI a='>' >Partly</containsAI\n>\n      <IsInst"),
        ("<AiContribution>Partly</AiContribution>", "<AIContribution>partly</AIContribution>"),
        ("<ContainsAI>Partly</ContainsAI>\n      <IsSound", "<ContainsAI>PARTLY</ContainsAI>\n      <IsSound"),
    ],
)
def test_case_and_name_are_corrected_and_the_finding_is_gone(right, wrong):
    broken = RIGHT.replace(right, wrong)

    assert broken != RIGHT
    assert "XSD-006" in found(broken)
    assert "XSD-006" not in found(corrected(broken))
    assert re.sub(r" a='>' |\n(?=>)", "", corrected(broken)) == RIGHT


def test_white_space_around_a_value_is_removed():
    assert corrected(RIGHT.replace(">Partly</AiC", ">\n Partly\t</AiC")) == RIGHT


@pytest.mark.shared
def test_no_valid_message_is_told_to_be_out_of_order(shared):
    said = [
        (path.name, f)
        for path in sorted((shared / "ddex/samples").rglob("*.xml"))
        if (reading := read_message(path.read_bytes(), path.name)).message and "_6" not in path.name
        for f in reading.findings
        if "no schema of ERN" in f.message
    ]
    assert said == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("      <ContainsAI>Partly</ContainsAI>\n", "      <IsInstrumental>true</IsInstrumental>\n"),
        (
            "        <Role><Value>Composer</Value></Role>\n",
            "        <AiContribution>Partly</AiContribution>\n",
        ),
        ("      <DisplayTitleText>Tide</DisplayTitleText>\n", "      <ContainsAI>Partly</ContainsAI>\n      <IsSound"),
    ],
)
def test_order_is_corrected(first, second):
    tail = "      <IsSound" if second.endswith("<IsSound") else ""
    block = second.removesuffix(tail)
    broken = RIGHT.replace(first + block, block + first)

    assert broken != RIGHT
    assert "XSD-006" in found(broken)
    assert corrected(broken) == RIGHT
    assert "XSD-006" not in found(RIGHT)


def test_both_elements_of_a_contributor_are_moved():
    machine = RIGHT.replace(
        "<ContributorPartyReference>P1</ContributorPartyReference>",
        "<SpecialContributor>GenerativeAI</SpecialContributor>",
    ).replace(">Partly</Ai", ">All</Ai")
    broken = machine.replace("        <SpecialContributor>GenerativeAI</SpecialContributor>\n", "").replace(
        "        <Role><Value>Composer</Value></Role>\n        <AiContribution>All</AiContribution>\n",
        "        <AiContribution>All</AiContribution>\n        <Role><Value>Composer</Value></Role>\n"
        "        <SpecialContributor>generativeAI</SpecialContributor>\n",
    )

    assert corrected(broken) == machine


def test_a_derivable_release_is_declared_in_its_place():
    undeclared = RIGHT.replace("      <ContainsAI>Partly</ContainsAI>\n      <IsSound", "      <IsSound")

    assert "AID-012" in found(undeclared)
    assert corrected(undeclared) == RIGHT
    assert "AID-012" not in found(RIGHT)


def test_a_release_is_derived_from_corrected_values():
    text = RIGHT.replace("      <ContainsAI>Partly</ContainsAI>\n      <IsSound", "      <IsSound")

    assert corrected(text.replace("<ContainsAI>Partly</C", "<ContainsAI>partly</C")) == RIGHT


def test_a_release_is_not_declared_from_a_contradiction():
    """The recording says None and credits AI: what the release would be, nobody but the sender knows."""
    text = RIGHT.replace("      <ContainsAI>Partly</ContainsAI>\n      <IsSound", "      <IsSound")
    text = text.replace("<ContainsAI>Partly</C", "<ContainsAI>None</C")

    assert "AID-002" in found(text)
    assert "AID-012" not in found(text)
    assert corrected(text) == text


def test_a_release_is_not_declared_against_its_pictures():
    picture = "    <Image><ResourceReference>A2</ResourceReference><ContainsAI>None</ContainsAI></Image>\n"
    person, machine = "<ContributorPartyReference>P1</ContributorPartyReference>", "GenerativeAI"
    generated = RECORDING.replace(person, f"<SpecialContributor>{machine}</SpecialContributor>").replace(
        "Partly", "All"
    )
    text = document(generated + picture, RELEASE.replace(">Partly<", ">x<"))
    text = text.replace("      <ContainsAI>x</ContainsAI>\n", "")

    assert "AID-012" not in found(text)
    assert "AID-012" in found(text.replace(picture, ""))
    assert corrected(text) == text


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (">Partly</ContainsAI>\n      <IsInst", ">Yes</ContainsAI>\n      <IsInst"),
        (">Partly</ContainsAI>\n      <IsInst", ">Part</ContainsAI>\n      <IsInst"),
        (">Partly</ContainsAI>\n      <IsInst", "></ContainsAI>\n      <IsInst"),
        ("<ContainsAI>Partly</ContainsAI>\n      <IsInst", "<ContainsAI/>\n      <IsInst"),
        ("<ContainsAI>Partly</ContainsAI>\n      <IsInst", "<IsAI>Partly</IsAI>\n      <IsInst"),
        ("<ContainsAI>Partly</ContainsAI>\n      <IsInst", "<ContainsAi>Yes</ContainsAi>\n      <IsInst"),
        (
            "<ContainsAI>Partly</ContainsAI>\n      <IsInst",
            "<ContainsAI>None</ContainsAI><ContainsAi>All</ContainsAi>\n      <IsInst",
        ),
        ("<ContainsAI>Partly</ContainsAI>\n      <IsInst", "<ContainsAI>part<!-- -->ly</ContainsAI>\n      <IsInst"),
        ("<Role><Value>", "<Role><containsAI>All</containsAI><Value>"),
    ],
)
def test_what_is_not_certain_stays(right, wrong):
    text = RIGHT.replace(right, wrong).replace("<ContainsAI>Partly</ContainsAI>\n      <IsSound", "<IsSound")

    assert wrong in text
    assert wrong in corrected(text)


@pytest.mark.parametrize("data", [b"", b"<a/>", b"{}", document(version="43").replace("Partly", "partly").encode()])
def test_nothing_is_suggested_for_other_inputs(data):
    assert suggest(data, "m.xml") == type(suggest(data, "m.xml"))(data=data)


def test_other_encodings_keep_their_bytes():
    text = RIGHT.replace("Tide", "Été").replace("UTF-8", "ISO-8859-1")
    broken = text.replace(">Partly</AiC", ">partly</AiC")

    assert suggest(broken.encode("latin-1"), "m.xml").data == text.encode("latin-1")
    wide = broken.replace("ISO-8859-1", "UTF-16").encode("utf-16")
    assert suggest(wide, "m.xml").data == wide


@pytest.mark.parametrize("change", [lambda t: t.replace("\n", "\r\n"), lambda t: "\ufeff" + t, lambda t: t.rstrip()])
def test_line_ends_marks_and_endings_stay(change):
    broken = RIGHT.replace(">Partly</AiC", ">partly</AiC")

    assert corrected(change(broken)) == change(RIGHT)


def test_corrections_say_where_and_what():
    (one,) = suggest(RIGHT.replace(">Partly</AiC", ">partly</AiC").encode(), "m.xml").corrections

    assert (one.line, one.what) == (10, "AiContribution 'partly' is Partly.")


def test_every_place_has_its_position():
    ordered = {(p, name) for name in AI_PLACES for p in AI_PLACES[name]} - {("DisplayArtist", "SpecialDisplayArtist")}

    assert set(FOLLOWERS) == ordered


# --- properties


def slips(word):
    return st.sampled_from([word, word.lower(), word.upper(), f" {word}", f"{word}\n"])


@given(messages(), st.data())
@settings(deadline=None, derandomize=True, max_examples=60)
def test_any_slip_of_case_is_undone(message, data):
    right = write_message(message).decode()
    fixed = corrected(right)  # some messages leave the release to be derived
    values = sorted({value for values in VALUES.values() for value in values})
    pattern = rf">({'|'.join(values)})</({'|'.join(AI_PLACES)})>"
    broken = re.sub(pattern, lambda m: f">{data.draw(slips(m[1]))}</{m[2]}>", fixed)

    assert corrected(broken) == fixed
    assert corrected(fixed) == fixed
    assert not {"XSD-006", "AID-012"} & set(found(fixed)) or "AID-011" in found_if_derived(fixed)


def found_if_derived(text):
    levels = re.findall(r"<ContainsAI>(\w+)</ContainsAI>", text)
    return ["AID-011"] if len(set(levels)) > 1 else []


@given(messages())
@settings(deadline=None, derandomize=True, max_examples=60)
def test_elements_are_found_as_a_parser_finds_them(message):
    text = write_message(message).decode("latin-1")

    parsed = [etree.QName(e).localname for e in etree.fromstring(text.encode("latin-1")).iter()]
    assert [e.name for e in elements_of(text).walk()][1:] == parsed
    for one in list(elements_of(text).walk())[1:]:
        assert text[one.start : one.start + 1 + len(one.tag)] == f"<{one.tag}"
        assert text[one.end - 1] == ">"


@given(st.text("abc", max_size=9), st.text("XY", max_size=3), st.integers(0, 9))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_edits_touch_nothing_else(text, new, place):
    at = min(place, len(text))

    assert apply_edits(text, [Edit(at, at, new)]) == text[:at] + new + text[at:]


@pytest.fixture(scope="module")
def schema(shared):
    folder = shared / "ddex" / "xsd"

    class Beside(etree.Resolver):
        def resolve(self, url, public_id, context):
            name = url.rpartition("/")[2]
            return self.resolve_filename(
                str(next(f for f in folder.glob(f"*/{name}") if f.parent.name in PLACES)), context
            )

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Beside())
    return etree.XMLSchema(etree.parse(folder / "ern432" / "release-notification.xsd", parser))


PLACES = ("ern432", "avs9")
SAMPLE = "ern432_05_partly_human_helped_by_ai.xml"


@pytest.mark.parametrize("name", ["ContainsAI", "AiContribution"])
@pytest.mark.parametrize("to", ["first", "last"])
def test_what_is_put_in_order_is_valid(shared, schema, name, to):
    data = (shared / "ddex" / "samples" / "constructed" / SAMPLE).read_bytes()
    root = etree.fromstring(data)
    assert schema.validate(root)
    for one in list(root.iter(name)):
        parent = one.getparent()
        parent.remove(one)
        parent.insert(0 if to == "first" else len(parent), one)
    moved = etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    assert schema.validate(etree.fromstring(suggest(moved, "m.xml").data)), schema.error_log


def test_suggestions_never_break_a_sample(shared):
    for path in sorted((shared / "ddex" / "samples" / "constructed").glob("*.xml")):
        data = path.read_bytes()
        result = suggest(data, path.name)
        before, after = read_message(data, ""), read_message(result.data, "")
        assert (after.message is None) == (before.message is None)
        if before.message and before.message.kind is MessageKind.NEW_RELEASE:
            assert len(found(result.data)) <= len(found(data)) or result.corrections
        assert suggest(result.data, path.name).data == result.data


# --- the patch


def patched(folder, *paths):
    result = CliRunner(env={"TERM": "dumb"}).invoke(app, ["check", "--no-listen", "--suggest", "-", *map(str, paths)])
    subprocess.run(["patch", "-p0"], input=result.stdout_bytes, cwd=folder, check=True, capture_output=True)
    return result


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
@pytest.mark.parametrize("change", [lambda t: t, lambda t: t.replace("\n", "\r\n"), lambda t: t.rstrip()])
def test_the_patch_applies_and_the_finding_is_gone(tmp_path, monkeypatch, change):
    monkeypatch.chdir(tmp_path)
    broken = RIGHT.replace(">Partly</AiC", ">partly</AiC")
    for name in ("a.xml", "b c.xml"):
        Path(name).write_bytes(change(broken).encode())

    result = patched(tmp_path, ".")

    for name in ("a.xml", "b c.xml"):
        assert Path(name).read_bytes() == change(RIGHT).encode()
    assert "XSD-006" in result.stderr
    assert "a.xml:10: suggested: AiContribution 'partly' is Partly." in result.stderr
    assert "XSD-006" not in patched(tmp_path, ".").stderr


def test_the_patch_may_go_to_a_file(tmp_path):
    patch = tmp_path / "a.patch"
    result = CliRunner().invoke(app, ["check", "--suggest", str(patch), str(DATA / "contradictions.xml")])

    assert b"+      <ContainsAI>Partly</ContainsAI>" in patch.read_bytes()
    assert "XSD-006" in result.stdout


def test_a_patch_and_an_answer_cannot_share_an_output(tmp_path):
    path = str(DATA / "contradictions.xml")

    result = CliRunner().invoke(app, ["check", "--format", "json", "--suggest", "-", path])
    unwritable = CliRunner().invoke(app, ["check", "--suggest", str(tmp_path), path])

    assert "share standard output" in result.exception.message
    assert "cannot be written" in unwritable.exception.message


def test_a_diff_of_equal_files_is_empty():
    assert unified_diff("a.xml", b"x\ry", b"x\ry") == b""
