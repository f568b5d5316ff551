"""The console over HTTP, as a browser without scripts would use it."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fixtures_browser import Server, ask, plain_case, write_tune

from api.console.pages import ASSETS
from api.services.access import Role
from schemas.flags import FlagSeverity


def token_of(page: str) -> str:
    """The token that every form of the session repeats."""
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def version_of(page: str) -> str:
    """The version of the case that the decide form is bound to."""
    return re.findall(r'name="version" value="(\d+)"', page)[-1]


def form(page: httpx.Response, **fields: str) -> dict[str, str]:
    """A form of the page, filled in."""
    return {"csrf_token": token_of(page.text), "version": version_of(page.text), **fields}


class TestSignIn:
    def test_looking_at_the_link_does_not_use_it_up(self, empty_server: Server):
        link = empty_server.link("maya")
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            for _ in range(3):
                assert "Sign in" in client.get(link).text
            token = link.partition("token=")[2]
            assert "Queue" in client.post(f"{empty_server.address}/console/sign-in", data={"token": token}).text

    def test_a_link_works_once(self, empty_server: Server):
        token = empty_server.link("maya").partition("token=")[2]
        accept = {"accept": "text/html"}
        first = ask("POST", f"{empty_server.address}/console/sign-in", data={"token": token}, headers=accept)
        second = ask("POST", f"{empty_server.address}/console/sign-in", data={"token": token}, headers=accept)

        assert (first.status_code, second.status_code) == (303, 401)
        assert "liner keys link NAME" in second.text
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(first.headers["set-cookie"].split("; "))

    @pytest.mark.parametrize("path", ["/console", "/console/cases/cas_1", "/console/next"])
    def test_signed_out_visitors_learn_how_to_get_in(self, empty_server: Server, path: str):
        answer = ask("GET", empty_server.address + path, headers={"accept": "text/html"})

        assert answer.status_code == 401
        assert "liner keys link NAME" in answer.text

    def test_another_site_cannot_sign_somebody_in(self, empty_server: Server):
        token = empty_server.link("maya").partition("token=")[2]
        headers = {"sec-fetch-site": "cross-site"}
        answer = ask("POST", f"{empty_server.address}/console/sign-in", data={"token": token}, headers=headers)

        assert answer.status_code == 403

    def test_signing_out_ends_the_session(self, empty_server: Server):
        with empty_server.signed_in() as client:
            cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
            client.post("/console/sign-out", data={"csrf_token": token_of(client.get("/console").text)})

            assert not client.cookies
            assert client.get("/console", headers=cookie).status_code == 401

    def test_labels_are_sent_to_the_api(self, empty_server: Server):
        from api.public_keys import KeyCreate
        from api.services import keys

        made = KeyCreate(name="nova", role=Role.LABEL, account="nova")
        token = keys.create(empty_server.database, keys.TERMINAL, made).token
        answer = ask(
            "GET",
            f"{empty_server.address}/console",
            headers={"authorization": f"Bearer {token}", "accept": "text/html"},
        )

        assert answer.status_code == 403


class TestQueue:
    def test_the_most_urgent_case_comes_first(self, shared_server: Server):
        with shared_server.signed_in() as client:
            titles = re.findall(r"data-row>([^<]+)<", client.get("/console").text)

        assert titles[0] == "Harbour Lights"
        assert titles[-1] == "N_20261122/broken"
        assert len(titles) == 7

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("q=harbour", 1),
            ("q=QZES72500003", 1),
            ("severity=high", 1),
            ("severity=medium", 5),
            ("code=SPM-004", 5),
            ("state=decided", 0),
            ("state=nonsense&page=-4", 7),
            ("q=%00", 7),
        ],
    )
    def test_filters(self, shared_server: Server, query: str, count: int):
        with shared_server.signed_in() as client:
            page = client.get(f"/console?{query}").text

        assert count == page.count("data-row")

    def test_nothing_to_do_is_said(self, empty_server: Server):
        with empty_server.signed_in() as client:
            assert "The queue is clear" in client.get("/console").text
            assert "No case matches" in client.get("/console?q=x").text

    def test_pages(self, empty_server: Server):
        tune = empty_server.settings.landing / "a.wav"
        write_tune(tune, seconds=1)
        empty_server.seed(*(plain_case(number, tune) for number in range(28)))
        with empty_server.signed_in() as client:
            first, second = client.get("/console?severity=medium").text, client.get("/console?severity=medium&page=2")

        assert (first.count("data-row"), second.text.count("data-row")) == (25, 3)
        assert "Page 1 of 2" in first
        assert 'href="/console?severity=medium&amp;page=2"' in first
        assert 'href="/console?severity=medium"' in second.text

    def test_severity_is_said_by_more_than_colour(self, shared_server: Server):
        with shared_server.signed_in() as client:
            page = client.get("/console").text

        assert 'aria-label="high"' in page
        assert "icons.svg#high" in page


class TestCase:
    def test_contradictions_stand_before_what_is_alone(self, shared_server: Server):
        with shared_server.signed_in() as client:
            page = client.get(f"/console/cases/{shared_server.case_id()}").text

        codes = re.findall(r'<h3>(?:(?!</h3>).)*?class="code">([^<]+)<', page, re.DOTALL)
        assert codes == ["PRV-001", "AID-002", "DUP-002", "AUD-007"]

    def test_absence_is_a_value(self, shared_server: Server):
        with shared_server.signed_in() as client:
            page = client.get(f"/console/cases/{shared_server.case_id('rec_1')}").text

        for said in ("That is not the same as", "says nothing about who made", "was not compared"):
            assert said in page

    def test_a_delivery_without_a_recording_can_be_decided(self, shared_server: Server):
        with shared_server.signed_in() as client:
            page = client.get(f"/console/cases/{shared_server.case_id('rec_broken')}").text

        assert "There is no sound to play" in page
        assert "not well-formed" in page
        assert "data-decide" in page

    def test_an_unknown_case_is_a_page_too(self, shared_server: Server):
        with shared_server.signed_in() as client:
            answer = client.get("/console/cases/cas_nothing")

        assert answer.status_code == 404
        assert "There is no case" in answer.text

    def test_hostile_text_stays_text(self, empty_server: Server):
        tune = empty_server.settings.landing / "a.wav"
        write_tune(tune, seconds=1)
        evil = '"><script>alert(1)</script>{{ 7 * 7 }}'
        one = plain_case(1, tune)
        recording = one.intake.recording.model_copy(update={"title": evil, "display_artist": evil})
        intake = one.intake.model_copy(update={"recording": recording, "sender_name": evil, "release_title": evil})
        empty_server.seed(one.model_copy(update={"intake": intake}))
        with empty_server.signed_in() as client:
            pages = client.get("/console").text, client.get(f"/console/cases/{empty_server.case_id('rec_1')}").text

        for page in pages:
            assert "<script>" not in page
            assert "&lt;script&gt;" in page
            assert "{{ 7 * 7 }}" in page

    def test_pages_need_no_inline_code(self, shared_server: Server):
        with shared_server.signed_in() as client:
            answers = [client.get(path) for path in ("/console", f"/console/cases/{shared_server.case_id()}")]

        for answer in answers:
            assert "script-src 'self';" in answer.headers["content-security-policy"]
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|https?://(?!www\.w3)", answer.text)


class TestCommands:
    def test_a_decision_leads_to_the_next_case(self, server: Server):
        with server.signed_in() as client:
            page = client.get(f"/console/cases/{server.case_id()}")
            sent = form(page, action="approve", reason="Checked by ear.", note="easy")
            answer = client.post(f"/console/cases/{server.case_id()}/decide", data=sent)
            queue = client.get("/console").text

        assert "Approve: “Harbour Lights”." in answer.text
        assert "Field Study" in answer.text
        assert queue.count("data-row") == 6

    def test_the_last_decision_leads_to_an_empty_queue(self, empty_server: Server):
        tune = empty_server.settings.landing / "a.wav"
        write_tune(tune, seconds=1)
        empty_server.seed(plain_case(1, tune))
        path = f"/console/cases/{empty_server.case_id('rec_1')}"
        with empty_server.signed_in() as client:
            sent = form(client.get(path), action="ask", reason="Which tool was used?")
            answer = client.post(f"{path}/decide", data=sent)

        assert "The queue is clear" in answer.text
        assert "Ask: “Field Study 1”." in answer.text

    def test_a_restricting_decision_names_what_is_missing_and_keeps_what_was_typed(self, server: Server):
        path = f"/console/cases/{server.case_id()}"
        with server.signed_in() as client:
            sent = form(
                client.get(path),
                action="remove",
                reason="It is a copy & more",
                facts="",
                ground="Terms 4",
                territories="Brazil",
                ends_at="2001-01-01",
            )
            answer = client.post(f"{path}/decide", data=sent)

        assert answer.status_code == 422
        for name in ("facts", "explanation", "redress", "ends_at"):
            assert f'href="#f-{name}"' in answer.text
            assert f'id="f-{name}-error"' in answer.text
        assert 'href="#f-ground"' not in answer.text
        for kept in ("It is a copy &amp; more", 'value="Brazil"', 'value="Terms 4"', 'value="2001-01-01"'):
            assert kept in answer.text
        assert re.search(r'value="remove"[^>]* checked', answer.text)

    def test_a_complete_statement_is_frozen_with_the_decision(self, server: Server):
        path = f"/console/cases/{server.case_id()}"
        with server.signed_in() as client:
            page = client.get(path)
            prefilled = re.search(r'name="facts"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)[1]
            assert "PRV-001: The file carries a signed statement" in prefilled
            end = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
            sent = form(
                page,
                action="label",
                reason="Signed as AI.",
                facts=prefilled,
                ground="House policy, PRV-001",
                explanation="The signature says so.",
                territories="Brazil, Norway",
                ends_at=end,
                redress="Appeal within six months.",
            )
            client.post(f"{path}/decide", data=sent)
            decided = client.get(path).text
        assert "Decided: Label, by maya" in decided
        for told in ("House policy, PRV-001 (our terms)", "The signature says so.", "Brazil, Norway", end):
            assert told in decided
        decision = server.decision()
        assert decision.statement.territories == ("Brazil", "Norway")
        assert end == f"{decision.statement.ends_at:%Y-%m-%d}"
        assert decision.statement.automated_detection
        assert not decision.statement.automated_decision

    def test_of_two_people_the_second_learns_who_was_first(self, server: Server):
        path = f"/console/cases/{server.case_id()}"
        with server.signed_in("maya") as maya, server.signed_in("noor") as noor:
            late = form(noor.get(path), action="approve", reason="Mine, I think")
            maya.post(f"{path}/decide", data=form(maya.get(path), action="approve", reason="Checked."))
            answer = noor.post(f"{path}/decide", data=late)

        assert answer.status_code == 409
        assert "Nothing was done: maya decided, at 20" in answer.text
        assert "Mine, I think" in answer.text

    def test_a_stale_form_keeps_what_was_typed(self, server: Server):
        path = f"/console/cases/{server.case_id()}"
        with server.signed_in("maya") as maya:
            late = form(maya.get(path), action="approve", reason="Typed before")
            maya.post(f"{path}/claim", data=form(maya.get(path)))
            answer = maya.post(f"{path}/decide", data=late)

        assert answer.status_code == 409
        assert ">Typed before</textarea>" in answer.text
        assert version_of(answer.text) == "2"

    def test_a_held_case_can_be_read_but_not_decided(self, server: Server):
        path = f"/console/cases/{server.case_id()}"
        with server.signed_in("maya") as maya, server.signed_in("noor") as noor:
            taken = maya.post(f"{path}/claim", data=form(maya.get(path))).text
            seen = noor.get(path).text
            queue = noor.get("/console").text
            given = maya.post(f"{path}/release", data=form(maya.get(path))).text

        assert "You hold this case until" in taken
        assert "maya holds this case until" in seen
        assert "data-decide" not in seen
        assert re.search(r'class="holder">\s*maya', queue)
        assert "Nobody holds this case" in given

    def test_reopening_needs_a_reason(self, server: Server):
        path = f"/console/cases/{server.case_id()}"
        with server.signed_in() as client:
            client.post(f"{path}/decide", data=form(client.get(path), action="approve", reason="Checked."))
            refused = client.post(f"{path}/reopen", data=form(client.get(path), reason=" "))
            reopened = client.post(f"{path}/reopen", data=form(client.get(path), reason="A second ear."))

        assert (refused.status_code, reopened.status_code) == (422, 200)
        assert "data-decide" in reopened.text
        assert "reopened the case" in reopened.text

    @pytest.mark.parametrize("command", ["claim", "release", "reopen", "decide"])
    def test_a_form_without_the_sessions_token_changes_nothing(self, server: Server, command: str):
        path = f"/console/cases/{server.case_id()}"
        with server.signed_in() as client:
            sent = form(client.get(path), action="approve", reason="Checked.") | {"csrf_token": "another"}
            answer = client.post(f"{path}/{command}", data=sent)

            assert answer.status_code == 403
            assert version_of(client.get(path).text) == "1"

    @pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
    def test_a_form_without_a_version_is_refused(self, server: Server, version: str):
        path = f"/console/cases/{server.case_id()}"
        with server.signed_in() as client:
            sent = form(client.get(path), action="approve", reason="Checked.") | {"version": version}

            assert client.post(f"{path}/decide", data=sent).status_code == 422


class TestSound:
    def test_ranges_of_a_file_that_browsers_play_exactly(self, shared_server: Server):
        path = f"/console/cases/{shared_server.case_id()}/audio"
        with shared_server.signed_in() as client:
            answer = client.get(path, headers={"range": "bytes=0-3"})

        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"RIFF", "audio/wav")

    def test_pictures_and_excerpts(self, shared_server: Server):
        path = f"/console/cases/{shared_server.case_id()}"
        with shared_server.signed_in() as client:
            picture = client.get(f"{path}/spectrogram?start_s=1&end_s=9&width=200&height=64")
            peaks = client.get(f"{path}/peaks?start_s=0&end_s=24&points=48").json()["peaks"]
            own = client.get(f"{path}/excerpt?start_s=2&end_s=3")
            other = client.get(f"{path}/matches/1/excerpt?start_s=2&end_s=3")

        assert picture.content[:4] == b"\x89PNG"
        assert len(peaks) == 48
        assert all(-1 <= low <= 0 <= high <= 1 for low, high in peaks)
        assert max(high for _, high in peaks) > 0.2
        assert 44 + 22050 * 2 == len(own.content) == len(other.content)
        assert own.content != other.content

    @pytest.mark.parametrize(
        ("part", "status"),
        [
            ("excerpt?start_s=0&end_s=900", 422),
            ("excerpt?start_s=9&end_s=1", 422),
            ("excerpt?start_s=nan&end_s=1", 422),
            ("peaks?start_s=0&end_s=9&points=0", 422),
            ("spectrogram?start_s=0&end_s=9&width=9999999&height=64", 422),
            ("matches/0/excerpt?start_s=0&end_s=1", 404),
            ("matches/2/excerpt?start_s=0&end_s=1", 404),
        ],
    )
    def test_what_cannot_be_given_is_refused_with_a_sentence(self, shared_server: Server, part: str, status: int):
        with shared_server.signed_in() as client:
            answer = client.get(f"/console/cases/{shared_server.case_id()}/{part}", headers={"accept": "*/*"})

        assert status == answer.status_code
        assert answer.json()["detail"]

    def test_files_outside_the_landing_zone_are_never_opened(self, empty_server: Server, tmp_path):
        outside = tmp_path / "private.wav"
        write_tune(outside, seconds=1)
        empty_server.seed(plain_case(1, outside, FlagSeverity.HIGH))
        path = f"/console/cases/{empty_server.case_id('rec_1')}"
        with empty_server.signed_in() as client:
            parts = ("audio", "excerpt?start_s=0&end_s=1", "peaks?start_s=0&end_s=1&points=9")
            found = {client.get(f"{path}/{part}").status_code for part in parts}

        assert {404} == found

    def test_sound_is_for_moderators(self, shared_server: Server):
        assert ask("GET", f"{shared_server.address}/console/cases/{shared_server.case_id()}/audio").status_code == 401


class TestStatic:
    def test_files_are_kept_for_ever_under_their_digest(self, empty_server: Server):
        address = f"{empty_server.address}/console/static"
        kept = ask("GET", f"{address}/{ASSETS.version}/console.css")
        other = ask("GET", f"{address}/0/console.css")

        assert "immutable" in kept.headers["cache-control"]
        assert other.headers["cache-control"] == "no-cache"
        assert kept.headers["content-type"].startswith("text/css")

    @pytest.mark.parametrize("name", ["nothing.css", "..%2Froutes.py", "%2e%2e%2froutes.py"])
    def test_nothing_else_is_given(self, empty_server: Server, name: str):
        assert ask("GET", f"{empty_server.address}/console/static/{ASSETS.version}/{name}").status_code == 404
