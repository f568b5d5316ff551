"""Every route with every role: who gets in, and that nobody sees what is not theirs."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fixtures_api import make_api, make_screening

from api.permissions import ROUTES, Access, admits, as_table
from api.services import clock
from api.services.access import Role
from api.services.screenings import case_id_of

KEYS = {
    "anonymous": None,
    "label": Role.LABEL,
    "other_label": Role.LABEL,
    "moderator": Role.MODERATOR,
    "senior": Role.SENIOR,
    "admin": Role.ADMIN,
    "auditor": Role.AUDITOR,
    "service": Role.SERVICE,
}
ROLES = tuple(KEYS)
FILES = {"files": [("message", ("m.xml", b"<a/>"))]}


def at(version, **more):
    return {"expected_version": version, **more}


DECISION = at(1, action="approve", reason="Heard it.")

# What is sent where a route needs more than an empty body, so that the answer is the one of the thing itself.
SENT = {
    "POST /v1/keys/{name}/rotate": {"json": {}},
    "POST /v1/deliveries": FILES,
    "POST /v1/screenings": {"json": {"screenings": []}},
    "POST /v1/cases/{case_id}/claim": {"json": at(1)},
    "POST /v1/cases/{case_id}/release": {"json": at(1)},
    "POST /v1/cases/{case_id}/decide": {"json": DECISION},
    "POST /v1/cases/{case_id}/hand-over": {"json": at(1, to="ben", note="Please.")},
    "POST /v1/cases/{case_id}/park": {"json": at(1, until="2999-01-01T00:00:00Z", reason="Why.")},
    "POST /v1/cases/{case_id}/unpark": {"json": at(1)},
    "POST /v1/cases/{case_id}/reopen": {"json": at(1, reason="Why.")},
    "POST /v1/cases/{case_id}/settle": {"json": at(1, release=True, reason="Why.")},
    "POST /v1/cases/{case_id}/creator-link": {"json": {"creator": "Ada"}},
    "POST /v1/cases/{case_id}/golden": {"json": at(1, action="approve")},
    "DELETE /v1/cases/{case_id}/decision": {"params": {"expected_version": 1}},
}
CASES = [route for route in ROUTES if "/cases/{case_id}" in route and not route.startswith("GET")]
# Routes that refuse once more by what is asked for: signing in needs a good link, an appeal its own decision.
OWN_GATE = {
    "POST /console/sign-in",
    "GET /console/sign-in/callback",
    "POST /v1/deliveries",
    "POST /v1/chat/slack",
    "GET /console/approve/{approval_id}/{signature}",
    "POST /console/approve/{approval_id}/{signature}",
    "POST /v1/cases/{case_id}/creator-link",
}
# The exact answer where everything is nova's; 404: it is not theirs to see. Order: that of ROLES.
EXACT = {
    "GET /v1/me": (401, 200, 200, 200, 200, 200, 200, 200),
    "GET /v1/keys": (401, 403, 403, 403, 403, 200, 403, 403),
    "POST /v1/keys": (401, 403, 403, 403, 403, 201, 403, 403),
    "POST /v1/deliveries": (401, 202, 202, 403, 403, 422, 403, 422),
    "GET /v1/deliveries/{delivery_id}": (401, 200, 404, 200, 200, 200, 200, 200),
    "POST /v1/screenings": (401, 403, 403, 403, 403, 200, 403, 200),
    "GET /v1/screenings/{screening_id}": (401, 200, 404, 200, 200, 200, 200, 200),
    "GET /v1/cases": (401, 200, 200, 200, 200, 200, 200, 200),
    "GET /v1/cases/{case_id}": (401, 200, 404, 200, 200, 200, 200, 200),
    "GET /v1/cases/{case_id}/events": (401, 200, 404, 200, 200, 200, 200, 200),
    "POST /v1/cases/{case_id}/claim": (401, 403, 403, 200, 200, 200, 403, 403),
    "POST /v1/cases/{case_id}/release": (401, 403, 403, 409, 409, 409, 403, 403),
    "POST /v1/cases/{case_id}/decide": (401, 403, 403, 200, 200, 200, 403, 403),
    "POST /v1/cases/{case_id}/reopen": (401, 403, 403, 409, 409, 409, 403, 403),
    "POST /v1/cases/{case_id}/settle": (401, 403, 403, 403, 409, 409, 403, 403),
    "GET /v1/quality": (401, 403, 403, 403, 200, 200, 200, 403),
    "GET /v1/audit/head": (401, 403, 403, 403, 403, 200, 200, 403),
    "GET /metrics": (401, 403, 403, 403, 403, 200, 200, 200),
    "GET /v1/recordings/{recording_key}/audio": (401, 200, 404, 200, 200, 200, 200, 200),
    "GET /v1/recordings/{isrc}/credits": (401, 200, 404, 200, 200, 200, 200, 200),
    "GET /console": (401, 403, 403, 200, 200, 200, 200, 403),
}


def walk(routes):
    """Every method and path of an app, through routers within routers."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from walk(inner.routes)
        elif hasattr(route, "methods"):
            yield from (f"{method} {route.path}" for method in sorted(route.methods))


