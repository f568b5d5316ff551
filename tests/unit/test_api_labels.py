"""Decisions as a labelled set: what stands is in it with its evidence, what is unsure is not, disagreement is data."""

import pyarrow.parquet as pq
import pytest
from fixtures_api import make_screening
from test_api_policies import noisy
from test_api_recall import case, decide, recall
from typer.testing import CliRunner

from api.cli.app import app
from api.services import clock, labels
from api.services.keys import TERMINAL
from api.store import past
from api.tables import OpinionRow, SampleRow

SECRET = b"0123456789abcdef"


def export(api):
    """All labels by case, and what was left out."""
    pages = list(labels.export(api.db, TERMINAL, secret=SECRET))
    found = {one.case_id: one for page in pages for one in page.labels}
    return found, {str(why): number for page in pages for why, number in page.left_out.items()}


def say(api, number, action, reviewer="sue"):
    """Let somebody give a blind opinion on a decided case."""
    now = clock.now()
    with api.db.write() as session:
        row = SampleRow(
            id=f"smp_{number}_{reviewer}",
            kind="double",
            case_id=case(number),
            screening_id=f"scr_{number}_0",
            policy="p",
            action="remove",
            made_by="mia",
            created_at=now,
        )
        session.add(row)
        session.flush()
        opinion = OpinionRow(sample_id=row.id, reviewer=reviewer, action=action, reason="R", given_at=now)
        session.add(opinion)


def test_a_label_carries_its_evidence_and_no_name(api):
    api.record(noisy(1, 0.6, territories=("DE", "FR")))
    decide(api, 1)

    [made] = export(api)[0].values()

    assert (made.action, made.is_upheld, made.models, made.flags) == ("remove", True, ("descriptors-1",), ("AUD-002",))
    assert [(one.name, one.value) for one in made.signals] == [("flatness", 0.6)]
    assert (made.isrc, made.territories, made.declared) == ("QZABC2600001", ("DE", "FR"), "undeclared")
    assert made.reviewer == labels.pseudonym("mia", SECRET)
    assert made.reviewer != labels.pseudonym("mia", b"another secret!!")
    assert "mia" not in made.model_dump_json()


def test_what_is_no_answer_is_left_out(api):
    api.record(*(noisy(n, 0.6) for n in range(1, 6)), make_screening(6, "AID-002"))
    decide(api, 1, "ask")
    decide(api, 2)
    api.moderator.post(f"/v1/cases/{case(2)}/reopen", json={"expected_version": 2, "reason": "Not sure."})
    decide(api, 3)
    decision = api.label.get(f"/v1/cases/{case(3)}").json()["decisions"][-1]["id"]
    appeal = api.label.post("/v1/appeals", json={"decision_id": decision, "text": "It is rain, I recorded it."}).json()
    body = {"outcome": "reversed", "reply": "You are right.", "expected_version": 1}
    assert api.senior.post(f"/v1/appeals/{appeal['appeal']['id']}/answer", json=body).status_code == 200
    decide(api, 4, "approve")
    decide(api, 6)
    recall(api, "rule", "AID-002", dry_run=False)

    found, left_out = export(api)

    assert set(found) == {case(4)}
    assert left_out == {"unsure": 2, "overturned": 1, "recalled": 1}


def test_disagreement_stays_data(api):
    api.record(noisy(1, 0.6), noisy(2, 0.6))
    decide(api, 1)
    decide(api, 2)
    say(api, 1, "approve")
    say(api, 1, "remove", "ben")
    say(api, 2, "remove")

    found = export(api)[0]

    assert (found[case(1)].agreement, found[case(1)].moderators_disagree) == (0.5, True)
    assert (found[case(2)].agreement, found[case(2)].moderators_disagree) == (1.0, False)
    assert {one.action for one in found[case(1)].opinions} == {"approve", "remove"}


def test_territories_that_differ_are_a_column(api):
    api.record(noisy(1, 0.6), noisy(2, 0.6))
    body = {"expected_version": 1, "action": "remove", "reason": "A law there."}
    body["statement"] = {"facts": "F", "ground": "G", "explanation": "E", "territories": ["DE"]}
    assert api.moderator.post(f"/v1/cases/{case(1)}/decide", json=body).status_code == 200
    decide(api, 2)

    found = export(api)[0]

    assert [(one.territory, one.action) for one in found[case(1)].by_territory] == [
        ("DE", "remove"),
        ("Worldwide", "approve"),
    ]
    assert (found[case(1)].territories_disagree, found[case(2)].territories_disagree) == (True, False)


def test_the_command_writes_parquet(api, monkeypatch, tmp_path):
    api.record(*(noisy(n, 0.6) for n in range(1, 4)))
    decide(api, 1)
    decide(api, 2, "approve")
    decide(api, 3, "ask")
    monkeypatch.setenv("LINER_HOME", str(api.settings.home))
    out = tmp_path / "labels.parquet"

    done = CliRunner().invoke(app, ["labels", "export", str(out)])

    assert done.exit_code == 0, done.output
    assert "2 labels" in done.output
    assert "1 unsure" in done.output
    table = pq.read_table(out)
    assert sorted(table.column("action").to_pylist()) == ["approve", "remove"]
    assert table.column("signals").to_pylist()[0][0]["name"] == "flatness"
    assert pq.read_metadata(out).metadata[b"left out: unsure"] == b"1"


def test_a_bad_secret_is_refused(api, monkeypatch, tmp_path):
    monkeypatch.setenv("LINER_HOME", str(api.settings.home))
    (tmp_path / "key").write_bytes(b"short")

    done = CliRunner().invoke(app, ["labels", "export", str(tmp_path / "x"), "--secret", str(tmp_path / "key")])

    assert "too short" in str(done.exception)


@pytest.mark.parametrize("page", [1, 2])
def test_pages_lose_nothing(api, monkeypatch, page):
    monkeypatch.setattr("api.store.labels.PAGE", page)
    api.record(*(noisy(n, 0.6) for n in range(1, 6)))
    for number in range(1, 6):
        decide(api, number)

    assert set(export(api)[0]) == {case(n) for n in range(1, 6)}
    with api.db.read() as session:
        assert past.settled(session, clock.now().replace(year=2000), 10)[1] == 5
