"""Submissions as XLSX workbooks: the table's rules, no formulas, and no bombs."""

import io
import time
import zipfile
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from pipeline.check import check_paths
from pipeline.landing import discover
from schemas.package import Layout
from schemas.reading import Reading
from schemas.submission import is_workbook_table, read_table, read_workbook
from schemas.submission import workbook as limits
from schemas.submission.table import COLUMNS, MAX_ROWS
from schemas.submission.template import ABOUT, EXAMPLE, template_csv, template_rows, template_xlsx

HEAD, *ROWS = template_rows(example=True)


def book(*rows, sheets=()):
    made = Workbook()
    for name, before in sheets:
        sheet = made.create_sheet(name, 0)
        for row in before:
            sheet.append(row)
    for row in rows:
        made[made.sheetnames[-1]].append(row)
    sink = io.BytesIO()
    made.save(sink)
    return sink.getvalue()


def edited(column, value, row=2):
    made = load_workbook(io.BytesIO(template_xlsx(example=True)))
    made["Submission"].cell(row, COLUMNS.index(column) + 1).value = value
    sink = io.BytesIO()
    made.save(sink)
    return sink.getvalue()


def test_the_example_is_one_message_as_workbook_and_as_csv():
    from_book = read_workbook(template_xlsx(example=True), "labels.xlsx").message
    from_csv = read_table(template_csv(example=True), "labels.xlsx").message

    assert from_book.model_copy(update={"sha256": ""}) == from_csv.model_copy(update={"sha256": ""})
    assert len(from_book.sound_recordings) == 2
    assert from_book.sound_recordings[0].disclosure.contributions[1].at.xpath == "row 3, column role"


def test_the_empty_form_lacks_everything_and_says_so():
    for reading in (read_workbook(template_xlsx(), "a.xlsx"), read_table(template_csv(), "a.csv")):
        assert {f.rule for f in reading.findings} == {"PKG-014"}


def test_every_column_is_explained_in_the_form():
    assert tuple(ABOUT) == COLUMNS
    assert all(row.keys() <= set(COLUMNS) for row in EXAMPLE)
    columns = load_workbook(io.BytesIO(template_xlsx()))["Columns"]
    assert [row[0].value for row in columns.iter_rows(min_row=2)] == list(COLUMNS)


@pytest.mark.parametrize(
    ("column", "value", "line"),
    [("contains_ai", "some", 2), ("agent", "robot", 3), ("duration_s", "long", 4), ("release_title", "Another", 4)],
)
def test_a_fault_points_to_row_and_column(column, value, line):
    reading = read_workbook(edited(column, value, line), "labels.xlsx")

    places = [(f.rule, f.location.line, f.location.xpath) for f in reading.findings]
    assert ("PKG-014", line, f"row {line}, column {column}") in places
    assert reading.message is None


@pytest.mark.parametrize("formula", ["=A1", '=HYPERLINK("http://192.0.2.1/", "Title")', "#REF!"])
def test_a_formula_is_a_fault_and_never_evaluated(formula):
    first = read_workbook(edited("title", formula), "labels.xlsx").findings[0]

    assert (first.rule, first.location.xpath, first.value) == ("PKG-014", "row 2, column title", formula)
    assert "formula" in first.message or "error" in first.message


@pytest.mark.parametrize(
    ("column", "value", "read"),
    [
        ("icpn", 4006381333931, lambda m: m.main_release.icpn == "4006381333931"),
        ("icpn", 4006381333931.0, lambda m: m.main_release.icpn == "4006381333931"),
        ("duration_s", 213.4, lambda m: m.sound_recordings[0].duration_s == 213.4),
        ("date", datetime(2026, 12, 1), lambda m: m.main_release.release_date == "2026-12-01"),  # noqa: DTZ001
        ("test", True, lambda m: m.control_type == "TestMessage"),
        ("has_vocals", False, lambda m: m.sound_recordings[0].has_vocals is False),
        ("contains_ai", "Partly", lambda m: m.sound_recordings[0].disclosure.level == "partly"),
    ],
)
def test_numbers_days_and_truths_are_read_as_what_they_mean(column, value, read):
    assert read(read_workbook(edited(column, value), "labels.xlsx").message)


def test_the_sheet_with_the_columns_is_the_one_that_is_read():
    data = book(HEAD, *ROWS, sheets=[("Notes", [["to do"], ["call Ada"]])])

    assert is_workbook_table(data)
    assert read_workbook(data, "a.xlsx").message


def test_another_workbook_is_left_alone_and_named_if_asked_for():
    data = book(["month", "sales"], ["May", 3])

    assert not is_workbook_table(data)
    assert read_workbook(data, "a.xlsx").findings[0].message == "There is no column 'month' in the form."


def test_a_row_far_below_a_gap_is_refused_and_not_lost():
    made = load_workbook(io.BytesIO(template_xlsx(example=True)))
    made["Submission"].cell(1_048_576, 1).value = "x"
    sink = io.BytesIO()
    made.save(sink)
    began = time.process_time()
    (one,) = read_workbook(sink.getvalue(), "a.xlsx").findings

    assert f"more than {MAX_ROWS:,} rows" in one.message
    assert time.process_time() - began < 5


def zipped(**parts):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return sink.getvalue()