@pytest.fixture(scope="module")
def filled(tmp_path_factory, sqlite_template):
    api = make_api(tmp_path_factory.mktemp("access") / "home", sqlite_template)
    sound = api.settings.landing / "accounts" / "nova" / "x.wav"
    sound.parent.mkdir(parents=True)
    sound.write_bytes(bytes(range(100)))
    api.app.state.console_listener = object()  # made where the app is served; nothing is decoded here
    numbers = range(2 * len(ROLES) * len(CASES))  # a case for every request, so that none is in another's way
    many = [make_screening(n, "AID-002", account="nova", audio_uri=str(sound)) for n in numbers]
    for start in range(0, len(many), 500):
        api.record(*many[start : start + 500])
    for role in ROLES:
        api.as_role(f"spare-{role}", Role.SERVICE)
    api.delivery = api.label.post("/v1/deliveries", **FILES).json()["id"]
    yield api
    api.db.close()


def ask(filled, route, role, *, take=0):
    number = (CASES.index(route) + take * len(CASES)) * len(ROLES) + ROLES.index(role) if route in CASES else 0
    names = {
        "name": f"spare-{role}",
        "case_id": case_id_of(f"rec_{number}", "nova"),
        "recording_key": f"rec_{number}",
        "isrc": f"QZABC26{number:05}",
        "screening_id": f"scr_{number}_0",
        "delivery_id": filled.delivery,
    }
    sent = SENT.get(route, {})
    if route == "POST /v1/keys":
        sent = {"json": {"name": f"new-{role}-{take}", "role": "service"}}
    method, _, path = route.partition(" ")
    address = re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "nothing"), path)
    return getattr(filled, role).request(method, address, **sent)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_lets_in_whom_its_row_names_and_nobody_else(filled, route):
    """A refusal is 401 without a key and 403 with one; whoever is let in may still hear that something is not there."""
    needed = ROUTES[route]
    for role, key in KEYS.items():
        status = ask(filled, route, role).status_code
        if role == "anonymous" and needed is not Access.ANYBODY:
            assert status == 401, role
        elif not admits(key, needed):
            assert status == 403, role
        else:
            assert status not in {401, 403, 405} or route in OWN_GATE, (role, status)
        assert status < 500, role


@pytest.mark.parametrize("route", EXACT)
def test_what_each_role_hears(filled, route):
    assert EXACT[route] == tuple(ask(filled, route, role, take=1).status_code for role in ROLES)


def test_every_route_of_the_app_has_a_row(api):
    assert set(walk(api.app.routes)) == set(ROUTES)


def test_the_documentation_shows_the_table_that_is_enforced():
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")

    assert as_table() in text


def test_a_key_is_narrowed_to_its_scopes(api):
    figures = api.as_role("prometheus", Role.SERVICE, scopes=["metrics"])

    answers = [figures.get(path) for path in ("/metrics", "/v1/cases", "/v1/me")]

    assert [answer.status_code for answer in answers] == [200, 403, 200]
    assert answers[1].json()["mend"] == "Use a key whose scopes name it."
    assert answers[2].json()["permissions"] == ["metrics"]


def test_a_key_is_never_widened_by_scopes(api):
    wanted = {"name": "x", "role": "moderator", "scopes": ["keys"]}

    assert api.admin.post("/v1/keys", json=wanted).status_code == 422


def test_both_tokens_are_good_while_a_rotation_overlaps(api, monkeypatch):
    old = api.as_role("robot", Role.SERVICE)
    issued = api.admin.post("/v1/keys/robot/rotate", json={"overlap_hours": 1}).json()
    new = api.client(authorization=f"Bearer {issued['token']}")
    assert [old.get("/v1/me").status_code, new.get("/v1/me").status_code] == [200, 200]

    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert [old.get("/v1/me").status_code, new.get("/v1/me").status_code] == [401, 200]

    api.admin.post("/v1/keys/robot/rotate", json={"overlap_hours": 0})
    assert new.get("/v1/me").status_code == 401


@pytest.mark.parametrize("path", ["/v1/cases/{}", "/v1/screenings/{}", "/v1/recordings/{}/audio", "/v1/deliveries/{}"])
def test_what_is_anothers_looks_like_what_is_not_there(filled, path):
    own = {"cases": case_id_of("rec_1", "nova"), "screenings": "scr_1_0", "recordings": "rec_1"}
    foreign = own.get(path.split("/")[2], filled.delivery)

    hidden = filled.other_label.get(path.format(foreign)).text.replace(foreign, "X")
    absent = filled.other_label.get(path.format("nothing")).text.replace("nothing", "X")

    assert absent == hidden


def test_a_label_lists_its_own_alone(api):
    api.record(make_screening(1, "AID-002", account="nova"))
    api.label.post("/v1/deliveries", **FILES)

    seen = [(who.get("/v1/cases").json(), who.get("/v1/deliveries").json()) for who in (api.label, api.other_label)]

    assert [(cases["total"], cases["codes"]) for cases, _ in seen] == [(1, {"AID-002": 1}), (0, {})]
    assert [len(deliveries["deliveries"]) for _, deliveries in seen] == [1, 0]


def test_a_label_delivers_for_nobody_else(api):
    assert api.label.post("/v1/deliveries?account=mole", **FILES).status_code == 404
    assert api.label.post("/v1/deliveries?account=nova", **FILES).status_code == 202
    assert api.service.post("/v1/deliveries?account=nova", **FILES).status_code == 202
    assert api.service.post("/v1/deliveries?account=../..", **FILES).status_code == 404
