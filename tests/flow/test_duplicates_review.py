"""`liner duplicates` beside the review: a cluster reaches it with one flag, and every member says where it belongs."""

import json

import pyarrow.dataset as ds
import pytest
from fixtures_api import make_screening
from prints import faster, fingerprint, song, worn
from typer.testing import CliRunner

from api.cli.app import app
from api.inprocess import client
from api.settings import Settings
from pipeline.duplicates import places, results
from pipeline.lake import Lake, LakeWriter
from pipeline.rejudge import latest_screenings
from pipeline.screened import Screened
from pipeline.validate import profile_ref
from schemas.copies import Relation
from schemas.disclosure import Disclosure, Level
from schemas.flags import Span
from schemas.known import Known, Match, MatchKind
from schemas.profile import parse_profile, shipped_profile
from schemas.screening import AudioFacts, Found

SECONDS = 60
FACTS = {"container": "wav", "codec": "pcm", "sample_rate_hz": 44100, "channels": 2, "size": 1, "decoder": "x"}


def liner(*args):
    done = CliRunner().invoke(app, [*map(str, args), "--format", "json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def screened(number, sound, seconds, level, sender):
    """A recording as a machine screened it that knew of no other."""
    packed = fingerprint(sound)
    one = make_screening(number, source=f"bytes-{number}", sender_id=sender, message_path="m.xml")
    disclosure = Disclosure(level=level, can_declare=True)
    recording = one.intake.recording.model_copy(update={"disclosure": disclosure})
    about = {"recording": recording, "release_date": f"2026-01-{number:02}", "audio_uri": f"{number}.wav"}
    intake = one.intake.model_copy(update=about)
    audio = AudioFacts(**FACTS, duration_s=seconds, sha256=str(number), signal_hash=str(hash(packed)))
    layers = {"intake": intake, "declared": disclosure, "found": Found(audio=audio)}
    return Screened(one.model_copy(update=layers), packed)


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """A sound, a faster copy, an equal one and a worn one of three strangers; and a song of its own."""
    monkeypatch.setenv("LINER_HOME", str(tmp_path / "home"))
    original = song(SECONDS, 1)
    writer = LakeWriter(Lake(tmp_path / "lake"))
    writer.add(screened(1, original, SECONDS, Level.ALL, "S1"))
    writer.add(screened(2, faster(original, 1.05), SECONDS / 1.05, Level.NONE, "S2"))
    writer.add(screened(3, original, SECONDS, Level.ALL, "S3"))
    writer.add(screened(4, worn(original, 4), SECONDS, Level.ALL, "S3"))
    writer.add(screened(5, song(SECONDS, 2), SECONDS, Level.NONE, "S4"))
    writer.flush()
    return tmp_path / "lake"


def test_a_cluster_reaches_the_review_with_one_flag_and_all_its_members(lake):
    told = liner("duplicates", lake, "--workers", 1)

    assert (told["clusters"], told["flagged"], told["judged_again"]) == (1, 1, 4)
    assert told["delivered"] == {"created": 4}
    after = {one.intake.recording_key: one for one in latest_screenings(Lake(lake))}
    assert after["rec_5"].known.cluster is None
    members = [after[f"rec_{number}"] for number in range(1, 5)]
    clusters = {one.known.cluster.model_dump_json() for one in members}
    assert len(clusters) == 1
    cluster = members[0].known.cluster
    assert cluster.earliest.recording_key == "rec_1"
    assert [m.recording_key for m in cluster.members] == ["rec_2", "rec_3", "rec_4"]
    assert [[flag.code for flag in one.flags if flag.code == "SPM-004"] for one in members] == [[], ["SPM-004"], [], []]
    match = members[1].known.matches[0]
    assert match.recording_key == "rec_1"
    assert match.speed == pytest.approx(1.05, abs=0.003)
    assert [one.rule for one in members[1].findings] == ["HIS-006"]
    assert match.audio_uri == "1.wav"

    assert [one.known.matches[0].kind for one in members[2:]] == ["same_signal", "fingerprint"]
    with client(Settings()) as review:
        cases = review.get("/v1/cases").json()
    assert "SPM-004" in json.dumps(cases)


def test_every_member_of_a_large_cluster_is_linked_with_the_earliest_and_counted(lake, monkeypatch):
    monkeypatch.setattr(results, "SHOWN", 2)
    monkeypatch.setattr(places, "SHOWN", 2)
    monkeypatch.setattr(places, "ROWS", 2)

    liner("duplicates", lake, "--workers", 1, "--no-review")

    after = {one.intake.recording_key: one for one in latest_screenings(Lake(lake))}
    last = after["rec_4"].known
    assert (last.cluster.earliest.recording_key, last.cluster.size) == ("rec_1", 4)
    assert [member.recording_key for member in last.cluster.members] == ["rec_2", "rec_4"]
    assert last.matches[0].recording_key == "rec_1"
    assert after["rec_4"].flags == ()
    assert liner("duplicates", lake, "--workers", 1, "--no-review")["judged_again"] == 0


SEEDS = {6: 16, 7: 17, 8: 19}
PROFILE = """
[profile]
id = "own"
version = 2026-01-01
title = "Own"
description = "One ISRC with two sounds is a note."

[[rule]]
id = "HIS-007"
severity = "info"
reason = "Mended by the label."
source = "House"
basis = "house"
date = 2026-01-01
"""


def test_one_isrc_with_two_sounds_is_told_at_the_later_and_weighed_by_its_own_profile(lake, tmp_path):
    (tmp_path / "own.toml").write_text(PROFILE)
    writer = LakeWriter(Lake(lake))
    for number in (6, 7, 8):
        one = screened(number, song(SECONDS, SEEDS[number]), SECONDS, Level.NONE, "S5").screening
        recording = one.intake.recording.model_copy(update={"isrc": "QZABC2600099"})
        pin = profile_ref(parse_profile(PROFILE)) if number == 8 else profile_ref(shipped_profile("house"))
        versions = one.versions.model_copy(update={"profile": pin})
        layers = {"intake": one.intake.model_copy(update={"recording": recording}), "versions": versions}
        writer.add(Screened(one.model_copy(update=layers), fingerprint(song(SECONDS, SEEDS[number]))))
    writer.flush()

    told = liner("duplicates", lake, "--workers", 1, "--no-review", "--profile", tmp_path / "own.toml")

    after = {one.intake.recording_key: one for one in latest_screenings(Lake(lake))}
    assert told["two_sounds"] == 2
    assert (after["rec_6"].known.namesakes, after["rec_6"].findings) == (None, ())
    (namesake,) = after["rec_7"].known.namesakes
    assert (namesake.recording_key, namesake.duration_s) == ("rec_6", SECONDS)
    assert [(one.rule, one.severity) for n in (7, 8) for one in after[f"rec_{n}"].findings] == [
        ("HIS-007", "warning"),
        ("HIS-007", "info"),
    ]
    assert [[flag.code for flag in after[f"rec_{n}"].flags] for n in (7, 8)] == [["HIS-007"], []]
    assert liner("duplicates", lake, "--workers", 1, "--no-review")["judged_again"] == 0


def test_of_two_of_one_day_one_is_flagged_whichever_the_stream_took_for_the_earlier(lake):
    """The run and the stream may choose another one; the flag goes to the bearer that the run chose."""
    writer = LakeWriter(Lake(lake))
    for number, other, is_earlier in ((6, 7, True), (7, 6, False)):
        one = screened(number, song(SECONDS, 20), SECONDS, Level.NONE, f"S{number}")
        whole = Span(start_s=0, end_s=SECONDS)
        match = Match(
            kind=MatchKind.SAME_SIGNAL, recording_key=f"rec_{other}", sender_id=f"S{other}", own=whole, other=whole,
            score=SECONDS, is_earlier=is_earlier, own_share=1, other_share=1, relation=Relation.STRANGER,
        )  # fmt: skip
        intake = one.screening.intake.model_copy(update={"release_date": "2026-01-06"})
        layers = {"intake": intake, "known": Known(matches=(match,))}
        writer.add(Screened(one.screening.model_copy(update=layers), one.fingerprint))
    writer.flush()

    told = liner("duplicates", lake, "--workers", 1, "--no-review")

    assert (told["clusters"], told["flagged"]) == (2, 2)
    after = {one.intake.recording_key: one for one in latest_screenings(Lake(lake))}
    flags = [[flag.code for flag in after[f"rec_{n}"].flags if flag.code.startswith("SPM")] for n in (6, 7)]
    assert flags == [[], ["SPM-003"]]
    assert [after[f"rec_{n}"].known.matches[0].is_earlier for n in (6, 7)] == [False, True]
    rows = ds.dataset(lake / "duplicates" / "clusters").to_table().to_pylist()
    assert {row["earliest_key"]: row["flag_code"] for row in rows} == {"rec_1": "SPM-004", "rec_6": "SPM-003"}


def test_running_again_delivers_nothing_more(lake):
    liner("duplicates", lake, "--workers", 1)

    again = liner("duplicates", lake, "--workers", 1)

    assert (again["flagged"], again["judged_again"], again["delivered"]) == (1, 0, {})


def test_without_review_the_lake_alone_knows(lake):
    told = liner("duplicates", lake, "--workers", 1, "--no-review")

    assert (told["judged_again"], told["delivered"]) == (4, {})
    assert not (lake / "outbox.sqlite").exists()
