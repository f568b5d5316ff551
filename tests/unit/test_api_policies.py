"""Policies as versions: mistakes by line, a second person, simulation before approval, shadows that are no flags."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fixtures_api import make_screening

from api.inprocess import InProcessTransport
from api.services import clock, shadows
from api.services.screenings import case_id_of
from api.store import policies as store
from schemas.errors import InvalidInput, ReviewUnreachable
from schemas.policy import house_policy, parse_policy
from schemas.policy_text import Knob, knobs, rewritten
from schemas.screening import Heard, Signal
from schemas.steering import VersionKind

POLICY = """[policy]
id = "own"
version = "1"
description = "Two reasons."

[[reason]]
code = "AID-002"
title = "Declared human, credits AI"
explanation = "Why."
severity = "high"
layers = ["declared"]
finding = "AID-002"

[[reason]]
code = "AUD-002"
title = "Noise"
explanation = "Why."
severity = "low"
layers = ["heard"]
signals = [{ signal = "flatness", at_least = 0.5 }]
"""
MODEL = "descriptors-1"


def noisy(number, flatness, **more):
    """A recording with a measured flatness, flagged from 0.5 on as the policy says."""
    codes = ("AUD-002",) if flatness >= 0.5 else ()
    made = make_screening(number, *codes, **more)
    flags = tuple(flag.model_copy(update={"signal": "flatness"}) for flag in made.flags)
    heard = Heard(signals=(Signal(name="flatness", value=flatness, model=MODEL),))
    versions = made.versions.model_copy(update={"models": (MODEL,), "policy": parse_policy(POLICY).ref})
    return made.model_copy(update={"flags": flags, "heard": heard, "versions": versions})


def post(client, path, *, status=200, **body):
    answer = client.post(f"/v1/policies{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def drafted(client, text=POLICY, **more):
    return post(client, "", status=201, text=text, why="Try it.", **more)


def make_live(api, text):
    """Draft as the senior, simulate, approve as the administrator."""
    made = drafted(api.senior, text)
    made = post(api.senior, f"/{made['id']}/simulate", expected_version=made["version"])
    return post(api.admin, f"/{made['id']}/approve", expected_version=made["version"])


def moved(value):
    """The policy with another threshold."""
    return rewritten(POLICY, knobs(parse_policy(POLICY))[0], value)


def test_the_packaged_policy_is_live_from_the_start(api):
    live = api.service.get("/v1/policies/live").json()

    assert live["ref"] == house_policy().ref
    assert parse_policy(live["text"]) == house_policy()


def test_every_mistake_is_answered_with_its_line(api):
    text = POLICY.replace('severity = "high"', 'severity = "grave"').replace('layers = ["heard"]', 'layers = ["smelt"]')

    problem = post(api.senior, "", status=422, text=text, why="Try it.")

    assert (problem["code"], [one["line"] for one in problem["problems"]]) == ("broken-policy", [10, 19])
    assert "Line 10: severity" in problem["detail"]


def test_no_text_becomes_a_server_error(api):
    for text in (
        "[policy",
        "\0",
        "a" * 10,
        "[[reason]]\ncode = 3",
        "reason = 3",
        "policy = 3",
        "[policy]\nreasons = 1",
    ):
        assert post(api.senior, "", status=422, text=text, why="Try it.")["problems"], text


def test_only_a_second_person_approves_and_only_what_was_simulated(api):
    made = drafted(api.admin)
    address, version = f"/{made['id']}", made["version"]
    assert post(api.senior, f"{address}/approve", status=409, expected_version=version)["code"] == "invalid-transition"

    made = post(api.admin, f"{address}/simulate", expected_version=version)
    assert made["refused_actions"]["approve"] == "Who wrote a version does not approve it."
    assert post(api.admin, f"{address}/approve", status=403, expected_version=made["version"])["code"] == "not-allowed"
    assert post(api.senior, f"{address}/approve", status=409, expected_version=version)["code"] == "stale-case"

    live = post(api.senior, f"{address}/approve", expected_version=made["version"])
    assert (live["state"], live["approved_by"], live["author"]) == ("live", "sue", "root")
    assert api.service.get("/v1/policies/live").json()["text"] == POLICY


def test_a_simulation_against_what_is_no_longer_live_is_not_enough(api):
    made = drafted(api.senior, moved(0.7))
    made = post(api.senior, f"/{made['id']}/simulate", expected_version=made["version"])
    make_live(api, POLICY)

    refused = post(api.admin, f"/{made['id']}/approve", status=409, expected_version=made["version"])

    assert "went live since" in refused["detail"]


def test_an_edit_voids_the_simulation_and_is_the_authors_alone(api):
    made = drafted(api.senior)
    made = post(api.senior, f"/{made['id']}/simulate", expected_version=made["version"])
    body = {"text": moved(0.6), "why": "Softer.", "expected_version": made["version"]}
    assert api.admin.put(f"/v1/policies/{made['id']}", json=body).status_code == 403

    after = api.senior.put(f"/v1/policies/{made['id']}", json=body).json()

    assert (after["simulation"], after["ref"] == made["ref"]) == (None, False)


def test_rolling_back_twice_goes_back_twice(api):
    make_live(api, POLICY)
    make_live(api, moved(0.7))

    back = [post(api.senior, "/roll-back", reason="It harms.")["text"] for _ in range(2)]

    assert back[0] == POLICY
    assert parse_policy(back[1]) == house_policy()
    assert post(api.senior, "/roll-back", status=409, reason="It harms.")["code"] == "invalid-transition"


def test_a_decision_keeps_the_text_of_its_day(api):
    pinned = make_live(api, POLICY)["ref"]
    make_live(api, moved(0.7))

    found = api.moderator.get("/v1/policies/text", params={"ref": pinned}).json()

    assert (found["text"], found["state"]) == (POLICY, "retired")
    assert api.moderator.get("/v1/policies/text", params={"ref": "own@0+x"}).status_code == 404


def test_a_shadow_judges_beside_and_flags_nothing(api):
    made = drafted(api.senior, moved(0.3))
    post(api.senior, f"/{made['id']}/shadow", expected_version=made["version"])

    results = api.record(noisy(1, 0.6), noisy(2, 0.4), noisy(3, 0.1))

    assert [one["case_id"] is not None for one in results] == [True, False, False]
    assert api.moderator.get("/v1/screenings/scr_2_0").json()["flags"] == []
    shadow = api.senior.get(f"/v1/policies/{made['id']}").json()["shadow"]
    assert (shadow["judged"], shadow["live"], shadow["shadow"], shadow["both"]) == (3, 1, 2, 1)
    assert shadow["codes"] == {"AUD-002": [1, 2]}


def test_the_effect_on_the_past_is_counted(api, monkeypatch):
    make_live(api, POLICY)
    clock_at = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: clock_at[0])
    api.record(*(noisy(n, n / 10) for n in range(10)))
    for number, action in ((5, "remove"), (6, "approve"), (7, "remove")):
        claim_then_decide(api, number, action, clock_at)
    made = drafted(api.senior, moved(0.65))

    found = post(api.senior, f"/{made['id']}/simulate", expected_version=made["version"])["simulation"]

    assert (found["judged"], found["judged_of"], found["days"]) == (10, 10, 1.0)
    assert found["cases_per_day"] == {"before": 5.0, "after": 3.0}
    assert (found["upheld"], found["missed"], found["cleared"], found["spared"]) == (2, 1, 1, 1)
    assert found["workload"]["handling_s"] == 120.0
    assert found["hours_per_day"] == {"before": pytest.approx(5 / 30), "after": pytest.approx(0.1)}
    assert found["queue"] == {"before": 2.0, "after": 2.0}
    rule = found["by"]["rule"][0]
    assert (rule["value"], rule["before"], rule["after"], rule["missed"]) == ("AUD-002", 5, 3, 1)
    assert found["by"]["genre"][0]["value"] == "not stated"


def claim_then_decide(api, number, action, clock_at):
    """Take a case, and decide it two minutes later."""
    address = f"/v1/cases/{case_id_of(f'rec_{number}', '')}"
    assert api.moderator.post(f"{address}/claim", json={"expected_version": 1}).status_code == 200
    clock_at[0] += timedelta(minutes=2)
    body = {"expected_version": 2, "action": action, "reason": "Listened to it."}
    if action != "approve":
        body["statement"] = {"facts": "F", "ground": "G", "explanation": "E"}
    assert api.moderator.post(f"{address}/decide", json=body).status_code == 200


def test_a_threshold_shows_queue_and_misses(api):
    make_live(api, POLICY)
    api.record(*(noisy(n, n / 10) for n in range(10)))
    made = drafted(api.senior)
    knob = {"code": "AUD-002", "signal": "flatness"}

    found = post(api.senior, f"/{made['id']}/thresholds", **knob, values=[0.9, 0.2, 0.5])

    assert [(one["value"], one["cases_per_day"], one["queue"]) for one in found["points"]] == [
        (0.2, 8.0, 5.0),
        (0.5, 5.0, 5.0),
        (0.9, 1.0, 1.0),
    ]
    post(api.senior, f"/{made['id']}/thresholds", status=422, code="AUD-009", signal="flatness", values=[1])
    post(api.senior, f"/{made['id']}/thresholds", status=422, **{**knob, "values": ["NaN"]})


def test_what_a_model_flagged_is_counted_by_day(api):
    api.record(noisy(1, 0.6), noisy(2, 0.4))
    api.record(noisy(3, 0.9))

    with api.db.read() as session:
        rows = store.model_days(session, clock.now().date() - timedelta(days=1))
    assert [(row.model, row.screenings, row.flagged) for row in rows] == [(MODEL, 3, 2)]
    assert shadows.models_of(noisy(1, 0.6)) == (MODEL,)


def test_a_threshold_is_moved_in_its_place():
    knob = Knob(code="AUD-002", signal="flatness", bound="at_least", value=0.5)
    assert rewritten(POLICY, knob, 0.65) == POLICY.replace("at_least = 0.5", "at_least = 0.65")


@pytest.fixture
def chosen(api, monkeypatch, tmp_path):
    """What a run on this machine judges by."""
    from api.cli.live_policy import policy_of

    monkeypatch.setenv("LINER_HOME", str(api.settings.home))
    monkeypatch.chdir(tmp_path)
    return lambda named=None, **more: policy_of(named and Path(named), lake=tmp_path / "lake", **more).ref


def test_a_run_judges_by_what_is_live_where_its_flags_go(api, chosen):
    house, own = house_policy().ref, parse_policy(POLICY).ref
    assert (chosen(), chosen("live")) == (house, house)
    make_live(api, POLICY)

    assert (chosen(), chosen("live"), chosen("house"), chosen(delivers=False)) == (own, own, house, house)
    Path("house").write_text(POLICY)
    assert chosen("house") == own  # a file comes first
    with pytest.raises(InvalidInput, match="cannot be read"):
        chosen("hose")


def test_while_the_service_is_away_a_run_judges_as_the_one_before(api, chosen, capsys):
    away = {"url": "http://127.0.0.1:9", "key": "x"}
    assert chosen(**away) == house_policy().ref
    assert "this run judges by the house policy" in capsys.readouterr().err
    make_live(api, POLICY)
    chosen()

    assert chosen(**away) == parse_policy(POLICY).ref
    assert "the one it gave last" in capsys.readouterr().err
    with pytest.raises(ReviewUnreachable):
        chosen("live", **away)


def test_a_service_named_on_the_command_line_is_asked(api, chosen, monkeypatch):
    make_live(api, POLICY)
    monkeypatch.setenv("LINER_HOME", "elsewhere")
    real = httpx.Client
    transport = InProcessTransport(api.app, actor=None)
    monkeypatch.setattr(httpx, "Client", lambda **more: real(**{**more, "transport": transport}))
    token = str(api.service.headers["authorization"]).removeprefix("Bearer ")

    assert chosen(url="http://liner.test", key=token) == parse_policy(POLICY).ref


def test_what_a_version_leaves_as_it_is_is_said_before_and_after_it_goes_live(api):
    """Noisy recordings are judged by POLICY, the other one by the house's of a test."""
    api.record(noisy(1, 0.6), noisy(2, 0.7), make_screening(3, "AID-002"))
    made = drafted(api.senior)
    assert made["standing"]["commands"][-1].startswith(f"liner models recall {house_policy().ref} --kind policy")

    made = post(api.senior, f"/{made['id']}/simulate", expected_version=made["version"])
    live = post(api.admin, f"/{made['id']}/approve", expected_version=made["version"])

    assert (live["standing"]["open_cases"], live["standing"]["looked_at"], live["standing"]["older"]) == (3, 3, 1)
    assert live["standing"]["commands"] == ["liner rejudge LAKE --dry-run", "liner rejudge LAKE"]
    page = api.admin.get(f"/console/policies/{made['id']}").text
    assert "Of 3 open cases 1 was judged by another version and keeps those flags. Decisions stand." in page
    assert "liner rejudge LAKE" in page


