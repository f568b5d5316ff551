"""Approvals from chat against a stand-in of Slack: signed, once, by a linked moderator, as the console would."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from fixtures_api import Api, make_screening
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from slack_stand_in import FORM, SECRET, TOKEN, Slack

from api.chat import calls, desk, signature
from api.services import chat, clock, courier
from api.settings import Settings
from schemas.errors import InvalidTransition

PATH = "/v1/chat/slack"
REASONS = {
    "reason": "Cloned vocals.",
    "facts": "The voice of Ada.",
    "ground": "Terms 4.2",
    "explanation": "No licence.",
}
NOW = datetime.now(UTC)


def make(home, template, slack, rules="at-once"):
    home.mkdir()
    (home / "review.db").write_bytes(template.read_bytes())
    made = Settings(
        home=home,
        review_rules=rules,
        webhook_private=True,
        rate_per_address=0,
        slack_signing_secret=SecretStr(SECRET),
        slack_bot_token=SecretStr(TOKEN),
        slack_api_url=f"{slack.url}/api",
    )
    return Api(made)


@pytest.fixture
def slack():
    made = Slack()
    yield made
    made.close()


@pytest.fixture
def api(sqlite_template, tmp_path, slack):
    made = make(tmp_path / "home", sqlite_template, slack)
    yield made
    made.db.close()


@pytest.fixture
def housed(sqlite_template, tmp_path, slack):
    """With the rules of the house: time to undo, second looks."""
    made = make(tmp_path / "housed", sqlite_template, slack, rules="house")
    yield made
    made.db.close()


def channel(api, slack, **more):
    body = {"url": f"{slack.url}/services/T1/B1/x", "form": "slack", **more}
    answer = api.admin.post("/v1/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["webhook"]["id"]


def post(api, slack, body, **signed):
    return api.anonymous.post(PATH, content=body, headers=slack.headers(body, **signed))


def linked(api, slack, who="mia", user="U1"):
    """Link as a person does: a code from the console, typed into the chat."""
    actor = next(one for one in actors(api) if one.name == who)
    answer = post(api, slack, slack.command(f"link {chat.new_code(api.db, actor)}", user))
    assert f"You are {who}" in answer.json()["text"]


def actors(api):
    from api.services import keys
    from api.services.access import Actor

    return [Actor(name=one.name, role=one.role) for one in keys.every(api.db, keys.TERMINAL)]


def card_of(api, slack, number=1, *codes):
    """A new case's card as it arrives in the channel."""
    (result,) = api.record(make_screening(number, *(codes or ("AID-002", "SPM-003"))))
    courier.work(api.db, api.settings)
    return result["case_id"], slack.cards[-1]


def state(api, case_id):
    about = api.admin.get(f"/v1/cases/{case_id}").json()
    return about["case"]["state"], [one["decided_by"] for one in about["decisions"]]


def test_a_card_says_what_contradicts_and_leads_to_the_console(api, slack):
    channel(api, slack)

    case_id, card = card_of(api, slack)

    text = json.dumps(card)
    assert text.index("AID-002") < text.index("SPM-003")
    assert f"/console/cases/{case_id}|Open in the console" in text
    assert "Declared: Undeclared" in text
    assert [one["action_id"] for one in card["blocks"][-1]["elements"]] == ["approve", "ask", "restrict"]


def test_a_title_calls_nobody_and_links_nowhere(api, slack):
    channel(api, slack)
    recording = make_screening(1).intake.recording.model_copy(update={"title": "<!channel> <https://evil|x> & co"})

    api.record(make_screening(1, "AID-002", recording=recording))
    courier.work(api.db, api.settings)

    marked = [b["text"] for b in slack.cards[0]["blocks"] if b["type"] == "section"]
    assert all("<!" not in one["text"] and one["verbatim"] for one in marked)
    assert slack.cards[0]["text"].startswith("&lt;!channel&gt; &lt;https://evil|x&gt; &amp; co")


def test_a_card_that_slack_does_not_take_is_tried_again_and_given_up_as_any_message(api, slack):
    hook = channel(api, slack)
    slack.webhook_status = 500
    api.record(make_screening(1, "AID-002"))
    courier.work(api.db, api.settings)

    (one,) = api.admin.get(f"/v1/webhooks/{hook}/deliveries").json()["deliveries"]
    assert (one["state"], one["attempts"], one["last_answer"]) == ("pending", 1, "500 Internal Server Error")

    slack.webhook_status = 200
    assert api.admin.post(f"/v1/webhooks/{hook}/deliveries/{one['id']}/replay").status_code == 202
    courier.work(api.db, api.settings)
    assert len(slack.cards) == 1


