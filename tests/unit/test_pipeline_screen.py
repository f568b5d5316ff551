"""The composite on small folders, with ears that hear what a file's text says."""

from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing import test_pipeline as testing
from deliveries import COLLECTED, FakeEars, collect, message, put, with_cover

from pipeline import indexing
from pipeline.keep import Keeper
from pipeline.lake import Lake
from pipeline.landing import discover
from pipeline.progress import progress_of
from pipeline.read import read_delivery
from pipeline.revisit import revisit
from pipeline.runs import end_run
from pipeline.screen import Job, Screen
from pipeline.screened import DeadLetter, Screened
from schemas.policy import house_policy
from schemas.screening import MatchKind, SubjectKind, Versions


@pytest.fixture
def job(tmp_path):
    policy = house_policy()
    run_id = str(tmp_path)
    versions = Versions(engine="test", policy=policy.ref)
    yield Job(run_id=run_id, lake=str(tmp_path / "lake"), policy=policy, versions=versions, ears=FakeEars)
    end_run(run_id)


@pytest.fixture
def zone(tmp_path):
    return tmp_path / "zone"


def screen(job, zone):
    """Everything that comes out of Screen for a zone; one bundle, so in order."""
    COLLECTED.clear()
    with testing.TestPipeline(runner="FnApiRunner") as pipeline:
        deliveries = pipeline | beam.Create([read_delivery(ref) for ref in discover(zone)], reshuffle=False)
        _ = deliveries | Screen(job) | "Collect" >> beam.Map(collect)
    return list(COLLECTED)


def codes(screened):
    return [flag.code for flag in screened.screening.flags]


def test_layers_findings_and_flags_come_together(job, zone):
    put(zone / "album" / "m.xml", message("a.wav"))
    put(zone / "album" / "a.wav", b"silent")

    (one,) = screen(job, zone)

    screening = one.screening
    assert screening.intake.recording.isrc == "QZABC2600001"
    assert screening.found.audio.sha256 == b"silent".hex()
    assert screening.heard.signal("silence_share").value == 1.0
    assert screening.known.matches == ()
    assert screening.versions == job.versions
    assert "PKG-006" in {finding.rule for finding in screening.findings}
    assert screening.intake.findings == ()
    assert "AUD-001" in codes(one)


@pytest.mark.parametrize("sound", [b"loud", b"broken", None])
def test_the_cover_is_looked_at_with_or_without_sound(job, zone, sound):
    put(zone / "album" / "m.xml", with_cover(message("a.wav"), "cover.png"))
    cover = put(zone / "album" / "cover.png", b"pixels")
    put(zone / "album" / ("a.wav" if sound else "unnamed.wav"), sound or b"loud")

    (one,) = screen(job, zone)

    assert [picture.place for picture in one.screening.found.pictures] == [str(cover)]


def test_the_same_input_gives_the_same_id(job, zone):
    put(zone / "a.wav", b"loud")

    first = screen(job, zone)
    end_run(job.run_id)
    second = screen(job, zone)

    assert [one.screening.id for one in first] == [one.screening.id for one in second]


def test_unreadable_audio_is_a_finding_and_a_flag(job, zone):
    put(zone / "a.wav", b"broken")

    (one,) = screen(job, zone)

    assert [finding.rule for finding in one.screening.findings] == ["PKG-015"]
    assert one.screening.found.audio is None
    assert codes(one) == ["PKG-015"]
    assert progress_of(job.run_id).totals().unreadable == 1


def test_a_stage_that_fails_costs_one_recording_and_is_named(job, zone):
    for name, content in {"a.wav": b"one", "b.wav": b"bug", "c.wav": b"three"}.items():
        put(zone / name, content)

    first, letter, last = screen(job, zone)

    assert isinstance(letter, DeadLetter)
    assert (letter.stage, letter.path) == ("listen", str(zone / "b.wav"))
    assert letter.cause == "ZeroDivisionError: a bug in the ears"
    assert "Traceback" in letter.detail
    assert isinstance(first, Screened)
    assert isinstance(last, Screened)


def test_a_delivery_that_cannot_be_read_is_judged_too(job, zone):
    put(zone / "m.xml", "<broken")

    (one,) = screen(job, zone)

    assert one.screening.intake.kind is SubjectKind.DELIVERY
    assert codes(one) == ["PKG-010"]


def test_one_source_is_screened_once_in_a_run(job, zone):
    put(zone / "a.wav", b"loud")

    assert len(screen(job, zone)) == 1
    assert screen(job, zone) == []
    assert progress_of(job.run_id).totals().skipped == 1


def test_a_stopped_run_leaves_the_rest(job, zone):
    put(zone / "a.wav", b"loud")
    progress_of(job.run_id).stopping.set()

    assert screen(job, zone) == []
    assert progress_of(job.run_id).totals().screened == 0


def album(zone, name, content, *, created, first):
    put(zone / name / "m.xml", message("a.wav", created=created, first=first))
    put(zone / name / "a.wav", content)


def flagged(job, results):
    """Titles with the code of the exact copy, after everything was looked at again."""
    keeper = Keeper(Path(job.lake), delivers=False)
    for one in results:
        keeper.keep(one)
    keeper.flush()
    revisit(job, delivers=False)
    lake = Lake(Path(job.lake))
    lake.tidy()
    return sorted((row["title"], "SPM-003" in row["flag_codes"]) for row in lake.rows("screenings"))


@pytest.mark.parametrize(("original", "copy"), [("1", "2"), ("2", "1")])
def test_the_later_copy_is_flagged_whichever_is_screened_first(job, zone, original, copy):
    album(zone, original, b"same sound", created="2026-01-01T00:00:00Z", first=1)
    album(zone, copy, b"same sound", created="2026-06-01T00:00:00Z", first=2)

    results = screen(job, zone)

    assert flagged(job, results) == [("Song 1", False), ("Song 2", True)]


def test_a_redelivery_is_no_copy_of_itself(job, zone):
    album(zone, "1", b"same sound", created="2026-01-01T00:00:00Z", first=1)
    album(zone, "2", b"same sound", created="2026-06-01T00:00:00Z", first=1)

    assert [one.screening.known.matches for one in screen(job, zone)] == [(), ()]


def test_the_catalogue_is_made_anew_from_the_lake(job, zone, tmp_path):
    album(zone, "1", b"same sound", created="2026-01-01T00:00:00Z", first=1)
    flagged(job, screen(job, zone))
    for file in (tmp_path / "lake").glob("catalogue.sqlite*"):
        file.unlink()
    album(zone, "2", b"same sound", created="2026-06-01T00:00:00Z", first=2)

    indexing.ensure(tmp_path / "lake")
    (one,) = screen(job, zone)

    assert [(m.kind, m.title, m.is_earlier) for m in one.screening.known.matches] == [
        (MatchKind.SAME_SIGNAL, "Song 1", True)
    ]
