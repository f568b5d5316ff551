"""Commands of whoever runs the service: keys, webhooks, models, recall."""

import json

import httpx
import pytest
from fixtures_api import make_screening
from test_api_policies import MODEL, drafted, noisy, post
from test_api_recall import case, decide
from typer.testing import CliRunner

from api.cli.app import app
from api.inprocess import InProcessTransport
from api.services import webhooks
from api.services.access import Actor, Role
from api.settings import Settings
from api.store import events
from api.store import webhooks as hook_store
from api.tables import OidcIdentityRow
from classifiers.models import active

ROOT = Actor("root", Role.ADMIN)


@pytest.fixture
def call(api, monkeypatch, tmp_path):
    """Run a command on the API's own database and registry."""
    monkeypatch.setenv("LINER_HOME", str(api.settings.home))
    monkeypatch.setenv("LINER_REGISTRY", str(tmp_path / "models"))

    def run(*words):
        return CliRunner().invoke(app, words)

    return run


class TestKeys:
    def test_rotate_gives_another_token_and_the_old_one_stays_good_for_a_while(self, api, call):
        done = call("keys", "rotate", "mia", "--overlap-hours", "1")

        token = done.stdout.strip().splitlines()[0]
        assert done.exit_code == 0, done.output
        assert api.client(authorization=f"Bearer {token}").get("/v1/me").json()["name"] == "mia"
        assert api.moderator.get("/v1/me").status_code == 200
        call("keys", "rotate", "mia", "--overlap-hours", "0")
        assert api.client(authorization=f"Bearer {token}").get("/v1/me").status_code == 401

    def test_join_ties_a_person_at_the_provider_to_a_key(self, api, call, monkeypatch):
        monkeypatch.setenv("LINER_OIDC_ISSUER", "https://id.example")
        monkeypatch.setenv("LINER_OIDC_CLIENT_ID", "liner")

        done = call("keys", "join", "mia", "--subject", "00u1")

        assert done.exit_code == 0, done.output
        with api.db.read() as session:
            assert session.get(OidcIdentityRow, ("https://id.example", "00u1")) is not None
        assert "no key" in str(call("keys", "join", "nobody", "--subject", "00u2").exception)

    def test_revoke_ends_a_key(self, api, call):
        assert call("keys", "revoke", "mia").exit_code == 0
        assert api.moderator.get("/v1/me").status_code == 401
        assert "mia" in call("keys", "list").output


class TestWebhooks:
    @pytest.fixture
    def hook(self, api):
        open_settings = Settings(home=api.settings.home, webhook_private=True)
        wanted = webhooks.WebhookCreate(url="http://127.0.0.1:9/hook")
        return webhooks.register(api.db, ROOT, open_settings, wanted).webhook.id

    def test_what_was_given_up_is_listed_and_sent_again(self, api, call, hook):
        made = webhooks.test(api.db, ROOT, hook)
        with api.db.write() as session:
            (row,) = hook_store.page(session, hook, state=None, cursor=None, limit=1)
            row.state, row.last_answer = hook_store.DEAD, "refused"
            session.add(row)

        assert hook[:8] in call("webhooks", "list").output
        assert made.message_id[:8] in call("webhooks", "dead", hook).output
        assert "1 message(s) will be sent again" in call("webhooks", "replay", hook).output
        assert "1 message(s) tried" in call("webhooks", "send", "--within", "5").output

    def test_rotate_prints_another_secret(self, call, hook):
        first, second = (call("webhooks", "rotate", hook).output.strip() for _ in range(2))
        assert first.startswith("whsec_")
        assert first != second


class TestModels:
    def test_promote_and_rollback_say_what_is_in_use(self, call):
        assert "is in use already" in call("models", "promote", active.DEFAULTS[active.SYNTHETIC]).output
        assert isinstance(call("models", "promote", "nothing-1").exception, Exception)
        active.promote({**active.DEFAULTS})
        done = call("models", "rollback")
        assert (done.exit_code, "In use: " in done.output) == (0, True), done.output
        assert "liner rejudge LAKE --dry-run counts what would change" in done.output
        assert "nothing to roll back" in str(call("models", "rollback").exception)

    def test_an_approval_that_is_not_committed_promotes_nothing(self, api, call, monkeypatch):
        """The registry is a file beside the database: it follows the transaction, also back."""
        del call
        api.record(noisy(1, 0.6))
        made = drafted(api.senior, active.DEFAULTS[active.SYNTHETIC], kind="model")
        made = post(api.senior, f"/{made['id']}/simulate", expected_version=made["version"])
        before, settle, seen = active.read_pointer(), events.settle, []

        def fails(session):
            if not session.info.get(events.PENDING):
                return
            seen.append(len(active.read_pointer().stack))
            raise RuntimeError("the disk is full")

        monkeypatch.setattr("api.store.events.settle", fails)
        answer = api.admin.post(f"/v1/policies/{made['id']}/approve", json={"expected_version": made["version"]})
        monkeypatch.setattr("api.store.events.settle", settle)

        assert (answer.status_code, seen) == (500, [len(before.stack) + 1])
        assert active.read_pointer().stack == before.stack
        assert api.admin.get(f"/v1/policies/{made['id']}").json()["state"] == "draft"


class TestRecall:
    @pytest.fixture
    def service(self, api, monkeypatch):
        """The command speaks to the API without a network."""
        token = str(api.senior.headers["authorization"]).removeprefix("Bearer ")
        monkeypatch.setenv("LINER_REVIEW_KEY", token)
        real = httpx.Client
        monkeypatch.setattr(
            httpx,
            "Client",
            lambda **more: real(**{**more, "transport": InProcessTransport(api.app, actor=None)}),
        )
        api.record(noisy(1, 0.6), make_screening(2, "AID-002"))
        for number in (1, 2):
            decide(api, number)
        return api

    def test_it_is_a_dry_run_until_one_says_yes(self, service, call):
        words = ("models", "recall", MODEL, "--reason", "It hears noise in rain.")

        dry, done, again = call(*words), call(*words, "--yes"), call(*words, "--yes", "--format", "json")

        assert "1 decisions: 1 reopened. Nothing was done: add --yes." in dry.output
        assert case(1) in dry.output
        assert "1 decisions: 1 reopened." in done.output
        assert json.loads(again.output)["counts"] == {"open": 1}
        states = [service.moderator.get(f"/v1/cases/{case(n)}").json()["case"]["state"] for n in (1, 2)]
        assert states == ["open", "decided"]

    def test_it_needs_a_key(self, call, monkeypatch):
        monkeypatch.delenv("LINER_REVIEW_KEY", raising=False)
        assert "There is no key" in str(call("models", "recall", MODEL, "--reason", "Why not.").exception)
