"""The form of a submission is published, and says what the reader does."""

import json
from pathlib import Path

import pytest

from schemas.rules import Scope, run
from schemas.submission import json_schema, read_submission
from schemas.submission.examples import EXAMPLES

PAGE = (Path(__file__).parents[2] / "docs/submission.md").read_text("utf-8")


def test_anybody_may_read_the_schema(api):
    answer = api.anonymous.get("/v1/schemas/submission.json")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json() == json.loads(json.dumps(json_schema()))


def test_the_description_of_the_api_has_the_form(api):
    document = api.anonymous.get("/openapi.json").json()
    parts = document["components"]["schemas"]

    recordings = parts["Submission"]["properties"]["recordings"]["items"]["$ref"]
    assert recordings == "#/components/schemas/SubmittedRecording"
    assert "contains_ai" in parts["SubmittedDisclosure"]["properties"]
    assert parts["Submission"]["examples"] == list(EXAMPLES)


def test_the_documented_example_uses_only_fields_of_the_schema():
    example = json.loads(PAGE.split("```json\n")[1].split("```")[0])
    schema = json_schema()

    assert set(example) <= set(schema["properties"])
    assert set(schema["required"]) <= set(example)
    assert schema["additionalProperties"] is False
    recording = schema["$defs"]["SubmittedRecording"]["properties"]
    assert set(example["recordings"][0]) <= set(recording)
    assert example == EXAMPLES[0]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_schema_is_a_right_submission(example):
    reading = read_submission(json.dumps(example).encode(), "submission.json")

    findings = [*reading.findings, *run(Scope.MESSAGE, reading.message)]
    assert {one.rule for one in findings} <= {"PKG-006"}  # a hash is asked for, and may be left out
