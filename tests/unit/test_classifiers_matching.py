"""Matching: speed and pitch apart, shared stretches in both recordings, a picture; odd sounds match nothing."""

import io
import itertools
import time

import numpy as np
import pytest
import soxr
from PIL import Image
from sounds import RATE, clicks, music, noise, tone

from classifiers.fingerprint import align, pack, unpack
from classifiers.landmarks import LandmarkFinder, Landmarks
from classifiers.matching import refined
from classifiers.matching_keys import KEY_BITS, constellations
from classifiers.matching_picture import alignment, picture
from classifiers.matching_votes import Placing
from classifiers.synthetic.attacks import Attack
from classifiers.synthetic.codecs import stretched
from schemas.errors import InvalidInput
from schemas.flags import Span


def fingerprint(sound, rate=RATE):
    finder = LandmarkFinder(rate)
    finder.push(np.ascontiguousarray(sound, np.float32))
    return pack(finder.landmarks())


def mono(seconds, seed):
    return music(seconds, seed).mean(axis=1)


def near(span, start_s, end_s, within=1.5):
    return abs(span.start_s - start_s) < within and abs(span.end_s - end_s) < within


@pytest.fixture(scope="module")
def song():
    return mono(40, 11)


@pytest.fixture(scope="module")
def reference(song):
    return fingerprint(song)


@pytest.mark.parametrize(
    ("change", "speed", "semitones"),
    [
        (lambda s: stretched(s, RATE, 1.1), 1.1, 0),
        (lambda s: stretched(s, RATE, 0.9), 0.9, 0),
        (lambda s: Attack("pitch", -3).apply(s, RATE), 1, -3),
        (lambda s: Attack("pitch", 2).apply(s, RATE), 1, 2),
        (lambda s: soxr.resample(s, RATE * 1.3, RATE), 1.3, 12 * np.log2(1.3)),
        (lambda s: soxr.resample(s, RATE * 0.7, RATE), 0.7, 12 * np.log2(0.7)),
        (lambda s: stretched(Attack("pitch", 2).apply(s, RATE), RATE, 0.95), 0.95, 2),
    ],
    ids=["tempo+10", "tempo-10", "pitch-3", "pitch+2", "speed+30", "speed-30", "pitch+2 and tempo-5"],
)
def test_speed_and_pitch_are_two_factors(song, reference, change, speed, semitones):
    found = align(fingerprint(change(song)), reference)
    assert found.speed == pytest.approx(speed, rel=0.003)
    assert found.pitch_semitones == pytest.approx(semitones, abs=0.15)
    assert found.own_coverage > 0.9
    assert found.other_coverage > 0.9


def test_the_direction_turns_the_factors_round(song, reference):
    faster = fingerprint(soxr.resample(song, RATE * 1.25, RATE))
    one, other = align(faster, reference), align(reference, faster)
    assert one.speed == pytest.approx(1 / other.speed, rel=1e-3)
    assert one.pitch_semitones == pytest.approx(-other.pitch_semitones, abs=0.1)


def test_a_loop_inside_a_new_track_is_named_with_its_seconds(song, reference):
    new = np.concatenate([mono(25, 3), soxr.resample(song[10 * RATE : 30 * RATE], RATE * 1.05, RATE), mono(25, 4)])
    found = align(fingerprint(new), reference)
    (segment,) = found.segments
    assert near(segment.own, 25, 25 + 20 / 1.05)
    assert near(segment.other, 10, 30)
    assert segment.speed == pytest.approx(1.05, rel=0.002)
    assert found.own_coverage == pytest.approx(19 / 69, abs=0.04)
    assert found.other_coverage == pytest.approx(0.5, abs=0.05)


def test_a_part_that_comes_twice_is_named_twice(song, reference):
    part = song[5 * RATE : 20 * RATE]
    found = align(fingerprint(np.concatenate([part, mono(15, 5), part])), reference)
    assert len(found.segments) == 2
    assert all(near(segment.other, 5, 20) for segment in found.segments)
    assert sorted(round(segment.own.start_s / 10) for segment in found.segments) == [0, 3]


def test_a_mix_names_each_of_its_songs(song):
    """A DJ mix: each song at its own speed; every one is found where it lies."""
    other, speeds = mono(40, 12), (1.04, 0.96)
    parts = [soxr.resample(s[: 30 * RATE], RATE * v, RATE) for s, v in zip((song, other), speeds, strict=True)]
    mix, start_s = fingerprint(np.concatenate(parts)), 0.0
    for one, part, speed in zip((song, other), parts, speeds, strict=True):
        found = align(mix, fingerprint(one))
        assert found.speed == pytest.approx(speed, rel=0.002)
        assert near(found.own, start_s, start_s + len(part) / RATE)
        assert near(found.other, 0, 30)
        start_s += len(part) / RATE


