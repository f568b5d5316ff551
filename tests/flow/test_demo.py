"""The demonstration, for real: catalogue, pipeline, listener, lake and review API, in one folder."""

import hashlib
import socket
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.cli.app import app
from api.cli.demo import _listen, _one_time_token, _settings
from api.demo.catalogue import GENERATOR, _Studio, tracks
from api.demo.report import read_screenings
from api.demo.signing import make_certificates
from api.inprocess import InProcessTransport
from api.main import create_app
from api.services import sessions
from api.services.access import Role
from api.store.database import open_database
from schemas.errors import NotSignedIn
from schemas.screening import MatchKind, ProvenanceState

EXPECTED = {  # by title: what the demonstration is there to show (docs/demo.md)
    "Lantern Street": set(),
    "Low Tide Waltz": set(),
    "Paper Boats": set(),
    "Kitchen Radio": {"AID-001"},
    "Glass Elevator": {"AID-002"},
    "Sunrise, Entirely by Hand": {"PRV-001"},
    "Mist Study No. 211": {"SPM-001"},
    "Mist Study No. 212": {"SPM-001"},
    "Mist Study No. 213": {"SPM-001"},
    "Low Tide at Dawn": {"SPM-006", "SPM-007"},
    "Streetlight Lullaby": {"SPM-004"},
    "White Noise for Deep Focus": {"AUD-002", "SPM-002"},
    "Room Tone for Monks": {"AUD-001"},
    "Rain, Interrupted": {"PKG-015"},
    "Shadow Work": {"PKG-009"},
}


def demo(home, *options):
    result = CliRunner().invoke(app, ["demo", "--no-serve", "--home", str(home), *options], env={"COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    return result.output


def table_of(output):
    """The lines from the table's head to its totals."""
    lines = output.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Recording"))
    last = next(number for number, line in enumerate(lines) if line.endswith("for a person to look at."))
    return lines[first : last + 1]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(home):
    return demo(home)


@pytest.fixture(scope="module")
def screenings(home, first):
    return {screening.intake.title: screening for screening in read_screenings(home / "lake")}


def test_every_recording_is_flagged_for_what_is_the_matter_with_it_and_for_nothing_else(screenings):
    codes = {title: {flag.code for flag in screening.flags} for title, screening in screenings.items()}

    assert codes == EXPECTED


def test_the_table_says_so_within_its_columns(first):
    assert "15 recordings in 4 deliveries: 3 clean, 12 for a person to look at." in first
    assert all(code in first for codes in EXPECTED.values() for code in codes)
    assert max(map(len, table_of(first))) <= 100


def test_the_copy_is_found_at_its_speed(screenings):
    copy = screenings["Streetlight Lullaby"].known.matches

    assert [(m.kind, m.title) for m in copy] == [(MatchKind.FINGERPRINT, "Lantern Street")]
    assert copy[0].speed == pytest.approx(1.05, abs=0.005)


def test_the_run_trusts_the_demonstrations_own_signer(screenings):
    assert screenings["Sunrise, Entirely by Hand"].found.manifest.state is ProvenanceState.TRUSTED


def test_nothing_outside_was_opened(screenings):
    assert screenings["Shadow Work"].intake.audio_uri is None


def test_what_is_flagged_is_in_the_queue(home, screenings):
    settings = _settings(home)
    with closing(open_database(settings.database_url)) as database:
        token = _one_time_token(database, settings)
    transport = InProcessTransport(create_app(settings), actor=None)
    with httpx.Client(transport=transport, base_url=settings.public_url) as browser:
        signed_in = browser.post("/console/sign-in", data={"token": token}, follow_redirects=True)

    assert signed_in.status_code == 200
    assert all((title in signed_in.text) == bool(codes) for title, codes in EXPECTED.items())


def test_the_second_start_writes_and_screens_nothing_and_shows_the_same(home, first, screenings):
    landing = {path: path.stat().st_mtime_ns for path in (home / "landing").rglob("*")}

    second = demo(home)

    assert "Screened 0 of 15 recordings" in second
    assert "Skipped 15" in second
    assert {path: path.stat().st_mtime_ns for path in (home / "landing").rglob("*")} == landing
    assert table_of(second) == table_of(first)


def test_each_sign_in_link_works_once(home, first):
    settings = _settings(home)
    with closing(open_database(settings.database_url)) as database:
        one, other = _one_time_token(database, settings), _one_time_token(database, settings)
        started = sessions.start(database, one, valid_for=timedelta(hours=1))

        assert one != other
        assert started.actor.role is Role.MODERATOR
        with pytest.raises(NotSignedIn):
            sessions.start(database, one, valid_for=timedelta(hours=1))


def test_a_taken_port_gives_way():
    with socket.create_server(("127.0.0.1", 0)) as taken, _listen(taken.getsockname()[1]) as listening:
        assert listening.getsockname()[1] != taken.getsockname()[1]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")

    result = CliRunner().invoke(app, ["demo", "--fresh", "--no-serve", "--home", str(tmp_path)])

    assert result.exit_code != 0
    assert "is not a demonstration" in str(result.exception)
    assert (tmp_path / "thesis.txt").exists()


def test_the_catalogue_is_complete_and_small(home, first):
    files = [path for path in (home / "landing").rglob("*") if path.is_file()]
    declared = {track.isrc for track in tracks() if track.sound}

    assert {path.stem for path in files if path.parent.name == "resources"} == declared
    assert sum(path.stat().st_size for path in files) < 40e6
    assert not (home / "landing.partial").exists()


def test_the_sounds_are_the_same_every_time(home, first):
    studio = _Studio(make_certificates(GENERATOR))
    cheap = [track for track in tracks() if track.sound in {"mist_study_2", "white_noise", "silence", "broken_upload"}]

    for track in cheap:
        (path,) = (home / "landing").rglob(f"{track.isrc}.*")
        assert studio.make(track)[0] == path.read_bytes()


def test_messages_state_the_files_as_they_are(home, screenings):
    for screening in screenings.values():
        for file in screening.intake.recording.files:
            if screening.intake.audio_uri:
                data = Path(screening.intake.audio_uri).read_bytes()
                assert file.hash_sum.value == hashlib.sha256(data).hexdigest()
