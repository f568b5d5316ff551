"""Webhooks against a receiver on the loopback interface: signed, tried again, given up, sent again."""

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from fixtures_api import Api, make_screening
from pydantic import SecretStr
from slack_stand_in import POLL_S
from sqlmodel import select

from api.services import addresses, clock, courier
from api.settings import Settings
from api.tables import WebhookDeliveryRow
from schemas.signing import verify

STATEMENT = {"facts": "Cloned vocals.", "ground": "Terms 4.2", "explanation": "No licence."}


class Receiver:
    """Keeps what it is sent and answers as it is told."""

    def __init__(self):
        self.status = 204
        self.got = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(POLL_S,), daemon=True).start()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def api(sqlite_template, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    made = Api(Settings(home=home, webhook_private=True, review_rules="at-once"))
    yield made
    made.db.close()


def register(who, url, **more):
    answer = who.post("/v1/webhooks", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["webhook"]["id"], answer.json()["secret"]


def decide(api, number=1, **intake):
    (result,) = api.record(make_screening(number, "AID-002", **{"account": "nova", **intake}))
    body = {"action": "remove", "reason": "Cloned vocals.", "expected_version": 1, "statement": STATEMENT}
    assert api.moderator.post(f"/v1/cases/{result['case_id']}/decide", json=body).status_code == 200
    return result["case_id"]


def work(api, after=timedelta()):
    """Let the courier work as if some time had passed."""
    now = datetime.now(UTC) + after
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        return courier.work(api.db, api.settings)


def deliveries(who, hook, **filters):
    return who.get(f"/v1/webhooks/{hook}/deliveries", params=filters).json()["deliveries"]


def test_a_decision_reaches_its_label_signed_with_its_statement(api, receiver):
    _, secret = register(api.label, receiver.url, kinds=["case.decided"])
    case_id = decide(api)

    work(api)

    ((headers, body),) = receiver.got
    assert verify(headers, body, secret, datetime.now(UTC))
    told = json.loads(body)
    assert (told["type"], told["data"]["case"]) == ("case.decided", case_id)
    assert told["data"]["decision"]["statement"]["facts"] == "Cloned vocals."
    assert "mia" not in body.decode()  # who decided is nobody's business outside
    assert work(api) == 0  # once is enough


def test_another_label_hears_nothing_and_an_administrator_everything(api, receiver):
    theirs, _ = register(api.other_label, receiver.url)
    own, _ = register(api.admin, receiver.url)
    decide(api)

    work(api)

    assert deliveries(api.other_label, theirs) == []
    assert {one["kind"] for one in deliveries(api.admin, own)} == {"case.decided", "case.opened"}


def test_a_label_without_transport_hears_by_its_dpid(api, receiver):
    hook, _ = register(api.label, receiver.url, kinds=["case.decided"])
    decide(api, account=None)

    work(api)

    assert len(deliveries(api.label, hook)) == 1


def test_what_fails_is_tried_again_later_with_the_same_id_and_given_up_at_last(api, receiver):
    hook, _ = register(api.label, receiver.url, kinds=["case.decided"])
    decide(api)
    receiver.status, passed = 500, timedelta()

    assert work(api) == 1
    for wait in courier.BACK_OFF:
        assert work(api, passed + wait / 2) == 0
        passed += wait * 1.25 + timedelta(seconds=1)
        assert work(api, passed) == 1

    (one,) = deliveries(api.label, hook, state="dead")
    assert (one["attempts"], one["last_answer"], one["next_at"]) == (10, "500 Internal Server Error", None)
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {one["message_id"]}
    assert len(receiver.got) == 10
    assert api.label.get("/v1/webhooks").json()["webhooks"][0]["dead"] == 1

    receiver.status = 200
    assert api.label.post(f"/v1/webhooks/{hook}/replay").json() == {"queued": 1}
    work(api, passed)
    assert deliveries(api.label, hook)[0]["state"] == "delivered"


def test_a_process_that_died_while_sending_sends_again_when_its_lease_is_over(api, receiver, monkeypatch):
    hook, _ = register(api.label, receiver.url, kinds=["case.decided"])
    decide(api)
    monkeypatch.setattr(courier, "_note", lambda *_: None)  # as if it were killed before it could write
    work(api)
    monkeypatch.undo()

    assert work(api) == 0
    assert work(api, courier.LEASE + timedelta(seconds=1)) == 1

    assert [headers["webhook-id"] for headers, _ in receiver.got] == [receiver.got[0][0]["webhook-id"]] * 2
    assert deliveries(api.label, hook)[0]["state"] == "delivered"


def test_two_couriers_send_each_message_once(api, receiver):
    register(api.label, receiver.url, kinds=["case.decided"])
    for number in range(1, 6):
        decide(api, number)
    courier.fan_out(api.db, api.settings)
    threads = [threading.Thread(target=courier.send_due, args=(api.db, api.settings)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    courier.send_due(api.db, api.settings)

    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == len(set(ids)) == 5


def test_redirects_are_not_followed(api, receiver):
    hook, _ = register(api.label, receiver.url)
    receiver.status = 302
    api.label.post(f"/v1/webhooks/{hook}/test")

    work(api)

    assert len(receiver.got) == 1
    assert deliveries(api.label, hook)[0]["last_answer"] == "302 Found"


def test_gone_ends_a_webhook(api, receiver):
    hook, _ = register(api.label, receiver.url)
    receiver.status = 410
    api.label.post(f"/v1/webhooks/{hook}/test")

    work(api)

    assert api.label.get("/v1/webhooks").json()["webhooks"] == []
    assert api.label.post(f"/v1/webhooks/{hook}/test").status_code == 404


def test_both_secrets_sign_for_a_day(api, receiver):
    hook, old = register(api.label, receiver.url)
    new = api.label.post(f"/v1/webhooks/{hook}/rotate").json()["secret"]
    assert old != new

    for after, old_is_good in ((timedelta(), True), (timedelta(hours=25), False)):
        api.label.post(f"/v1/webhooks/{hook}/test")
        work(api, after)
        headers, body = receiver.got[-1]
        at = datetime.now(UTC) + after
        assert (verify(headers, body, new, at), verify(headers, body, old, at)) == (True, old_is_good)


def test_an_address_that_turned_private_is_not_called(api, receiver, monkeypatch):
    hook, _ = register(api.label, receiver.url)
    strict = api.settings.model_copy(update={"webhook_private": False})
    monkeypatch.setattr(addresses, "parse", lambda *_: addresses.Target("https", "localhost", 443, "/"))
    api.label.post(f"/v1/webhooks/{hook}/test")

    courier.work(api.db, strict)

    assert receiver.got == []
    assert "private address" in deliveries(api.label, hook)[0]["last_answer"]


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/x", "https://169.254.169.254/latest", "mailto:a@b.example", "gopher://x"]
)
def test_addresses_are_looked_at_when_they_are_registered(sqlite_template, tmp_path, url):
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    strict = Api(Settings(home=home))

    answer = strict.label.post("/v1/webhooks", json={"url": url})

    assert (answer.status_code, answer.json()["code"]) == (422, "address-refused")
    strict.db.close()


def test_a_webhook_is_its_labels_own(api, receiver):
    hook, secret = register(api.label, receiver.url)

    commands = ("DELETE ", "POST /rotate", "POST /test", "GET /deliveries", "POST /replay")
    for method, path in (one.split(" ") for one in commands):
        assert api.other_label.request(method, f"/v1/webhooks/{hook}{path}").status_code == 404
        assert api.moderator.request(method, f"/v1/webhooks/{hook}{path}").status_code == 403
    assert api.label.post("/v1/webhooks", json={"url": receiver.url, "account": "mole"}).status_code == 404
    assert secret not in api.label.get("/v1/webhooks").text


def test_nothing_goes_to_a_webhook_that_was_removed(api, receiver):
    hook, _ = register(api.label, receiver.url)
    api.label.post(f"/v1/webhooks/{hook}/test")
    api.label.delete(f"/v1/webhooks/{hook}")

    work(api)

    assert receiver.got == []
    with api.db.read() as session:
        assert [row.state for row in session.exec(select(WebhookDeliveryRow))] == ["dead"]


class Mailbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd calls it so
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


def test_a_decision_reaches_a_label_by_mail(api):
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    settings = api.settings.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{port}")})
    api.app.state.settings = settings
    hook, _ = register(api.label, "mailto:desk@nova.example", kinds=["case.decided"])
    decide(api)

    courier.work(api.db, settings)
    controller.stop()

    ((to, content),) = mailbox.mails
    assert to == ["desk@nova.example"]
    assert "Subject: Decided: Song 1" in content
    assert "Facts: Cloned vocals." in content
    said = " ".join(content.replace("=\n", "").split())
    for part in ("Where: Worldwide", "Until: open end", "found by automated means and decided by a person", "a court."):
        assert part in said
    assert "appeal free of charge until" in content
    assert deliveries(api.label, hook)[0]["state"] == "delivered"


def test_where_nobody_listens_nothing_piles_up(api, receiver):
    decide(api)
    assert work(api) == 0
    hook, _ = register(api.label, receiver.url)

    work(api)

    assert deliveries(api.label, hook) == []  # what was before it is not told


def test_many_events_are_told_in_short_transactions(api, receiver, monkeypatch):
    monkeypatch.setattr(courier, "FAN_OUT", 2)
    hook, _ = register(api.label, receiver.url, kinds=["case.opened"])
    api.record(*(make_screening(n, "AID-002", account="nova") for n in range(1, 8)))

    work(api)

    assert len(deliveries(api.label, hook)) == 7
