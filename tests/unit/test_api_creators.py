"""A creator without an account reads a decision and appeals by a link that works for that alone."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fixtures_api import make_screening
from sqlmodel import select
from typer.testing import CliRunner

from api.cli.app import app
from api.console.routes import render_problem
from api.inprocess import InProcessTransport
from api.services import clock
from api.tables import CreatorLinkRow

STATEMENT = {"facts": "The voice was cloned.", "ground": "Terms 4.2", "explanation": "No licence."}
DAY = timedelta(days=1)


@pytest.fixture
def case_id(api):
    (result,) = api.record(make_screening(1, "AID-002", account="nova"))
    body = {"action": "remove", "reason": "Cloned vocals.", "expected_version": 1, "statement": STATEMENT}
    assert api.moderator.post(f"/v1/cases/{result['case_id']}/decide", json=body).status_code == 200
    return result["case_id"]


def make(who, case_id, *, status=201, creator="Ada Brandt"):
    answer = who.post(f"/v1/cases/{case_id}/creator-link", json={"creator": creator})
    assert answer.status_code == status, answer.text
    return answer.json()


def path_of(link):
    return "/creator/" + link["url"].rsplit("/", 1)[1]


def appealed(api, case_id, *, creator="Ada Brandt"):
    path = path_of(make(api.label, case_id, creator=creator))
    assert api.anonymous.post(path, data={"text": "It is my own voice, I recorded it."}).status_code == 303
    return path


def begin(who, path, length, *, status=201, name="voice.wav", kind="stem", **more):
    told = {"filename": name, "kind": kind, **more}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length), "Upload-Metadata": metadata}
    answer = who.post(f"{path}/uploads", headers=headers)
    assert answer.status_code == status, answer.text
    return answer.headers.get("location")


def piece(who, place, data, offset):
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    return who.patch(place, content=data, headers=headers)


def look_at(who, place):
    return who.head(place, headers={"Tus-Resumable": "1.0.0"})


def later(after, act):
    now = datetime.now(UTC) + after
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        return act()


def test_a_creator_reads_the_statement_appeals_and_reads_the_answer(api, case_id):
    path = path_of(make(api.label, case_id))

    page = api.anonymous.get(path).text
    assert "The voice was cloned." in page
    assert "found by automated means and decided by a person" in page
    assert "Appeal as Ada Brandt" in page
    assert "mia" not in page
    sent = api.anonymous.post(path, data={"text": "It is my own voice, I recorded it."})
    assert (sent.status_code, sent.headers["location"]) == (303, path)

    (filed,) = api.senior.get("/v1/appeals").json()["appeals"]
    assert (filed["party"], filed["creator"], filed["received_by"]) == ("creator", "Ada Brandt", "creator's link")
    body = {"outcome": "reversed", "reply": "You are right: it is your voice.", "expected_version": 1}
    assert api.senior.post(f"/v1/appeals/{filed['id']}/answer", json=body).status_code == 200
    answered = api.anonymous.get(path).text
    assert "Reversed: the decision no longer applies." in answered
    assert "You are right: it is your voice." in answered
    assert "Somebody decided again since" in answered
    assert "<form" not in answered


def test_what_is_wrong_is_said_and_what_was_typed_kept(api, case_id):
    path = path_of(make(api.label, case_id))

    short = api.anonymous.post(path, data={"text": "No <b>."})
    assert (short.status_code, "No &lt;b&gt;." in short.text) == (422, True)
    api.anonymous.post(path, data={"text": "It is my own voice."})
    again = api.anonymous.post(path, data={"text": "It is still my own voice."})
    assert (again.status_code, "appealed against this decision already" in again.text) == (422, True)
    foreign = api.anonymous.post(path, data={"text": "It is my voice."}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403


def test_a_link_is_for_one_decision_and_shows_nothing_else(api, case_id):
    make(api.label, case_id)
    for path in ("/creator/x", "/creator/" + "a" * 43, "/creator/\u00fc", "/creator/" + "a" * 500):
        answer = api.anonymous.get(path)
        assert answer.status_code == 404
    token = path_of(make(api.label, case_id)).removeprefix("/creator/")
    for path in ("/v1/cases", f"/v1/cases/{case_id}", "/portal"):
        assert api.client(authorization=f"Bearer {token}").get(path).status_code == 401
    with api.db.read() as session:
        assert token not in {row.digest for row in session.exec(select(CreatorLinkRow))}


def test_a_newer_link_of_the_same_creator_replaces_and_all_end(api, case_id):
    first, other, second = (make(api.label, case_id, creator=name) for name in ("Ada", "Ben", "Ada"))

    assert [api.anonymous.get(path_of(one)).status_code for one in (first, other, second)] == [404, 200, 200]
    over = later(200 * DAY, lambda: api.anonymous.get(path_of(second)).text)
    assert "The time to appeal here is over." in over
    assert later(280 * DAY, lambda: api.anonymous.get(path_of(second)).status_code) == 404


def test_one_creators_words_are_not_shown_to_another(api, case_id):
    ada, ben = (path_of(make(api.label, case_id, creator=name)) for name in ("Ada", "Ben"))
    api.anonymous.post(ada, data={"text": "It is my own voice, and my secret."})

    assert "my secret" in api.anonymous.get(ada).text
    assert "my secret" not in api.anonymous.get(ben).text
    assert "Ada appealed as the recording" in api.anonymous.get(ben).text


def test_who_may_make_one(api, case_id):
    make(api.moderator, case_id)
    make(api.auditor, case_id, status=403)
    make(api.service, case_id, status=403)
    make(api.other_label, case_id, status=404)
    make(api.label, case_id, status=422, creator="   ")
    (result,) = api.record(make_screening(2, "AID-002", account="nova"))
    assert "Nothing is decided" in make(api.label, result["case_id"], status=409)["detail"]


def test_the_portal_shows_it_once(api, case_id):
    page = api.label.post(f"/portal/cases/{case_id}/creator-link", data={"creator": "Ada Brandt"}).text
    assert f"{api.settings.public_url}/creator/" in page
    assert "/creator/" not in api.label.get(f"/portal/cases/{case_id}").text
    events = api.moderator.get(f"/v1/cases/{case_id}/events").json()["events"]
    assert (events[-1]["kind"], events[-1]["actor"]) == ("creator.linked", "nova")


def test_the_command_prints_it(api, case_id, monkeypatch):
    monkeypatch.setenv("LINER_REVIEW_KEY", str(api.moderator.headers["authorization"]).removeprefix("Bearer "))
    real, transport = httpx.Client, InProcessTransport(api.app, actor=None)
    monkeypatch.setattr(httpx, "Client", lambda **more: real(**{**more, "transport": transport}))

    done = CliRunner().invoke(app, ["cases", "creator-link", case_id, "--creator", "Ada"])

    assert done.exit_code == 0, done.output
    assert api.anonymous.get("/creator/" + done.stdout.strip().rsplit("/", 1)[1]).status_code == 200


def test_a_creator_attaches_a_proof_in_pieces(api, case_id):
    path = appealed(api, case_id)
    assert f'data-uploads="{path}/uploads"' in api.anonymous.get(path).text

    place = begin(api.anonymous, path, 10)
    assert piece(api.anonymous, place, b"RIFF", 0).headers["upload-offset"] == "4"
    assert piece(api.anonymous, place, b"again", 0).status_code == 409
    assert look_at(api.anonymous, place).headers["upload-offset"] == "4"
    assert piece(api.anonymous, place, b"voices", 4).status_code == 204

    assert "voice.wav" in api.anonymous.get(path).text
    (filed,) = api.senior.get("/v1/appeals").json()["appeals"]
    (proof,) = api.senior.get(f"/v1/appeals/{filed['id']}").json()["attachments"]
    assert api.senior.get(f"/v1/appeals/{filed['id']}/attachments/{proof['id']}").content == b"RIFFvoices"
    told = api.senior.get(f"/v1/cases/{case_id}/events").json()["events"][-1]
    assert (told["kind"], told["actor"]) == ("appeal.attached", "creator's link")
    assert told["payload"]["sha256"] == proof["sha256"]


def test_a_link_reaches_no_upload_but_its_own(api, case_id):
    ada = appealed(api, case_id, creator="Ada")
    ben = path_of(make(api.label, case_id, creator="Ben"))
    (filed,) = api.label.get("/v1/appeals").json()["appeals"]
    draft = api.label.post("/v1/drafts").json()["id"]
    own = [begin(api.label, "/v1", 4, **to) for to in ({"draft": draft}, {"appeal": filed["id"]})]

    begin(api.anonymous, ben, 4, status=409)  # the appeal is Ada's
    place = begin(api.anonymous, ada, 4, draft=draft)  # what is named there counts for nothing
    foreign = [place.replace(ada, ben), *(f"{ada}/uploads/{one.rsplit('/', 1)[1]}" for one in own)]
    assert [look_at(api.anonymous, one).status_code for one in foreign] == [409, 404, 404]
    assert [piece(api.anonymous, one, b"mine", 0).status_code for one in foreign] == [409, 404, 404]
    assert api.label.get(f"/v1/drafts/{draft}").json()["files"][0]["upload"] == own[0].rsplit("/", 1)[1]
    assert begin(api.anonymous, "/creator/" + "a" * 43, 4, status=404) is None
    assert api.anonymous.delete(place, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert look_at(api.anonymous, place).status_code == 404


def test_what_a_creator_may_not_attach(api, case_id):
    path = path_of(make(api.label, case_id))
    begin(api.anonymous, path, 4, status=409)  # nothing is appealed yet
    api.anonymous.post(path, data={"text": "It is my own voice, I recorded it."})
    for wrong in ({"name": "../x.wav"}, {"name": "a/b.wav"}, {"kind": "virus"}):
        begin(api.anonymous, path, 4, status=422, **wrong)
    begin(api.anonymous, path, api.settings.max_file_bytes + 1, status=413)
    (filed,) = api.label.get("/v1/appeals").json()["appeals"]
    api.label.post(f"/v1/appeals/{filed['id']}/withdraw", json={"expected_version": 1}).raise_for_status()
    begin(api.anonymous, path, 4, status=409)
    assert "data-upload" not in api.anonymous.get(path).text


def test_another_creator_reads_no_names_of_proofs(api, case_id):
    ada = appealed(api, case_id, creator="Ada")
    begin(api.anonymous, ada, 0, name="secret-project.als", kind="project")
    (filed,) = api.label.get("/v1/appeals").json()["appeals"]
    begin(api.label, "/v1", 0, name="label-only.pdf", kind="statement", appeal=filed["id"])

    assert "secret-project.als" in api.anonymous.get(ada).text
    assert "label-only.pdf" not in api.anonymous.get(ada).text
    assert "secret-project.als" not in api.anonymous.get(path_of(make(api.label, case_id, creator="Ben"))).text


def test_a_bad_link_is_a_page_for_people_and_a_problem_for_programs(api):
    api.app.state.render_problem = render_problem  # set where the app is served
    page = api.anonymous.get("/creator/nothing", headers={"accept": "text/html"})
    assert (page.status_code, "replaced by a newer one" in page.text) == (404, True)
    assert "/console" not in page.text.split("<main")[1]
    assert look_at(api.anonymous, "/creator/nothing/uploads/upl_1").status_code == 404


def test_the_console_makes_one(api, case_id):
    assert "A creator wrote to us" in api.moderator.get(f"/console/cases/{case_id}").text
    address = f"/console/cases/{case_id}/creator-link"
    page = api.moderator.post(address, data={"creator": "Ada <b>"}).text
    assert "A link for Ada &lt;b&gt;" in page
    path = "/creator/" + page.split(f"{api.settings.public_url}/creator/")[1].split("<")[0]
    assert "Appeal as Ada &lt;b&gt;" in api.anonymous.get(path).text
    assert api.moderator.post(address, data={"creator": " "}).status_code == 422
    assert api.auditor.post(address, data={"creator": "Ada"}).status_code == 403
