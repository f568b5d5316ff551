import pytest
from fixtures_api import as_json, make_screening, run_aside
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from api.main import create_app
from api.security import BodyLimit
from api.services import cases
from schemas.errors import LinerError


def all_errors(kind=LinerError):
    for sub in kind.__subclasses__():
        yield sub
        yield from all_errors(sub)


def problem(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance", "code", "mend"} <= set(body)
    assert answer.status_code == body["status"]
    return body


@pytest.fixture
def case(api):
    (result,) = api.record(make_screening(1, "AID-002"))
    return f"/v1/cases/{result['case_id']}"


def test_a_stale_decision_says_who_what_and_when(api, case):
    api.admin.post(f"{case}/claim", json={"expected_version": 1})
    decision = {"action": "approve", "reason": "Heard it.", "expected_version": 1}

    answer = api.moderator.post(f"{case}/decide", json=decision)

    body = problem(answer)
    assert (409, "stale-case", case + "/decide") == (body["status"], body["code"], body["instance"])
    assert (body["expected"], body["actual"], body["changed_by"]) == (1, 2, "root")
    assert body["changed_at"].endswith("UTC")


def test_a_restriction_without_its_reasons_names_the_missing_letters(api, case):
    decision = {"action": "remove", "reason": "Spam.", "expected_version": 1, "statement": {"facts": "x"}}

    body = problem(api.moderator.post(f"{case}/decide", json=decision))

    assert (body["status"], body["missing"]) == (422, ["ground (d, e)", "explanation (d, e)"])


def test_a_restriction_with_its_reasons_is_kept(api, case):
    statement = {"facts": "Cloned vocals.", "ground": "Terms 4.2", "explanation": "No licence."}
    decision = {"action": "remove", "reason": "Spam.", "expected_version": 1, "statement": statement}

    about = api.moderator.post(f"{case}/decide", json=decision).json()

    assert (about["case"]["state"], about["allowed_actions"]) == ("decided", ["reopen"])
    assert statement.items() <= about["decisions"][0]["statement"].items()


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (b"{", "body"),
        (b'{"action": "burn", "reason": "abc", "expected_version": 1}', "body.action"),
        (b'{"action": "approve", "reason": "\\ud800xx", "expected_version": 1}', "body.reason"),
        (b'{"action": "approve", "reason": "abc", "expected_version": 1, "more": 1}', "body.more"),
    ],
)
def test_a_body_that_is_wrong_is_named_without_repeating_it(api, case, body, at):
    answer = api.moderator.post(f"{case}/decide", content=body, headers={"content-type": "application/json"})

    assert problem(answer)["code"] == "invalid-request"
    assert problem(answer)["errors"][0]["at"].startswith(at)


@pytest.mark.parametrize("method_path", [("GET", "/v1/nothing"), ("PUT", "/v1/cases"), ("GET", "/v1/cases/cas_0")])
def test_what_is_not_there_is_a_problem(api, method_path):
    assert 404 <= problem(api.admin.request(*method_path))["status"] <= 405


def test_a_busy_database_says_when_to_try_again(api, monkeypatch):
    def locked(*_):
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(cases, "queue", locked)

    answer = api.admin.get("/v1/cases")

    assert (problem(answer)["code"], answer.headers["retry-after"]) == ("database-unavailable", "5")
    assert "locked" not in answer.text


def test_a_bug_shows_nothing_of_itself(api, monkeypatch):
    def broken(*_):
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(cases, "queue", broken)

    answer = api.admin.get("/v1/cases")

    assert (answer.status_code, problem(answer)["code"]) == (500, "internal-error")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("kind", sorted(all_errors(), key=lambda kind: kind.__name__))
def test_every_error_has_a_status(kind):
    from api.problems import STATUS

    assert any(base in STATUS for base in kind.__mro__)


@pytest.mark.parametrize("path", ["/livez", "/v1/nothing", "/docs", "/v1/cases"])
def test_every_answer_carries_the_security_headers(api, path):
    headers = api.anonymous.get(path).headers

    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert tuple(headers[name] for name in ("x-content-type-options", "x-frame-options", "referrer-policy")) == (
        "nosniff",
        "DENY",
        "no-referrer",
    )


def test_nothing_is_loaded_from_elsewhere(api):
    page = api.anonymous.get("/docs").text

    assert "http" not in page.replace("http-equiv", "")
    assert "/openapi.json" in page


def test_the_description_names_every_operation_once(api):
    paths = api.anonymous.get("/openapi.json").json()["paths"]
    ids = [operation["operationId"] for operations in paths.values() for operation in operations.values()]

    assert "cases-decide" in ids
    assert len(ids) == len(set(ids))
    assert not [path for path in paths if "console" in path]


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_beyond_the_limit_is_refused(api, is_announced):
    settings = api.settings.model_copy(update={"max_body_bytes": 1000})
    api.app = create_app(settings)
    client = api.client(authorization=api.service.headers["authorization"])
    body = b'{"screenings": [' + b" " * 2000 + b"]}"
    content = body if is_announced else iter([body])

    answer = client.post("/v1/screenings", content=content, headers={"content-type": "application/json"})

    assert (answer.status_code, problem(answer)["code"]) == (413, "too-large")
    api.app.state.database.close()


def test_what_is_announced_too_large_is_not_waited_for():
    async def never():
        raise AssertionError("the body was asked for")

    async def app(_scope, receive, _send):
        await receive()

    scope = {"type": "http", "path": "/v1/screenings", "headers": [(b"content-length", b"11")]}

    async def ten(_request):
        return 10

    with pytest.raises(HTTPException):
        run_aside(BodyLimit(app, limit_of=ten)(scope, never, never))


def test_more_than_a_batch_is_refused(api):
    answer = api.service.post("/v1/screenings", json={"screenings": [{}] * 501})

    assert problem(answer)["status"] == 422


def test_results_come_in_the_order_of_the_batch(api):
    answer = api.service.post("/v1/screenings", json=as_json(make_screening(2, "AID-002"), make_screening(1)))
    body = as_json(make_screening(1))
    body["screenings"].insert(0, {"id": "bad"})
    again = api.service.post("/v1/screenings", json=body)

    assert [(one["id"], one["status"]) for one in answer.json()["results"]] == [
        ("scr_2_0", "created"),
        ("scr_1_0", "created"),
    ]
    assert [one["status"] for one in again.json()["results"]] == ["refused", "unchanged"]
    assert again.json()["results"][0]["problem"]["code"] == "invalid-screening"


def test_metrics_count_routes_and_cases(api, case):
    api.admin.get(case)

    text = api.admin.get("/metrics").text

    assert 'liner_http_requests_total{method="GET",route="/v1/cases/{case_id}",status="200"} 1.0' in text
    assert 'liner_cases{state="open"} 1.0' in text


def test_not_ready_without_a_database(api, monkeypatch):
    monkeypatch.setattr(type(api.db), "is_reachable", lambda _: False)

    assert api.anonymous.get("/readyz").status_code == 503
    assert api.anonymous.get("/livez").status_code == 200
