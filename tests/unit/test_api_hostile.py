"""What strangers may cost, and what of people's secrets never reaches a log."""

import json
import logging
import os
import time

import pytest
from fixtures_api import make_screening, run_aside
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.services import cases, deliveries

JSON = {"content-type": "application/json"}
CHUNK = 64 * 1024


def send(
    app, path: str, headers: dict[str, str], first: bytes, *, method: str = "POST"
) -> tuple[int, dict[str, object], int]:
    """Post a body of 64 MB that is not announced; gives status, problem, and how many bytes were taken."""
    chunks = iter([first, *[b" " * CHUNK] * 1000])
    answered: list[dict[str, object]] = []
    taken = 0

    async def receive():
        nonlocal taken
        chunk = next(chunks, None)
        taken += len(chunk or b"")
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def answer(message):
        answered.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "http_version": "1.1"}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    run_aside(app(scope, receive, answer))
    body = b"".join(message.get("body", b"") for message in answered)
    return answered[0]["status"], json.loads(body), taken


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer liner_none"}, {"cookie": "liner_session=forged"}])
@pytest.mark.parametrize("path", ["/v1/screenings", "/v1/deliveries", "/v1/keys", "/v1/cases/cas_1/decide"])
def test_the_body_of_a_stranger_is_not_taken(api, path, headers):
    status, problem, taken = send(api.app, path, {**JSON, **headers}, b"{")

    assert (status, problem["code"], taken) == (401, "not-signed-in", 0)
    assert problem["mend"]


def test_no_piece_is_taken_by_a_link_that_is_none(api):
    head = {"content-type": "application/offset+octet-stream", "tus-resumable": "1.0.0", "upload-offset": "0"}

    status, problem, taken = send(api.app, f"/creator/{'a' * 43}/uploads/upl_1", head, b"RIFF", method="PATCH")

    assert (status, problem["code"], taken) == (404, "not-found", 0)


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/sign-out"])
def test_a_stranger_may_send_a_form_and_no_more(api, path):
    status, problem, taken = send(api.app, path, {"content-type": "application/x-www-form-urlencoded"}, b"token=")

    assert (status, problem["code"]) == (413, "too-large")
    assert taken <= 2 * CHUNK


def test_a_label_sends_no_more_than_its_commands_need(api):
    head = {**JSON, "authorization": api.label.headers["authorization"]}

    status, problem, taken = send(api.app, "/v1/appeals", head, b"{")

    assert (status, problem["code"]) == (413, "too-large")
    assert taken <= 1024 * 1024 + CHUNK
    draft = api.label.post("/v1/drafts").json()["id"]
    message = {"text": "<a>" + "b" * 2_000_000 + "</a>"}
    assert api.label.put(f"/v1/drafts/{draft}/files/m.xml", json=message).status_code == 200


def test_who_has_a_key_may_send_all_that_is_allowed(api):
    answer = api.service.post("/v1/screenings", content=b'{"screenings": []' + b" " * 200_000 + b"}", headers=JSON)

    assert answer.status_code == 200


def test_what_a_crash_left_of_an_upload_is_swept(api):
    account = api.settings.landing / "accounts" / "nova"
    for name in (".incoming-dlv_old", ".incoming-dlv_under-way", "dlv_done"):
        (account / name / "resources").mkdir(parents=True)
        (account / name / "resources" / "a.wav").write_bytes(b"RIFF")
    long_ago = time.time() - deliveries.ABANDONED_S - 60
    for name in (".incoming-dlv_old", "dlv_done"):
        for place in (account / name / "resources" / "a.wav", account / name / "resources", account / name):
            os.utime(place, (long_ago, long_ago))

    assert deliveries.sweep(api.settings) == 1
    assert sorted(p.name for p in account.iterdir()) == [".incoming-dlv_under-way", "dlv_done"]


def test_a_log_of_a_bug_holds_no_token(api, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(cases, "queue", broken)
    token = api.moderator.headers["authorization"].removeprefix("Bearer ")

    with caplog.at_level(logging.DEBUG):
        answer = api.moderator.get("/v1/cases?q=private")

    assert answer.status_code == 500
    assert "RuntimeError" in caplog.text
    logged = "\n".join(one for one in caplog.text.splitlines() if "httpx" not in one)  # this test's own client
    assert token not in logged
    assert "private" not in logged


def test_an_error_of_the_database_names_no_values(sqlite_db):
    with sqlite_db.read() as session, pytest.raises(Exception, match="no_such_table") as raised:
        session.execute(text("SELECT 1 FROM no_such_table WHERE token = :token"), {"token": "csrf-of-mia"})

    assert "csrf-of-mia" not in str(raised.value)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("field", ["screened_at", "message_created_at"])
def test_a_time_outside_the_calendar_is_refused_by_name(api, field, moment):
    one = make_screening(1, "AID-002").model_dump(mode="json")
    (one if field == "screened_at" else one["intake"])[field] = moment

    (result,) = api.service.post("/v1/screenings", json={"screenings": [one]}).json()["results"]

    assert (result["status"], result["problem"]["code"]) == ("refused", "invalid-screening")
    assert field in result["problem"]["detail"]


@pytest.mark.parametrize(
    "body",
    [
        rb'{"screenings": [{"id": "\ud800"}]}',
        rb'{"screenings": [{"\ud800": 1}]}',
        rb'{"screenings": [], "\ud800": 1}',
        rb'{"screenings": ["\udfff", NaN, 1e999]}',
    ],
)
def test_what_cannot_be_encoded_is_refused_in_words(api, body):
    answer = api.service.post("/v1/screenings", content=body, headers=JSON)

    assert answer.status_code in {200, 422}
    assert all(one["status"] == "refused" for one in answer.json().get("results", ()))


def test_a_decision_in_lone_surrogates_is_an_invalid_request(api):
    (result,) = api.record(make_screening(1, "AID-002"))
    body = rb'{"action": "approve", "reason": "\ud800\ud800\ud800", "expected_version": 1}'

    answer = api.moderator.post(f"/v1/cases/{result['case_id']}/decide", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


def test_a_boundary_without_end_is_refused(api):
    kind = {"content-type": f"multipart/form-data; boundary={'b' * 5000}"}

    answer = api.label.post("/v1/deliveries", content=b"", headers=kind)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


@pytest.mark.parametrize("name", ["second.xml", "other.JSON", "BatchComplete_1.wav", "a.complete", "ACK_1.wav"])
def test_no_message_or_marker_comes_in_as_sound(api, name):
    files = [("message", ("m.xml", b"<a/>")), ("audio", (name, b"RIFF"))]

    answer = api.label.post("/v1/deliveries", files=files)

    assert (answer.status_code, answer.json()["code"]) == (422, "unsafe-path")
    assert list((api.settings.landing / "accounts" / "nova").iterdir()) == []


@pytest.mark.parametrize("table", ["event", "decision"])
def test_sqlite_replaces_nothing_that_is_only_appended(api, table):
    (result,) = api.record(make_screening(1, "AID-002"))
    decision = {"action": "approve", "reason": "Heard it.", "expected_version": 1}
    api.moderator.post(f"/v1/cases/{result['case_id']}/decide", json=decision).raise_for_status()

    with pytest.raises(DBAPIError, match="append-only"), api.db.write() as session:
        session.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"))
