"""Whatever a stranger writes stays text: in all pages of console and portal, on a creator's page, and in mails."""

import base64
import json
from urllib.parse import quote

import pytest
from fixtures_api import START, make_api, make_flag, make_screening

from api.services.sending import Letter, write_mail
from schemas.release import SoundRecording

EVIL = """'"></title></textarea></script><i data-evil onclick=x()>{{ 7 * 7 }}"""
MARK = "<i data-evil"
FILE = "'onmouseover='x()' data-evil.wav"  # what a file name may have
STATEMENT = {"facts": EVIL, "ground": EVIL, "explanation": EVIL}
CONSOLE = (
    "/console", f"/console?q={quote(EVIL)}", f"/console?filter={quote(EVIL)}", "/console/views", "/console/routing",
    "/console/settings", "/console/batches", "/console/appeals", f"/console/appeals?account={quote(EVIL)}",
    "/console/policies", "/console/recalls", "/console/dashboard", "/console/chat", "/console/cases/{case}",
    "/console/cases/{case}?action=%22%3E%3Ci%20data-evil", "/console/appeals/{appeal}", "/console/samples/next",
    "/console/cases/{other}",
)  # fmt: skip
PORTAL = (
    "/portal", "/portal/drafts/{draft}", "/portal/drafts/{draft}/message?name=m.xml", "/portal/deliveries/{delivery}",
    "/portal/cases/{case}", "/portal/appeals", "/portal/appeals/{appeal}", "/portal/disclosure", "/portal/webhooks",
    "/portal/webhooks/{hook}",
)  # fmt: skip


def hostile(number):
    """A screening in which every text that a label controls is an attack."""
    recording = SoundRecording(reference="A1", title=EVIL, isrc=f"QZABC26{number:05}", display_artist=EVIL)
    texts = {"sender_name": EVIL, "message_path": f"{EVIL}.xml", "delivery_path": EVIL}
    one = make_screening(number, account="nova", recording=recording, **texts)
    flag = make_flag("AID-002").model_copy(update={"explanation": EVIL})
    return one.model_copy(update={"flags": (flag,)})


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory, sqlite_template):
    """The API after a label, a creator and a moderator typed markup wherever they could."""
    api = make_api(tmp_path_factory.mktemp("markup") / "home", sqlite_template)
    case, other = (one["case_id"] for one in api.record(hostile(1), hostile(2)))
    body = {"action": "remove", "reason": EVIL, "note": EVIL, "expected_version": 1, "statement": STATEMENT}
    decided = api.moderator.post(f"/v1/cases/{case}/decide", json=body).raise_for_status().json()["decisions"][-1]
    filed = api.label.post("/v1/appeals", json={"decision_id": decided["id"], "text": EVIL}).raise_for_status().json()
    appeal = filed["appeal"]["id"]
    api.senior.post(f"/v1/appeals/{appeal}/notes", json={"text": EVIL}).raise_for_status()
    link = api.label.post(f"/v1/cases/{case}/creator-link", json={"creator": EVIL}).raise_for_status().json()
    api.creator = "/creator/" + link["url"].rsplit("/", 1)[1]
    assert api.anonymous.post(api.creator, data={"text": EVIL}).status_code == 303
    draft = api.label.post("/v1/drafts").json()["id"]
    message = f"<a>{EVIL}</a>"
    api.label.put(f"/v1/drafts/{draft}/files/m.xml", json={"text": message}).raise_for_status()
    for to in ({"draft": draft}, {"appeal": appeal, "kind": "other"}):
        told = {"filename": FILE, **to}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "0", "Upload-Metadata": metadata}
        api.label.post("/v1/uploads", headers=headers).raise_for_status()
    files = [("message", ("m.xml", message.encode())), ("audio", (FILE, b"RIFF"))]
    delivery = api.label.post("/v1/deliveries", files=files).raise_for_status().json()["id"]
    api.app.state.settings = api.settings.model_copy(update={"webhook_private": True})
    address = "http://127.0.0.1:9/'><i/data-evil>"
    hook = api.label.post("/v1/webhooks", json={"url": address}).raise_for_status().json()["webhook"]["id"]
    api.moderator.post("/v1/views", json={"title": EVIL, "filter": "state:open"})
    api.names = {"case": case, "other": other, "appeal": appeal, "draft": draft, "delivery": delivery, "hook": hook}
    yield api
    api.db.close()


@pytest.mark.parametrize("place", CONSOLE)
def test_the_console_shows_it_as_text(spoiled, place):
    page = spoiled.senior.get(place.format(**spoiled.names))

    assert page.status_code in {200, 422}
    assert MARK not in page.text
    assert "<i/data-evil" not in page.text
    assert ">49" not in page.text


@pytest.mark.parametrize("place", PORTAL)
def test_the_portal_shows_it_as_text(spoiled, place):
    page = spoiled.label.get(place.format(**spoiled.names))

    assert page.status_code == 200
    assert MARK not in page.text
    assert "<i/data-evil" not in page.text
    assert "'onmouseover='" not in page.text


def test_a_creators_page_shows_it_as_text(spoiled):
    page = spoiled.anonymous.get(spoiled.creator)

    assert (page.status_code, MARK in page.text) == (200, False)
    assert "&lt;i data-evil" in page.text


@pytest.mark.parametrize("place", ["/console/cases/%3Ci%20data-evil", "/portal/cases/%3Ci%20data-evil"])
def test_a_problem_is_no_page_of_theirs(spoiled, place):
    who = spoiled.senior if "console" in place else spoiled.label

    answer = who.get(place, headers={"accept": "text/html"})

    assert answer.status_code == 404
    assert MARK not in answer.text or answer.headers["content-type"] == "application/problem+json"


def test_a_proof_is_handed_out_as_bytes_that_no_browser_opens(spoiled):
    (proof,) = spoiled.label.get(f"/v1/appeals/{spoiled.names['appeal']}").json()["attachments"]

    answer = spoiled.senior.get(f"/v1/appeals/{spoiled.names['appeal']}/attachments/{proof['id']}")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_title_adds_no_line_to_a_mails_head(spoiled):
    body = {"type": "case.decided", "data": {"recording": {"title": "Song\r\nBcc: all@example.com\n\nHello"}}}
    letter = Letter("whd_1", "mailto:a@b.example", "evt_1", json.dumps(body), (), 1)

    mail = write_mail(letter, "a@b.example", spoiled.settings, START)

    assert mail["Bcc"] is None
    assert mail["Subject"] == "Decided: Song Bcc: all@example.com Hello"
