"""The figures of a report, and the four ways to write them."""

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
from deliveries import message, put
from fixtures_api import make_screening
from typer.testing import CliRunner

from api.cli.app import app
from api.cli.figures import as_html, as_text
from api.cli.report_words import MAX_SHOWN
from api.cli.shares import Shares, is_contradiction, shares_of
from pipeline.lake import Lake, LakeWriter
from pipeline.screened import Screened
from schemas.disclosure import Disclosure, Level
from schemas.errors import InvalidInput
from schemas.rules import finding

HOSTILE = '=<script>alert("x")</script>'


def screened(number, level, *rules, take=0, **intake):
    one = make_screening(number, take=take, source=f"bytes-{take}", **intake)
    findings = tuple(finding(rule, "Seen.") for rule in rules)
    return Screened(one.model_copy(update={"declared": Disclosure(level=level), "findings": findings}))


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    october = {"message_created_at": datetime(2026, 10, 1, tzinfo=UTC), "ern_version": "4.3.2"}
    for one in (
        screened(1, Level.NONE, "AID-002", "IDN-001", **october, territories=("DE", "FR")),
        screened(2, Level.ALL, **october, territories=("DE",)),
        screened(3, Level.UNDECLARED, "AID-001", "XSD-004", ern_version="3.8.2", sender_name=HOSTILE),
        screened(4, Level.NONE),
        screened(4, Level.PARTLY, "AID-002", take=1),  # the newer counts
    ):
        writer = LakeWriter(lake)
        writer.add(one)
        writer.flush()
    return lake


def liner(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_newest_screening_of_each_recording_counts(lake):
    shares = shares_of(lake.folder)

    assert shares.total == dict.fromkeys(Level, 1)
    assert shares.contradictions == {"AID-002": 2}
    assert shares.by["territory"]["DE"] == {Level.NONE: 1, Level.ALL: 1}
    assert shares.by["version"] == {
        "ERN 4.3.2": {Level.NONE: 1, Level.ALL: 1},
        "ERN 3.8.2": {Level.UNDECLARED: 1},
        "no ERN message": {Level.PARTLY: 1},
    }
    assert [month for month, _ in shares.ranked("month")] == ["2026-10", "2026-11"]
    assert shares.ranked("sender")[0][0] == "Nova Records"


def test_a_recording_in_two_parts_counts_once(lake):
    lake.write("screenings", list(lake.rows("screenings")))

    assert shares_of(lake.folder).total.total() == 4


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("AID-002", True), ("AID-001", False), ("AID-012", False), ("HIS-005", False), ("PKG-004", False), ("X", False)],
)
def test_contradictions_are_between_statements(rule, expected):
    assert is_contradiction(rule) is expected


def test_text_names_shares_and_contradictions(lake):
    text = liner("report", lake.folder).stdout

    assert "4 recordings: 1 undeclared (25.0%), 1 none (25.0%)" in text
    assert re.search(r"DE +0.0% +50.0% +0.0% +50.0% +2\n", text)
    assert "AID-002" in text


def test_csv_is_complete_and_holds_no_formula(lake):
    rows = list(csv.DictReader(io.StringIO(liner("report", lake.folder, "--format", "csv").stdout)))

    expected = {"all", "sender", "version", "territory", "month", "contradiction", "cannot declare", "takedown"}
    assert {r["dimension"] for r in rows} == expected
    assert "'" + HOSTILE in {r["value"] for r in rows}
    assert sum(int(r["recordings"]) for r in rows if r["dimension"] == "sender") == 4


def test_json_has_the_same_figures(lake):
    data = json.loads(liner("report", lake.folder, "--format", "json").stdout)

    assert data["total"] == dict.fromkeys(Level, 1)
    assert data["contradictions"] == {"AID-002": 2}
    assert data["by"]["sender"][HOSTILE]["undeclared"] == 1


