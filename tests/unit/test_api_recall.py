"""Recall: every decision that a model, rule or policy touched is found, reopened once, and told."""

from fixtures_api import make_screening
from test_api_policies import MODEL, noisy

from api.services.screenings import case_id_of
from api.store import outbox
from api.tables import OutboxRow
from schemas.errors import NotFound
from schemas.steering import RecallKind


def decide(api, number, action="remove", version=1):
    body = {"expected_version": version, "action": action, "reason": "Listened to it."}
    if action not in {"approve", "ask"}:
        body["statement"] = {"facts": "F", "ground": "G", "explanation": "E"}
    answer = api.moderator.post(f"/v1/cases/{case(number)}/decide", json=body)
    assert answer.status_code == 200, answer.text


def case(number):
    return case_id_of(f"rec_{number}", "")


def recall(api, kind="model", subject=MODEL, **more):
    body = {"kind": kind, "subject": subject, "reason": "It hears noise in rain.", **more}
    answer = api.senior.post("/v1/recalls", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def state(api, number):
    return api.moderator.get(f"/v1/cases/{case(number)}").json()["case"]["state"]


def filled(api):
    """Two decided cases that a model flagged, one that it only heard, one that it never saw, one open."""
    heard = noisy(3, 0.1)
    heard = heard.model_copy(update={"flags": make_screening(3, "AID-002").flags})
    api.record(noisy(1, 0.6), noisy(2, 0.7), heard, make_screening(4, "AID-002"), noisy(5, 0.9))
    for number in (1, 3, 4):
        decide(api, number)
    decide(api, 2, "approve")


def test_a_dry_run_lists_and_changes_nothing(api):
    filled(api)

    found = recall(api)

    assert (found["id"], found["decisions"], found["counts"]) == ("", 3, {"reopened": 3})
    assert {one["case_id"]: one["is_flagged"] for one in found["cases"]} == {
        case(1): True,
        case(2): True,
        case(3): False,
    }
    assert [state(api, n) for n in (1, 2, 3, 4)] == ["decided"] * 4
    assert api.senior.get("/v1/recalls").json() == {"recalls": []}


def test_a_recall_reopens_each_case_once_and_tells(api):
    filled(api)

    made = recall(api, dry_run=False)
    again = recall(api, dry_run=False)

    assert (made["counts"], again["counts"]) == ({"reopened": 3}, {"open": 3})
    assert [state(api, n) for n in (1, 2, 3, 4, 5)] == ["open", "open", "open", "decided", "open"]
    events = api.moderator.get(f"/v1/cases/{case(1)}/events").json()["events"]
    assert (events[-1]["kind"], events[-1]["payload"]["recall"]) == ("case.reopened", made["id"])
    assert "descriptors-1: It hears noise in rain." in events[-1]["payload"]["reason"]
    with api.db.read() as session:
        queued = [seq for seq in (one["seq"] for one in events) if session.get(OutboxRow, (seq, outbox.WEBHOOK))]
    assert events[-1]["seq"] in queued
    assert len(api.senior.get(f"/v1/recalls/{made['id']}").json()["cases"]) == 3


def test_only_what_it_flagged_if_asked(api):
    filled(api)
    assert recall(api, only_flagged=True)["decisions"] == 2


def test_what_was_decided_on_other_evidence_since_is_left_alone(api):
    filled(api)
    api.record(make_screening(1, "AID-002", "SPM-003", take=5))
    decide(api, 1, version=3)

    found = recall(api, dry_run=False)

    assert found["counts"] == {"decided anew": 1, "reopened": 2}
    assert state(api, 1) == "decided"


def test_a_rule_and_a_policy_are_recalled_alike(api):
    filled(api)
    assert {one["case_id"] for one in recall(api, "rule", "AID-002")["cases"]} == {case(3), case(4)}
    assert {one["case_id"] for one in recall(api, "policy", "house@1")["cases"]} == {case(4)}
    assert recall(api, "model", "descriptors")["decisions"] == 0
    assert recall(api, "model", '%"_')["decisions"] == 0


def test_whose_case_was_appealed_is_still_answered(api):
    filled(api)
    decision = api.label.get(f"/v1/cases/{case(1)}").json()["decisions"][-1]["id"]
    made = api.label.post("/v1/appeals", json={"decision_id": decision, "text": "It is rain, I recorded it."})
    assert made.status_code == 201, made.text
    recall(api, dry_run=False)

    body = {"outcome": "reversed", "reply": "You are right.", "expected_version": 1}
    answer = api.senior.post(f"/v1/appeals/{made.json()['appeal']['id']}/answer", json=body)

    assert answer.status_code == 200, answer.text


def test_what_is_not_there(api):
    assert api.senior.get("/v1/recalls/rcl_0").json()["code"] == NotFound.code
    assert [str(kind) for kind in RecallKind] == ["model", "rule", "policy"]
