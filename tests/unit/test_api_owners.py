"""What is a label's own: another label reaches none of it by any route, and hears the same as where nothing is."""

import base64
import re

import pytest
from fixtures_api import make_api, make_screening

from api.permissions import ROUTES, admits
from api.services.access import Role

STATEMENT = {"facts": "The voice was cloned.", "ground": "Terms 4.2", "explanation": "No licence."}
TUS = {"Tus-Resumable": "1.0.0"}
SENT = {  # what a route needs to get as far as the thing itself
    "POST /v1/cases/{case_id}/creator-link": {"json": {"creator": "Ada"}},
    "POST /v1/appeals/{appeal_id}/withdraw": {"json": {"expected_version": 1}},
    "PUT /v1/drafts/{draft_id}/files/{name:path}": {"json": {"text": "<a/>"}},
    "HEAD /v1/uploads/{upload_id}": {"headers": TUS},
    "DELETE /v1/uploads/{upload_id}": {"headers": TUS},
    "PATCH /v1/uploads/{upload_id}": {
        "headers": {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        "content": b"mine",
    },
    "POST /v1/webhooks/{webhook_id}/replay": {"json": {}},
    "POST /portal/cases/{case_id}/appeal": {"data": {"text": "It is ours, not theirs."}},
    "POST /portal/cases/{case_id}/creator-link": {"data": {"creator": "Ada"}},
    "POST /portal/appeals/{appeal_id}/withdraw": {"data": {"version": "1"}},
    "POST /portal/drafts/{draft_id}/message": {"data": {"name": "m.xml", "text": "<a/>"}},
    "POST /portal/drafts/{draft_id}/mend": {"data": {"name": "m.xml"}},
    "POST /portal/drafts/{draft_id}/remove": {"data": {"name": "m.xml"}},
    "POST /portal/webhooks/{webhook_id}": {"data": {"action": "remove"}},
}
NOT_OWNED = {"GET /v1/audio/{token}", "GET /portal/static/{version}/{name}", "GET /console/static/{version}/{name}"}
OWNED = [
    route
    for route, needed in ROUTES.items()
    if "{" in route and admits(Role.LABEL, needed) and route not in NOT_OWNED and "/creator/" not in route
    and "/console/approve/" not in route
]  # fmt: skip


def announce(who, length, **told):
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata}
    return who.post("/v1/uploads", headers=headers).raise_for_status().headers["location"].rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def owned(tmp_path_factory, sqlite_template):
    """The API with one of everything that a label can have, and its ids."""
    api = make_api(tmp_path_factory.mktemp("owners") / "home", sqlite_template)
    sound = api.settings.landing / "accounts" / "nova" / "x.wav"
    sound.parent.mkdir(parents=True)
    sound.write_bytes(bytes(range(100)))
    (result,) = api.record(make_screening(1, "AID-002", account="nova", audio_uri=str(sound)))
    case_id = result["case_id"]
    body = {"action": "remove", "reason": "Cloned.", "expected_version": 1, "statement": STATEMENT}
    decided = api.moderator.post(f"/v1/cases/{case_id}/decide", json=body).raise_for_status().json()
    appeal = {"decision_id": decided["decisions"][-1]["id"], "text": "It is our own voice."}
    api.ids = {
        "case_id": case_id,
        "appeal_id": api.label.post("/v1/appeals", json=appeal).raise_for_status().json()["appeal"]["id"],
        "recording_key": "rec_1",
        "isrc": "QZABC2600001",
        "screening_id": "scr_1_0",
        "delivery_id": api.label.post("/v1/deliveries", files=[("message", ("m.xml", b"<a/>"))]).json()["id"],
        "draft_id": api.label.post("/v1/drafts").json()["id"],
        "name": "m.xml",
    }
    api.label.put(f"/v1/drafts/{api.ids['draft_id']}/files/m.xml", json={"text": "<a/>"}).raise_for_status()
    api.ids["upload_id"] = announce(api.label, 4, filename="a.wav", draft=api.ids["draft_id"])
    proof = announce(api.label, 0, filename="p.als", appeal=api.ids["appeal_id"], kind="project")
    api.ids["attachment_id"] = proof.replace("upl_", "att_")
    api.app.state.settings = api.settings.model_copy(update={"webhook_private": True})
    hook = api.label.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/x"}).raise_for_status().json()
    api.ids["webhook_id"] = hook["webhook"]["id"]
    tried = api.label.post(f"/v1/webhooks/{api.ids['webhook_id']}/test").raise_for_status().json()
    api.ids["message_id"] = tried["id"]
    yield api
    api.db.close()


