"""Undo, hand-over, parking, second opinions and batches, as a browser without scripts would use them."""

import re
from pathlib import Path

import httpx
import pytest
from fixtures_browser import Server, seed_all, serving

from api.services.access import Role
from api.settings import Settings

RULES = """
batch_undo_s = 600
undo_s = {approve = 600, ask = 600, label = 600, demote = 600, remove = 600}
second_review = [{code = "removal", title = "Every removal", actions = ["remove"]}]
"""


@pytest.fixture
def careful(sqlite_template: Path, tmp_path: Path):
    """A server whose decisions can be undone, and whose removals are looked at twice."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    (home / "rules.toml").write_text(RULES)
    with serving(Settings(home=home, review_rules=str(home / "rules.toml"))) as running:
        seed_all(running)
        for name in ("maya", "ben"):
            running.link(name)
        yield running


def hidden(page: str) -> dict[str, str]:
    return {
        "csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page)[1],
        "version": (re.findall(r'name="version" value="(\d+)"', page) or ["1"])[-1],
    }


def post(client: httpx.Client, case: str, what: str, **fields: str) -> str:
    page = client.get(f"/console/cases/{case}").text
    return client.post(f"/console/cases/{case}/{what}", data={**hidden(page), **fields}).text


STATEMENT = {
    "facts": "F",
    "ground": "G",
    "explanation": "E",
    "territories": "Worldwide",
    "redress": "R",
    "ground_kind": "terms",
}


def test_a_decision_is_undone_from_the_next_page_and_the_filter_stays(careful: Server):
    case = careful.case_id()
    with careful.signed_in() as client:
        after = post(client, case, "decide", action="approve", reason="Heard it.", filter="title:harbour")
        assert "Approve: “Harbour Lights”." in after
        assert re.search(r'data-countdown="(59\d|600)"', after)
        action = re.search(r'class="undo" method="post" action="([^"]+)"', after)[1]
        version = re.search(r'action="[^"]+/undo">.*?name="version" value="(\d+)"', after, re.DOTALL)[1]
        within = re.search(r'action="[^"]+/undo">.*?name="filter" value="([^"]+)"', after, re.DOTALL)[1]
        answer = client.post(action, data={**hidden(after), "version": version, "filter": within})
        undone = answer.text

    assert str(answer.url).endswith(f"{case}?filter=title%3Aharbour&did=undo")
    assert "The decision is taken back: the case is open again." in undone
    assert 'name="filter" value="title:harbour"' in undone
    assert "Nobody holds this case" in undone
    assert "took the decision back" in undone


def test_a_pending_decision_says_so_on_its_own_page(careful: Server):
    case = careful.case_id()
    with careful.signed_in() as client:
        post(client, case, "decide", action="approve", reason="Heard it.")
        page = client.get(f"/console/cases/{case}").text

    assert "Approve, by maya." in page
    assert "Not published yet" in page
    assert 'class="decide"' not in page


def test_a_case_goes_to_a_colleague_with_a_note(careful: Server):
    case = careful.case_id()
    with careful.signed_in() as client:
        page = post(client, case, "hand-over", to="ben", note="You know her voice.")
        assert "maya handed this case to ben: “You know her voice.”" in page
    with careful.signed_in("ben") as client:
        assert "You hold this case until" in client.get(f"/console/cases/{case}").text


def test_a_case_is_put_aside_and_fetched_back(careful: Server):
    case = careful.case_id()
    with careful.signed_in() as client:
        page = client.get(f"/console/cases/{case}").text
        until = re.search(r'<option value="([^"]+)">1 hour', page)[1]
        assert "maya put it aside until" in post(client, case, "park", until=until, reason="They call back.")
        assert "Harbour Lights" not in client.get("/console").text
        assert "maya put it aside" not in post(client, case, "unpark")
        assert "Harbour Lights" in client.get("/console").text


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("park", {"until": "yesterday", "reason": "Why."}),
        ("park", {"until": "2999-01-01T00:00:00+00:00", "reason": "x"}),
        ("hand-over", {"to": "nobody", "note": "Why."}),
        ("undo", {}),
        ("unpark", {}),
        ("golden", {"action": "approve"}),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page(careful: Server, what: str, fields: dict[str, str]):
    with careful.signed_in() as client:
        assert re.search(r'role="alert"|That did not work', post(client, careful.case_id(), what, **fields))


def test_a_removal_waits_for_somebody_who_does_not_see_it(careful: Server):
    case = careful.case_id()
    with careful.signed_in() as client:
        after = post(client, case, "decide", action="remove", reason="Cloned voice.", **STATEMENT)
        assert "waits for a second person" in after
    with careful.signed_in("ben") as client:
        assert "Waits for a second person&#39;s opinion (Every removal)" in client.get(f"/console/cases/{case}").text
        page = client.get("/console/samples/next")
        assert "Harbour Lights" in page.text
        assert "Cloned voice." not in page.text
        assert "maya" not in page.text
        fields = {**hidden(page.text), "action": "remove", "reason": "I hear it too."}
        assert "your opinion is kept" in client.post(page.url.path, data=fields).text
        page = client.get(f"/console/cases/{case}").text
    assert "Remove, by maya, confirmed by ben." in page


def test_a_dispute_is_settled_by_a_senior(careful: Server):
    case = careful.case_id()
    with careful.signed_in() as client:
        post(client, case, "decide", action="remove", reason="Cloned voice.", **STATEMENT)
    with careful.signed_in("ben") as client:
        page = client.get("/console/samples/next")
        fields = {**hidden(page.text), "action": "approve", "reason": "Sounds human."}
        client.post(page.url.path, data=fields)
    careful.link("sue", Role.SENIOR)
    with careful.signed_in("sue") as client:
        assert "Settle the disagreement" in client.get(f"/console/cases/{case}").text
        page = post(client, case, "settle", action="label", reason="A label is enough.", explanation="Undeclared.")
    assert "Label, by sue" in page


def test_many_are_decided_alike_but_for_one(careful: Server):
    with careful.signed_in() as client:
        page = client.get("/console/batches?severity=medium").text
        assert "5 cases: severity medium." in page
        fields = {**hidden(page), "severity": "medium", "action": "approve", "reason": "Heard them all."}
        preview = client.post("/console/batches", data=fields)
        names = re.findall(r'name="(item_[^"]+)"', preview.text)
        assert (len(names), "Decide 5 cases" in preview.text) == (5, True)
        assert "5 cases" in client.get("/console?severity=medium").text
        done = client.post(f"{preview.url.path}/apply", data={**hidden(preview.text), names[0]: "leave"}).text
        assert "4 decided, 1 left alone" in done
        undone = client.post(f"{preview.url.path}/undo", data=hidden(done)).text
    assert "1 left alone, 4 undone" in undone


def test_an_auditor_reads_and_changes_nothing(careful: Server):
    careful.link("eve", Role.AUDITOR)
    with careful.signed_in("eve") as client:
        page = client.get(f"/console/cases/{careful.case_id()}").text
        assert not re.search(r'class="decide"|/claim"|/park"|/hand-over"', page)
        refused = client.post(f"/console/cases/{careful.case_id()}/claim", data=hidden(page))
    assert refused.status_code == 403


def test_the_page_prolongs_the_lease_by_itself(careful: Server):
    case = careful.case_id()
    with careful.signed_in() as client:
        page = post(client, case, "claim")
        address = re.search(r'data-heartbeat="([^"]+)"', page)[1]
        token = re.search(r'data-csrf="([^"]+)"', page)[1]
        assert client.post(address, headers={"x-csrf-token": token}).status_code == 204
        assert client.post(address).status_code == 403