def test_a_cut_in_the_middle_leaves_two_segments_on_two_lines(song, reference):
    edit = np.concatenate([song[: 15 * RATE], song[25 * RATE :]])
    found = align(fingerprint(edit), reference)
    first, second = sorted(found.segments[:2], key=lambda segment: segment.own.start_s)
    assert near(first.other, 0, 15)
    assert near(second.other, 25, 40)


def test_silence_tones_noise_and_jingles_match_nothing(reference):
    odd = [noise(20), noise(20, seed=1), clicks(20, 120), clicks(20, 121), tone(20) + tone(20, 660.0)]
    odd += [mono(3, seed) for seed in range(30, 36)]  # jingles
    odd += [np.tile(mono(1, seed), 20) for seed in (40, 41)]  # one second again and again
    prints = [p for p in (fingerprint(sound) for sound in odd) if p] + [reference]
    assert len(prints) > 8
    for one, other in itertools.combinations(prints, 2):
        assert align(one, other) is None


def test_silence_and_a_steady_tone_have_no_fingerprint():
    assert fingerprint(np.zeros(10 * RATE, np.float32)) is None
    assert fingerprint(tone(10)) is None


def test_a_track_that_is_one_loop_matches_its_copy_and_no_other_loop():
    loops = [fingerprint(np.tile(mono(4, seed), 30)) for seed in (50, 51)]
    faster = fingerprint(soxr.resample(np.tile(mono(4, 50), 30), RATE * 1.1, RATE))
    assert align(*loops) is None
    found = align(faster, loops[0])
    assert found.speed == pytest.approx(1.1, rel=0.003)
    assert found.own_coverage > 0.9


def invented(seconds, seed, per_s=12):
    rng = np.random.default_rng(seed)
    count = int(seconds * per_s)
    reaches = np.where(rng.random(count) < 0.35, 13, 0)
    return Landmarks(np.sort(rng.uniform(0, seconds, count)), rng.uniform(0, 5, count), reaches)


@pytest.mark.parametrize("seed", [9, 34])
def test_music_is_no_ticking_because_peaks_follow_each_other_closely(seed):
    """In these two the commonest lag is hardly longer than what is one place."""
    busy = pack(invented(60, seed))
    assert align(busy, busy).own_coverage > 0.9


def over_a_pattern(seed, tune_per_s, share=1.0):
    """A minute of a tune over a pattern of two seconds; of both a share is left."""
    pattern, tune = invented(2, 90, per_s=10), invented(60, seed, per_s=tune_per_s)
    times = np.concatenate([(pattern.times_s + 2 * np.arange(30)[:, None]).ravel(), tune.times_s])
    octaves = np.concatenate([np.tile(pattern.octaves, 30), tune.octaves])
    reaches = np.concatenate([np.tile(pattern.reaches, 30), tune.reaches])
    order = np.argsort(times)
    order = order[np.random.default_rng(0).random(len(order)) < share]
    return pack(Landmarks(times[order], octaves[order], reaches[order]))


def test_two_tunes_over_one_drum_pattern_are_no_match(monkeypatch):
    tunes = [over_a_pattern(seed, 8) for seed in (91, 92)]
    assert align(*tunes) is None
    worn = over_a_pattern(91, 8, share=0.7)
    assert align(worn, tunes[0]).own_coverage > 0.9
    monkeypatch.setattr("classifiers.fingerprint.is_only_pattern", lambda *_: False)
    assert align(*tunes).segments[0].share < 0.7  # without the test they are one


def test_a_loop_that_has_nothing_beside_it_is_named_in_its_copy():
    """It lies as well a round earlier: nobody can tell which round was copied, and it is the same sound."""
    loop = over_a_pattern(91, 0.2)
    assert align(over_a_pattern(91, 0.2, share=0.9), loop).own_coverage > 0.9


def test_ten_hours_hold_three_minutes_and_cost_little():
    """A recording of ten hours is compared within seconds, and found; a stranger is not."""
    long, stranger = invented(36_000, 1), invented(180, 2)
    is_part = (long.times_s >= 20_000) & (long.times_s < 20_180)
    part = Landmarks(long.times_s[is_part] - 20_000, long.octaves[is_part], long.reaches[is_part])
    whole = pack(long)
    began = time.process_time()
    found = align(pack(part), whole)
    assert found.other.start_s == pytest.approx(20_000, abs=1)
    assert found.own_coverage > 0.95
    assert align(pack(stranger), whole) is None
    assert time.process_time() - began < 20


def test_two_recordings_of_ten_hours_of_one_loop_cost_little():
    """The pairs of equal constellations would grow with the square of the repeats."""
    loop = invented(4, 3)
    repeats = 9000
    times = (loop.times_s + 4 * np.arange(repeats)[:, None]).ravel()
    whole = pack(Landmarks(times, np.tile(loop.octaves, repeats), np.tile(loop.reaches, repeats)))
    began = time.process_time()
    assert align(whole, whole[: 1 + 4 * 40_000]) is not None
    assert time.process_time() - began < 20


