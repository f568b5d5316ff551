"""A real server with seeded cases, and a real browser to look at it."""

import atexit
import contextlib
import functools
import io
import socket
import ssl
import threading
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from api.main import create_app
from api.public_keys import KeyCreate
from api.security import cookie_name
from api.services import cases, keys, screenings, sessions
from api.services.access import PIPELINE, Role
from api.services.keys import TERMINAL
from api.settings import Settings
from classifiers.listener import Listener
from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.findings import Finding, Location, Severity
from schemas.flags import Flag, FlagSeverity, Layer, Span
from schemas.release import SoundRecording
from schemas.screening import (
    AudioFacts,
    Found,
    Heard,
    Intake,
    Known,
    Manifest,
    Match,
    MatchKind,
    ProvenanceState,
    Screening,
    Signal,
    SubjectKind,
    Versions,
)
from schemas.senders import Likeness, Resemblance, SenderRecord

RATE = 22050
VERSIONS = Versions(engine="liner-0.1.0", policy="house@2026-11-22+0123456789ab", models=("descriptors-1",))


def write_tune(path: Path, *, seconds: float = 24.0, speed: float = 1.0, seed: int = 1) -> None:
    """Write a small tune as WAV: plucked notes with a falling brightness, the same for equal seeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_tune(seconds, speed, seed))


@functools.cache
def _tune(seconds: float, speed: float, seed: int) -> bytes:
    notes = np.random.default_rng(seed).choice([220.0, 261.6, 293.7, 329.6, 392.0, 440.0], int(seconds * 2) + 1)
    at = np.arange(int(seconds * RATE)) * speed / RATE
    since = at % 0.5
    pitch = notes[np.minimum((at / 0.5).astype(int), len(notes) - 1)]
    tone = sum(np.sin(2 * np.pi * pitch * k * at) * np.exp(-since * (3 + 2 * k)) / k for k in range(1, 9))
    samples = np.clip(tone * 0.35, -1, 1)
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return made.getvalue()


def audio_facts(path: Path, seconds: float, *, container: str = "wav", codec: str = "pcm") -> AudioFacts:
    """Describe a tune as the listener would."""
    return AudioFacts(
        container=container,
        codec=codec,
        sample_rate_hz=RATE,
        channels=1,
        bits_per_sample=16,
        duration_s=seconds,
        size=path.stat().st_size,
        sha256="5e" * 32,
        signal_hash="ab" * 32,
        decoder="soundfile",
    )


def contradiction(path: Path, other: Path) -> Screening:
    """A recording with something to say in every layer."""
    return Screening(
        id="scr_contradiction",
        versions=VERSIONS,
        screened_at=datetime.now(UTC),
        intake=intake("Harbour Lights", "Ada Brandt", "QZES72500001", "rec_harbour", path),
        declared=Disclosure(
            level=Level.NONE,
            text="None",
            can_declare=True,
            contributions=(
                Contribution(agent=Agent.HUMAN, name="Ada Brandt", roles=("Vocalist",), ai=Level.NONE),
                Contribution(agent=Agent.GENERATIVE_AI, roles=("Composer",), special_text="GenerativeAI", ai=Level.ALL),
            ),
        ),
        found=Found(
            audio=audio_facts(path, 24.0),
            manifest=Manifest(
                state=ProvenanceState.VALID,
                generator="Tunewright Studio 2",
                issuer="Tunewright",
                actions=("c2pa.created",),
                digital_source_types=("trainedAlgorithmicMedia",),
            ),
        ),
        heard=Heard(
            signals=(
                Signal(name="loudness_lufs", value=-9.3, model="descriptors-1"),
                Signal(name="cutoff_hz", value=10_040.0, model="descriptors-1", spans=(Span(start_s=3, end_s=6),)),
                Signal(name="flatness", value=0.0417, model="descriptors-1"),
                Signal(name="tempo_bpm", value=120.0, model="descriptors-1"),
            )
        ),
        known=Known(
            matches=(
                Match(
                    kind=MatchKind.FINGERPRINT,
                    recording_key="rec_other",
                    isrc="QZES72400077",
                    title="Lantern Street",
                    display_artist="The Moorings",
                    audio_uri=str(other),
                    speed=1.05,
                    own=Span(start_s=8, end_s=20),
                    other=Span(start_s=8.4, end_s=21),
                    score=412,
                ),
            ),
            resemblances=(Resemblance(kind=Likeness.IN_TITLE, name="Harbour Lights", other="The Moorings", senders=2),),
            sender=SenderRecord(
                sender="PADPIDA2014120301U",
                until="2026-11-22",
                known_days=400,
                recordings=90,
                releases=42,
                artists=31,
                past_releases=73,
                usual_releases=6,
                burst_ratio=7,
                new_artist_share=0.8,
                usual_new_artist_share=0.1,
                sound_reuse_share=0.05,
            ),
        ),
        fused=(
            Signal(
                name="spam_probability",
                value=0.93,
                probability=0.93,
                interval=(0.81, 0.97),
                model="spam-1",
                note="the sender brings many times its usual number of releases (+2.4); "
                "the title names an artist who is not credited (+1.2)",
            ),
            Signal(name="spam_kinds", value=2, model="spam-1"),
        ),
        findings=(
            Finding(
                rule="AID-002",
                severity=Severity.ERROR,
                message="ContainsAI is None, but a Composer is credited as GenerativeAI.",
                why="Listeners and platforms read the declaration as a statement about the whole recording.",
                mend="Declare Partly or All, or remove the credit.",
                value="None",
                location=Location(path="5012345678900.xml", line=84),
            ),
        ),
        flags=(
            Flag(
                code="AID-002",
                severity=FlagSeverity.HIGH,
                title="Declared human, credits AI",
                explanation="The recording is declared free of AI, yet a contribution is credited to AI.",
                layers=(Layer.DECLARED,),
            ),
            Flag(
                code="PRV-001",
                severity=FlagSeverity.HIGH,
                title="Declared human, signed as AI",
                explanation="The file carries a signed statement that it was made with generative AI.",
                layers=(Layer.DECLARED, Layer.FOUND),
            ),
            Flag(
                code="DUP-002",
                severity=FlagSeverity.MEDIUM,
                title="Sounds like another recording",
                explanation="Seconds 8-20 are seconds 8-21 of “Lantern Street” by The Moorings, played at 1.050x.",
                layers=(Layer.KNOWN,),
                signal="match_score",
                value=412,
                spans=(Span(start_s=8, end_s=20),),
            ),
            Flag(
                code="AUD-007",
                severity=FlagSeverity.LOW,
                title="Narrow band",
                explanation="Nothing sounds above 10 kHz.",
                layers=(Layer.HEARD,),
                signal="cutoff_hz",
                value=10_040.0,
                threshold=11_000.0,
                spans=(Span(start_s=3, end_s=6),),
            ),
        ),
    )


def intake(title: str, artist: str, isrc: str, key: str, path: Path | None) -> Intake:
    """One recording of a delivery."""
    return Intake(
        recording_key=key,
        source_key=f"src_{key}",
        delivery_id="dlv_1",
        delivery_path="N_20261122/5012345678900",
        sender_id="PADPIDA2014120301U",
        sender_name="Saltmarsh Records",
        message_path="5012345678900.xml",
        ern_version="4.3.2",
        release_key="5012345678900",
        release_title="Tide Tables",
        label="Saltmarsh",
        recording=SoundRecording(reference="A1", isrc=isrc, title=title, display_artist=artist, duration_s=24.0),
        audio_uri=str(path) if path else None,
    )


def plain_case(number: int, path: Path, severity: FlagSeverity = FlagSeverity.MEDIUM) -> Screening:
    """A recording with one flag, and nothing declared."""
    isrc = f"QZES7250{number:04}"
    flag = Flag(
        code="SPM-004",
        severity=severity,
        title="Noise",
        explanation="The sound has no tones that last.",
        layers=(Layer.HEARD,),
        signal="flatness",
        value=0.61,
        threshold=0.5,
        spans=(Span(start_s=2, end_s=4),),
    )
    return Screening(
        id=f"scr_{number}",
        versions=VERSIONS,
        screened_at=datetime.now(UTC),
        intake=intake(f"Field Study {number}", "Northern Static", isrc, f"rec_{number}", path),
        declared=Disclosure(can_declare=True),
        found=Found(audio=audio_facts(path, 24.0, container="mp3", codec="mp3")),
        heard=Heard(signals=(Signal(name="flatness", value=0.61, model="descriptors-1"),)),
        flags=(flag,),
    )


def unreadable_delivery() -> Screening:
    """A delivery whose message could not be read: no recording, no sound."""
    delivery = Intake(
        kind=SubjectKind.DELIVERY,
        recording_key="rec_broken",
        source_key="src_broken",
        delivery_id="dlv_2",
        delivery_path="N_20261122/broken",
    )
    finding = Finding(rule="XML-001", severity=Severity.ERROR, message="The message is not well-formed XML.")
    flag = Flag(
        code="XML-001",
        severity=FlagSeverity.LOW,
        title="Unreadable message",
        explanation="The message cannot be read, so nothing in this delivery was screened.",
        layers=(Layer.DECLARED,),
    )
    return Screening(
        id="scr_broken",
        versions=VERSIONS,
        screened_at=datetime.now(UTC),
        intake=delivery,
        findings=(finding,),
        flags=(flag,),
    )


@dataclass
class Server:
    """liner, served on a port of its own."""

    settings: Settings
    process: uvicorn.Server
    address: str

    @property
    def database(self):
        """The app's database."""
        return self.process.config.app.state.database

    def seed(self, *found: Screening) -> None:
        """Record screenings as the pipeline would."""
        results = screenings.record(self.database, PIPELINE, [one.model_dump(mode="json") for one in found])
        assert [one.status for one in results] == ["created"] * len(found), results

    @contextlib.contextmanager
    def signed_in(self, name: str = "maya") -> Iterator[httpx.Client]:
        """A client with a session of its own."""
        headers = {"accept": "text/html"}
        client = httpx.Client(
            base_url=self.address, follow_redirects=True, headers=headers, timeout=60, verify=_no_certificates()
        )
        with client:
            client.cookies.set(*self.cookie(name), domain="127.0.0.1")
            yield client

    def cookie(self, name: str, role: Role = Role.MODERATOR) -> tuple[str, str]:
        """Name and value of the cookie of a new session, as the sign-in link would have set it."""
        token = self.link(name, role).partition("token=")[2]
        started = sessions.start(self.database, token, valid_for=timedelta(hours=1))
        return cookie_name(self.settings), started.token

    def case_id(self, recording_key: str = "rec_harbour") -> str:
        """The id of a seeded case."""
        return screenings.case_id_of(recording_key, "")

    def decision(self, recording_key: str = "rec_harbour"):
        """The last decision on a seeded case."""
        return cases.view(self.database, PIPELINE, self.case_id(recording_key)).decisions[-1]

    def link(self, name: str, role: Role = Role.MODERATOR) -> str:
        """Make a person and a one-time sign-in link."""
        known = {key.name for key in keys.every(self.database, TERMINAL)}
        if name not in known:
            account = name if role is Role.LABEL else None
            keys.create(self.database, TERMINAL, KeyCreate(name=name, role=role, account=account))
        token = sessions.link_token(self.database, name, valid_for=timedelta(minutes=5))
        return f"{self.address}/console/sign-in?token={token}"


