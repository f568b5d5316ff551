"""Appeals over HTTP: who may, once, by somebody else, and what a reversal gives back."""

from datetime import timedelta

import pytest
from fixtures_api import make_screening

from api.services import appeals, clock
from api.services.access import Role

STATEMENT = {"facts": "Cloned vocals.", "ground": "Terms 4.2", "explanation": "No licence.", "territories": ["DE"]}
TEXT = "I sang this myself; the project files show it."
REPLY = "The stems explain the recording; the flag was wrong."


def restrict(api, number=1, *, by=None, action="remove", **intake):
    """Record a case of nova's and restrict it; gives the case's path and the decision's id."""
    facts = {"account": "nova", "release_key": "REL1", **intake}
    (result,) = api.record(make_screening(number, "AID-002", **facts))
    path = f"/v1/cases/{result['case_id']}"
    body = {"action": action, "reason": "Cloned vocals.", "expected_version": 1, "statement": STATEMENT}
    answer = (by or api.moderator).post(f"{path}/decide", json=body)
    assert answer.status_code == 200, answer.text
    publish(api)
    return path, decisions(api, path)[-1]["id"]


def publish(api):
    """Let the time to undo pass."""


def decisions(api, path):
    return api.admin.get(path).json()["decisions"]


def appeal(api, decision_id, **more):
    return api.label.post("/v1/appeals", json={"decision_id": decision_id, "text": TEXT, **more})


def answer(who, filed, outcome, version=None):
    about = filed.json()["appeal"]
    body = {"outcome": outcome, "reply": REPLY, "expected_version": version or about["version"]}
    return who.post(f"/v1/appeals/{about['id']}/answer", json=body)


@pytest.fixture
def second(api):
    """Another reviewer."""
    return api.as_role("ben", Role.MODERATOR)


def test_an_appeal_waits_for_somebody_else_until_a_day_that_is_named(api, second):
    _, decision = restrict(api)

    filed = appeal(api, decision)

    about = filed.json()["appeal"]
    assert (filed.status_code, about["state"], about["title"]) == (201, "open", "Song 1")
    assert about["allowed_actions"] == ["attach", "withdraw"]
    assert (about["decided_against"], filed.json()["notes"]) == ([], [])  # a label does not learn names
    seen = second.get(filed.headers["location"]).json()["appeal"]
    assert (seen["decided_against"], seen["allowed_actions"]) == (["mia"], ["answer", "note"])
    assert api.moderator.get(filed.headers["location"]).json()["appeal"]["allowed_actions"] == ["note"]


def test_whoever_decided_does_not_answer(api):
    _, decision = restrict(api)

    refused = answer(api.moderator, appeal(api, decision), "reversed")

    assert (refused.status_code, refused.json()["code"]) == (403, "same-reviewer")


def test_a_reversal_gives_back_what_was_restricted_and_lists_it(api, second):
    path, decision = restrict(api)

    answered = answer(second, appeal(api, decision), "reversed").json()["appeal"]

    assert (answered["state"], answered["outcome"], answered["reply"]) == ("decided", "reversed", REPLY)
    (given_back,) = answered["reinstated"]["recordings"]
    assert (given_back["title"], given_back["action"], given_back["territories"]) == ("Song 1", "remove", ["DE"])
    last = decisions(api, path)[-1]
    assert (last["id"], last["action"]) == (answered["outcome_decision_id"], "approve")
    assert api.label.get(path).json()["case"]["decision"]["action"] == "approve"
    kinds = [event["kind"] for event in api.admin.get(f"{path}/events").json()["events"]]
    assert kinds[-3:] == ["appeal.received", "case.decided", "appeal.decided"]


def test_an_upheld_decision_stands(api, second):
    path, decision = restrict(api)

    answered = answer(second, appeal(api, decision), "upheld").json()["appeal"]

    assert (answered["outcome"], answered["reinstated"]["recordings"]) == ("upheld", [])
    assert decisions(api, path)[-1]["id"] == decision


def test_a_reversal_touches_one_recording_and_names_those_that_stay(api, second):
    others = [restrict(api, number) for number in (2, 3)]
    _, decision = restrict(api, 1)

    answered = answer(second, appeal(api, decision), "reversed").json()["appeal"]

    stay = answered["reinstated"]["still_restricted"]
    assert {(one["title"], one["decision_id"]) for one in stay} == {
        (f"Song {number}", decision) for number, (_, decision) in zip((2, 3), others, strict=True)
    }
    assert [decisions(api, path)[-1]["action"] for path, _ in others] == ["remove", "remove"]


def test_a_decision_takes_down_one_recording_and_no_album(api):
    """Ripple: the other recordings of the release stay as they are, open ones included."""
    (other,) = api.record(make_screening(2, "AID-002", account="nova", release_key="REL1"))
    before = api.admin.get(f"/v1/cases/{other['case_id']}").json()

    restrict(api, 1)

    assert api.admin.get(f"/v1/cases/{other['case_id']}").json() == before


