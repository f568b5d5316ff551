"""What senders did, counted over windows: fair to great ones, blind to the order of a run, and kept in the lake."""

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rule_cases.making import evidence, facts, recording
from typer.testing import CliRunner

from api.cli.app import app
from classifiers import versions
from pipeline.lake import Lake, LakeWriter
from pipeline.rejudge import latest_screenings
from pipeline.screen import Heard, Job, make_screening
from pipeline.screened import Screened
from pipeline.senders import MOST_TRIES, SenderIndex
from pipeline.settle import settle
from schemas.evidence import Evidence
from schemas.policy import house_policy, judge
from schemas.screening import Found, Known, Screening, Versions
from schemas.senders import Likeness

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NUMBERS = itertools.count()


def arrival(sender="s", *, days_ago=0, artist="Ana Lima", title="Harbour", sound=None, release=None) -> Screening:
    number = next(NUMBERS)
    described = recording(title=title, display_artist=artist, isrc=f"QZABC26{number:05d}")
    one = evidence(
        described,
        audio=facts(signal_hash=sound or f"sound {number}"),
        recording_key=f"rec_{number}",
        source_key=f"src_{number}",
        sender_id=sender,
        release_key=release or f"rel_{number}",
        message_created_at=NOW - timedelta(days=days_ago),
    )
    return Screening(
        id=f"scr_{number}",
        versions=Versions(engine="e", policy="p"),
        screened_at=NOW,
        intake=one.intake,
        found=one.found,
    )