def test_the_page_stands_alone_and_shows_names_as_text(lake, tmp_path):
    page = tmp_path / "report.html"

    liner("report", lake.folder, "--format", "html", "-o", page)

    text = page.read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert not re.search(r"(?:src|href)=|url\(|https?:", text)
    assert text.count("<svg") >= 8
    assert "50.0%" in text


def test_a_long_list_ends_with_the_rest():
    shares = Shares()
    for number in range(MAX_SHOWN + 7):
        shares.add(Level.NONE, {"sender": [f"S{number:03}"]}, ())

    assert "7 more" in as_text(shares)
    assert "7 more" in as_html(shares)


def test_an_empty_lake_has_a_report(tmp_path):
    shares = shares_of(Lake(tmp_path / "lake").folder)

    assert "0 recordings" in as_text(shares)
    assert "0 recordings" in as_html(shares)


def test_what_is_taken_down_or_cannot_declare_is_told(tmp_path):
    lake = Lake(tmp_path / "lake")
    for one in (
        screened(1, Level.NONE),
        screened(1, Level.NONE, take=1, is_takedown=True),
        screened(2, Level.UNDECLARED),
    ):
        writer = LakeWriter(lake)
        writer.add(one)
        writer.flush()

    shares = shares_of(lake.folder)

    assert (shares.takedowns, shares.cannot_declare, shares.total) == (1, 1, {Level.UNDECLARED: 1})
    assert "1 of the undeclared came in a version that cannot declare. 1 more are taken down." in as_text(shares)


def test_the_chart_has_a_column_for_each_month_and_says_what_it_is():
    shares = Shares()
    for month, level in (("2026-10", Level.ALL), ("2026-11", Level.NONE), ("2026-11", Level.ALL)):
        shares.add(level, {"month": [month]}, ())

    text = as_html(shares)

    assert 'role="img" aria-label="Recordings by month of the message, 2026-10 to 2026-11' in text
    assert "<title>2026-11: 1 none, 1 all</title>" in text


# --- messages in a folder


def declared(level, message_id, day, **more):
    text = message("s.wav", message_id=message_id, created=f"2026-{day}T12:00:00Z", **more)
    return text.replace("<Duration>", f"<ContainsAI>{level}</ContainsAI><Duration>")


def test_a_folder_of_messages_needs_no_lake(tmp_path):
    put(tmp_path / "z" / "new.xml", declared("None", "M2", "11-01"))
    put(tmp_path / "a" / "old.xml", declared("All", "M1", "10-01"))
    put(tmp_path / "b" / "other.xml", declared("Partly", "M3", "10-02", first=2))
    put(tmp_path / "b" / "sound.wav", b"no sound counts")

    shares = shares_of(tmp_path)

    assert shares.total == {Level.NONE: 1, Level.PARTLY: 1}
    assert shares.contradictions == {"HIS-001": 1, "AID-006": 1}
    assert set(shares.by["month"]) == {"2026-10", "2026-11"}
    assert set(shares.by["sender"]) == {"Nova"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "z"]  # nothing is written


def test_a_takedown_in_a_folder_is_counted_apart(tmp_path):
    put(tmp_path / "1" / "m.xml", declared("All", "M1", "10-01"))
    deal = (
        "<DealList><ReleaseDeal><Deal><DealTerms><TakeDown>true</TakeDown></DealTerms></Deal></ReleaseDeal></DealList>"
    )
    text = declared("All", "M2", "10-02").replace("</ern:New", f"{deal}</ern:New")
    put(tmp_path / "2" / "m.xml", text)

    shares = shares_of(tmp_path)

    assert (shares.takedowns, shares.total.total()) == (1, 0)


def test_what_is_neither_lake_nor_message_is_refused(tmp_path):
    put(tmp_path / "song.wav", b"x")
    with pytest.raises(InvalidInput, match="is no lake and holds no message with recordings"):
        shares_of(tmp_path)
    lake = Lake(tmp_path / "lake").folder
    assert "cannot be written" in liner("report", lake, "-o", tmp_path / "a" / "b").exception.message
