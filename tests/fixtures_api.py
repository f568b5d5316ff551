"""The review API for tests: a database, an app, a client per role, and screenings to send."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.inprocess import InProcessTransport
from api.main import create_app
from api.public_keys import KeyCreate
from api.services import keys
from api.services.access import Role
from api.settings import Settings
from api.store.database import Database, open_database
from schemas.flags import Flag, FlagSeverity, Layer
from schemas.release import SoundRecording
from schemas.screening import Intake, Screening, Versions

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEVERITIES = {"AID": FlagSeverity.HIGH, "AUD": FlagSeverity.MEDIUM, "SPM": FlagSeverity.LOW}


def make_screening(number: int = 1, *codes: str, take: int = 0, source: str = "", **intake: object) -> Screening:
    """A screening of recording ``number``; ``take`` makes later ones, ``codes`` its flags."""
    recording = SoundRecording(reference="A1", title=f"Song {number}", isrc=f"QZABC26{number:05}", display_artist="Ada")
    facts = {
        "recording_key": f"rec_{number}",
        "source_key": source or "bytes-1",
        "delivery_id": "batch-1",
        "delivery_path": "P_1/a",
        "sender_id": "PADPIDA2013020802I",
        "sender_name": "Nova Records",
        "recording": recording,
    }
    return Screening(
        id=f"scr_{number}_{take}",
        versions=Versions(engine="liner-test", policy="house@1+abc"),
        screened_at=START + timedelta(minutes=take),
        intake=Intake.model_validate({**facts, **intake}),
        flags=tuple(make_flag(code) for code in codes),
    )


def make_flag(code: str) -> Flag:
    """A flag whose severity follows from its area."""
    severity = SEVERITIES.get(code[:3], FlagSeverity.LOW)
    return Flag(code=code, severity=severity, title=f"About {code}", explanation="Why.", layers=(Layer.DECLARED,))


def as_json(*screenings: Screening) -> dict[str, object]:
    """The body of POST /v1/screenings."""
    return {"screenings": [one.model_dump(mode="json") for one in screenings]}


def run_aside(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own: the driver of a browser holds a running loop in the main one."""
    with ThreadPoolExecutor(1) as cell:
        return cell.submit(asyncio.run, coroutine).result()


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A migrated database."""
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_db(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated database on SQLite alone, for what does not depend on the kind."""
    copy = tmp_path / "review.db"
    copy.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{copy}")
    yield database
    database.close()


class Api:
    """An app with one client per role."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app: FastAPI = create_app(settings)
        self.db: Database = self.app.state.database
        self.anonymous = self.client()
        self.admin = self.as_role("root", Role.ADMIN)
        self.moderator = self.as_role("mia", Role.MODERATOR)
        self.senior = self.as_role("sue", Role.SENIOR)
        self.auditor = self.as_role("eve", Role.AUDITOR)
        self.service = self.as_role("scan", Role.SERVICE)
        self.label = self.as_role("nova", Role.LABEL, account="nova", dpids=("PADPIDA2013020802I",))
        self.other_label = self.as_role("mole", Role.LABEL, account="mole")

    def client(self, **headers: str) -> httpx.Client:
        """A client that sends these headers."""
        transport = InProcessTransport(self.app, actor=None)
        return httpx.Client(transport=transport, base_url="http://liner.test", headers=headers)

    def as_role(self, name: str, role: Role, **more: object) -> httpx.Client:
        """A client with a new key."""
        wanted = KeyCreate.model_validate({"name": name, "role": role, **more})
        return self.client(authorization=f"Bearer {keys.create(self.db, keys.TERMINAL, wanted).token}")

    def record(self, *screenings: Screening) -> list[dict[str, str]]:
        """Send screenings as the pipeline and give the results."""
        answer = self.service.post("/v1/screenings", json=as_json(*screenings))
        assert answer.status_code == 200, answer.text
        results: list[dict[str, str]] = answer.json()["results"]
        return results


def make_api(home: Path, template: Path) -> Api:
    """The API on SQLite, everything below ``home``."""
    home.mkdir()
    (home / "review.db").write_bytes(template.read_bytes())
    return Api(Settings(home=home, review_rules="at-once"))


@pytest.fixture
def api(sqlite_template: Path, tmp_path: Path) -> Iterator[Api]:
    """The API on SQLite."""
    made = make_api(tmp_path / "home", sqlite_template)
    yield made
    made.db.close()