def test_of_many_open_cases_a_sample_is_looked_at(db):
    from api.services.access import PIPELINE
    from api.services.screenings import record

    record(db, PIPELINE, [make_screening(n, "AID-002").model_dump(mode="json") for n in range(1, 6)])
    record(db, PIPELINE, [noisy(n, 0.6).model_dump(mode="json") for n in range(6, 9)])
    with db.read() as session:
        by_policy = store.judged_by(session, VersionKind.POLICY, parse_policy(POLICY).ref, 100)
        by_model = store.judged_by(session, VersionKind.MODEL, MODEL, 100)
        total, looked_at, own = store.judged_by(session, VersionKind.POLICY, parse_policy(POLICY).ref, 4)

    assert (by_policy, by_model, (total, looked_at)) == ((8, 8, 3), (8, 8, 3), (8, 4))
    assert own <= 3


def test_a_model_goes_through_the_same_gate(api, monkeypatch, tmp_path):
    """Another name of the model in use: both score alike, a second person approves, the registry names it."""
    from classifiers.models import active

    monkeypatch.setenv("LINER_REGISTRY", str(tmp_path / "models"))
    api.record(noisy(1, 0.6))
    assert post(api.senior, "", status=404, kind="model", text="no-such-model", why="Try it.")["code"] == "not-found"
    made = drafted(api.senior, "synthetic-4", kind="model")
    assert "A model is simulated" in made["refused_actions"]["shadow"]
    assert made["diff"] == []
    post(api.senior, f"/{made['id']}/shadow", status=409, expected_version=made["version"])

    made = post(api.senior, f"/{made['id']}/simulate", expected_version=made["version"])
    assert made["simulation"]["judged"] == 1
    post(api.senior, f"/{made['id']}/approve", status=403, expected_version=made["version"])
    live = post(api.admin, f"/{made['id']}/approve", expected_version=made["version"])

    assert live["state"] == "live"
    assert active.read_pointer().names[active.SYNTHETIC] == "synthetic-4"
    assert api.service.get("/v1/policies/live", params={"kind": "model"}).json()["ref"] == "synthetic-4"
