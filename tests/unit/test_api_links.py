"""Links in a mail that approve: looked at by anybody, used once, for one version, by one moderator."""

import email
import re
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from fixtures_api import Api, make_screening
from pydantic import SecretStr
from sqlmodel import select

from api.services import clock, courier
from api.settings import Settings
from api.tables import WebhookDeliveryRow

HTML = {"accept": "text/html"}


class Mailbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd calls it so
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@pytest.fixture
def mailbox():
    handler = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.url = f"smtp://127.0.0.1:{port}"
    yield handler
    controller.stop()


@pytest.fixture
def api(sqlite_template, tmp_path, mailbox):
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    made = Api(Settings(home=home, review_rules="at-once", smtp_url=SecretStr(mailbox.url)))
    made.hook = register(made, "mia").json()["webhook"]["id"]
    yield made
    made.db.close()


def register(api, holder, **more):
    wanted = {"url": "mailto:mia@example.test", "form": "mail", "holder": holder, **more}
    return api.admin.post("/v1/webhooks", json=wanted)


def mailed(api, mailbox, number=1):
    (result,) = api.record(make_screening(number, "AID-002", "SPM-003"))
    courier.work(api.db, api.settings)
    link = re.search(r"http\S+/console/approve/\S+", mailbox.mails[-1].get_content())
    return result["case_id"], urlsplit(link[0]).path


def state(api, case_id):
    about = api.admin.get(f"/v1/cases/{case_id}").json()
    return about["case"]["state"], [one["decided_by"] for one in about["decisions"]]


def test_the_mail_says_why_and_looking_changes_nothing(api, mailbox):
    case_id, path = mailed(api, mailbox)
    text = mailbox.mails[0].get_content()
    assert mailbox.mails[0]["Subject"] == "Look and approve: Song 1 — Ada"
    assert text.index("AID-002") < text.index("SPM-003") < text.index("/console/approve/")

    for _ in range(3):
        page = api.client(**HTML).get(path)
        assert page.status_code == 200
        assert "You approve as mia. It then goes live as declared." in page.text

    assert api.client(**HTML).head(path).status_code == 405
    assert state(api, case_id) == ("open", [])


def test_the_button_approves_once_as_the_moderator(api, mailbox):
    case_id, path = mailed(api, mailbox)

    answer = api.client(**HTML).post(path)

    assert answer.status_code == 200
    assert "Approve by mia" in answer.text
    assert state(api, case_id) == ("decided", ["mia"])
    again = api.client(**HTML).post(path)
    assert again.status_code == 409
    assert "mia used this at" in again.text
    kinds = [one["kind"] for one in api.admin.get(f"/v1/cases/{case_id}/events").json()["events"]]
    assert kinds[-1] == "chat.acted"


def test_no_table_holds_a_link_that_works(api, mailbox):
    _, path = mailed(api, mailbox)
    signature = path.rpartition("/")[2]
    with api.db.read() as session:
        bodies = [one.body for one in session.exec(select(WebhookDeliveryRow))]
    assert bodies
    assert not [body for body in bodies if signature in body]


@pytest.mark.parametrize("forge", [lambda s: s[:-1], lambda s: s + "A", lambda _: "x", lambda _: "%ff%00"])
def test_a_forged_link_is_refused(api, mailbox, forge):
    case_id, path = mailed(api, mailbox)
    start, _, signature = path.rpartition("/")

    for method in ("GET", "POST"):
        assert api.client(**HTML).request(method, f"{start}/{forge(signature)}").status_code == 401
        assert api.client(**HTML).request(method, f"/console/approve/apv_{'0' * 32}/{signature}").status_code == 401
    assert state(api, case_id) == ("open", [])


def test_a_link_ends_with_its_case_version_its_day_its_key_and_its_address(api, mailbox):
    case_id, path = mailed(api, mailbox)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(hours=25))
        assert api.client(**HTML).post(path).status_code == 409

    api.admin.post(f"/v1/cases/{case_id}/claim", json={"expected_version": 1})
    stale = api.client(**HTML).get(path)
    assert stale.status_code == 409
    assert "root changed it at" in stale.text

    _, path = mailed(api, mailbox, 2)
    api.admin.delete("/v1/keys/mia")
    assert api.client(**HTML).post(path).status_code == 401
    api.admin.delete(f"/v1/webhooks/{api.hook}")
    assert api.client(**HTML).post(path).status_code == 401


def test_a_form_of_another_site_is_refused(api, mailbox):
    _, path = mailed(api, mailbox)
    assert api.client(**HTML, **{"sec-fetch-site": "cross-site"}).post(path).status_code == 403


@pytest.mark.parametrize("holder", ["nova", "scan", "nobody", None])
def test_a_link_is_for_somebody_who_works_on_cases(api, holder):
    assert register(api, holder).status_code == 422
    assert register(api, "mia", account="nova").status_code == 422
    assert register(api, "mia", url="https://example.test/x").status_code == 422
