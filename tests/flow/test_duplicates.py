"""`liner duplicates` and `liner catalogue` over small lakes of invented fingerprints."""

import base64
import contextlib
import csv
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from prints import after, cut, faster, fingerprint, laid, row, song, worn, write_lake
from typer.testing import CliRunner

from api.cli.app import app
from classifiers.matching_material import fingerprint_of
from pipeline.catalogue import Catalogue
from pipeline.compare import Comparer
from pipeline.duplicates import flow, namesakes
from pipeline.duplicates.flow import Plan, find_duplicates
from pipeline.sound import Sound
from schemas.evidence import Evidence
from schemas.policy import house_policy, judge
from schemas.release import SoundRecording
from schemas.screening import Intake, derived_id

SECONDS = 120


def liner(*args):
    outcome = CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def duplicates(folder):
    return find_duplicates(Plan(folder, compare=laid))


def table(folder, name):
    return (
        pl.read_parquet(f"{folder}/duplicates/{name}/*.parquet").to_dicts()
        if any(Path(folder, "duplicates", name).glob("*.parquet"))
        else []
    )


def groups(folder):
    """The clusters as sets of the recordings' numbers."""
    found = {}
    for member in table(folder, "members"):
        found.setdefault(member["cluster_id"], set()).add(int(member["recording_key"].removeprefix("rec_")))
    return sorted(map(frozenset, found.values()), key=min)


def songs(count, first=0):
    return {n: song(SECONDS, seed=n) for n in range(first, first + count)}


@pytest.fixture(scope="module")
def farm(tmp_path_factory):
    """One sound under many names among strangers' songs; it was released first by number 3."""
    originals = songs(12)
    rows = [row(n, sound, SECONDS, release_date="2026-02-01") for n, sound in originals.items()]
    rows[3]["release_date"] = "2025-01-01"
    for n in range(20, 26):
        speed = 1 + 0.01 * (n - 22)
        copy = worn(faster(originals[3], speed), seed=n)
        rows.append(row(n, copy, SECONDS / speed, sender_id="farm", declared_level="all"))
    rows.append(row(30, fingerprint(originals[3]), SECONDS, title="Twin", sender_id="farm"))
    folder = write_lake(tmp_path_factory.mktemp("farm") / "lake", rows)
    return folder, duplicates(folder)


def test_a_farm_is_one_cluster_around_the_earliest_release(farm):
    folder, summary = farm

    (cluster,) = table(folder, "clusters")

    assert groups(folder) == [frozenset({3, *range(20, 26), 30})]
    assert cluster["earliest_key"] == f"rec_{3:032}"
    assert cluster["released_on"] == "2025-01-01"
    assert (cluster["size"], cluster["titles"], cluster["senders"]) == (8, 8, 2)
    assert cluster["declared_levels"] == ["all", "none"]
    assert cluster["cluster_id"] == derived_id("dup", f"rec_{3:032}")
    assert (summary["clusters"], summary["in_clusters"], summary["twins"]) == (1, 8, 1)


def test_each_recording_of_an_isrc_that_is_another_sound_than_the_earliest_is_named(tmp_path):
    """A copy, a part, an equal file and a moment of the earliest are no other sound; nor is silence."""
    isrc, original = "QZABC2600001", song(SECONDS, 1)
    sounds = [original, worn(faster(original, 1.1), 2), song(SECONDS, 3), cut(original, 20, 60), original,
              cut(song(SECONDS, 4), 0, 8), song(SECONDS, 3), song(SECONDS, 5)]  # fmt: skip
    lengths = [SECONDS, SECONDS / 1.1, SECONDS, 40, SECONDS, 8, SECONDS, SECONDS]
    rows = [row(n, one, s, isrc=isrc) for n, (one, s) in enumerate(zip(sounds, lengths, strict=True))]
    rows[7]["isrc"] = "QZABC2600002"
    rows.append({**row(8, song(SECONDS, 6), SECONDS, isrc=isrc), "fingerprint": None})
    folder = write_lake(tmp_path / "lake", rows)

    summary = duplicates(folder)

    found = sorted(table(folder, "namesakes"), key=lambda one: one["recording_key"])
    assert summary["two_sounds"] == 2
    assert [(one["recording_key"], one["other_key"]) for one in found] == [
        (f"rec_{n:032}", f"rec_{0:032}") for n in (2, 6)
    ]
    assert (found[0]["isrc"], found[0]["other_duration_s"]) == (isrc, SECONDS)