def test_a_channel_has_a_filter_and_an_administrator(api, slack):
    channel(api, slack, filter="rule:AID-002 severity:high")
    api.record(make_screening(1, "SPM-003"))
    api.record(make_screening(2, "AID-002"))
    courier.work(api.db, api.settings)

    assert [card["text"] for card in slack.cards] == ["Song 2 — Ada"]
    url = f"{slack.url}/services/x"
    assert api.label.post("/v1/webhooks", json={"url": url, "form": "slack"}).status_code == 403
    wrong = {"url": url, "form": "slack", "filter": "colour:red"}
    assert api.admin.post("/v1/webhooks", json=wrong).json()["code"] == "invalid-filter"


def test_who_is_not_linked_is_told_how_and_decides_nothing(api, slack):
    channel(api, slack)
    case_id, card = card_of(api, slack)

    assert post(api, slack, slack.click(card, "approve")).status_code == 200

    (told,) = slack.answers
    assert told["response_type"] == "ephemeral"
    assert "/liner link CODE" in told["text"]
    assert state(api, case_id) == ("open", [])


def test_a_linked_moderator_approves_and_the_card_says_so_to_all(api, slack):
    channel(api, slack)
    linked(api, slack)
    case_id, card = card_of(api, slack)

    answer = post(api, slack, slack.click(card, "approve"))

    assert (answer.status_code, answer.content) == (200, b"")
    replaced, receipt = slack.answers
    assert replaced["replace_original"] is True
    assert "Approve by mia" in replaced["text"]
    assert all(block["type"] != "actions" for block in replaced["blocks"])
    assert receipt["response_type"] == "ephemeral"
    assert state(api, case_id) == ("decided", ["mia"])
    acted = [e for e in api.admin.get(f"/v1/cases/{case_id}/events").json()["events"] if e["kind"] == "chat.acted"]
    assert [(e["actor"], e["payload"]["user"], len(e["payload"]["sha256"])) for e in acted] == [("mia", "U1", 64)]


def test_the_same_request_and_the_same_button_work_once(api, slack):
    channel(api, slack)
    linked(api, slack)
    case_id, card = card_of(api, slack)
    body = slack.click(card, "approve")
    post(api, slack, body)

    assert post(api, slack, body).status_code == 409
    assert api.senior.post(f"/v1/cases/{case_id}/reopen", json=again(api, case_id)).status_code == 200
    post(api, slack, slack.click(card, "approve"))  # a new click on the old card

    assert "mia used this at" in slack.answers[-1]["text"]
    assert state(api, case_id) == ("open", ["mia"])


def again(api, case_id):
    return {"expected_version": api.admin.get(f"/v1/cases/{case_id}").json()["case"]["version"], "reason": "Once more."}


def test_a_case_that_changed_says_who_what_and_when_and_gets_a_card_of_now(api, slack):
    channel(api, slack)
    linked(api, slack)
    case_id, card = card_of(api, slack)
    api.admin.post(f"/v1/cases/{case_id}/claim", json={"expected_version": 1})
    api.admin.post(f"/v1/cases/{case_id}/release", json={"expected_version": 2})

    post(api, slack, slack.click(card, "approve"))

    fresh, told = slack.answers
    assert "root changed it at" in told["text"]
    assert "case.released" in told["text"]
    assert state(api, case_id) == ("open", [])
    post(api, slack, slack.click(fresh, "approve"))
    assert state(api, case_id) == ("decided", ["mia"])


def test_somebody_elses_claim_is_respected_and_the_button_stays_good(api, slack):
    channel(api, slack)
    linked(api, slack)
    (result,) = api.record(make_screening(1, "AID-002"))
    case_id = result["case_id"]
    api.admin.post(f"/v1/cases/{case_id}/claim", json={"expected_version": 1})
    courier.work(api.db, api.settings)

    post(api, slack, slack.click(slack.cards[0], "approve"))
    assert "root holds case" in slack.answers[-1]["text"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(hours=1))  # the lease is over
        post(api, slack, slack.click(slack.cards[0], "approve"), at=time.time() + 3600)

    assert state(api, case_id) == ("decided", ["mia"])


def test_a_restriction_needs_the_modal_with_its_reasons(api, slack):
    channel(api, slack)
    linked(api, slack)
    case_id, card = card_of(api, slack)
    post(api, slack, slack.click(card, "restrict"))
    (modal,) = slack.modals
    filled = {**REASONS, "action": "remove"}

    answer = post(api, slack, slack.submit(modal, **{**filled, "explanation": ""}))
    assert answer.json() == {"response_action": "errors", "errors": {"explanation": "Missing: explanation (d, e)"}}
    assert state(api, case_id) == ("open", [])

    assert post(api, slack, slack.submit(modal, **filled)).content == b""
    assert state(api, case_id) == ("decided", ["mia"])
    (decision,) = api.admin.get(f"/v1/cases/{case_id}").json()["decisions"]
    assert (decision["action"], decision["statement"]["facts"]) == ("remove", REASONS["facts"])
    post(api, slack, slack.click(card, "approve"))
    assert "mia used this" in slack.answers[-1]["text"]


