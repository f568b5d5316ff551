"""Schemathesis over the whole OpenAPI: no 5xx and no answer that the description does not name, whoever asks.

``LINER_SCHEMATHESIS`` is the number of examples an operation, for a longer run: ``LINER_SCHEMATHESIS=200``.
"""

import os
from datetime import timedelta

import hypothesis.strategies as st
import pytest
import requests
import schemathesis
from fixtures_api import make_api, make_screening
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode, checks

from api.main import create_app
from api.settings import Settings

BASE = "http://liner.test"
EXAMPLES = int(os.environ.get("LINER_SCHEMATHESIS", "8"))
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
OPENAPI = create_app(Settings(database_url="sqlite:///:memory:")).openapi()
PIECE = "application/offset+octet-stream"
OPERATIONS = sorted(f"{method.upper()} {path}" for path, methods in OPENAPI["paths"].items() for method in methods)


@schemathesis.serializer(PIECE)
def _as_it_is(ctx, value):
    """A piece of a file is sent as the bytes that it is."""
    del ctx
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def served(sqlite_template, tmp_path_factory):
    """An API with something of every kind in it, and the operations by name."""
    api = make_api(tmp_path_factory.mktemp("schemathesis") / "home", sqlite_template)
    api.record(*(make_screening(n, "AID-002", "SPM-001") for n in range(1, 40)))
    yield api
    api.db.close()


@pytest.fixture(scope="module")
def known(served):
    """Ids that exist, by the name of the path's part: most requests should reach more than a 404."""
    case_ids = [case["id"] for case in served.moderator.get("/v1/cases").json()["cases"]]
    return {
        "case_id": case_ids,
        "screening_id": ["scr_1_0", "scr_2_0"],
        "recording_key": ["rec_1"],
        "isrc": ["QZABC2600001"],
        "name": ["mia", "main"],
    }


@pytest.fixture(scope="module")
def schema(served):
    return schemathesis.openapi.from_dict(served.app.openapi())


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_described(served, known, schema, name):
    method, path = name.split()
    operation = schema[path][method]
    askers = [served.admin, served.senior, served.moderator, served.auditor, served.service, served.label]

    @seed(2026)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(*(operation.as_strategy(mode) for mode in GenerationMode)),
        asker=st.sampled_from([*askers, served.anonymous]),
        data=st.data(),
    )
    def ask(case, asker, data):
        for part in set(case.path_parameters or {}) & set(known):
            if data.draw(st.booleans()):
                case.path_parameters[part] = data.draw(st.sampled_from(known[part]))
        case.validate_response(_call(asker, case), checks=CHECKS)

    ask()


def _call(asker, case):
    """Send a case through a role's client; files and forms are written as requests writes them."""
    wanted = requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
    headers = {**wanted.headers, **{name: asker.headers[name] for name in {"authorization"} & set(asker.headers)}}
    answer = asker.request(wanted.method, wanted.url, content=wanted.body, headers=headers)
    answer.elapsed = timedelta()  # nobody asks how long it took
    return answer
