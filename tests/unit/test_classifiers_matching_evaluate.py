"""The evaluation of the search for copies: its changes, its figures, its command."""

import itertools
import json
from contextlib import contextmanager

import numpy as np
import pytest
from sounds import RATE, music, noise, write
from typer.testing import CliRunner

from api.cli.app import app
from classifiers.fingerprint import aligned, unpack
from classifiers.matching import Recording
from classifiers.matching_changes import BARS, parse_change, parse_changes
from classifiers.matching_evaluate import Trial, evaluate, interval
from classifiers.matching_library import Library, Named
from classifiers.matching_material import fingerprints, load, read_manifest
from schemas.errors import AudioUnreadable, InvalidInput


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five tracks, of which two hold the same sound and say so, and one that is no sound."""
    root = tmp_path_factory.mktemp("tracks")
    for seed in range(1, 5):
        write(root / f"{seed}.wav", music(25, seed))
    write(root / "again.wav", music(25, 1)[3 * RATE :])
    (root / "broken.wav").write_bytes(b"RIFF")
    rows = ["path,group", "1.wav,a", "2.wav,", "3.wav,", "4.wav,", "again.wav,a", "broken.wav,", "missing.wav,"]
    (root / "manifest.csv").write_text("\n".join(rows))
    return root


def run(folder, *how):
    command = ["evaluate", "duplicates", "--manifest", str(folder / "manifest.csv"), "--root", str(folder), *how]
    return CliRunner().invoke(app, command)


def test_the_command_answers_one_json_object(folder, tmp_path):
    done = run(folder, "--format", "json", "--transform", "speed+10,cut-12,intro-8,inside-10", "--cache", str(tmp_path))
    figures = json.loads(done.stdout)
    assert figures["tracks"] == 5
    assert figures["unreadable"] == ["broken.wav", "missing.wav"]
    assert set(figures["recall"]) == {"speed+10", "cut-12", "intro-8", "inside-10"}
    for one in figures["recall"].values():
        assert one["found"] == one["joined"] == one["right"] == one["queries"] == figures["sample"]
        assert one["interval_95"][0] < one["recall"] == 1
    assert figures["pairs"]["tried"]["all"] == 9
    assert figures["pairs"]["false_matches"]["all"] == 0
    assert len(list(tmp_path.glob("*.bin"))) == 5 + 4 * figures["sample"]


def test_equal_sound_that_the_manifest_does_not_name_is_a_false_match(folder, tmp_path):
    (folder / "plain.csv").write_text("path\n1.wav\nagain.wav\n2.wav\n")
    named = ["--manifest", str(folder / "plain.csv"), "--root", str(folder), "--format", "json"]
    done = CliRunner().invoke(app, ["evaluate", "duplicates", *named, "--transform", "gain-12", "--tracks", "1"])
    pairs = json.loads(done.stdout)["pairs"]
    assert pairs["false_matches"]["all"] == 1
    assert pairs["false_match_rate"] == pytest.approx(1 / 3)
    assert pairs["worst"][0]["tracks"] == ["1.wav", "again.wav"]
    assert pairs["worst"][0]["other_s"][0] == pytest.approx(0, abs=1)
    assert pairs["worst"][0]["own_s"][0] == pytest.approx(3, abs=1)


def test_the_table_is_for_people(folder):
    done = run(folder, "--transform", "noise-20", "--tracks", "1")
    assert "noise-20" in done.stdout
    assert "1 of 1" in done.stdout
    assert "0 matches among 9 pairs" in done.stdout


def test_a_cached_fingerprint_is_not_made_again(folder, tmp_path):
    (track,) = [t for t in read_manifest(folder / "manifest.csv", folder) if t.name == "2.wav"]
    first = fingerprints([track], tmp_path)
    (kept,) = tmp_path.glob("*.bin")
    kept.write_bytes(b"kept")
    assert fingerprints([track], tmp_path) == {"2.wav": b"kept"} != first


def test_an_evaluation_that_was_broken_off_goes_on_where_it_was(folder, tmp_path, monkeypatch):
    asked = "--transform", "noise-20,cut-12", "--tracks", "1", "--no-pairs", "--format", "json"
    first = run(folder, *asked, "--cache", str(tmp_path / "kept"), "--answers", str(tmp_path / "answers"))
    answers = [json.loads(line) for line in (tmp_path / "answers").read_text().splitlines()]
    assert [(one["change"], one["is_found"], one["is_joined"]) for one in answers] == [
        ("noise-20", True, True),
        ("cut-12", True, True),
    ]
    assert json.loads(first.stdout)["pairs"] is None

    def unheard(*_):
        raise AssertionError

    monkeypatch.setattr("classifiers.matching_copies.load", unheard)
    again = run(folder, *asked, "--cache", str(tmp_path / "kept"))
    assert json.loads(again.stdout)["recall"] == json.loads(first.stdout)["recall"]


@pytest.mark.parametrize("rows", ["", "title\nsong\n", "path\n\n"], ids=["empty", "no column", "no path"])
def test_a_manifest_without_paths_is_refused(tmp_path, rows):
    (tmp_path / "m.csv").write_text(rows)
    with pytest.raises(InvalidInput):
        read_manifest(tmp_path / "m.csv", tmp_path)
    with pytest.raises(InvalidInput):
        read_manifest(tmp_path / "none.csv", tmp_path)


def test_the_manifest_may_say_which_tracks_figures_are_reported_on(tmp_path):
    (tmp_path / "m.csv").write_text("path,group,half\na.wav,x,set\nb.wav,x,reported\nc.wav,y,\nd.wav,y,\n")
    first, second, *silent = read_manifest(tmp_path / "m.csv", tmp_path)
    assert (first.is_reported, second.is_reported) == (False, True)
    assert len({track.is_reported for track in silent}) == 1  # one group is never on both sides
    (tmp_path / "m.csv").write_text("path,half\na.wav,left\n")
    with pytest.raises(InvalidInput, match="left"):
        read_manifest(tmp_path / "m.csv", tmp_path)


def test_a_copy_that_the_index_does_not_name_is_not_found(folder):
    @contextmanager
    def blind(fingerprints):
        yield lambda fingerprint: Named((), ())

    tracks = read_manifest(folder / "manifest.csv", folder)
    figures = evaluate(tracks, Trial(parse_changes("gain-12"), sample=1), blind)
    one = figures["recall"]["gain-12"]
    assert (one["found"], one["joined"], one["candidates"], one["is_met"]) == (0, 0, 0, False)


def test_what_only_a_look_up_names_was_not_joined(folder):
    @contextmanager
    def half_blind(fingerprints):
        yield lambda fingerprint: Named(asked=list(fingerprints), joined=())

    tracks = read_manifest(folder / "manifest.csv", folder)
    one = evaluate(tracks, Trial(parse_changes("gain-12"), sample=1), half_blind)["recall"]["gain-12"]
    assert (one["found"], one["joined"], one["is_met"]) == (1, 0, False)


def test_no_pair_that_matches_is_passed_over(folder, monkeypatch):
    tracks = {track.name: track for track in read_manifest(folder / "manifest.csv", folder)}
    known = fingerprints(list(tracks.values()))
    plain = {
        (one, other)
        for one, other in itertools.combinations(sorted(known), 2)
        if aligned(Recording(unpack(known[one])), Recording(unpack(known[other])))
    }
    assert plain == {("1.wav", "again.wav")}
    for longest in (8000, 60):  # the second makes all of them long
        monkeypatch.setattr("classifiers.matching._FULL", longest)
        library = Library(tracks, known)
        assert all(other in library.rivals(one) for one, other in plain)
    assert library.rivals("1.wav") == set(library.names[1:])
    assert library.rivals(library.names[-1]) == set()


def test_every_bar_is_a_change_with_its_factors():
    changes = {change.name: change for change in parse_changes("")}
    assert set(changes) == set(BARS)
    assert changes["speed+25"].speed == 1.25
    assert changes["speed+25"].pitch_semitones == pytest.approx(3.86, abs=0.01)
    assert (changes["tempo-10"].speed, changes["tempo-10"].pitch_semitones) == (0.9, 0)
    assert (changes["pitch-3"].speed, changes["pitch-3"].pitch_semitones) == (1, -3)


def test_a_change_does_what_its_name_says():
    sound = noise(4, level=0.3)
    quiet = parse_change("gain-12").apply(sound, RATE)
    assert np.sqrt(np.mean(quiet**2)) == pytest.approx(np.sqrt(np.mean(sound**2)) / 3.98, rel=0.01)
    assert np.abs(parse_change("gain+30").apply(sound, RATE)).max() == 1
    assert len(parse_change("tempo+10").apply(sound, RATE)) == pytest.approx(len(sound) / 1.1, rel=0.02)
    assert len(parse_change("speed-20").apply(sound, RATE)) == pytest.approx(len(sound) / 0.8, rel=0.001)


@pytest.mark.parametrize("text", ["gain-0", "tempo+99", "cut", "wobble-3", "tempo10"])
def test_what_is_no_change_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_change(text)


def test_the_interval_is_clopper_and_pearsons():
    assert interval(0, 10) == (0.0, pytest.approx(0.3085, abs=1e-4))
    assert interval(10, 10) == (pytest.approx(0.6915, abs=1e-4), 1.0)
    assert interval(98, 100) == (pytest.approx(0.9296, abs=1e-4), pytest.approx(0.9976, abs=1e-4))


def test_a_stretch_of_a_file_is_decoded_alone(folder):
    wave, rate = load(folder / "2.wav", 5.0, 7.5)
    assert (len(wave), rate) == (round(2.5 * RATE), RATE)
    whole, _ = load(folder / "2.wav")
    assert np.allclose(wave, whole[5 * RATE : round(7.5 * RATE)], atol=1e-4)
    with pytest.raises(AudioUnreadable):
        load(folder / "broken.wav")
