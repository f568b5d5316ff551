"""Figures: each number is what it says, and the cases that it opens are as many as it counts."""

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import lxml.html
import pytest
from fixtures_api import make_screening
from test_api_labels import say
from test_api_policies import MODEL, claim_then_decide, noisy
from test_api_recall import case, decide

from api.services import clock, dashboards, figure_cases
from api.store import policies
from api.tables import ModelDayRow
from schemas.drift import Week, drift

ALERTS = Path(__file__).parents[2] / "docs" / "alerts.yml"


def figures(api):
    answer = api.moderator.get("/v1/dashboard")
    assert answer.status_code == 200, answer.text
    return answer.json()


def opened(api, figure, value="", part="", after=""):
    query = {"figure": figure, "value": value, "part": part, "after": after}
    answer = api.moderator.get("/v1/dashboard/cases", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def behind(api, figure, value="", part=""):
    return {one["id"] for one in opened(api, figure, value, part)["cases"]}


def counted(api, figure, value="", part=""):
    found = opened(api, figure, value, part)
    assert found["total"] == len(found["cases"])
    return found["number"], found["unit"], found["total"]


@pytest.fixture
def filled(api):
    """Six cases: two upheld, one cleared, one overturned, two open."""
    api.record(*(noisy(n, 0.6) for n in range(1, 5)), make_screening(5, "AID-002"), make_screening(6, "AID-002"))
    for number, action in ((1, "remove"), (2, "label"), (3, "approve"), (4, "remove")):
        decide(api, number, action)
    decision = api.label.get(f"/v1/cases/{case(4)}").json()["decisions"][-1]["id"]
    appeal = api.label.post("/v1/appeals", json={"decision_id": decision, "text": "It is rain, I recorded it."}).json()
    body = {"outcome": "reversed", "reply": "You are right.", "expected_version": 1}
    assert api.senior.post(f"/v1/appeals/{appeal['appeal']['id']}/answer", json=body).status_code == 200
    say(api, 1, "remove")
    say(api, 2, "approve")
    return api


def test_every_number_opens_its_cases(filled):
    found, today = figures(filled), str(clock.now().date())
    work, day = found["workload"], found["days"][-1]

    assert (work["open_cases"], behind(filled, "backlog")) == (2, {case(5), case(6)})
    assert counted(filled, "opened", today) == (day["opened"], "case", 6)
    assert counted(filled, "inflow") == (14 * found["inflow_per_day"], "case", 6)
    assert behind(filled, "decided", today) == {case(n) for n in (1, 2, 3, 4)}
    assert counted(filled, "decided", today) == (day["decided"], "decision", 4)
    assert counted(filled, "pace") == (14 * work["decisions_per_day"], "decision", 4)
    assert day["decided"] == 5  # the answer to the appeal is a decision, too
    assert (found["overturned"]["hits"], found["overturned"]["total"]) == (1, 1)
    assert counted(filled, "overturned") == counted(filled, "appealed") == (1, "appeal", 1)
    assert behind(filled, "overturned") == behind(filled, "appealed") == {case(4)}
    assert (found["agreement"]["pairs"], found["agreement"]["observed"]) == (2, 0.5)
    assert (counted(filled, "twice"), counted(filled, "disagreed")) == ((2, "pair", 2), (1, "pair", 1))
    assert (behind(filled, "twice"), behind(filled, "disagreed")) == ({case(1), case(2)}, {case(2)})
    assert counted(filled, "appeals_late") == (found["clocks"]["appeals_late"], "appeal", 0)


def test_every_number_in_the_tables_of_the_page_is_said_again_where_it_leads(filled):
    def shown(address, what):
        answer = filled.moderator.get(address, headers={"accept": "text/html"})
        return lxml.html.fromstring(answer.text).xpath(what)

    numbers = shown("/console/dashboard", "//table//a[not(contains(., '%'))]")

    figures_of = {re.search(r"figure=(\w+)", link.get("href"))[1] for link in numbers}
    assert figures_of == {"opened", "decided", "rule", "model", "sender"}
    for link in numbers:
        [said] = shown(link.get("href"), "//p[@class='count']/text()")
        assert said.split()[0] == link.text, (link.get("href"), said)


def test_agreement_and_accuracy_by_policy_open_their_cases_to_who_oversees(filled):
    def page(client, address="/console/dashboard"):
        return lxml.html.fromstring(client.get(address, headers={"accept": "text/html"}).text)

    decided = filled.senior.get(f"/v1/cases/{case(1)}").json()["case"]
    body = {"action": "remove", "expected_version": decided["version"]}
    assert filled.senior.post(f"/v1/cases/{case(1)}/golden", json=body).status_code < 300
    sample = filled.moderator.get("/v1/samples/next").json()["sample"]
    given = {"action": "remove", "reason": "Noise."}
    assert filled.moderator.post(f"/v1/samples/{sample['id']}/opinion", json=given).status_code < 300

    links = page(filled.senior).xpath("//section[@aria-labelledby='agreement' or @aria-labelledby='golden']//a")
    said = [page(filled.senior, one.get("href")).xpath("//p[@class='count']/text()")[0] for one in links]

    assert [(one.text, words) for one, words in zip(links, said, strict=True)] == [
        ("2", "2 pairs, 2 cases"),
        ("1", "1 answer, 1 case"),
        ("1", "1 answer, 1 case"),
    ]
    assert not page(filled.moderator).xpath("//section[@aria-labelledby='golden']")
    assert filled.moderator.get("/v1/dashboard/cases", params={"figure": "golden"}).status_code == 403


def test_a_long_list_behind_a_number_goes_on_to_its_end(filled, monkeypatch):
    monkeypatch.setattr(figure_cases, "LISTED", 4)
    first = opened(filled, "inflow")
    second = opened(filled, "inflow", after=first["next_after"])

    assert (first["total"], len(first["cases"]), second["next_after"]) == (6, 4, None)
    assert {one["id"] for one in (*first["cases"], *second["cases"])} == {case(n) for n in range(1, 7)}
    answer = filled.moderator.get("/v1/dashboard/cases", params={"figure": "inflow", "after": "cas_none"})
    assert answer.status_code == 422


def test_a_decision_at_midnight_is_of_the_day_that_begins(api, monkeypatch):
    day = clock.now().date()
    midnight = datetime.combine(day, time(), UTC)
    with monkeypatch.context() as then:
        then.setattr(clock, "now", lambda: midnight)
        api.record(noisy(1, 0.6))
        decide(api, 1, "remove")

    assert behind(api, "decided", str(day)) == {case(1)}
    assert behind(api, "decided", str(day - timedelta(days=1))) == set()


def test_precision_is_what_was_upheld(filled):
    found = figures(filled)

    [rule] = found["precision_rules"]
    [model] = found["precision_models"]
    assert (rule["name"], rule["hits"], rule["total"]) == ("AUD-002", 2, 4)
    assert (model["name"], model["hits"], model["total"]) == (MODEL, 2, 4)
    assert 0 < rule["low"] < rule["share"] == 0.5 < rule["high"] < 1
    for figure, value in (("rule", "AUD-002"), ("model", MODEL)):
        assert behind(filled, figure, value, "upheld") == {case(1), case(2)}
        assert behind(filled, figure, value, "cleared") == {case(3), case(4)}
        assert len(behind(filled, figure, value)) == 4


def test_the_share_that_a_model_flagged_in_a_week_opens_its_cases(filled):
    today = clock.now().date()
    flagged = behind(filled, "flagged", MODEL, str(today - timedelta(days=6)))

    assert flagged >= {case(n) for n in (1, 2, 3, 4)}
    assert behind(filled, "flagged", "another-1", str(today)) == set()
    assert behind(filled, "flagged", MODEL, str(today - timedelta(days=13))) == set()


def test_what_senders_leave_undeclared(filled):
    [sender] = figures(filled)["undeclared"]

    assert (sender["hits"], sender["total"], sender["share"]) == (6, 6, 1.0)
    assert len(behind(filled, "sender", sender["name"], "silent")) == 6
    assert behind(filled, "sender", "nobody") == set()


def test_clear_by_follows_from_inflow_and_staffing(filled):
    found = figures(filled)
    assert found["clear_days"] is None  # six came, five were decided
    assert found["oldest_at"] is not None
    assert dashboards.clear_days(30, 2.0, 5.0) == 10.0


@pytest.mark.parametrize(("figure", "value"), [("none", ""), ("opened", "soon"), ("decided", "2026-13-01")])
def test_what_is_no_figure_is_refused(api, figure, value):
    answer = api.moderator.get("/v1/dashboard/cases", params={"figure": figure, "value": value})
    assert answer.status_code == 422


def test_an_empty_review_has_figures(api):
    found = figures(api)
    assert (found["clear_days"], found["oldest_at"], found["drift"], len(found["days"])) == (0.0, None, [], 30)


def test_a_model_that_drifts_raises_the_alarm(api):
    today = clock.now().date()
    with api.db.write() as session:
        for week in range(9):
            share = 90 if week == 0 else 20 + week % 3
            day = today - timedelta(days=7 * week)
            row = ModelDayRow(day=day, model="synthetic-1", screenings=1000, flagged=share)
            policies.count_models(session, [row])

    [found] = figures(api)["drift"]

    assert (found["is_alarm"], found["share"], len(found["weeks"])) == (True, 0.09, 9)
    assert 'liner_model_drift_sigma{model="synthetic-1"}' in api.admin.get("/metrics").text


def test_few_screenings_are_no_drift():
    past = [Week(f"w{n}", 40, 1) for n in range(5)]
    assert drift([*past, Week("now", 40, 30)]).sigma is None
    assert drift([]).sigma is None
    assert drift([Week("a", 1000, 0), Week("b", 1000, 0), Week("c", 1000, 0), Week("d", 1000, 0)]).sigma == 0.0


def test_restless_weeks_hide_less_than_quiet_ones():
    quiet = [Week(f"w{n}", 1000, 20) for n in range(6)]
    restless = [Week(f"w{n}", 1000, 20 + 60 * (n % 2)) for n in range(6)]
    now = Week("now", 1000, 90)
    assert drift([*quiet, now]).is_alarm
    assert not drift([*restless, now]).is_alarm


def test_every_metric_that_an_alert_names_exists(api, filled):
    known = set(re.findall(r"^(liner_\w+)", api.admin.get("/metrics").text, re.MULTILINE))

    named = set(re.findall(r"\bliner_\w+", ALERTS.read_text("utf-8")))

    assert len(named) >= 8
    assert named <= known, named - known


def test_handling_time_is_measured_from_taking_to_deciding(api, monkeypatch):
    at = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    api.record(*(noisy(n, 0.6) for n in (1, 2)))
    claim_then_decide(api, 1, "remove", at)
    at[0] += timedelta(minutes=3)
    claim_then_decide(api, 2, "remove", at)

    work = figures(api)["workload"]

    assert (work["handling_s"], work["handled"], work["deciders"]) == (120.0, 2, 1)