def ask(owned, who, route, *, ids):
    method, _, path = route.partition(" ")
    of_hook = {"delivery_id": ids["message_id"]} if "/webhooks/" in path else {}
    address = re.sub(r"\{(\w+)(:path)?\}", lambda found: {**ids, **of_hook}[found[1]], path)
    return who.request(method, address, **SENT.get(route, {}))


def everything(owned):
    """What the owner sees of all that it has."""
    places = ("/v1/cases", "/v1/appeals", "/v1/deliveries", "/v1/drafts", "/v1/webhooks")
    cases = [owned.label.get(place).json() for place in places]
    return cases, owned.label.get(f"/v1/cases/{owned.ids['case_id']}/events").json()


@pytest.mark.parametrize("route", OWNED)
def test_another_label_hears_what_it_hears_where_nothing_is(owned, route):
    before = None if route.startswith(("GET", "HEAD")) else everything(owned)
    nothing = {**dict.fromkeys(owned.ids, "nothing"), "name": "m.xml", "isrc": "QZABC2699999"}

    foreign = ask(owned, owned.other_label, route, ids=owned.ids)
    absent = ask(owned, owned.other_label, route, ids=nothing)

    assert (foreign.status_code, absent.status_code) == (404, 404)
    told = foreign.text
    for name, value in owned.ids.items():
        told = told.replace(value, nothing[name])
    assert told == absent.text
    assert before is None or everything(owned) == before


def test_the_walk_reaches_what_the_owner_has(owned):
    """Else a route would say 404 to anybody, and the walk would prove nothing."""
    reads = [route for route in OWNED if route.startswith(("GET", "HEAD"))]

    statuses = {route: ask(owned, owned.label, route, ids=owned.ids).status_code for route in reads}

    assert {route for route, status in statuses.items() if status >= 400} <= {"GET /portal/drafts/{draft_id}/message"}


@pytest.mark.parametrize("place", ["cases?state=decided", "appeals", "deliveries", "drafts", "webhooks"])
def test_lists_name_nothing_of_another(owned, place):
    names = [value for name, value in owned.ids.items() if name != "name"]
    own, told = (who.get(f"/v1/{place}") for who in (owned.label, owned.other_label))

    assert [value for value in names if value in own.text]
    assert (told.status_code, [value for value in names if value in told.text]) == (200, [])


@pytest.mark.parametrize("name", ["account", "case_id", "cursor"])
def test_no_filter_opens_anothers_appeals(owned, name):
    given = {"account": "nova", "case_id": owned.ids["case_id"], "cursor": owned.ids["appeal_id"]}

    told = owned.other_label.get("/v1/appeals", params={name: given[name]}).json()

    assert (told["appeals"], told["total"]) == ([], 0)


def test_anothers_message_is_not_sent_by_a_hook_of_ones_own(owned):
    own = owned.other_label.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/y"}).json()["webhook"]["id"]

    answer = owned.other_label.post(f"/v1/webhooks/{own}/deliveries/{owned.ids['message_id']}/replay")

    assert answer.status_code == 404


def test_nothing_is_attached_to_anothers_draft_or_appeal(owned):
    for told in ({"draft": owned.ids["draft_id"]}, {"appeal": owned.ids["appeal_id"], "kind": "stem"}):
        values = {"filename": "x.wav", **told}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())
        headers = {**TUS, "Upload-Length": "4", "Upload-Metadata": metadata}
        assert owned.other_label.post("/v1/uploads", headers=headers).status_code == 404