def steady(sender, each_month, *, months=12):
    """A sender that brings as much every month, each release by an artist whom it had before."""
    days = (month * 30 + n * 29 // each_month for month in range(months) for n in range(each_month))
    return [arrival(sender, days_ago=day, artist=f"Artist {n % 7}") for n, day in enumerate(days)]


@pytest.fixture
def index(tmp_path: Path):
    one = SenderIndex(tmp_path)
    yield one
    one.close()


def filled(index, *screenings):
    index.add(screenings)
    index.close_run()
    return index


def flags_of(index, screening):
    one = Evidence(intake=screening.intake, found=Found())
    return {flag.code for flag in judge(one.model_copy(update={"known": index.known(one)}), (), house_policy())}


def test_a_great_sender_that_stays_as_it_was_has_no_burst_and_a_small_one_that_does_not_has(index):
    burst = [arrival("small", days_ago=n % 5, artist=f"New {n}") for n in range(40)]
    filled(index, *steady("great", 60), *steady("small", 2), *burst)
    great, small = index.record("great"), index.record("small")
    assert great.releases > small.releases
    assert 0.8 < great.burst_ratio < 1.3
    assert small.burst_ratio > 10
    assert small.new_artist_share > 0.9
    assert "SPM-020" in flags_of(index, arrival("small", artist="New 3"))
    assert "SPM-020" not in flags_of(index, arrival("great"))


def test_a_young_sender_has_no_usual_rate_and_no_burst(index):
    filled(index, *(arrival("young", days_ago=n % 20, artist=f"New {n}") for n in range(50)))
    one = index.record("young")
    assert (one.releases, one.burst_ratio, one.new_artist_share) == (50, None, None)
    assert not flags_of(index, arrival("young"))


def test_the_order_within_a_run_changes_nothing(index):
    arrivals = steady("s", 12)
    index.add(arrivals)
    assert index.known(Evidence(intake=arrivals[0].intake)).sender is None  # the run is open
    index.close_run()
    before = index.record("s")
    index.add(reversed(arrivals))
    index.close_run()
    assert index.record("s") == before


def test_one_sound_and_one_title_in_many_orders_are_counted(index):
    words = ["Gentle Rain", "Rain, Gentle"]
    filled(index, *(arrival(title=words[n % 2], sound="same") for n in range(20)))
    one = index.record("s")
    assert one.sound_reuse_share == pytest.approx(0.95)
    assert one.permuted_title_share == 1.0
    assert {"SPM-021", "SPM-023"} <= flags_of(index, arrival())
    filled(index, *(arrival("suite", title=f"Gentle Rain, Part {n}") for n in range(20)))
    assert index.record("suite").permuted_title_share == 0  # parts of one work


def test_who_looks_like_another_is_found_and_not_whom_is_looked_like(index):
    filled(index, arrival("theirs", artist="Marisol Quay"))
    fake = evidence(recording(display_artist="M\u0430risol Qu\u0430y"), sender_id="farm")
    (one,) = index.known(fake).resemblances
    assert (one.kind, one.other) == (Likeness.LOOK_ALIKE, "Marisol Quay")
    filled(index, arrival("farm", artist="M\u0430risol Qu\u0430y"))
    assert not index.known(evidence(recording(display_artist="Marisol Quay"), sender_id="theirs")).resemblances
    assert not index.known(evidence(recording(display_artist="MARISOL QUAY"), sender_id="else")).resemblances


def test_an_artist_in_a_title_is_found_unless_credited(index):
    filled(index, arrival("theirs", artist="Marisol Quay"))
    named = recording(title="Nights of Marisol Quay", display_artist="Bo")
    (one,) = index.known(evidence(named, sender_id="farm")).resemblances
    assert (one.kind, one.other) == (Likeness.IN_TITLE, "Marisol Quay")
    for artist, title, sender in (
        ("Marisol Quay", "Nights of Marisol Quay", "farm"),
        ("Bo", "Marisol Quay", "farm"),
        ("Bo", "Nights of Marisol Quay", "theirs"),
        ("Bo", "Marisol Nights", "farm"),
    ):
        assert not index.known(evidence(recording(title=title, display_artist=artist), sender_id=sender)).resemblances


def test_moderators_verdicts_count(index):
    known = arrival()
    filled(index, known, arrival())
    assert index.told([(known.intake.recording_key, True), ("rec_unknown", True)]) == 1
    assert index.record("s").upheld_share == 1.0


def test_the_command_makes_the_index_from_the_lake(tmp_path):
    writer = LakeWriter(Lake(tmp_path / "lake"))
    for one in steady("Harbour", 3):
        writer.add(Screened(one))
    writer.flush()
    for form in ("text", "csv", "json"):
        result = CliRunner().invoke(app, ["senders", str(tmp_path / "lake"), "--format", form])
        assert result.exit_code == 0, result.output
        assert "Harbour" in result.stdout


def test_a_senders_name_is_no_formula_and_moves_no_cursor(tmp_path):
    writer = LakeWriter(Lake(tmp_path / "lake"))
    for one in steady("=cmd|' /C calc'!A0\x1b[2J", 3):
        writer.add(Screened(one))
    writer.flush()

    text, table = (
        CliRunner().invoke(app, ["senders", str(tmp_path / "lake"), "--format", form]).stdout
        for form in ("text", "csv")
    )

    assert "\x1b" not in text
    assert "\n'=cmd" in table


def test_nobody_sent_it(index):
    bare = evidence().model_copy(update={"known": Known()})
    bare = bare.model_copy(update={"intake": bare.intake.model_copy(update={"sender_id": None, "recording": None})})
    assert index.known(bare) == Known()


def first_run(lake: Path, arrivals) -> dict[str, Screening]:
    """What a lake's first run says of each arrival when it is done."""
    job = Job("first", str(lake), house_policy(), Versions(engine="e", policy="p", models=versions.models()))
    made = [make_screening(Heard(Evidence(intake=one.intake, found=one.found)), job) for one in arrivals]
    writer = LakeWriter(Lake(lake))
    with contextlib.closing(SenderIndex(lake)) as senders:
        for one in made:
            assert senders.known(Evidence(intake=one.intake)) == Known()
            senders.add([one])
            writer.add(Screened(one))
    writer.flush()
    settle(job, delivers=False)
    return {one.intake.source_key: one for one in latest_screenings(Lake(lake))}


def farm(count=24):
    words = ["Gentle Rain", "Rain, Gentle"]
    others = [arrival("theirs", artist="Marisol Quay"), arrival("farm", artist="M\u0430risol Qu\u0430y")]
    return [*(arrival("farm", title=words[n % 2], sound="one") for n in range(count)), *others]


def test_the_first_run_of_a_lake_is_judged_with_what_its_senders_did(tmp_path):
    arrivals = farm()
    told = first_run(tmp_path, arrivals)
    flags = {key: {flag.code for flag in one.flags} for key, one in told.items()}
    for one in arrivals[:-2]:
        assert {"SPM-021", "SPM-023"} <= flags[one.intake.source_key]
        assert told[one.intake.source_key].known.sender.recordings == 25
    *_, theirs, fake = (told[one.intake.source_key] for one in arrivals)
    assert not theirs.flags
    assert "SPM-007" in {flag.code for flag in fake.flags}
    assert "SPM-007" in {finding.rule for finding in fake.findings}
    (spam,) = (signal for signal in fake.fused if signal.name == "spam_probability")
    assert "letters that pass for others" in spam.note


def test_the_order_of_a_first_run_changes_nothing(tmp_path):
    def said(one):
        return one.known.sender, {flag.code for flag in one.flags}, {signal.value for signal in one.fused}

    arrivals = farm()
    one, other = first_run(tmp_path / "a", arrivals), first_run(tmp_path / "b", reversed(arrivals))
    assert {key: said(found) for key, found in one.items()} == {key: said(found) for key, found in other.items()}


def test_what_was_looked_at_again_stays_as_it_is(tmp_path):
    before = first_run(tmp_path, farm())
    job = Job("second", str(tmp_path), house_policy(), Versions(engine="e", policy="p", models=versions.models()))
    settle(job, delivers=False)
    assert {one.id for one in latest_screenings(Lake(tmp_path))} == {one.id for one in before.values()}


def test_what_never_reached_the_lake_is_not_looked_for_for_ever(tmp_path):
    Lake(tmp_path)
    job = Job("r", str(tmp_path), house_policy(), Versions(engine="e", policy="p", models=versions.models()))
    with contextlib.closing(SenderIndex(tmp_path)) as senders:
        senders.add([arrival()])
        for _ in range(MOST_TRIES):
            settle(job, delivers=False)
        assert senders.waiting() == 0
