"""The DSA's exports over HTTP and from the command line."""

import csv
import io
import json
import zipfile

import pytest
from fixtures_api import make_screening
from typer.testing import CliRunner

from api.cli.app import app
from schemas.dsa import faults

STATEMENT = {"facts": "Ada's voice was cloned.", "ground": "Terms 4.2", "explanation": "No licence."}
PERIOD = {"since": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}


@pytest.fixture
def decided(api):
    for number, action in ((1, "remove"), (2, "label"), (3, "approve")):
        (result,) = api.record(make_screening(number, "SPM-003", account="nova", release_key="4006381333931"))
        body = {"action": action, "reason": "Heard it.", "expected_version": 1, "statement": STATEMENT}
        assert api.moderator.post(f"/v1/cases/{result['case_id']}/decide", json=body).status_code == 200
    publish(api)
    return api


def publish(api):
    """Let the time to undo pass."""


def test_statements_come_as_the_database_takes_them(decided):
    found = decided.admin.get("/v1/dsa/statements", params=PERIOD).json()["statements"]

    assert [one["decision_visibility"] for one in found] == [
        ["DECISION_VISIBILITY_CONTENT_REMOVED"],
        ["DECISION_VISIBILITY_CONTENT_LABELLED"],
    ]
    assert [faults(one) for one in found] == [(), ()]
    assert {one["category"] for one in found} == {"STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"}
    assert "Ada" not in json.dumps(found)
    assert "mia" not in json.dumps(found)


def test_a_period_without_decisions_is_empty(decided):
    period = {"since": "2020-01-01T00:00:00Z", "until": "2021-01-01T00:00:00Z"}

    assert decided.admin.get("/v1/dsa/statements", params=period).json() == {"statements": []}
    turned = {"since": PERIOD["until"], "until": PERIOD["since"]}
    assert decided.admin.get("/v1/dsa/statements", params=turned).status_code == 422


def test_the_report_is_an_archive_of_tables(decided):
    answer = decided.admin.get("/v1/dsa/report", params=PERIOD)

    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    total = next(csv.DictReader(io.StringIO(archive.read("6_own_initiative_TC.csv").decode(), newline="")))
    assert total["Number of measures taken at the provider's own initiative"] == "2"
    assert len(archive.namelist()) == 6


def test_complaints_are_counted_against_what_they_are_about(decided):
    case = decided.label.get("/v1/cases", params={"q": "Song 2", "state": "decided"}).json()["cases"][0]
    against = decided.label.get(f"/v1/cases/{case['id']}").json()["decisions"][0]["id"]
    decided.label.post("/v1/appeals", json={"decision_id": against, "text": "It is our own."}).raise_for_status()

    archive = zipfile.ZipFile(io.BytesIO(decided.admin.get("/v1/dsa/report", params=PERIOD).content))

    rows = csv.DictReader(io.StringIO(archive.read("7_appeals_and_recidivism.csv").decode(), newline=""))
    told = {(row["Indicator"], row["Scope"]): row["Value"] for row in rows}
    assert told["Number of complaints submitted to the internal-complaints mechanism", "Total number"] == "1"
    assert told["Number of complaints submitted against Visibility restriction Labelled", "Total number"] == "1"


def test_exports_are_for_administrators_and_auditors(decided):
    assert decided.auditor.get("/v1/dsa/statements", params=PERIOD).status_code == 200
    for who in (decided.label, decided.moderator, decided.service):
        assert who.get("/v1/dsa/statements", params=PERIOD).status_code == 403
        assert who.get("/v1/dsa/report", params=PERIOD).status_code == 403


def test_a_statement_is_drafted_from_the_evidence(decided):
    case_id = decided.admin.get("/v1/cases", params={"state": "decided"}).json()["cases"][0]["id"]

    drafted = decided.moderator.get(f"/v1/dsa/cases/{case_id}/draft").json()
    other = decided.moderator.get(f"/v1/dsa/cases/{case_id}/draft", params={"reason": "impersonation"}).json()

    assert drafted["reason"] == "copied-recording"
    assert drafted["unfilled"] == ["matched_title", "matched_isrc", "licence"]
    assert "SPM-003: Why." in drafted["facts"]
    assert other["unfilled"] == ["impersonated"]
    codes = [one["code"] for one in decided.label.get("/v1/dsa/reasons").json()["reasons"]]
    assert "copied-recording" in codes


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_command_writes_both(decided, tmp_path, monkeypatch, form):
    monkeypatch.setenv("LINER_HOME", str(decided.settings.home))
    to = tmp_path / "out"
    command = ["dsa", "export", "--since", "2026-01-01", "--until", "2100-01-01", "--form", form, "--to", str(to)]

    done = CliRunner().invoke(app, command)

    assert done.exit_code == 0, done.output
    if form == "json":
        assert len(json.loads(to.read_text())["statements"]) == 2
    else:
        assert {path.name for path in to.iterdir()} >= {"6_own_initiative_TC.csv", "7_appeals_and_recidivism.csv"}
