"""The labels' pages over HTTP, as a browser would use them: deliver, correct, follow, appeal, disclose."""

import base64
import contextlib
import html
import json
import re
from datetime import timedelta

import httpx
import pytest
from fixtures_browser import Server, ask, contradiction, write_tune

from api.public_keys import KeyCreate
from api.services import cases, keys, sessions
from api.services.access import Actor, Role
from schemas.cases import Action, StatementOfReasons
from schemas.review import load_rules

STATEMENT = StatementOfReasons(facts="The voice was cloned.", ground="Terms 4.2", explanation="No licence.")
SUBMISSION = {
    "liner": "submission/1",
    "id": "s-1",
    "sender": {"name": "Saltmarsh Records"},
    "release": {"title": "Tide Tables", "artist": "Ada Brandt"},
    "recordings": [
        {
            "title": "Harbour Lights",
            "artist": "Ada Brandt",
            "file": "harbour.wav",
            "isrc": "QZES72500001",
            "disclosure": {
                "contains_ai": "none",
                "contributions": [{"role": "Composer", "agent": "generative_ai"}],
            },
        }
    ],
}


@contextlib.contextmanager
def signed_in(server: Server, name: str, role: Role, account: str | None = None):
    known = {key.name for key in keys.every(server.database, keys.TERMINAL)}
    if name not in known:
        keys.create(server.database, keys.TERMINAL, KeyCreate(name=name, role=role, account=account))
    token = sessions.link_token(server.database, name, valid_for=timedelta(minutes=5))
    headers = {"accept": "text/html"}
    with httpx.Client(base_url=server.address, follow_redirects=True, headers=headers, timeout=60) as client:
        assert client.post("/console/sign-in", data={"token": token}).status_code == 200
        yield client


@pytest.fixture
def label(empty_server: Server):
    with signed_in(empty_server, "nova", Role.LABEL, "nova") as client:
        yield client


def csrf(client: httpx.Client) -> str:
    return re.search(r'data-csrf="([^"]+)"', client.get("/portal").text)[1]