def test_a_name_for_very_many_sounds_costs_no_more_than_some_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(namesakes, "MOST_OF_ISRC", 5)
    rows = [row(n, song(40, n), 40, isrc="QZABC2600001", release_date=f"2026-01-{30 - n:02}") for n in range(12)]

    duplicates(folder := write_lake(tmp_path / "lake", rows))

    found = {one["recording_key"] for one in table(folder, "namesakes")}
    assert found == {f"rec_{n:032}" for n in range(6, 11)}


def test_a_cluster_has_one_flag(farm):
    folder, summary = farm

    (cluster,) = table(folder, "clusters")

    assert summary["flagged"] == 1
    assert (cluster["flag_code"], cluster["flag_severity"]) == ("SPM-004", "high")
    assert cluster["bearer_key"] in {f"rec_{n:032}" for n in (*range(20, 26), 30)}
    assert cluster["explanation"].startswith("One of 8 recordings of this sound (8 titles, 8 artists, 2 senders)")


def test_links_name_speed_and_seconds(farm):
    folder, _ = farm

    speeds = {
        link["recording_key"]: link["speed"] for link in table(folder, "links") if link["other_key"].endswith("3")
    }

    assert speeds[f"rec_{25:032}"] == pytest.approx(1.03, abs=0.003)
    assert all(link["is_whole"] and link["own_end_s"] > 100 for link in table(folder, "links"))


def test_running_again_changes_nothing_and_leaves_nothing_behind(farm):
    folder, first = farm
    before = groups(folder)

    again = duplicates(folder)

    assert groups(folder) == before
    assert {k: again[k] for k in ("clusters", "links", "candidates")} == {
        k: first[k] for k in ("clusters", "links", "candidates")
    }
    assert not list(folder.glob(".duplicates*"))


def test_a_very_large_lake_is_joined_by_paired_keys_with_the_same_end(farm, monkeypatch):
    folder, _ = farm
    before = groups(folder)
    monkeypatch.setattr(flow, "PAIRED_FROM", 10)

    summary = duplicates(folder)

    assert groups(folder) == before
    assert summary["postings"] > 5_000  # more than keys of one constellation


def test_a_medley_chains_nobody(tmp_path):
    one, two, three = songs(3).values()
    medley = after((one, SECONDS), (two, SECONDS), (three, SECONDS))
    rows = [row(0, medley, 3 * SECONDS, release_date="2020-01-01"), row(9, medley, 3 * SECONDS, signal_hash="other")]
    rows += [row(n, sound, SECONDS) for n, sound in enumerate((one, two, three), start=1)]
    folder = write_lake(tmp_path / "lake", rows)

    duplicates(folder)

    assert groups(folder) == [frozenset({0, 9})]
    parts = {
        (link["recording_key"][-1], link["other_key"][-1]) for link in table(folder, "links") if not link["is_whole"]
    }
    assert {("1", "0"), ("2", "0"), ("3", "0")} <= parts


def test_a_link_names_each_shared_stretch_in_both_recordings(tmp_path):
    """One track in two pieces around a stranger's: both pieces, and how much of each recording they are together."""
    track = song(SECONDS, 1)
    mix = after((cut(track, 60, 100), 40), (song(60, 2), 60), (cut(track, 0, 40), 40))
    folder = write_lake(tmp_path / "lake", [row(0, track, SECONDS), row(1, mix, 140)])

    find_duplicates(Plan(folder))

    (link,) = table(folder, "links")
    places = [
        [round(one[name]) for name in ("own_start_s", "own_end_s", "other_start_s", "other_end_s")]
        for one in link["stretches"]
    ]
    assert places == [[0, 40, 60, 100], [100, 140, 0, 40]]
    assert link["own_share"] == pytest.approx(80 / 140, abs=0.02)
    assert link["other_share"] == pytest.approx(80 / 120, abs=0.02)
    assert groups(folder) == []