def test_a_later_decision_stands_for_reasons_of_its_own(api, second):
    path, decision = restrict(api)
    filed = appeal(api, decision)
    version = api.admin.get(path).json()["case"]["version"]
    reopened = api.moderator.post(f"{path}/reopen", json={"reason": "New facts.", "expected_version": version}).json()
    body = {"action": "demote", "reason": "A copy.", "statement": STATEMENT}
    body["expected_version"] = reopened["case"]["version"]
    assert api.moderator.post(f"{path}/decide", json=body).status_code == 200
    publish(api)
    last = decisions(api, path)[-1]["id"]

    answered = answer(second, filed, "reversed").json()["appeal"]

    assert answered["reinstated"]["recordings"] == []
    assert [one["decision_id"] for one in answered["reinstated"]["still_restricted"]] == [last]
    assert (answered["outcome_decision_id"], decisions(api, path)[-1]["id"]) == (None, last)


def test_one_appeal_for_each_party(api):
    _, decision = restrict(api)
    assert appeal(api, decision).status_code == 201
    assert appeal(api, decision, party="creator", creator="Ada Brandt").status_code == 201

    assert appeal(api, decision).json()["code"] == "invalid-transition"
    assert appeal(api, decision, party="creator").status_code == 422


def test_six_months_and_no_day_less(api, monkeypatch):
    _, decision = restrict(api)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=185))
    assert appeal(api, decision).json()["code"] == "appeal-too-late"
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=183))
    assert appeal(api, decision).status_code == 201


def test_what_restricts_nothing_is_not_appealed(api):
    _, decision = restrict(api, action="approve")

    assert appeal(api, decision).json()["code"] == "invalid-transition"


def test_an_appeal_is_the_labels_own(api, second):
    _, decision = restrict(api)
    filed = appeal(api, decision)
    path = filed.headers["location"]

    assert api.other_label.post("/v1/appeals", json={"decision_id": decision, "text": TEXT}).status_code == 404
    assert api.other_label.get(path).status_code == 404
    assert api.other_label.get("/v1/appeals").json()["total"] == 0
    assert second.post("/v1/appeals", json={"decision_id": decision, "text": TEXT}).status_code == 403
    assert answer(api.label, filed, "reversed").status_code == 403


def test_of_two_answers_one_wins(api, second):
    _, decision = restrict(api)
    filed = appeal(api, decision)
    third = api.as_role("cleo", Role.MODERATOR)

    statuses = [answer(who, filed, "upheld").status_code for who in (second, third)]

    assert statuses == [200, 409]
    stale = answer(third, filed, "upheld").json()
    assert (stale["code"], stale["changed_by"], stale["actual"]) == ("stale-case", "ben", 2)


def test_notes_are_for_reviewers(api, second):
    _, decision = restrict(api)
    path = appeal(api, decision).headers["location"]

    assert api.label.post(f"{path}/notes", json={"text": "hm"}).status_code == 403
    assert second.post(f"{path}/notes", json={"text": "Asked the engineer."}).status_code == 201

    assert [one["text"] for one in second.get(path).json()["notes"]] == ["Asked the engineer."]
    assert "engineer" not in api.label.get(path).text


def test_a_withdrawn_appeal_is_closed(api, second):
    _, decision = restrict(api)
    filed = appeal(api, decision)
    path = filed.headers["location"]

    assert api.label.post(f"{path}/withdraw", json={"expected_version": 1}).json()["appeal"]["state"] == "withdrawn"
    assert answer(second, filed, "reversed", version=2).status_code == 409


def test_appeals_are_listed_by_due_day_and_filtered(api, second, monkeypatch):
    filed = [appeal(api, restrict(api, number)[1]).json()["appeal"]["id"] for number in (1, 2, 3)]
    answer(second, appeal(api, restrict(api, 4, by=second)[1]), "upheld")  # refused: ben decided it

    def listed(**filters):
        return [one["id"] for one in api.moderator.get("/v1/appeals", params=filters).json()["appeals"]]

    assert listed()[:3] == filed
    assert len(listed(state="open")) == 4
    assert listed(mine=True) == [listed()[3]]
    first = api.moderator.get("/v1/appeals", params={"limit": 2}).json()
    assert listed(limit=2, cursor=first["next_cursor"]) == listed()[2:]
    assert listed(order="newest") == listed()[::-1]
    assert listed(late=True) == []
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=api.settings.appeal_days + 1))
    assert listed(late=True) == listed(state="open")


def test_a_reversal_that_fails_leaves_everything_as_it_was(api, second, monkeypatch):
    path, decision = restrict(api)
    filed = appeal(api, decision)
    before = api.admin.get(path).json()
    monkeypatch.setattr(appeals._Locked, "view", lambda _: 1 / 0)

    assert answer(second, filed, "reversed").status_code == 500

    assert api.admin.get(path).json() == before
    assert api.label.get(filed.headers["location"]).json()["appeal"]["state"] == "open"
