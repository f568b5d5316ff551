"""Alerts: each due time that nears or breaks is told once, to the operator alone, and stands in the log."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from fixtures_api import Api, make_screening
from sqlmodel import col, select
from test_api_webhooks import Receiver, decide, register

from api.public import QueueFilters
from api.services import alerts, cases, clock, courier, sending
from api.services.access import Actor, Role
from api.settings import Settings
from api.store.database import Database
from api.tables import EventRow

HOUR = timedelta(hours=1)
FIRST = {"case": "cas_1", "queue": "main", "stage": "late", "due_at": "2026-11-22T12:00:00+00:00"}
ALERT = {
    "type": "alert.raised",
    "data": {
        "cases": {"late": 2},
        "appeals": {"soon": 1},
        "queues": {"main": {"late": 2}},
        "first_cases": [{**FIRST, "title": "Song 1", "url": "u/1"}],
        "first_appeals": [],
        "url": "u",
    },
}


@pytest.fixture
def api(sqlite_template, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    made = Api(Settings(home=home, webhook_private=True, review_rules="at-once"))
    yield made
    made.db.close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def later(after, act, *args, **named):
    """Do something as if some time had passed."""
    now = datetime.now(UTC) + after
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        return act(*args, **named)


def look(api, after, *, is_whole=True):
    return later(after, alerts.sweep, api.db, api.settings, is_whole=is_whole)


def kinds(db: Database):
    with db.read() as session:
        rows = session.exec(select(EventRow).where(col(EventRow.actor) == "clock").order_by(col(EventRow.seq))).all()
        return [row.kind for row in rows]


def test_a_due_time_is_told_when_it_nears_and_when_it_breaks_and_never_again(api):
    api.record(make_screening(1, "AID-002"))

    assert [look(api, hours * HOUR) for hours in (60, 66, 67, 71, 73, 74, 200)] == [0, 1, 0, 0, 1, 0, 0]

    assert kinds(api.db) == ["case.due_soon", "alert.raised", "case.overdue", "alert.raised"]
    assert api.admin.get("/v1/cases", params={"filter": "alerted"}).json()["total"] == 1


def test_another_due_time_is_another_alert(api):
    api.record(make_screening(1, "AID-002"))
    look(api, 80 * HOUR)
    api.admin.put("/v1/queues/main", json={"title": "Main", "sla_hours": 100})

    assert [look(api, hours * HOUR) for hours in (85, 91, 101, 102)] == [0, 1, 1, 0]


def test_what_is_decided_parked_or_not_due_is_not_told(api):
    api.record(*(make_screening(number, "AID-002") for number in (1, 2)))
    decide(api, 3)
    (waiting,) = [c for c in api.admin.get("/v1/cases").json()["cases"] if c["title"] == "Song 2"]
    body = {"until": (datetime.now(UTC) + 100 * HOUR).isoformat(), "reason": "Waits.", "expected_version": 1}
    assert api.moderator.post(f"/v1/cases/{waiting['id']}/park", json=body).status_code == 200

    assert (look(api, 80 * HOUR), look(api, 101 * HOUR)) == (1, 1)


def test_a_quick_look_finds_what_became_late_and_a_whole_one_the_rest(api):
    api.record(make_screening(1, "AID-002"))

    assert look(api, 100 * HOUR, is_whole=False) == 0
    assert look(api, 100 * HOUR) == 1
    api.record(make_screening(2, "AID-002"))
    assert look(api, 73 * HOUR, is_whole=False) == 1


def test_an_appeal_is_told_too(api):
    case_id = decide(api)
    decision = api.label.get(f"/v1/cases/{case_id}").json()["decisions"][-1]["id"]
    for party in ({}, {"party": "creator", "creator": "Ada"}):
        body = {"decision_id": decision, "text": "It is rain, I recorded it.", **party}
        assert api.label.post("/v1/appeals", json=body).status_code == 201

    assert [look(api, 24 * HOUR * days) for days in (10, 13, 13.5, 15, 16)] == [0, 2, 0, 2, 0]
    assert kinds(api.db)[-3:] == ["appeal.overdue", "appeal.overdue", "alert.raised"]


def test_the_operator_hears_in_one_message_and_no_label(api, receiver):
    own, _ = register(api.admin, receiver.url, kinds=["alert.raised"])
    theirs, _ = register(api.label, receiver.url)
    api.record(*(make_screening(number, "AID-002", account="nova") for number in range(1, 4)))
    look(api, 80 * HOUR)
    later(80 * HOUR, courier.work, api.db, api.settings)

    told = [json.loads(body) for _, body in receiver.got]
    (alert,) = [one["data"] for one in told if one["type"] == "alert.raised"]
    assert (alert["cases"], alert["queues"]) == ({"late": 3}, {"main": {"late": 3}})
    assert {one["title"] for one in alert["first_cases"]} == {"Song 1", "Song 2", "Song 3"}
    assert alert["url"].endswith("/console?filter=late")
    listed = api.label.get(f"/v1/webhooks/{theirs}/deliveries").json()["deliveries"]
    assert {one["kind"] for one in listed} == {"case.opened"}
    assert own


def test_alerts_are_no_accounts_business(api, receiver):
    answer = api.label.post("/v1/webhooks", json={"url": receiver.url, "kinds": ["alert.raised"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


@pytest.mark.parametrize(("filtered", "named"), [("", 2), ("rule:SPM-001", 1), ("rule:DUP-001", None)])
def test_a_channel_gets_a_card_of_the_cases_that_it_is_for(api, receiver, filtered, named):
    register(api.admin, receiver.url, form="slack", filter=filtered, kinds=["alert.raised"])
    api.record(make_screening(1, "AID-002"), make_screening(2, "SPM-001"))
    look(api, 80 * HOUR)
    later(80 * HOUR, courier.work, api.db, api.settings)

    cards = [json.loads(body) for _, body in receiver.got]
    assert [card["text"] for card in cards] == ([f"{named} case{'s' * (named > 1)} late."] if named else [])
    if named:
        assert "actions" not in {block["type"] for block in cards[0]["blocks"]}


def test_the_figures_show_it_and_open_its_cases(api):
    api.record(make_screening(1, "AID-002"))

    def seen():
        page = api.admin.get("/console/dashboard").text
        listed = api.admin.get("/v1/dashboard/cases", params={"figure": "late"}).json()["total"]
        return api.admin.get("/v1/dashboard").json()["clocks"], listed, "1 case past due." in page

    assert later(66 * HOUR, seen) == ({"cases_late": 0, "cases_soon": 1, "appeals_late": 0}, 0, False)
    assert later(73 * HOUR, seen) == ({"cases_late": 1, "cases_soon": 0, "appeals_late": 0}, 1, True)


def test_a_backlog_is_told_as_a_whole(db, monkeypatch):
    """One event for all of them; what becomes due or comes back later is told by itself again."""
    from api.services.access import PIPELINE
    from api.services.screenings import record

    monkeypatch.setattr(alerts, "MANY", 2)
    settings, viewer = Settings(), Actor("sue", Role.SENIOR)
    record(db, PIPELINE, [make_screening(n, "AID-002").model_dump(mode="json") for n in range(1, 5)])
    aside, *_ = cases.queue(db, viewer, QueueFilters()).cases
    until = datetime.now(UTC) + 81 * HOUR
    cases.park(db, viewer, aside.id, until=until, reason="Waits.", expected_version=1)

    assert [later(hours * HOUR, alerts.sweep, db, settings) for hours in (80, 80.5, 82, 83)] == [3, 0, 1, 0]

    assert kinds(db) == ["cases.overdue", "alert.raised", "case.overdue", "alert.raised"]
    with db.read() as session:
        raised = session.exec(select(EventRow.payload).where(col(EventRow.kind) == "alert.raised")).first()
    told = json.loads(raised)
    assert (told["cases"], told["queues"], len(told["first_cases"])) == ({"late": 3}, {"main": {"late": 3}}, 3)
    found = later(83 * HOUR, cases.queue, db, viewer, QueueFilters(filter="alerted"))
    assert found.total == 4


def test_both_databases_and_two_lookers_tell_once(db):
    from api.services.access import PIPELINE
    from api.services.screenings import record

    record(db, PIPELINE, [make_screening(n, "AID-002").model_dump(mode="json") for n in (1, 2)])
    settings = Settings()

    assert later(80 * HOUR, alerts.sweep, db, settings) == 2
    assert later(80 * HOUR, alerts.sweep, db, settings) == 0
    assert kinds(db) == ["case.overdue", "case.overdue", "alert.raised"]


def test_the_service_looks_by_itself(api):
    api.record(make_screening(1, "AID-002"))
    now = datetime.now(UTC) + 80 * HOUR
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        with alerts.running(api.db, api.settings, every_s=0.01):
            until = datetime.now(UTC) + timedelta(seconds=5)
            while not kinds(api.db) and datetime.now(UTC) < until:
                time.sleep(0.01)
    assert kinds(api.db) == ["case.overdue", "alert.raised"]


def test_a_recall_is_told_to_the_operator_as_message_mail_and_card(api, receiver):
    """Labels hear of their cases that are open again; the operator hears of the recall itself."""
    register(api.admin, receiver.url, kinds=["recall.made"])
    register(api.admin, receiver.url, form="slack", kinds=["recall.made"])
    theirs, _ = register(api.label, receiver.url, kinds=["case.reopened"])
    decide(api)
    body = {"kind": "rule", "subject": "AID-002", "reason": "It was wrong.", "dry_run": False}
    made = api.senior.post("/v1/recalls", json=body).json()
    courier.work(api.db, api.settings)

    told = [json.loads(body) for _, body in receiver.got]
    (message,) = [one["data"] for one in told if one.get("type") == "recall.made"]
    (card,) = [one["text"] for one in told if "blocks" in one]
    assert (message["subject"], message["cases"]) == ("AID-002", {"reopened": 1})
    assert message["url"].endswith(f"/console/recalls/{made['id']}")
    assert card == "The rule AID-002 was recalled."
    assert [one["kind"] for one in api.label.get(f"/v1/webhooks/{theirs}/deliveries").json()["deliveries"]] == [
        "case.reopened"
    ]


def test_a_mail_says_it_in_sentences(api):
    letter = sending.Letter("whd_1", "mailto:a@b.example", "evt_1", json.dumps(ALERT), ("whsec_x",), 1)
    mail = sending.write_mail(letter, "a@b.example", api.settings, datetime(2026, 11, 22, tzinfo=UTC))

    assert mail["Subject"] == "Due times"
    assert mail.get_content().split("\n\n") == [
        "2 cases late.",
        "1 appeal due soon.",
        "was due 2026-11-22 12:00 UTC: Song 1 (u/1)",
        "And 2 more.",
        "u\n",
    ]
