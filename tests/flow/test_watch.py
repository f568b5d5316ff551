"""`liner watch` as a process of its own: what is dropped appears, TERM ends it, a restart goes on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from deliveries import put_release, put_sound

from api.inprocess import client
from api.settings import Settings

LINER = (sys.executable, "-P", "-c", "from api.cli import main; main()")
PATIENCE_S = 60.0  # on a busy machine; an idle one takes a second


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@contextlib.contextmanager
def watching(home, zone):
    """A watch that is ended by TERM; its summary is in the list that the block gets."""
    environment = {**os.environ, "LINER_HOME": str(home)}
    watch = subprocess.Popen(
        [*LINER, "watch", str(zone), "--format", "json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    summary = []
    try:
        yield summary
        watch.send_signal(signal.SIGTERM)
        output, errors = watch.communicate(timeout=PATIENCE_S)
        assert watch.returncode == 0, errors
        assert b"Traceback" not in errors
        summary.append(json.loads(output))
    finally:
        watch.kill()
        watch.communicate()


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


def test_deliveries_appear_as_they_arrive_and_after_a_restart(home, tmp_path):
    zone = tmp_path / "zone"
    put_release(zone / "first", "a.wav", first=1)
    with client(Settings(home=home)) as review:

        def known():
            return {row["intake"]["recording"]["isrc"] for row in delivered(home)}

        with watching(home, zone) as one:
            wait_for(lambda: known() == {"QZABC2600001"})
            put_release(zone / "unfinished", "a.wav", marker=False, first=5)
            put_release(zone / "second", "a.wav", first=2)
            wait_for(lambda: known() == {"QZABC2600001", "QZABC2600002"})
        put_release(zone / "third", "a.wav", first=3)
        put_sound(zone / "bare.wav", seed=8)
        with watching(home, zone) as two:
            wait_for(lambda: "QZABC2600003" in known())

        assert known() == {"QZABC2600001", "QZABC2600002", "QZABC2600003"}
        assert review.get("/v1/cases").status_code == 200
    assert (one[0]["screened"], one[0]["stopped"]) == (2, True)
    assert two[0]["skipped"] == 2


def delivered(home):
    """What the review API has, straight from its database."""
    import sqlite3

    path = home / "review.db"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(path)) as database:
        try:
            rows = database.execute("SELECT document FROM screening").fetchall()
        except sqlite3.OperationalError:
            return []
    return [json.loads(row[0]) for row in rows]