def post(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return client.post(path, data={"csrf_token": csrf(client), **fields})


def put(client: httpx.Client, name: str, data: bytes, **target: str) -> None:
    told = {"filename": name, **target}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": csrf(client)}
    made = client.post("/v1/uploads", headers={**headers, "Upload-Length": str(len(data)), "Upload-Metadata": metadata})
    assert made.status_code == 201, made.text
    piece = {**headers, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.patch(made.headers["location"], headers=piece, content=data).status_code == 204


def restricted(server: Server, account: str = "nova") -> str:
    """A recording of the label's that was removed; gives the case's id."""
    path = server.settings.landing / "accounts" / account / "dlv_1" / "harbour.wav"
    write_tune(path)
    screening = contradiction(path, path)
    intake = screening.intake.model_copy(update={"account": account})
    server.seed(screening.model_copy(update={"intake": intake}))
    actor = Actor("mia", Role.MODERATOR)
    (case,) = cases.queue(server.database, actor, cases.QueueFilters()).cases
    made = cases.decide(
        server.database,
        actor,
        case.id,
        action=Action.REMOVE,
        reason="The voice was cloned.",
        statement=STATEMENT,
        expected_version=case.version,
        rules=load_rules("at-once"),
    )
    assert made.decisions, "the decision is published"
    return case.id


def test_labels_land_in_their_portal_and_moderators_do_not(empty_server: Server, label: httpx.Client):
    assert "Nothing sent yet" in label.get("/portal").text
    assert label.get("/console").status_code == 403
    with signed_in(empty_server, "maya", Role.MODERATOR) as moderator:
        assert moderator.get("/portal").status_code == 403
    out = ask("GET", f"{empty_server.address}/portal", headers={"accept": "text/html"})
    assert (out.status_code, "liner keys link" in out.text) == (401, True)


def test_a_label_delivers_corrects_and_follows(empty_server: Server, label: httpx.Client):
    page = post(label, "/portal/drafts")
    draft = str(page.url).rpartition("/")[2]
    put(label, "release.json", json.dumps(SUBMISSION, indent=1).encode(), draft=draft)

    page = label.get(f"/portal/drafts/{draft}")
    assert "AID-002" in page.text
    assert "still to come: harbour.wav" in page.text
    editor = label.get(f"/portal/drafts/{draft}/message", params={"name": "release.json"})
    text = html.unescape(re.search(r"<textarea[^>]*>\n(.*)</textarea>", editor.text, re.DOTALL)[1])
    assert text == json.dumps(SUBMISSION, indent=1)
    fixed = text.replace('"contains_ai": "none"', '"contains_ai": "partly"')
    page = post(label, f"/portal/drafts/{draft}/message", name="release.json", text=fixed, then="stay")
    assert "Saved and checked" in page.text
    assert "AID-002" not in page.text

    put(label, "harbour.wav", b"RIFF", draft=draft)
    assert "still to come" not in label.get(f"/portal/drafts/{draft}/state").text
    page = post(label, f"/portal/drafts/{draft}/send")
    assert page.url.path == f"/portal/deliveries/{draft}"
    assert "Waits to be listened to" in page.text
    assert "Harbour Lights" in page.text

    page = post(label, f"/portal/deliveries/{draft}/correct")
    assert "Correct and send again" in page.text
    assert "resources/harbour.wav" in page.text


def test_half_a_delivery_is_not_sent_and_says_why(label: httpx.Client):
    page = post(label, "/portal/drafts")

    page = post(label, f"{page.url.path}/send")

    assert page.status_code == 409
    assert "The delivery has no message." in page.text


def test_a_decision_is_read_with_its_statement_and_appealed(server_at_once: Server):
    case_id = restricted(server_at_once)
    with signed_in(server_at_once, "nova", Role.LABEL, "nova") as label:
        page = label.get(f"/portal/cases/{case_id}")
        for said in ("Decision: Remove", "The voice was cloned.", "Terms 4.2", "Free of charge, until"):
            assert said in page.text
        assert "mia" not in page.text
        decision = re.search(r'name="decision" value="([^"]+)"', page.text)[1]
        short = post(label, f"/portal/cases/{case_id}/appeal", decision=decision, text="no")
        assert (short.status_code, "Say in 10 to" in short.text) == (422, True)
        page = post(label, f"/portal/cases/{case_id}/appeal", decision=decision, text="I sang this myself, really.")
        appeal = page.url.path.rpartition("/")[2]
        assert "Another person answers until" in page.text
        tune = (server_at_once.settings.landing / "accounts" / "nova" / "dlv_1" / "harbour.wav").read_bytes()
        put(label, "voice.wav", tune, appeal=appeal, kind="stem")
        put(label, "take & mix.als", b"\x1f\x8bhello", appeal=appeal, kind="project")
        page = label.get(f"/portal/appeals/{appeal}")
        assert "voice.wav" in page.text

    with signed_in(server_at_once, "mia", Role.MODERATOR) as own:
        assert "You took part in the decision" in own.get(f"/console/appeals/{appeal}").text
    with signed_in(server_at_once, "ben", Role.MODERATOR) as other:
        assert "Harbour Lights" in other.get("/console/appeals").text
        page = other.get(f"/console/appeals/{appeal}")
        version = re.search(r'name="version" value="(\d+)"', page.text)[1]
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        measured = other.post(f"/console/appeals/{appeal}/stems", data={"csrf_token": token})
        assert "explain 100.0% of the recording" in measured.text
        source = html.unescape(re.search(r'<audio[^>]* src="([^"]+residual[^"]+)"', measured.text)[1])
        assert other.get(source).content[:4] == b"RIFF"
        attachment = re.search(rf"/v1/appeals/{appeal}/attachments/att_\w+", measured.text)[0]
        download = other.get(attachment)
        assert download.headers["content-disposition"].startswith("attachment")
        assert download.headers["content-type"] == "application/octet-stream"
        fields = {"csrf_token": token, "version": version, "outcome": "reversed", "reply": "The stems show it."}
        page = other.post(f"/console/appeals/{appeal}/answer", data=fields)
        assert "Given back" in page.text

    with signed_in(server_at_once, "nova", Role.LABEL, "nova") as label:
        page = label.get(f"/portal/appeals/{appeal}")
        assert "Reversed: the decision no longer applies." in page.text
        assert "no longer under “remove”" in page.text
        assert "Decision: Approve" in label.get(f"/portal/cases/{case_id}").text


def test_a_notice_is_registered_and_its_secret_shown_once(server_at_once: Server):
    with signed_in(server_at_once, "nova", Role.LABEL, "nova") as label:
        page = post(label, "/portal/webhooks", url="http://127.0.0.1:9/hook", **{"kind-case.decided": "1"})
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)[0]
        assert "something was decided" in page.text
        assert secret not in label.get("/portal/webhooks").text
        refused = post(label, "/portal/webhooks", url="ftp://example.com/")
        assert (refused.status_code, "no https address" in refused.text) == (422, True)
        hook = re.search(r"/portal/webhooks/(whk_\w+)", page.text)[1]
        page = post(label, f"/portal/webhooks/{hook}", do="test")
        assert "waiting" in page.text or "ConnectError" in page.text
        assert "No message yet" not in page.text
        post(label, f"/portal/webhooks/{hook}", do="remove")
        assert hook not in label.get("/portal/webhooks").text


FORM = {
    "sender": "Nova Records",
    "sender_dpid": "PADPIDA2013020802I",
    "recipient_dpid": "PADPIDA2014120301L",
    "release_title": "Long Way",
    "release_artist": "The Examples",
    "release_label": "Nova",
    "release_kind": "Single",
    "release_icpn": "4006381333931",
    "release_date": "2026-12-01",
    "recordings": "1",
    "r0_title": "Long Way",
    "r0_isrc": "GXF3D2400001",
    "r0_language": "en",
    "r0_file": "long-way.wav",
    "r0_duration_s": "213.4",
    "r0_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "r0_VOCALS": "person",
    "r0_VOCALS_name": "Ada Example",
    "r0_LYRICS": "helped",
    "r0_LYRICS_name": "Ada Example",
    "r0_COMPOSITION": "person",
    "r0_INSTRUMENTS": "machine",
    "r0_MIXING": "person",
}


def test_the_form_writes_a_disclosure_without_findings_and_shows_what_platforms_make_of_it(label: httpx.Client):
    page = post(label, "/portal/disclosure", do="preview", **FORM)

    assert "Nothing to mend." in page.text, re.findall(r'class="code">([A-Z]{3}-\d{3})', page.text)
    for said in (
        "AI credits: StudioMusician",
        "transparency tags: Track",
        "lets a person there decide",
        "Vocals: human",
    ):
        assert said in page.text
    written = json.loads(post(label, "/portal/disclosure", do="json", **FORM).text)
    assert written["recordings"][0]["disclosure"]["contains_ai"] == "partly"
    assert written["release"]["contains_ai"] == "partly"


def test_the_form_writes_ern_that_reads_back_without_findings(label: httpx.Client):
    from schemas.ern import read_message
    from schemas.rules import Scope, run

    answer = post(label, "/portal/disclosure", do="ern", **FORM)

    reading = read_message(answer.content, "message.xml")
    assert (reading.findings, reading.message.ern_version) == ((), "4.3.2")
    assert list(run(Scope.MESSAGE, reading.message)) == []
    (recording,) = reading.message.sound_recordings
    assert {c.roles[0]: (str(c.agent), str(c.ai)) for c in recording.disclosure.contributions} == {
        "LeadVocalist": ("human", "none"),
        "Lyricist": ("human", "partly"),
        "Composer": ("human", "none"),
        "StudioMusician": ("generative_ai", "all"),
        "MixingEngineer": ("human", "none"),
    }


def test_the_form_begins_a_delivery(label: httpx.Client):
    page = post(label, "/portal/disclosure", do="deliver", **FORM)

    assert page.url.path.startswith("/portal/drafts/")
    assert "still to come: long-way.wav" in page.text


def test_what_the_form_lacks_is_said(label: httpx.Client):
    page = post(label, "/portal/disclosure", do="preview", **{**FORM, "r0_title": "", "r0_isrc": "XX"})
    assert "/recordings/0/title" in page.text
    page = post(label, "/portal/disclosure", do="ern", **{**FORM, "recipient_dpid": ""})
    assert (page.status_code, "recipient&#39;s party id" in page.text) == (422, True)
    assert "Recording 2" in post(label, "/portal/disclosure", do="add", **FORM).text
