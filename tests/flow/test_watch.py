"""`liner watch` as a process of its own: what is dropped appears, TERM ends it, a restart goes on."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from deliveries import message, put, put_release, put_sound

from api.inprocess import client
from api.settings import Settings
from pipeline.history import OPEN

LINER = (sys.executable, "-P", "-c", "from api.cli import main; main()")
DECLARED = "QZABC2600007"
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
    """Two watches, one after the other: what is dropped into the zone appears, held against what came before."""
    zone = tmp_path / "zone"
    put_release(zone / "first", "a.wav", first=1)
    with client(Settings(home=home)) as review:

        def known():
            return {row["intake"]["recording"]["isrc"] for row in delivered(home)}

        def rules(message_id):
            found = [row for row in delivered(home) if row["intake"]["message_id"] == message_id]
            return {finding["rule"] for row in found for finding in row["findings"]}

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
            put(zone / "new.xml", declared("None", "D2", "2026-11-24"))
            wait_for(lambda: rules("D2"))
            wait_for(lambda: settled(home) == 1)
            put(zone / "late.xml", declared("All", "D1", "2026-11-23"))
            put(zone / "newest.xml", declared("Partly", "D3", "2026-11-25"))
            wait_for(lambda: rules("D1") and rules("D3"))

        assert review.get("/v1/cases").status_code == 200
        told = review.get(f"/v1/recordings/{DECLARED}/declarations").json()["declarations"]
    assert (one[0]["screened"], one[0]["stopped"]) == (2, True)
    assert two[0]["skipped"] == 2
    assert "PKG-013" in rules("D1")
    assert "HIS-002" in rules("D3")
    assert [(one["message_id"], one["came_late"]) for one in told] == [("D3", False), ("D2", False), ("D1", True)]


def declared(level, message_id, day):
    """A message without sound that declares a level."""
    text = message("s.wav", message_id=message_id, created=f"{day}T12:00:00Z", first=7)
    return text.replace("<Duration>", f"<ContainsAI>{level}</ContainsAI><Duration>")


def settled(home):
    """How many declarations of that recording have a place for good in the lake's history."""
    path = home / "lake" / "history.sqlite"
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(path)) as history:
        query = "SELECT count(*) FROM declaration WHERE isrc = ? AND run < ?"
        (count,) = history.execute(query, (DECLARED, OPEN)).fetchone()
    return count


def delivered(home):
    """What the review API has, straight from its database."""
    path = home / "review.db"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(path)) as database:
        try:
            rows = database.execute("SELECT document FROM screening").fetchall()
        except sqlite3.OperationalError:
            return []
    return [json.loads(row[0]) for row in rows]