def test_constellations_that_reach_further_hold_the_others(reference):
    strong = unpack(reference).strong()
    near, far = (set(constellations(strong, 6, one_in=8, fan=fan).keys) for fan in (7, 9))
    assert near < far
    assert 0 <= min(far) <= max(far) < 2**KEY_BITS
    assert all(key % 8 == 0 for key in far)


def test_constellations_are_the_choices_of_four_that_say_something():
    """One by one, as the rules are told; the blocks of the real thing end in between."""
    rng = np.random.default_rng(4)
    times, octaves = np.cumsum(rng.uniform(0, 0.4, 700)), rng.integers(0, 60, 700) / 12
    told = set()
    for first in range(700):
        for rest in itertools.combinations(range(first + 1, min(first + 8, 700)), 3):
            spread = times[rest[-1]] - times[first]
            rises = np.rint((octaves[list(rest)] - octaves[first]) * 12)
            if 0.2 <= spread <= 4 and np.abs(rises).max() < 30 and np.count_nonzero(rises) >= 2:
                told.add((times[first], round(spread, 9)))
    found = constellations(Landmarks(times, octaves, np.full(700, 13)), 4)
    assert {(at, round(spread, 9)) for at, spread in zip(found.times_s, found.spreads_s, strict=True)} == told
    assert (np.diff(found.keys) >= 0).all()


@pytest.mark.parametrize("kept", [0.4, 0.5])
def test_the_first_look_passes_over_nothing_that_counts(kept):
    """Of a stretch of twelve seconds hardly more landmarks are left than have to meet."""
    rng, original = np.random.default_rng(8), invented(180, 21)
    is_part = (original.times_s > 60) & (original.times_s < 72.5)
    part, noise_ = original.where(is_part), invented(12, 22)
    is_left = np.arange(len(part.times_s)) % 10 < 10 * kept
    count = int(np.sum(~is_left))
    times = np.concatenate([part.times_s[is_left] - 60, rng.uniform(0, 12.5, count)])
    octaves = np.concatenate([part.octaves[is_left], rng.uniform(0, 5, count)])
    reaches = np.concatenate([part.reaches[is_left], noise_.reaches[:count]])
    order = np.argsort(times)
    placing = Placing(1.0, 60.05, 0.01)
    poor = Landmarks(times[order], octaves[order], reaches[order])
    found = refined(poor, original, placing)
    assert found.offset_s == pytest.approx(60, abs=0.01)
    assert refined(poor, invented(180, 23), placing) is None


def test_excerpts_hold_the_same_music(song, reference):
    query = fingerprint(soxr.resample(song, RATE * 1.1, RATE))
    found, (excerpts,) = alignment(query, reference)
    assert excerpts.other.start_s == pytest.approx(1.1 * excerpts.own.start_s, abs=0.2)
    own_s, other_s = (span.end_s - span.start_s for span in (excerpts.own, excerpts.other))
    assert own_s == pytest.approx(12)
    assert other_s == pytest.approx(own_s * found.speed)
    assert alignment(query, fingerprint(mono(20, 77))) is None


def test_the_picture_shows_shared_landmarks_under_each_other(song, reference):
    query = fingerprint(Attack("pitch", 2).apply(song, RATE))
    _, (excerpts,) = alignment(query, reference)
    image = Image.open(io.BytesIO(picture(query, reference, excerpts.own, excerpts.other, width=600, height=308)))
    assert image.size == (600, 308)
    pixels = np.asarray(image).astype(int)
    bright = (np.abs(pixels - [250, 180, 60]).sum(axis=2) == 0).astype(float)
    upper, lower = bright[:150], bright[158:]
    assert upper.sum() > 400
    assert np.corrcoef(upper.ravel(), lower.ravel())[0, 1] > 0.5
    strange = picture(query, fingerprint(mono(40, 78)), excerpts.own, excerpts.own, width=600, height=308)
    pixels = np.asarray(Image.open(io.BytesIO(strange))).astype(int)
    assert (np.abs(pixels - [250, 180, 60]).sum(axis=2) == 0).sum() < 0.5 * bright.sum()


@pytest.mark.parametrize(
    "how", [{"width": 5}, {"height": 10_000}, {"own": Span(start_s=3, end_s=3)}], ids=["narrow", "tall", "no stretch"]
)
def test_a_picture_of_nothing_is_refused(reference, how):
    asked = {"own": Span(start_s=0, end_s=9), "other": Span(start_s=0, end_s=9), **how}
    with pytest.raises(InvalidInput):
        picture(reference, reference, asked.pop("own"), asked.pop("other"), **asked)
