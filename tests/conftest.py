"""What every test may use: the reference data, when it is there."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is there: two workers share two cores

pytest_plugins = ["fixtures_postgresql", "fixtures_api", "fixtures_browser", "fixtures_pages"]

SHARED = Path(os.environ.get("LINER_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data beside the repository; the test skips where it is absent."""
    if not (SHARED / "design.md").is_file():
        pytest.skip(f"needs the reference data; {SHARED} is absent (set LINER_SHARED)")
    return SHARED