def test_every_track_of_a_long_mix_is_linked(tmp_path):
    tracks = songs(30)
    mix = after(*((cut(track, 20, 50), 30) for track in tracks.values()))
    rows = [row(n, track, SECONDS) for n, track in tracks.items()] + [row(90, mix, 900, release_date="2026-04-01")]
    folder = write_lake(tmp_path / "lake", rows)

    duplicates(folder)

    links = table(folder, "links")
    assert sorted(int(link["other_key"][-2:]) for link in links) == list(range(30))
    assert all(len(link["stretches"]) == 1 and 20 < link["stretches"][0]["other_end_s"] < 51 for link in links)
    assert groups(folder) == []


def test_a_loop_in_common_makes_links_but_no_cluster(tmp_path):
    loop = song(30, seed=99)
    rows = [row(n, after((loop, 30), (cut(song(SECONDS, n), 0, 90), 90)), SECONDS) for n in range(5)]
    folder = write_lake(tmp_path / "lake", rows)

    duplicates(folder)

    assert groups(folder) == []


EXPLAINED = [
    ({"sender_id": "S9"}, "high"),
    ({"sender_id": "S0"}, "medium"),
    ({"sender_id": "S0", "title": "Song"}, None),
    ({"sender_id": "S9", "isrc": "QZABC2600001"}, None),
    ({"sender_id": "S9", "title": "Song (Radio Edit)", "display_artist": "Nova"}, "low"),
    ({"sender_id": "S9", "title": "Song (Bo Remix)", "display_artist": "Bo"}, "low"),
    ({"sender_id": "S9", "title": "Song", "rights_holder": "(P) 2026 Nova"}, "low"),
]


def test_what_the_senders_words_explain_is_told_apart(tmp_path):
    rows = []
    about = {
        "isrc": "QZABC2600001",
        "title": "Song",
        "display_artist": "Nova",
        "rights_holder": "Nova",
        "sender_id": "S0",
    }
    for n, (copied, _) in enumerate(EXPLAINED):
        rows.append(row(n, song(SECONDS, n), SECONDS, **about, release_date="2024-01-01"))
        rows.append(row(100 + n, worn(song(SECONDS, n), n), SECONDS, **{"isrc": "QZABC2600002", **copied}))
    folder = write_lake(tmp_path / "lake", rows)

    duplicates(folder)

    flags = {int(c["earliest_key"].removeprefix("rec_")): c["flag_severity"] for c in table(folder, "clusters")}
    assert flags == {n: flag for n, (_, flag) in enumerate(EXPLAINED)}


def test_the_stream_tells_apart_what_the_batch_does(tmp_path):
    about = {"isrc": "QZABC2600001", "title": "Song", "display_artist": "Nova", "rights_holder": "Nova"}
    found = []
    with contextlib.closing(Catalogue(tmp_path)) as catalogue:
        comparer = Comparer(catalogue, laid)
        for n, (copied, _) in enumerate(EXPLAINED):
            first = row(n, song(SECONDS, n), SECONDS, **about, sender_id="S0", release_date="2024-01-01")
            own = row(100 + n, worn(song(SECONDS, n), n), SECONDS, **{"isrc": "QZABC2600002", **copied})
            comparer.arrive(Sound.of_row(first))
            flags = judge(evidence_of(own, comparer.arrive(Sound.of_row(own))), (), house_policy())
            found.append(next((flag.severity.value for flag in flags if flag.code == "SPM-004"), None))

    assert found == [severity for _, severity in EXPLAINED]


def evidence_of(own, known):
    recording = SoundRecording(
        reference="A1", isrc=own["isrc"], title=own["title"], display_artist=own["display_artist"]
    )
    intake = Intake(
        recording_key=own["recording_key"], source_key="s", delivery_id="d", delivery_path="p",
        sender_id=own["sender_id"], recording=recording,
    )  # fmt: skip
    return Evidence(intake=intake, known=known)


