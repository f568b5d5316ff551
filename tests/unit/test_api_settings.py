import pickle

import pytest

from api.settings import Settings
from schemas.errors import InvalidInput


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch):
    import os

    for name in os.environ:
        if name.startswith("LINER_"):
            monkeypatch.delenv(name)


def test_everything_lies_below_home(tmp_path):
    settings = Settings(home=tmp_path)

    assert settings.landing == tmp_path / "landing"
    assert settings.lake == tmp_path / "lake"
    assert settings.database_url == f"sqlite:///{tmp_path}/review.db"
    assert not settings.is_secure


def test_the_environment_is_read(monkeypatch, tmp_path):
    monkeypatch.setenv("LINER_HOME", str(tmp_path))
    monkeypatch.setenv("LINER_DATABASE_URL", "postgresql://liner@db/review")
    monkeypatch.setenv("LINER_PUBLIC_URL", "https://review.example/")

    settings = Settings()

    assert settings.lake == tmp_path / "lake"
    assert settings.database_url == "postgresql+psycopg://liner@db/review"
    assert settings.public_url == "https://review.example"
    assert settings.is_secure


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"database_url": "mysql://host/db"}, "LINER_DATABASE_URL"),
        ({"review_url": "ftp://host"}, "LINER_REVIEW_URL ('ftp://host'): is no http"),
        ({"session_hours": "soon"}, "LINER_SESSION_HOURS ('soon')"),
        ({"max_delivery_files": 0}, "LINER_MAX_DELIVERY_FILES (0)"),
        ({"home": "h", "lake": "h/landing/lake"}, "LINER_LAKE lies within LINER_LANDING"),
    ],
)
def test_a_wrong_value_is_named_in_a_sentence(given, said):
    with pytest.raises(InvalidInput) as caught:
        Settings(**given)

    assert said in caught.value.message
    assert caught.value.mend


def test_a_password_is_never_shown():
    with pytest.raises(InvalidInput) as caught:
        Settings(database_url="mysql://liner:hush@db/review")

    assert "hush" not in caught.value.message


def test_a_misspelt_name_is_not_ignored(monkeypatch):
    monkeypatch.setenv("LINER_DATABSE_URL", "postgresql://db/review")

    with pytest.raises(InvalidInput, match="LINER_DATABSE_URL") as caught:
        Settings()

    assert "LINER_DATABASE_URL" in caught.value.mend


def test_workers_can_be_sent_the_settings(tmp_path):
    settings = Settings(home=tmp_path)

    assert pickle.loads(pickle.dumps(settings)) == settings
