"""A moderator's work from the command line, over HTTP."""

import json

import pytest
from fixtures_browser import Server
from typer.testing import CliRunner

from api.cli.app import app
from api.public_keys import KeyCreate
from api.services import keys
from api.services.access import Role


@pytest.fixture
def run(server: Server, monkeypatch):
    def call(*words, who="mia", role=Role.MODERATOR):
        if who not in tokens:
            tokens[who] = keys.create(server.database, keys.TERMINAL, KeyCreate(name=who, role=role)).token
        monkeypatch.setenv("LINER_REVIEW_URL", server.address)
        monkeypatch.setenv("LINER_REVIEW_KEY", tokens[who])
        return CliRunner().invoke(app, ["cases", *words])

    tokens: dict[str, str] = {}
    return call


def test_a_case_from_list_to_decision_and_back(run, server):
    case = run("next").output.strip()
    assert case == server.case_id()
    assert "Harbour Lights · Ada Brandt" in run("list").output
    shown = run("show", case).output
    assert "PRV-001" in shown
    assert "You may: claim" in shown
    assert "undo: There is no decision" in shown

    assert f"{case}  v2  open" in run("claim", case).output
    assert case in run("list", "--mine").output
    assert run("next").output.strip() != case
    assert "v3  decided" in run("decide", case, "approve", "-r", "Heard it.").output
    assert "approve by mia: Heard it." in run("show", case).output
    assert "v4  open" in run("reopen", case, "-r", "Once more.").output


def test_hand_over_park_and_back(run, server):
    case = server.case_id()
    run("list", who="ben")
    assert "v2" in run("hand-over", case, "--to", "ben", "--note", "Yours.").output
    assert "v3" in run("release", case, who="ben").output
    assert "v4" in run("park", case, "-r", "They call back.", "--hours", "2").output
    assert case in run("list", "--parked").output
    assert case not in run("list").output
    assert "v5" in run("unpark", case).output


def test_a_stale_version_is_said_with_who_and_when(run, server):
    case = server.case_id()
    run("claim", case)
    error = run("decide", case, "approve", "-r", "Heard it.", "--at", "1").exception

    assert "mia changed it at" in str(error)
    assert error.mend == "Read the case again and decide on what it says now."


def test_a_restriction_needs_its_statement(run, server, tmp_path):
    case = server.case_id()
    assert "statement of reasons" in str(run("decide", case, "label", "-r", "Undeclared.").exception)
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"facts": "F", "ground": "G", "explanation": "E"}))
    assert "decided" in run("decide", case, "label", "-r", "Undeclared.", "--statement", str(path)).output
    path.write_text("[]")
    assert "no statement" in str(run("decide", case, "label", "-r", "So.", "--statement", str(path)).exception)


def test_opinions_and_quality(run, server):
    assert "Nobody asks" in run("opinion").output
    assert "Name the sample" in str(run("opinion", "label", "-r", "Why.").exception)
    assert json.loads(run("quality", "--json", who="sue", role=Role.SENIOR).output) == {"agreement": [], "accuracy": []}


def test_many_are_decided_alike_after_a_preview(run, server):
    first = json.loads(run("list", "--code", "SPM-004", "--json").output)["cases"][0]["id"]
    shown = run("batch", "approve", "-r", "Heard them all.", "--code", "SPM-004", "--leave", first).output
    assert (shown.count("planned   approve"), shown.count("excepted")) == (4, 2)
    batch = shown.splitlines()[-1].split()[0]

    assert "4 done, 1 excepted" in run("batch-apply", batch).output
    assert run("list").output.count("cas_") == 3
    assert "None of its decisions" in str(run("batch-undo", batch).exception)
    assert run("tracks", first).output.count("decided") == 4


def test_a_restricting_batch_states_each_cases_own_facts(run, server):
    refused = run("batch", "label", "-r", "Noise.", "--code", "SPM-004").output
    assert refused.count("refused") == 6
    batch = run("batch", "label", "-r", "Noise.", "--code", "SPM-004", "--explanation", "No music.").output.split()[-3]
    assert "5 done" in run("batch-apply", batch).output


def test_seniors_name_golden_items(run, server):
    case = server.case_id()
    run("decide", case, "approve", "-r", "Heard it.")
    assert "smp_" in run("golden", case, "approve", who="sue", role=Role.SENIOR).output
    shown = run("opinion").output
    assert "Harbour Lights" in shown
    answer = run("opinion", "label", "-r", "I hear AI.", "--sample", shown.split()[0])
    assert "The first answer was approve" in answer.output
    assert "mia: right 0.00 (0.00 to 0.79)  of 1 golden items" in run("quality", who="sue").output
    assert "no disagreement" in str(run("settle", case, "-r", "So.", who="sue").exception)


def test_what_is_wrong_is_a_sentence(run, server, monkeypatch):
    assert "There is no case" in str(run("show", "cas_x").exception)
    assert "nothing to undo" not in run("undo", server.case_id()).output
    monkeypatch.setenv("LINER_REVIEW_KEY", "")
    assert "no key" in str(CliRunner().invoke(app, ["cases", "list"]).exception)
    monkeypatch.setenv("LINER_REVIEW_KEY", "x")
    monkeypatch.setenv("LINER_REVIEW_URL", "http://127.0.0.1:9")
    assert "no usable answer" in str(CliRunner().invoke(app, ["cases", "list"]).exception)