def ask(method: str, address: str, **request: Any) -> httpx.Response:
    """Send one request without a session, as patiently as a busy machine needs."""
    return httpx.request(method, address, timeout=60, verify=_no_certificates(), **request)


@functools.cache
def _no_certificates() -> ssl.SSLContext:
    """Reading the authorities' certificates for each client costs more than the test."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@functools.cache
def _ears() -> Listener:
    """One child that listens for all servers of this process: starting it costs more than what it does here."""
    ears = Listener()
    atexit.register(ears.close)
    return ears


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """Serve on a free port of the loopback interface until the end of the block."""
    settings.landing.mkdir(parents=True, exist_ok=True)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="critical", timeout_graceful_shutdown=2))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.started
        server.config.app.state.console_listener = _ears()
        yield Server(settings, server, f"http://127.0.0.1:{listening.getsockname()[1]}")
        server.should_exit = True
        thread.join(10)


def seed_all(server: Server, plain: int = 5) -> None:
    """Fill the queue: one case with everything, some plain ones, one delivery without a recording."""
    landing = server.settings.landing
    own, other = landing / "N_1" / "harbour.wav", landing / "N_1" / "lantern.wav"
    write_tune(own, speed=1.05)
    write_tune(other)
    server.seed(contradiction(own, other), *(plain_case(n, own) for n in range(1, plain + 1)), unreadable_delivery())


@pytest.fixture
def empty_server(sqlite_template: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with an empty queue."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    with serving(Settings(home=home, review_rules="at-once")) as running:
        yield running


@pytest.fixture(scope="module")
def shared_server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a full queue, for tests that only look."""
    home = tmp_path_factory.mktemp("shared") / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    with serving(Settings(home=home, review_rules="at-once")) as running:
        seed_all(running)
        yield running


@pytest.fixture
def server(empty_server: Server) -> Server:
    """A server with a full queue."""
    seed_all(empty_server)
    return empty_server


@pytest.fixture
def server_at_once(sqlite_template: Path, tmp_path: Path) -> Iterator[Server]:
    """An empty server whose decisions have their effect at once, and whose webhooks may call this machine."""
    home = tmp_path / "at-once"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    with serving(Settings(home=home, review_rules="at-once", webhook_private=True)) as running:
        yield running
