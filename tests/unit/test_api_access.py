"""Every route with every role: who gets in, and that nobody sees what is not theirs."""

import pytest
from fastapi.routing import APIRoute
from fixtures_api import make_api, make_screening

from api.routes import cases, deliveries, keys, meta, recordings, screenings
from api.services.access import Role
from api.services.screenings import case_id_of

ROLES = ("anonymous", "label", "other_label", "moderator", "service", "admin")
FILES = {"files": [("message", ("m.xml", b"<a/>"))]}


def at(version, **more):
    return {"expected_version": version, **more}


DECISION = at(1, action="approve", reason="Heard it.")

# (method, path, what is sent, status for each of ROLES); everything is nova's
MATRIX = [
    ("GET", "/livez", {}, (200, 200, 200, 200, 200, 200)),
    ("GET", "/readyz", {}, (200, 200, 200, 200, 200, 200)),
    ("GET", "/docs", {}, (200, 200, 200, 200, 200, 200)),
    ("GET", "/metrics", {}, (401, 403, 403, 403, 200, 200)),
    ("GET", "/v1/me", {}, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/keys", {}, (401, 403, 403, 403, 403, 200)),
    ("POST", "/v1/keys", {"json": {"name": "new", "role": "service"}}, (401, 403, 403, 403, 403, 201)),
    ("DELETE", "/v1/keys/{name}", {}, (401, 403, 403, 403, 403, 200)),
    ("POST", "/v1/deliveries", FILES, (401, 202, 202, 403, 422, 422)),
    ("GET", "/v1/deliveries", {}, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/deliveries/{delivery_id}", {}, (401, 200, 404, 200, 200, 200)),
    ("POST", "/v1/screenings", {"json": {"screenings": []}}, (401, 403, 403, 403, 200, 200)),
    ("GET", "/v1/screenings/{screening_id}", {}, (401, 200, 404, 200, 200, 200)),
    ("GET", "/v1/cases", {}, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/cases/{case_id}", {}, (401, 200, 404, 200, 200, 200)),
    ("GET", "/v1/cases/{case_id}/events", {}, (401, 200, 404, 200, 200, 200)),
    ("POST", "/v1/cases/{case_id}/claim", {"json": at(1)}, (401, 403, 403, 200, 403, 200)),
    ("POST", "/v1/cases/{case_id}/release", {"json": at(1)}, (401, 403, 403, 409, 403, 409)),
    (
        "POST",
        "/v1/cases/{case_id}/decide",
        {"json": DECISION},
        (401, 403, 403, 200, 403, 200),
    ),
    ("POST", "/v1/cases/{case_id}/reopen", {"json": at(1, reason="Why.")}, (401, 403, 403, 409, 403, 409)),
    ("GET", "/v1/recordings/{recording_key}/audio", {}, (401, 200, 404, 200, 200, 200)),
    ("GET", "/v1/recordings/{isrc}/credits", {}, (401, 200, 404, 200, 200, 200)),
    ("GET", "/v1/schemas/submission.json", {}, (200, 200, 200, 200, 200, 200)),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory, sqlite_template):
    api = make_api(tmp_path_factory.mktemp("access") / "home", sqlite_template)
    sound = api.settings.landing / "accounts" / "nova" / "x.wav"
    sound.parent.mkdir(parents=True)
    sound.write_bytes(bytes(range(100)))
    numbers = range(len(ROLES) * len(MATRIX))  # a case for every request, so that none is in another's way
    api.record(*(make_screening(n, "AID-002", account="nova", audio_uri=str(sound)) for n in numbers))
    for role in ROLES:
        api.as_role(f"spare-{role}", Role.SERVICE)
    api.delivery = api.label.post("/v1/deliveries", **FILES).json()["id"]
    yield api
    api.db.close()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", MATRIX, ids=lambda row: f"{row[0]} {row[1]}")
def test_who_gets_in(filled, row, role):
    method, path, sent, statuses = row
    number = MATRIX.index(row) * len(ROLES) + ROLES.index(role)
    names = {
        "name": f"spare-{role}",
        "case_id": case_id_of(f"rec_{number}", "nova"),
        "recording_key": f"rec_{number}",
        "isrc": f"QZABC26{number:05}",
        "screening_id": f"scr_{number}_0",
        "delivery_id": filled.delivery,
    }

    answer = getattr(filled, role).request(method, path.format(**names), **sent)

    assert statuses[ROLES.index(role)] == answer.status_code, answer.text


def test_the_matrix_names_every_route():
    routers = (cases, deliveries, keys, meta, recordings, screenings)
    routes = [route for module in routers for route in module.router.routes if isinstance(route, APIRoute)]

    assert {(row[0], row[1]) for row in MATRIX} == {
        (method, route.path) for route in routes for method in route.methods
    }


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