def test_a_modal_is_for_whoever_opened_it(api, slack):
    channel(api, slack)
    linked(api, slack)
    linked(api, slack, "sue", "U2")
    case_id, card = card_of(api, slack)
    post(api, slack, slack.click(card, "restrict"))

    post(api, slack, slack.submit(slack.modals[0], user="U2", **REASONS, action="remove"))

    assert "somebody else" in slack.answers[-1]["text"]
    assert state(api, case_id) == ("open", [])


def test_a_question_goes_to_the_label(api, slack):
    channel(api, slack)
    linked(api, slack)
    case_id, card = card_of(api, slack)

    post(api, slack, slack.click(card, "ask"))
    post(api, slack, slack.submit(slack.modals[0], reason="Who sings?"))

    assert state(api, case_id) == ("waiting", ["mia"])


def test_what_was_decided_can_be_undone_by_whoever_did(housed, slack):
    channel(housed, slack)
    linked(housed, slack)
    linked(housed, slack, "sue", "U2")
    case_id, card = card_of(housed, slack)
    post(housed, slack, slack.click(card, "approve"))
    replaced, receipt = slack.answers
    assert state(housed, case_id)[0] == "pending"
    assert "takes effect at" in replaced["text"]

    post(housed, slack, slack.click(receipt, "undo", user="U2"))
    assert state(housed, case_id)[0] == "pending"
    post(housed, slack, slack.click(receipt, "undo"))

    assert state(housed, case_id) == ("open", [])


def test_a_removal_waits_for_a_blind_second_opinion_and_the_channel_does_not_give_it_away(housed, slack):
    channel(housed, slack)
    linked(housed, slack)
    case_id, card = card_of(housed, slack)
    post(housed, slack, slack.click(card, "restrict"))

    post(housed, slack, slack.submit(slack.modals[0], **REASONS, action="remove"))

    assert state(housed, case_id)[0] == "second_review"
    replaced, receipt = slack.answers
    assert "waits for a second person" in replaced["text"]
    assert "emove" not in json.dumps(replaced)
    assert all(block["type"] != "actions" for block in receipt["blocks"])


def test_a_revoked_key_and_a_cut_link_decide_nothing(api, slack):
    channel(api, slack)
    linked(api, slack)
    _, card = card_of(api, slack)
    api.admin.delete("/v1/keys/mia")

    post(api, slack, slack.click(card, "approve"))

    assert "does not know you" in slack.answers[-1]["text"]


def test_a_code_links_once_and_not_for_long(api, slack):
    mia = next(one for one in actors(api) if one.name == "mia")
    code = chat.new_code(api.db, mia)
    assert "You are mia" in post(api, slack, slack.command(f"link {code.lower()}")).json()["text"]
    assert "unknown, used or too old" in post(api, slack, slack.command(f"link {code}", "U9")).json()["text"]
    late = chat.new_code(api.db, mia)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=11))
        answer = post(api, slack, slack.command(f"link {late}", "U9"), at=time.time() + 660)
    assert "too old" in answer.json()["text"]
    assert "You are mia" in post(api, slack, slack.command("who am I")).json()["text"]


def test_a_policy_goes_live_from_the_chat_after_its_effect_was_seen_and_not_by_its_author(api, slack):
    from test_api_policies import POLICY, drafted
    from test_api_policies import post as to_policies

    channel(api, slack)
    linked(api, slack, "root", "U1")
    linked(api, slack, "sue", "U2")
    made = drafted(api.senior, POLICY)
    to_policies(api.senior, f"/{made['id']}/simulate", expected_version=made["version"])
    courier.work(api.db, api.settings)
    (card,) = slack.cards
    assert "Cases a day" in json.dumps(card)
    assert card["blocks"][-1]["elements"][0]["confirm"]["confirm"]["text"] == "Go live"

    post(api, slack, slack.click(card, "go-live", user="U2"))
    assert api.admin.get(f"/v1/policies/{made['id']}").json()["state"] == "draft"
    assert slack.answers[-1]["response_type"] == "ephemeral"

    post(api, slack, slack.click(card, "go-live", user="U1"))
    assert api.admin.get(f"/v1/policies/{made['id']}").json()["state"] == "live"
    assert "root approved it" in slack.answers[-1]["text"]


@pytest.mark.parametrize("late", [-303, 360, 10**9])
def test_a_signature_is_good_for_five_minutes(api, slack, late):
    body = slack.command("who")
    assert post(api, slack, body, at=time.time() + late).status_code == 401
    assert post(api, slack, body).status_code == 200