# --- bad input


def tones(seconds):
    """A melody box: one tone again and again."""
    times = np.arange(0, seconds, 0.4)
    return times, np.full(len(times), 2.0)


def looped(seconds, seed):
    """A track that is one loop of four seconds."""
    return after(*[(song(4, seed), 4.0)] * (seconds // 4))


def ten_hours(seed):
    """Ten hours with a peak a second."""
    times, heights = song(3600, seed)
    return times * 10, heights


def noise(seconds, seed):
    """What the front end makes of white noise."""
    wave = np.random.default_rng(seed).normal(0, 0.1, int(seconds * 11_025)).astype(np.float32)
    return fingerprint_of(wave, 11_025)


def hum(seconds, hertz):
    """What the front end makes of a mains hum; the same places of very many recordings."""
    times = np.arange(int(seconds * 11_025)) / 11_025
    return fingerprint_of(sum(np.sin(2 * np.pi * hertz * n * times) / n for n in (1, 2, 3)).astype(np.float32), 11_025)


CASES = {
    "noise": [row(n, noise(20, n), 20) for n in range(6)],
    "hum": [row(n, hum(20 + n, 400), 20 + n) for n in range(6)],
    "ten hours beside a song": [row(0, ten_hours(1), 36_000), row(1, song(180, 2), 180), row(2, ten_hours(3), 36_000)],
    "silence": [row(n, None, 180, signal_hash="silence") for n in range(40)],
    "moments": [row(n, song(2, 5), 2.0) for n in range(40)],
    "tones": [row(n, tones(100 + n), 100 + n) for n in range(40)],
    "loops of their own": [row(n, looped(120, n), 120) for n in range(30)],
    "jingles": [row(n, song(3.5, n), 3.5) for n in range(60)],
    "foreign bytes": [row(n, b"\x09" + bytes(40), 180) for n in range(5)],
    "nothing at all": [],
}


@pytest.mark.parametrize("name", CASES)
def test_odd_sounds_form_no_false_cluster(tmp_path, name):
    folder = write_lake(tmp_path / "lake", CASES[name])

    summary = duplicates(folder)

    assert groups(folder) == []
    assert summary["recordings"] == len(CASES[name])
    assert summary["unusable"] == (5 if name == "foreign bytes" else 0)


@pytest.mark.parametrize("name", CASES)
def test_odd_sounds_form_no_false_cluster_in_the_stream(tmp_path, name):
    with contextlib.closing(Catalogue(tmp_path)) as catalogue:
        comparer = Comparer(catalogue, laid)
        known = [comparer.arrive(Sound.of_row(one)) for one in CASES[name]]

    if name != "foreign bytes":  # nobody can say whether those are a sound
        assert [one.cluster for one in known if one.cluster] == []


def test_one_loop_in_two_lengths_is_one_cluster_or_none_but_never_joins_another_loop(tmp_path):
    rows = [row(0, looped(120, 1), 120), row(1, looped(160, 1), 160), row(2, looped(120, 2), 120)]
    folder = write_lake(tmp_path / "lake", rows)

    duplicates(folder)

    assert groups(folder) in ([], [frozenset({0, 1})])


def test_very_many_copies_of_one_file_are_one_cluster_at_once(tmp_path):
    """Half of them are equal to the sample, half went through encoders; every second has its own sender."""
    original = song(SECONDS, 0)
    rows = [row(0, original, SECONDS, release_date="2020-01-01")]
    rows += [row(n, fingerprint(original), SECONDS) for n in range(1, 200)]
    worn_ones = [fingerprint(worn(original, seed)) for seed in range(10)]
    rows += [row(n, worn_ones[n % 10], SECONDS, signal_hash=f"own {n}") for n in range(200, 260)]
    folder = write_lake(tmp_path / "lake", rows)

    summary = duplicates(folder)

    assert groups(folder) == [frozenset(range(260))]
    assert summary["twins"] == 199
    assert summary["hot_keys"] > 0
    assert summary["compared_pairs"] <= 60


def test_the_command_compares_for_real(tmp_path):
    original = song(SECONDS, 1)
    rows = [
        row(0, original, SECONDS),
        row(1, faster(original, 1.05), SECONDS / 1.05),
        row(2, song(SECONDS, 2), SECONDS),
    ]
    folder = write_lake(tmp_path / "lake", rows)

    text = liner("duplicates", folder, "--workers", 1, "--no-review")

    assert groups(folder) == [frozenset({0, 1})]
    assert "1 cluster of 2 recordings, the largest of 2; 1 flagged." in text


def test_a_folder_that_is_no_lake_is_refused(tmp_path):
    outcome = CliRunner().invoke(app, ["duplicates", str(tmp_path)])

    assert "is no lake" in str(outcome.exception)
    assert list(tmp_path.iterdir()) == []


# --- lists


def write_csv(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_list_is_brought_shown_and_dropped(tmp_path):
    spam = fingerprint(song(60, 1))
    source = write_csv(
        tmp_path / "spam.csv",
        [
            {"fingerprint": base64.b64encode(spam).decode(), "sha256": "", "title": "Rain", "reason": "case 7"},
            {"fingerprint": "", "sha256": "A" * 64, "title": "", "reason": ""},
            {"fingerprint": "", "sha256": "a" * 64, "title": "", "reason": "once more"},
        ],
    )
    one = tmp_path / "one.csv"
    one.write_text(f"sha256;reason\n{'b' * 64};taken down, twice\n")
    lake = tmp_path / "lake"

    assert "2 entries" in liner("catalogue", "add-list", "known-spam", source, "--lake", lake)
    held = json.loads(liner("catalogue", "show", "--lake", lake, "--format", "json"))
    assert held["lists"] == {"known-spam": 2}
    assert held["sounds"] == 0
    assert held["keys"] > 30

    assert "The list one has 1 entry." in liner("catalogue", "add-list", "one", one, "--lake", lake)
    assert "The list one with 1 entry is gone." in liner("catalogue", "drop-list", "one", "--lake", lake)

    assert "2 entries is gone" in liner("catalogue", "drop-list", "known-spam", "--lake", lake)
    held = json.loads(liner("catalogue", "show", "--lake", lake, "--format", "json"))
    assert (held["lists"], held["keys"]) == ({}, 0)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("spam.csv", "title\nRain\n", "entry 1 has neither fingerprint nor hash"),
        ("spam.csv", "sha256\nnot a hash\n", "'not a hash' is no hash"),
        ("spam.csv", "fingerprint\nAAAA\n", "cannot be read"),
        ("spam.csv", "fingerprint\n%%%%\n", "cannot be read"),
        ("spam.csv", "sha256\n", "has no entry"),
        ("spam.json", "[1]", "is no object"),
        ("spam.json", "[{", "cannot be read"),
        ("spam.json", "[" * 100_000, "nested too deeply"),
        ("spam.csv", f"sha256,duration\n{'ab' * 32},nan\n", "'nan' is no number of seconds"),
        ("spam.csv", f"sha256,duration\n{'ab' * 32},-5\n", "'-5' is no number of seconds"),
        ("spam.parquet", "x", "cannot be read"),
        ("spam.txt", "x", "neither CSV, JSON nor Parquet"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_and_leaves_the_old_one(tmp_path, name, content, says):
    lake = tmp_path / "lake"
    good = write_csv(tmp_path / "good.csv", [{"sha256": "a" * 64}])
    liner("catalogue", "add-list", "spam", good, "--lake", lake)
    (tmp_path / name).write_text(content)

    outcome = CliRunner().invoke(app, ["catalogue", "add-list", "spam", str(tmp_path / name), "--lake", str(lake)])

    assert says in str(outcome.exception)
    assert json.loads(liner("catalogue", "show", "--lake", lake, "--format", "json"))["lists"] == {"spam": 1}
