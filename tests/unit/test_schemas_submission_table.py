"""Submissions as tables: the same message as JSON gives, and faults by row and column."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.check import check_paths
from pipeline.manifest import is_manifest
from schemas.disclosure import Agent, Level
from schemas.submission import is_table, read_table
from schemas.submission.table import COLUMNS, MAX_FAULTS

PAGE = (Path(__file__).parents[2] / "docs/submission.md").read_text("utf-8")
EXAMPLE = PAGE.split("```csv\n")[1].split("```")[0]
HEAD, *ROWS = EXAMPLE.strip().split("\n")


def read(*rows, head=HEAD):
    return read_table("\n".join((head, *rows)).encode(), "labels.csv")


def test_the_documented_example_is_read():
    message = read_table(EXAMPLE.encode(), "labels.csv").message
    first, second = message.sound_recordings

    assert (message.message_id, message.sender.name) == ("example-2", "Example Records")
    assert message.main_release.icpn == "4006381333931"
    assert (first.isrc, first.files[0].uri, first.disclosure.level) == ("GXF3D2400001", "one.wav", Level.PARTLY)
    assert [c.agent for c in first.disclosure.contributions] == [Agent.HUMAN, Agent.GENERATIVE_AI]
    assert second.disclosure.level is Level.NONE
    assert (second.at.line, first.disclosure.contributions[1].at.line) == (4, 3)


def test_every_column_is_documented():
    assert all(f"`{column}`" in PAGE for column in COLUMNS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_of_every_habit_are_read(encoding, delimiter):
    data = EXAMPLE.replace(",", delimiter).replace("\n", "\r\n").encode(encoding)

    assert len(read_table(data, "labels.csv").message.sound_recordings) == 2
    assert is_table(data)


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [
        ("partly", "some", 2, "contains_ai"),
        ("4006381333931,one.wav,Long Way Round", "4006381333931,one.wav,", 2, "file"),
        (",,,,,one.wav,,", ",,,,,,,", 3, "file"),
        (",,,,,one.wav,,", ",,,,,one.wav,Another,", 3, "title"),
        (",,,,,two.wav", ",,Another Release,,,two.wav", 4, "release_title"),
        ("generative_ai", "robot", 3, "agent"),
    ],
)
def test_a_fault_points_to_row_and_column(old, new, line, column):
    assert old in EXAMPLE
    reading = read_table(EXAMPLE.replace(old, new, 1).encode(), "labels.csv")

    places = [(f.rule, f.location.line, f.location.xpath) for f in reading.findings]
    assert ("PKG-014", line, f"row {line}, column {column}") in places
    assert reading.message is None


@pytest.mark.parametrize(
    ("data", "rule", "said"),
    [
        (EXAMPLE.replace("contains_ai", "contians_ai"), "PKG-014", "no column 'contians_ai'"),
        (EXAMPLE.replace("icpn", "isrc"), "PKG-014", "isrc stands twice"),
        (EXAMPLE.replace("file", "grid"), "PKG-014", "file is missing"),
        ("", "PKG-010", "is empty"),
        (HEAD, "PKG-014", "missing"),
        (HEAD + '\n"a', "PKG-010", "not well-formed CSV"),
        (HEAD + "\n\0", "PKG-010", "NUL"),
        (EXAMPLE.replace("one.wav", "x" * 200_000), "PKG-010", "field larger"),
    ],
)
def test_what_is_no_table_is_told(data, rule, said):
    finding, *_ = read_table(data.encode(), "labels.csv").findings

    assert finding.rule == rule
    assert said in finding.message


def test_a_table_in_another_encoding_names_the_line():
    (one,) = read_table(EXAMPLE.encode() + b"\xff", "labels.csv").findings

    assert (one.rule, one.location.line) == ("PKG-010", 5)


def test_faults_are_capped():
    rows = [f"a,S,T,A,,{n}.wav,T,A,,some,,,,," for n in range(MAX_FAULTS * 2)]

    assert len(read(*rows).findings) == MAX_FAULTS


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: (HEAD + "\n" + t).encode()))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_nothing_in_the_bytes_makes_the_reader_raise(data):
    reading = read_table(data, "labels.csv")

    assert reading.message or reading.findings


def test_a_table_is_checked_like_any_delivery(tmp_path):
    (tmp_path / "labels.csv").write_text(EXAMPLE.replace("partly", "none"))
    (tmp_path / "scan.csv").write_text("path,contains_ai\none.wav,none\n")

    report = check_paths([tmp_path / "labels.csv"], listen=False)

    assert {"AID-002", "PKG-004"} & {f.rule for f in report.findings} == {"AID-002"}
    assert [m.isrcs for m in report.messages] == [("GXF3D2400001", "GXF3D2400002")]
    assert not is_manifest(tmp_path / "labels.csv")
    assert is_manifest(tmp_path / "scan.csv")


def test_a_folder_with_a_table_and_sounds_is_a_submission(tmp_path):
    (tmp_path / "labels.csv").write_text(EXAMPLE)
    (tmp_path / "one.wav").write_bytes(b"RIFF")

    report = check_paths([tmp_path], listen=False)

    assert [(f.rule, f.value) for f in report.findings if f.rule == "PKG-004"] == [("PKG-004", "two.wav")]


def test_the_longest_cell_is_the_tables_own_whatever_another_reader_allowed():
    before = csv.field_size_limit(2**20)  # the whole process's
    try:
        (finding,) = read_table(EXAMPLE.replace("one.wav", "x" * 200_000).encode(), "labels.csv").findings
    finally:
        csv.field_size_limit(before)

    assert (finding.rule, "field larger" in finding.message) == ("PKG-010", True)