def test_without_a_secret_nothing_is_good(sqlite_template, tmp_path, slack):
    (tmp_path / "review.db").write_bytes(sqlite_template.read_bytes())
    api = Api(Settings(home=tmp_path))
    body = slack.command("who")

    assert post(api, slack, body).status_code == 401
    assert post(api, slack, body, secret="").status_code == 401
    api.db.close()


@given(body=st.binary(max_size=200), other=st.binary(max_size=200), at=st.integers(-(10**6), 10**6))
@settings(deadline=None)
def test_only_the_same_body_secret_and_time_are_good(body, other, at):
    stamp = str(int(NOW.timestamp()))
    given_now = NOW + timedelta(seconds=at)
    signed = signature.sign(SECRET, stamp, body)

    assert signature.is_good(SECRET, stamp, signed, body, given_now) == (
        abs(given_now - datetime.fromtimestamp(int(stamp), UTC)) <= timedelta(minutes=5)
    )
    assert signature.is_good(SECRET, stamp, signed, other, NOW) == (body == other)
    assert not signature.is_good(SECRET + "x", stamp, signed, body, NOW)
    assert not signature.is_good("", stamp, signed, body, NOW)


@given(stamp=st.text(max_size=20), sign=st.text(max_size=90))
@settings(deadline=None)
def test_whatever_the_headers_say_is_read_without_an_error(stamp, sign):
    assert not signature.is_good(SECRET, stamp, sign, b"x", NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
SHAPED = st.fixed_dictionaries(
    {"type": st.sampled_from(["block_actions", "view_submission", "shortcut", "\ud800"])},
    optional={
        "user": JSON | st.just({"id": "U1"}),
        "team": JSON | st.just({"id": "T1"}),
        "actions": JSON
        | st.lists(st.fixed_dictionaries({"action_id": st.sampled_from(["approve", "undo", "x"])}), max_size=2),
        "view": JSON
        | st.fixed_dictionaries({"callback_id": st.just("restrict"), "private_metadata": st.text(max_size=20)}),
        "response_url": st.sampled_from(["", "http://[", "ftp://x", "http://127.0.0.1:9/", "javascript:x"]),
    },
)
BODIES = (
    st.binary(max_size=300)
    | JSON.map(lambda one: b"payload=" + json.dumps(one).encode())
    | SHAPED.map(lambda one: b"payload=" + json.dumps(one).encode())
    | st.just(b"payload=" + b"[" * 100_000)
    | st.just(b"&".join([b"a=1"] * 100))
    | st.just(b"command=/liner&team_id=T1&user_id=U1&text=link%20%00%ff")
)


@given(body=BODIES)
@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_hostile_body_is_refused_in_words_and_never_an_error_of_ours(api, slack, body):
    answer = post(api, slack, body)

    assert answer.status_code in {200, 409, 422}, answer.text
    unsigned = api.anonymous.post(PATH, content=body, headers={"content-type": FORM})
    assert unsigned.status_code == 401


def test_a_large_body_is_not_taken(api, slack):
    assert post(api, slack, b"payload=" + b"x" * 300_000).status_code == 413


def test_answers_go_to_slack_alone(api, slack):
    strict = Settings(home=api.settings.home)
    assert not calls.answer(strict, f"{slack.url}/actions/x", {"text": "x"})
    assert not calls.answer(strict, "https://hooks.slack.com.evil.test/x", {"text": "x"})
    assert slack.answers == []


def test_of_many_clicks_at_once_one_goes_on(db):
    with db.write() as session:
        right = chat.granted(session, "case", "cas_1", 1, life=timedelta(days=1), holder="").id

    def attempt(act):
        try:
            return act() is not None
        except InvalidTransition:
            return False

    with ThreadPoolExecutor(8) as people:
        spent = list(people.map(lambda _: attempt(lambda: chat.spend(db, right, by="mia")), range(8)))
        taken = list(people.map(lambda _: attempt(lambda: chat.take(db, b"body")), range(8)))

    assert (sum(spent), sum(taken)) == (1, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=16))
        assert attempt(lambda: chat.take(db, b"another"))  # and the first is forgotten: its signature is too old
        assert attempt(lambda: chat.take(db, b"body"))


def test_slack_has_its_answer_before_the_work_begins(api, slack):
    channel(api, slack)
    linked(api, slack)
    case_id, card = card_of(api, slack)
    body = slack.click(card, "approve")
    headers = slack.headers(body)
    signed = {"timestamp": headers["X-Slack-Request-Timestamp"], "given": headers["X-Slack-Signature"]}

    reply = desk.receive(api.db, api.settings, api.app.state.rules, **signed, body=body)

    assert (reply.content, slack.answers, state(api, case_id)) == (None, [], ("open", []))
    reply.later()
    assert state(api, case_id) == ("decided", ["mia"])
