"""docs/api.md names every setting, problem and path."""

from pathlib import Path

import pytest

from api.problems import STATUS
from api.settings import Settings

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name):
    assert f"`LINER_{name.upper()}`" in TEXT


@pytest.mark.parametrize("kind", [kind for kind in STATUS if kind.__name__ not in {"LinerError", "InvalidIdentifier"}])
def test_every_problem_is_documented(kind):
    assert f"`{kind.code}`" in TEXT