def with_sheet(xml):
    """Put another sheet into the form's workbook."""
    source = zipfile.ZipFile(io.BytesIO(template_xlsx()))
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in source.namelist():
            archive.writestr(part, xml if part == "xl/worksheets/sheet1.xml" else source.read(part))
    return sink.getvalue()


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
LAUGHS = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
HOSTILE = {
    "nothing": b"",
    "no archive": b"PK\x03\x04" + b"x" * 100,
    "an archive of something else": zipped(readme=b"x"),
    "a bomb": zipped(**{"xl/workbook.xml": b" " * (limits.MAX_UNPACKED + 1)}),
    "many parts": zipped(**{str(n): b"" for n in range(limits.MAX_PARTS + 1)}),
    "many tags": with_sheet(SHEET.format("<a/>" * (limits.MAX_TAGS + 1))),
    "an entity bomb": with_sheet(
        f'<!DOCTYPE a [<!ENTITY a "ha">{LAUGHS}]>' + SHEET.format("<row><c><v>&k;</v></c></row>")
    ),
    "a deep sheet": with_sheet(SHEET.format("<a>" * 100_000 + "</a>" * 100_000)),
    "a deep sheet that looks flat": with_sheet(SHEET.format('<a b="/>">' * 20_000)),
    "odd rows": with_sheet(SHEET.format('<row r="-3"><c r="A-1"><v>1</v></c></row>')),
    "odd strings": with_sheet(SHEET.format('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>')),
    "a cut": template_xlsx(example=True)[:3000],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_workbook_is_one_finding_in_time(name):
    began = time.process_time()
    reading = read_workbook(HOSTILE[name], "a.xlsx")

    assert time.process_time() - began < 5
    assert reading.message is None
    assert [f.rule for f in reading.findings] in (["PKG-010"], ["PKG-014"])
    assert not is_workbook_table(HOSTILE[name])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("an entity bomb", "document type"),
        ("a deep sheet", "elements in one another"),
        ("a deep sheet that looks flat", "elements in one another"),
    ],
)
def test_what_would_cost_much_is_refused_by_name(name, said):
    (one,) = read_workbook(HOSTILE[name], "a.xlsx").findings
    assert said in one.message


def test_cells_of_style_alone_are_counted(monkeypatch):
    styled = with_sheet(SHEET.format(("<row>" + '<c s="1"/>' * 100 + "</row>") * 6))
    assert "is empty" in read_workbook(styled, "a.xlsx").findings[0].message

    monkeypatch.setattr(limits, "MAX_CELLS", 500)
    assert "more than 500 cells" in read_workbook(styled, "a.xlsx").findings[0].message


def test_an_external_entity_is_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    xml = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + SHEET.format(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row>'
    )
    assert "hidden" not in str(read_workbook(with_sheet(xml), "a.xlsx"))


def test_a_larger_file_is_refused_unread():
    (one,) = read_workbook(template_xlsx(), "a.xlsx", max_bytes=100).findings
    assert "at most 100 are read" in one.message


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 5_000), st.binary(max_size=8))
def test_a_damaged_workbook_gives_a_reading(at, piece):
    data = GOOD[:at] + piece + GOOD[at + len(piece) :]
    assert isinstance(read_workbook(data, "a.xlsx"), Reading)


GOOD = book(HEAD, *ROWS)


@pytest.mark.parametrize("folder", [".", "resources", "wav"])
def test_a_workbook_in_a_folder_is_a_submission(tmp_path, folder):
    delivery = tmp_path / "delivery"
    (delivery / folder).mkdir(parents=True)
    rows = [
        [c.replace("one.wav", f"{folder}/one.wav").replace("two.wav", f"{folder}/two.wav") for c in r] for r in ROWS
    ]
    (delivery / "labels.xlsx").write_bytes(book(HEAD, *rows))
    (delivery / "sales.xlsx").write_bytes(book(["month"]))
    for name in ("one.wav", "two.wav"):
        (delivery / folder / name).write_bytes(b"RIFF")

    (ref,) = {r.path: r for r in discover(tmp_path)}.values()
    assert (ref.layout, ref.messages) == (Layout.SUBMISSION, ("labels.xlsx",))


def test_check_reads_it_and_points_to_the_cell(tmp_path):
    (tmp_path / "labels.xlsx").write_bytes(edited("isrc", "GXF3D24"))
    report = check_paths([tmp_path / "labels.xlsx"], listen=False)

    (one,) = [f for f in report.findings if f.rule == "IDN-001"]
    assert (one.location.line, one.location.xpath) == (2, "row 2, column isrc")


def test_the_command_writes_what_check_takes(tmp_path, liner):
    for name in ("a.csv", "a.xlsx"):
        assert liner("template", "--example", tmp_path / name).exit_code == 0
        report = check_paths([tmp_path / name], listen=False)
        assert len(report.messages[0].recordings) == 2
    assert liner("template", tmp_path / "a.csv").exit_code != 0
    assert liner("template", "--force", tmp_path / "a.csv").exit_code == 0
    assert liner("template", tmp_path / "a.ods").exit_code != 0
    assert liner("template", "-").stdout_bytes.decode("utf-8-sig").startswith("submission_id,")


@pytest.fixture
def liner():
    from typer.testing import CliRunner

    from api.cli.app import app

    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])
