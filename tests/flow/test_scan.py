"""`liner scan` on real sound: the listener, the lake, the catalogue and the review API of this process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest
from deliveries import put, put_release, put_sound
from typer.testing import CliRunner

from api.cli.app import app
from api.inprocess import client
from api.services import audio
from api.settings import Settings
from api.store.database import open_database
from schemas.errors import NotFound

LINER = (sys.executable, "-P", "-c", "from api.cli import main; main()")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LINER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def liner(*args):
    """Run the command in this process; its one JSON object."""
    done = CliRunner().invoke(app, [*map(str, args), "--format", "json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def screenings(home):
    return pl.read_parquet(f"{home}/lake/screenings/*.parquet")


def test_a_landing_folder_is_screened_once_and_reaches_the_review(home, tmp_path):
    zone = tmp_path / "zone"
    put_release(zone / "accounts" / "nova" / "album", "a.wav", "b.wav")
    put_sound(zone / "bare" / "c.flac", seed=9)
    put(zone / "bare" / "broken.mp3", b"no sound at all")
    put(zone / "bare" / "songs.zip", b"PK")
    put(zone / "broken.xml", "<broken")

    first = liner("scan", zone)

    assert (first["recordings"], first["screened"], first["skipped"], first["unreadable"]) == (6, 6, 0, 1)
    assert first["dead_letters"] == 0
    assert {"PKG-009", "PKG-010", "PKG-015"} <= set(first["flags"])
    assert first["delivered"]["created"] == 5  # all but the sound file that nothing is wrong with
    assert first["seconds"] > 0
    assert first["cpu_seconds"] > first["listen_cpu_seconds"] > 0
    assert first["peak_rss_mb"] > 50
    table = screenings(home)
    assert table.filter(pl.col("isrc") == "QZABC2600001")["account"].to_list() == ["nova"]
    assert table["duration_s"].drop_nulls().to_list() == pytest.approx([4.0, 4.0, 4.0], abs=0.1)

    with contextlib.closing(open_database(Settings().database_url)) as db:
        heard = audio.playable(db, Settings(), str(zone / "accounts" / "nova" / "album" / "resources" / "a.wav"))
        assert heard.is_file()  # the review on this machine plays what a command here screened
        with pytest.raises(NotFound):
            audio.playable(db, Settings(), str(put_sound(tmp_path / "elsewhere.wav")))

    second = liner("scan", zone)
    assert (second["recordings"], second["screened"], second["skipped"]) == (6, 0, 6)

    forced = liner("scan", zone, "--force")
    assert (forced["screened"], forced["delivered"]) == (6, {"unchanged": 5})
    assert screenings(home).height == 6


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_manifest_names_the_recordings(home, tmp_path, suffix):
    put_sound(tmp_path / "music" / "a.wav")
    rows = pl.DataFrame(
        {"path": ["music/a.wav", "music/gone.wav"], "isrc": ["QZABC2600001", "QZABC2600002"], "mood": ["calm", None]}
    )
    manifest = tmp_path / f"list.{suffix}"
    rows.write_csv(manifest) if suffix == "csv" else rows.write_parquet(manifest)

    done = liner("scan", manifest, "--no-review")

    assert (done["recordings"], done["screened"]) == (2, 2)
    table = screenings(home)
    assert sorted(table["isrc"]) == ["QZABC2600001", "QZABC2600002"]
    assert json.loads(table.filter(pl.col("isrc") == "QZABC2600001")["screening"][0])["intake"]["metadata"] == {
        "mood": "calm"
    }
    assert not list((home / "lake" / ".spool").iterdir())


def test_what_a_dead_api_did_not_take_is_delivered_by_the_next_run(home, tmp_path, monkeypatch):
    from pipeline import deliver

    monkeypatch.setattr(deliver, "FIRST_PAUSE_S", 0.01)
    zone = tmp_path / "zone"
    put_release(zone / "album", "a.wav")

    first = liner("scan", zone, "--review-url", "http://127.0.0.1:9")
    assert (first["screened"], first["dead_letters"], first["waiting"]) == (1, 1, 1)
    letters = pl.read_parquet(f"{home}/lake/dead_letters/*.parquet")
    assert letters["stage"].to_list() == ["deliver"]

    second = liner("scan", zone)
    assert (second["screened"], second["delivered"], second["waiting"]) == (0, {"created": 1}, 0)
    assert review(home, "/v1/cases").status_code == 200


def review(home, path):
    with client(Settings(home=home)) as api:
        return api.get(path)


def test_a_killed_run_keeps_what_it_has_and_the_next_goes_on(home, tmp_path):
    zone = tmp_path / "zone"
    for number in range(12):
        put_sound(zone / f"{number:02}.wav", seconds=3, seed=number)
    environment = {**os.environ, "LINER_HOME": str(home)}
    killed = subprocess.Popen([*LINER, "scan", str(zone), "--no-review", "--workers", "1"], env=environment)
    parts = home / "lake" / "screenings"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and killed.poll() is None and not list(parts.glob("part-*")):
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    done = liner("scan", zone, "--no-review")

    assert done["screened"] + done["skipped"] == 12
    table = screenings(home)
    assert (table.height, table["id"].n_unique()) == (12, 12)


def test_a_source_or_policy_that_is_not_there_is_said_without_a_traceback(home, tmp_path):
    zone = tmp_path / "zone"
    zone.mkdir()
    for arguments in (
        ["scan", str(tmp_path / "nowhere")],
        ["scan", str(zone), "--policy", str(tmp_path / "none.toml")],
    ):
        done = CliRunner().invoke(app, arguments)
        assert type(done.exception).__name__ == "InvalidInput"
    assert liner("scan", zone)["recordings"] == 0


def test_help_has_examples_and_exit_codes():
    text = CliRunner().invoke(app, ["scan", "--help"]).output
    assert "liner scan landing/" in text
    assert "Exit codes" in text
