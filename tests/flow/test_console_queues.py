"""Filters, views, routing and settings as a browser without scripts uses them, and the same over the API."""

import re

import pytest
from fixtures_api import make_screening
from fixtures_browser import Server
from test_console import token_of

from api.services.access import Role


@pytest.fixture
def senior(server: Server):
    """A senior moderator with a full queue."""
    server.link("sue", Role.SENIOR)
    with server.signed_in("sue") as client:
        client.token = token_of(client.get("/console").text)
        yield client


def send(client, path: str, **fields: str):
    return client.post(path, data={"csrf_token": client.token, **fields})


def test_a_wrong_word_is_shown_where_it_stands_with_what_was_meant(senior):
    answer = senior.get("/console", params={"filter": "late undeclred high"})
    assert answer.status_code == 422
    assert "<code>late <mark>undeclred</mark> high</code>" in answer.text
    better = re.search(r'href="(/console\?filter=[^"]+)">Use', answer.text)[1]
    assert better == "/console?filter=late+undeclared+high"


def test_a_filter_is_saved_shared_and_worked_through(senior, server: Server):
    found = send(senior, "/console/views", name="Noise", filter="medium, undeclared", is_shared="yes")
    assert "5 cases" in found.text
    server.link("ben")
    with server.signed_in("ben") as other:
        assert re.search(r'href="(/console/views/viw_[^"]+)"[^>]*>Noise', other.get("/console").text)
        assert "severity:medium undeclared" in other.get("/console/views").text
    case = re.search(r'href="(/console/cases/[^"]+)" data-row', found.text)[1]
    page = senior.get(case.replace("&amp;", "&")).text
    assert 'name="filter" value="severity:medium undeclared"' in page
    assert "filter=severity%3Amedium%20undeclared" in re.search(r'href="(/console/next[^"]+)"', page)[1]
    assert "No past decisions yet." in page
    assert "× exposure 1 × urgency" in page  # noqa: RUF001 - the sign of a product
    address = re.search(r'action="(/console/views/[^"]+/remove)"', senior.get("/console/views").text)[1]
    assert "Noise" not in send(senior, address).text


def test_a_filtered_queue_is_decided_alike_and_nothing_else(senior):
    page = senior.get("/console", params={"filter": "severity:medium"}).text
    form = senior.get(re.search(r'href="(/console/batches[^"]+)">Decide these 5 cases alike', page)[1]).text
    assert "5 cases: filter severity:medium." in form
    assert '<input type="hidden" name="filter" value="severity:medium">' in form
    made = send(senior, "/console/batches", filter="severity:medium", action="approve", reason="Heard them.")
    assert made.text.count("Field Study") >= 5
    assert "Harbour Lights" not in made.text


def test_rules_are_tried_before_they_are_put_in_force(senior):
    assert "Urgent" in send(senior, "/console/queues", name="urgent", title="Urgent", sla_hours="4").text
    assert send(senior, "/console/queues", name="Bad name!", title="X", sla_hours="4").status_code == 422
    rules = {"rules": "severity:high -> urgent\nmedium -> main", "sample_share": "1", "version": "0"}
    tried = send(senior, "/console/routing", do="try", **rules).text
    assert "1 would be in another queue" in tried
    assert "No rules yet" in tried
    wrong = send(senior, "/console/routing", do="try", version="0", rules="late -> urgent\nsevere:high -> urgent")
    assert wrong.status_code == 422
    assert "Line 2: “severe” is no field" in wrong.text
    assert "severe:high -&gt; urgent" in wrong.text  # nothing typed is lost
    assert "Version 1, by sue" in send(senior, "/console/routing", do="save", note="First", **rules).text
    stale = send(senior, "/console/routing", do="save", **rules)
    assert "version 1, not 0: sue changed it" in stale.text
    assert "1 case" in senior.get("/console", params={"filter": "queue:urgent"}).text


def test_settings_follow_the_person(senior, server: Server):
    kept = send(senior, "/console/settings", key_0="y", volume_cap="0.4", break_minutes="0")
    assert "Your settings are kept." in kept.text
    with server.signed_in("sue") as elsewhere:
        page = elsewhere.get("/console").text
    assert 'data-keys="{&#34;a&#34;: &#34;y&#34;}" data-volume-cap="0.4" data-break-minutes="0"' in page
    double = send(senior, "/console/settings", key_0="x", volume_cap="0.4", break_minutes="0")
    assert double.status_code == 422
    assert "Two actions would have the key x" in double.text


def test_the_api_says_the_same(api):
    api.record(*(make_screening(number, "AID-002") for number in range(3)), make_screening(9, "SPM-001"))
    assert api.moderator.get("/v1/cases", params={"filter": "high, last week"}).json()["total"] == 3
    wrong = api.moderator.get("/v1/cases", params={"filter": "late undeclred"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-filter")
    assert (wrong.json()["column"], wrong.json()["suggestion"]) == (6, "undeclared")
    assert api.label.get("/v1/cases", params={"filter": "late undeclred"}).status_code == 200  # labels have none
    told = api.moderator.get("/v1/filter", params={"filter": "rule:SPM", "cursor": 3}).json()
    assert (told["canonical"], told["count"], told["suggestions"][0]["insert"]) == ("rule:SPM", 1, "rule:")
    assert api.moderator.put("/v1/queues/spam", json={"title": "Spam", "sla_hours": 9}).status_code == 403
    assert api.senior.put("/v1/queues/spam", json={"title": "Spam", "sla_hours": 9}).status_code == 200
    rules = {"rules": [{"filter": "rule:SPM", "queue": "spam"}]}
    assert api.moderator.post("/v1/routing/dry-run", json=rules).json()["by_rule"] == [1, 3]
    wrong = {"rules": [{"filter": "rulez:SPM", "queue": "spam"}], "expected_version": 0}
    assert api.senior.post("/v1/routing", json=wrong).json()["code"] == "invalid-filter"
    assert api.senior.post("/v1/routing", json={**rules, "expected_version": 0}).json()["version"] == 1
    spam = next(one for one in api.moderator.get("/v1/queues").json()["queues"] if one["name"] == "spam")
    assert (spam["open"], spam["late"]) == (1, 0)
    saved = api.moderator.post("/v1/views", json={"name": "Spam", "filter": "queue:spam"}).json()
    assert api.senior.get(f"/v1/views/{saved['id']}").json()["count"] == 1
    assert api.moderator.delete(f"/v1/views/{saved['id']}").status_code == 204
    case = api.moderator.get("/v1/cases", params={"filter": "queue:spam"}).json()["cases"][0]
    assert case["queue"] == "spam"
    assert case["due_at"]
    mine = api.label.get("/v1/cases").json()["cases"]
    assert {one["queue"] for one in mine} == {""}
    assert {one["due_at"] for one in mine} == {None}
    assert api.moderator.put("/v1/preferences", json={"keys": {"a": "y"}, "volume_cap": 0.3}).status_code == 200
    assert api.moderator.get("/v1/preferences").json()["volume_cap"] == 0.3
    assert api.moderator.put("/v1/preferences", json={"volume_cap": 0.0}).status_code == 200
    settings = api.moderator.get("/console/settings").text
    assert 'data-volume-cap="0.0"' in settings
    assert '<option value="0.0" selected>silent' in settings
    double = api.moderator.put("/v1/preferences", json={"keys": {"a": "y", "b": "y"}})
    assert double.status_code == 422
