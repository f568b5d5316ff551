"""JSON submissions: the documented form is read, and each fault is told by field and line."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.disclosure import Agent, Area, Level
from schemas.reading import Reading
from schemas.release import MessageKind
from schemas.submission import Submission, read_submission
from schemas.submission.places import json_lines, to_pointer

DOCS = (Path(__file__).parents[2] / "docs/submission.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```json\n(.*?)```", DOCS, re.DOTALL)[1]


def content():
    return json.loads(EXAMPLE)


def read(value):
    text = value if isinstance(value, str) else json.dumps(value, indent=1)
    return read_submission(text.encode(), "submission.json")


def faults(value):
    reading = read(value)
    assert reading.message is None
    return {one.location.xpath: (one.rule, one.message.partition(": ")[2]) for one in reading.findings}


def test_the_documented_example_is_a_message():
    reading = read(EXAMPLE)
    message = reading.message
    assert reading.findings == ()
    assert (message.kind, message.message_id, message.can_declare) == (MessageKind.JSON, "example-2026-11-22-1", True)
    assert message.created_at == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert (message.sender.name, message.control_type) == ("Example Records", "LiveMessage")
    release = message.main_release
    assert (release.icpn, release.key, release.disclosure.level) == ("4006381333931", "4006381333931", Level.PARTLY)
    assert release.resource_references == ("A1", "A0")
    [cover] = message.images
    assert (cover.kind, cover.disclosure.level, cover.files[0].uri) == ("FrontCoverImage", Level.NONE, "cover.jpg")
    [recording] = message.sound_recordings
    assert (recording.isrc, recording.title, recording.display_artist) == (
        "GXF3D2400001",
        "Long Way Round",
        "The Examples",
    )
    assert (recording.duration_s, recording.has_vocals, recording.is_instrumental) == (213.4, True, None)
    [file] = recording.files
    assert (file.uri, file.hash_sum.algorithm) == ("long-way-round.wav", "SHA-256")


def test_the_documented_declaration_is_understood():
    [recording] = read(EXAMPLE).message.sound_recordings
    assert (recording.disclosure.level, recording.disclosure.can_declare) == (Level.PARTLY, True)
    singer, writer, machine = recording.disclosure.contributions
    assert (singer.agent, singer.name, singer.areas, singer.ai) == (
        Agent.HUMAN,
        "Ada Example",
        (Area.VOCALS,),
        Level.NONE,
    )
    assert (writer.areas, writer.ai, writer.ai_text) == ((Area.LYRICS,), Level.PARTLY, "partly")
    assert (machine.agent, machine.instruments, machine.ai, machine.ai_text) == (
        Agent.GENERATIVE_AI,
        ("Strings",),
        Level.ALL,
        None,
    )


def test_places_are_lines_and_pointers():
    [recording] = read(EXAMPLE).message.sound_recordings
    at = recording.disclosure.contributions[1].at
    assert (at.path, at.xpath) == ("submission.json", "/recordings/0/disclosure/contributions/1")
    assert at.line == EXAMPLE[: EXAMPLE.index('"Lyricist"')].count("\n") + 1
    assert recording.ids[0].at.xpath == "/recordings/0/isrc"


def test_every_field_is_documented():
    fields = set(_fields(Submission.model_json_schema()))
    assert {
        name for name in fields if f"`{name}`" not in DOCS and f".{name}`" not in DOCS and f'"{name}"' not in DOCS
    } == set()


def _fields(schema):
    for part in (schema, *schema["$defs"].values()):
        yield from part.get("properties", {})


def test_nothing_said_is_undeclared():
    plain = content()
    del plain["recordings"][0]["disclosure"], plain["release"]["contains_ai"]
    message = read(plain).message
    assert message.sound_recordings[0].disclosure.level is Level.UNDECLARED
    assert message.sound_recordings[0].disclosure.text is None
    assert message.main_release.disclosure.level is Level.UNDECLARED


def test_each_fault_is_told_by_field():
    broken = content()
    broken["liner"] = "submission/9"
    broken["test"] = "yes"
    del broken["release"]["title"]
    broken["release"]["date"] = "soon"
    disclosure = broken["recordings"][0]["disclosure"]
    disclosure["contians_ai"] = "none"
    disclosure["contains_ai"] = "Partly"
    disclosure["contributions"][0]["name"] = " "
    broken["recordings"][0]["duration_s"] = -1
    found = faults(broken)
    assert set(found) == {
        "/liner",
        "/test",
        "/release/title",
        "/release/date",
        "/recordings/0/disclosure/contians_ai",
        "/recordings/0/disclosure/contains_ai",
        "/recordings/0/disclosure/contributions/0",
        "/recordings/0/duration_s",
    }
    assert {rule for rule, _ in found.values()} == {"PKG-014"}
    assert found["/release/title"][1] == "this field is missing."
    assert found["/recordings/0/disclosure/contians_ai"][1] == "there is no such field."


def test_a_fault_has_line_and_value():
    text = EXAMPLE.replace(
        '"contains_ai": "partly",\n        "contributions"', '"contains_ai": "Yes",\n        "contributions"'
    )
    [finding] = read(text).findings
    assert finding.location.line == text[: text.index('"Yes"')].count("\n") + 1
    assert finding.value == "Yes"


@pytest.mark.parametrize("value", [{"recordings": []}, [], 1, None, "text"])
def test_what_is_no_submission_is_refused(value):
    assert faults(content() | value if isinstance(value, dict) else json.dumps(value))


def test_many_faults_are_counted():
    many = content()
    many["recordings"] = [{}] * 200
    findings = read(many).findings
    assert len(findings) == 101
    assert "more faults" in findings[-1].message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"\xff\xff\xff",
        b"[" * 100_000,
        b"9" * 10_000,
        b" " * (8 * 2**20 + 1),
        b"<xml/>",
    ],
)
def test_what_is_no_json_is_refused(data):
    reading = read_submission(data, "submission.json")
    assert reading.message is None
    assert [(one.rule, one.location.path) for one in reading.findings] == [("PKG-010", "submission.json")]


def test_broken_json_names_line_and_column():
    [finding] = read('{\n "a": ]').findings
    assert (finding.location.line, finding.location.column) == (2, 7)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings_of_unicode_are_read(encoding):
    assert read_submission(EXAMPLE.encode(encoding), "x").message is not None


@given(st.binary(max_size=100))
@example(b'{"recordings": [{"title": "\\ud800"}]}')
@example(b'{"created_at": "0001-01-01T00:00:00+14:00"}')
def test_any_bytes_give_a_reading(data):
    assert isinstance(read_submission(data, "x"), Reading)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_exchanged_value_gives_a_reading(data):
    root = {"": content()}
    here, step = root, ""
    while isinstance(here[step], dict | list) and here[step] and data.draw(st.booleans()):
        here = here[step]
        step = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
    here[step] = data.draw(JSON)
    reading = read(json.dumps(root[""]))
    assert (reading.message is None) == bool(reading.findings)


def _pointers(value, steps=()):
    yield to_pointer(steps)
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield from _pointers(one, (*steps, step))


@given(JSON, st.sampled_from([None, 1]))
def test_every_value_of_a_json_text_has_a_line(value, indent):
    text = json.dumps(value, indent=indent)
    lines = json_lines(text)
    assert set(lines) == set(_pointers(value))
    assert list(lines.values()) == sorted(lines.values())
    assert set(lines.values()) <= set(range(1, text.count("\n") + 2))
