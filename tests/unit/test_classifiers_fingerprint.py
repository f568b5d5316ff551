"""Fingerprints: copies at another speed, level, length or codec are found; other sounds are not."""

import io
import itertools

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import RATE, clicks, music, noise, tone

from classifiers.fingerprint import align, pack, unpack
from classifiers.landmarks import LandmarkFinder, Landmarks


def landmarks(sound, block=65_536, rate=RATE):
    mono = sound if sound.ndim == 1 else sound.mean(axis=1)
    finder = LandmarkFinder(rate)
    for start in range(0, len(mono), block):
        finder.push(np.ascontiguousarray(mono[start : start + block], dtype=np.float32))
    return finder.landmarks()


def fingerprint(sound, **how):
    return pack(landmarks(sound, **how))


def at_speed(sound, speed):
    return soxr.resample(sound, RATE * speed, RATE)


def as_mp3(sound):
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.9)
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


@pytest.fixture(scope="module")
def song():
    return music(40, seed=11)


@pytest.fixture(scope="module")
def reference(song):
    return fingerprint(song)


@pytest.mark.parametrize("speed", [0.8, 0.95, 1.05, 1.1, 1.25])
def test_a_copy_at_another_speed_is_found_with_its_speed(song, reference, speed):
    found = align(fingerprint(at_speed(song, speed)), reference)
    assert found.speed == pytest.approx(speed, rel=0.003)
    assert found.pitch_semitones == pytest.approx(12 * np.log2(speed), abs=0.25)
    assert found.own.end_s - found.own.start_s > 0.8 * 40 / speed
    assert found.other.end_s - found.other.start_s > 0.8 * 40


@pytest.mark.parametrize(
    "change",
    [
        as_mp3,
        lambda sound: sound * 0.1,
        lambda sound: sound + noise(40, 0.02)[:, None],
        lambda sound: at_speed(as_mp3(sound), 1.03),
    ],
    ids=["mp3", "quiet", "noise", "mp3 and faster"],
)
def test_a_changed_copy_is_found(song, reference, change):
    assert align(fingerprint(change(song)), reference) is not None


def test_a_part_is_found_where_it_is(song, reference):
    found = align(fingerprint(song[12 * RATE : 30 * RATE]), reference)
    assert found.other.start_s == pytest.approx(found.own.start_s + 12, abs=0.1)
    assert found.speed == pytest.approx(1.0, abs=0.002)


def test_other_sounds_do_not_match():
    sounds = [music(20, seed=s) for s in range(20, 24)]
    sounds += [noise(20), noise(20, seed=1), tone(20), tone(20, 660.0), clicks(20, 120)]
    prints = [fingerprint(sound) for sound in sounds]
    for one, other in itertools.combinations([p for p in prints if p], 2):
        assert align(one, other) is None


def test_silence_and_a_tone_have_no_fingerprint():
    assert fingerprint(np.zeros(20 * RATE, np.float32)) is None
    assert fingerprint(tone(20)) is None


def test_three_minutes_fit_into_25_kilobytes():
    assert len(fingerprint(np.tile(music(30, seed=1), (6, 1)))) < 25_000


def test_sizes_of_blocks_and_sample_rate_change_little(song):
    one = landmarks(song)
    other = landmarks(song, block=9_999)
    assert np.allclose(one.times_s, other.times_s)
    resampled = fingerprint(soxr.resample(song, RATE, 48_000), rate=48_000)
    assert align(resampled, pack(one)).votes > 0.7 * len(one.times_s)


def test_a_long_sound_has_the_landmarks_of_its_parts():
    sound = music(60, seed=13)
    whole, part = landmarks(sound), landmarks(sound[: 30 * RATE])
    early = whole.times_s < 28
    assert np.allclose(whole.times_s[early], part.times_s[part.times_s < 28], atol=1e-3)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(
        st.tuples(st.floats(0, 20_000, allow_nan=False), st.floats(0, 5, exclude_max=True), st.integers(0, 23)),
        min_size=10,
        max_size=60,
    )
)
def test_packing_keeps_every_landmark(places):
    times, octaves, reaches = (np.array(column) for column in zip(*sorted(places), strict=True))
    back = unpack(pack(Landmarks(times, octaves, reaches)))
    assert back.times_s == pytest.approx(times, abs=0.002)
    assert back.octaves == pytest.approx(octaves, abs=1e-3)
    assert (back.reaches == np.maximum(reaches, 8)).all()


@pytest.mark.parametrize("garbage", [b"", b"\x02abcd", b"\x03abc"])
def test_what_is_no_fingerprint_is_refused(garbage):
    with pytest.raises(ValueError, match="version 3"):
        unpack(garbage)
