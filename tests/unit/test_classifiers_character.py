"""Stereo, dynamics, cut-off, key and modulation of sounds with known answers, and where the evidence points."""

from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from sounds import RATE, music, noise, tone

from classifiers.bandwidth import CAUSES
from classifiers.descriptors import Descriptors
from classifiers.kweighting import KWeightedSteps, k_weights
from classifiers.peaks import Peaks
from classifiers.spectra import Grid
from classifiers.tonality import key_name

SCALES = {
    "C major": (0, 4, 7, 5, 9, 2, 11),
    "A minor": (9, 0, 4, 2, 5, 11, 8),
    "F sharp major": (6, 10, 1, 11, 3, 8, 5),
}


def heard(sound, rate=RATE):
    sound = sound[:, None] if sound.ndim == 1 else sound
    ears = Descriptors(rate, sound.shape[1])
    for start in range(0, len(sound), 131_072):
        ears.push(np.ascontiguousarray(sound[start : start + 131_072]))
    return ears.heard()


def value(sound, name, **how):
    return heard(sound, **how).signal(name).value


def piece(classes, seconds=12):
    """Chords and a line of a key, its first degrees longest."""
    rng = np.random.default_rng(4)
    sound = np.zeros(seconds * RATE, np.float32)
    weights = np.array([4, 2.5, 3, 1.5, 1, 1, 0.7])
    for at in np.arange(0, seconds - 1, 0.25):
        degree = rng.choice(len(classes), p=weights / weights.sum())
        hz = 261.63 * 2 ** (classes[degree] / 12 + rng.integers(-1, 2))
        sound[int(at * RATE) :][:RATE] += tone(1, hz, 0.1) * np.linspace(1, 0, RATE, dtype=np.float32)
    return sound


def test_one_channel_twice_is_narrow_and_opposite_channels_are_wide():
    one = noise(4)
    same, opposite = heard(np.stack([one, one], axis=1)), heard(np.stack([one, -one], axis=1))
    assert (same.signal("stereo_width_share").value, same.signal("stereo_correlation").value) == (0, 1)
    assert (opposite.signal("stereo_width_share").value, opposite.signal("stereo_correlation").value) == (1, -1)
    apart = np.stack([noise(4, seed=1), noise(4, seed=2)], axis=1)
    assert value(apart, "stereo_width_share") == pytest.approx(0.5, abs=0.01)
    assert value(apart, "stereo_correlation") == pytest.approx(0.0, abs=0.02)


def test_a_louder_left_leans_to_the_left():
    sound = np.stack([noise(3, 0.2, seed=1), noise(3, 0.1, seed=2)], axis=1)
    assert value(sound, "stereo_balance_db") == pytest.approx(6.0, abs=0.1)


def test_a_silent_channel_has_a_balance_and_no_correlation():
    found = heard(np.stack([noise(3), np.zeros(3 * RATE, np.float32)], axis=1))
    assert found.signal("stereo_balance_db").value == pytest.approx(60, abs=0.5)
    assert found.signal("stereo_correlation") is None


def test_dual_mono_and_opposite_phase_are_placed():
    apart, one = [noise(5, seed=seed) for seed in (1, 2)], noise(5, seed=3)
    left, right = np.concatenate([apart[0], one, one]), np.concatenate([apart[1], one, -one])
    found = heard(np.stack([left, right], axis=1))
    (same,), (opposite,) = (found.signal(name).spans for name in ("dual_mono_share", "stereo_correlation"))
    assert (same.start_s, same.end_s) == pytest.approx((5, 10), abs=0.1)
    assert (opposite.start_s, opposite.end_s) == pytest.approx((10, 15), abs=0.6)


def test_a_sine_has_the_crest_of_a_sine():
    assert value(tone(6), "crest_db") == pytest.approx(3.01, abs=0.02)
    assert value(tone(6), "dynamic_range_db") == pytest.approx(3.01, abs=0.02)


def test_dynamic_range_looks_at_the_loudest_fifth():
    found = heard(np.concatenate([tone(12, level=0.05), tone(3, level=0.5)]))
    assert found.signal("dynamic_range_db").value == pytest.approx(3.0, abs=0.1)
    assert found.signal("crest_db").value > 9
    assert found.signal("dynamic_range_db").spans[0].start_s == pytest.approx(12, abs=0.1)
    assert found.signal("loudness_lufs").spans[0].start_s == pytest.approx(12, abs=0.2)


def test_what_is_trimmed_is_the_silence_at_both_ends():
    still = np.zeros(2 * RATE, np.float32)
    found = heard(np.concatenate([still, noise(3), still, noise(1), still])).signal("trimmed_s")
    assert found.value == pytest.approx(6, abs=0.05)
    assert (found.spans[0].start_s, found.spans[0].end_s) == pytest.approx((2, 8), abs=0.05)


def test_the_true_peak_is_placed():
    sound = music(8, seed=2) * 0.3
    sound[5 * RATE] = 0.9
    (span,) = heard(sound).signal("true_peak_db").spans
    assert span.start_s < 5 < span.end_s


def test_peaks_of_blocks_are_those_of_the_whole():
    sound = music(6, seed=3)
    whole, parts = Peaks(), Peaks()
    whole.push(sound, 0)
    for start in range(0, len(sound), 50_001):
        parts.push(np.ascontiguousarray(sound[start : start + 50_001]), start)
    assert parts.sample == whole.sample
    assert parts.true == pytest.approx(whole.true, rel=0.03)


@pytest.mark.parametrize("cut_hz", [8000, 11_000, 16_000, 19_000])
def test_a_brick_wall_is_an_edge_with_its_usual_cause(cut_hz):
    taps = scipy.signal.firwin(1023, cut_hz, fs=RATE, window=("kaiser", 9.0))
    found = heard(scipy.signal.fftconvolve(noise(6), taps, mode="same").astype(np.float32))
    edge = found.signal("cutoff_hz")
    assert edge.value == pytest.approx(cut_hz, rel=0.02)
    assert found.signal("cutoff_drop_db").value > 60
    (span,) = edge.spans
    assert (span.low_hz, span.high_hz) == (edge.value, RATE / 2)
    assert span.note in dict(CAUSES).values()


@pytest.mark.parametrize("drop_db", [24, 36, 48])
def test_the_drop_at_an_edge_is_that_of_the_filter(drop_db):
    taps = scipy.signal.firwin(1023, 12_000, fs=RATE, window=("kaiser", 9.0))
    whole = noise(6)
    low = scipy.signal.fftconvolve(whole, taps, mode="same")
    sound = low + (whole - low) * 10 ** (-drop_db / 20)
    assert heard(sound.astype(np.float32)).signal("cutoff_drop_db").value == pytest.approx(drop_db, abs=1.0)


def test_an_mp3_shows_where_its_encoder_cuts(tmp_path):
    path = tmp_path / "song.mp3"
    sound = np.stack([noise(6, seed=1), noise(6, seed=2)], axis=1)
    soundfile.write(path, sound, RATE, compression_level=2 / 3, bitrate_mode="CONSTANT")  # 128 kbit/s
    edge = heard(soundfile.read(path, dtype="float32")[0]).signal("cutoff_hz")
    assert edge.value == pytest.approx(16_900, rel=0.02)
    assert "128 kb/s" in edge.spans[0].note


@pytest.mark.parametrize("order", [0, 1, 2, 4])
def test_a_slope_is_no_edge(order):
    spectrum = np.fft.rfft(noise(6))
    hz = np.fft.rfftfreq(6 * RATE, 1 / RATE)
    sound = np.fft.irfft(spectrum * (1 + (hz / 5000) ** 2) ** (-order / 2))
    assert heard(sound.astype(np.float32)).signal("cutoff_hz") is None


@pytest.mark.parametrize("name", SCALES)
def test_the_key_of_a_piece_is_named(name):
    key = heard(piece(SCALES[name])).signal("key")
    assert (key_name(int(key.value)), key.spans[0].note) == (name, name)


def test_noise_has_no_key_and_a_tone_no_entropy():
    found = heard(noise(12))
    assert found.signal("key") is None
    assert found.signal("tonal_entropy").value > 0.99
    assert value(tone(6, 440.0), "tonal_entropy") < 0.3


@pytest.mark.parametrize("rate_hz", [1.0, 4.0, 8.0])
def test_a_swinging_level_has_its_rate(rate_hz):
    time = np.arange(20 * RATE) / RATE
    found = heard((noise(20) * (1 + 0.8 * np.sin(2 * np.pi * rate_hz * time))).astype(np.float32))
    assert found.signal("modulation_hz").value == pytest.approx(rate_hz, rel=0.1)
    assert (found.signal("modulation_syllable_share").value > 0.6) == (rate_hz == 4.0)
    (curve,) = (curve for curve in found.curves if curve.name == "modulation_db")
    assert curve.places_hz[int(np.argmax(curve.levels))] == rate_hz


def test_noise_does_not_swing():
    found = heard(noise(20))
    assert found.signal("modulation_hz") is None
    (curve,) = (curve for curve in found.curves if curve.name == "modulation_db")
    assert max(curve.levels) < 0.5


def test_the_bands_of_a_tone_hold_its_level():
    for curve in heard(tone(8, 1000.0, level=0.1)).curves:
        if curve.name.startswith("ltas"):
            assert max(curve.levels) == pytest.approx(-23.0, abs=0.2)
            assert curve.places_hz[int(np.argmax(curve.levels))] == 1000.0


def test_silence_has_no_curves():
    assert heard(np.zeros((8 * RATE, 2), np.float32)).curves == ()


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("hz", [50.0, 200.0, 1000.0, 3000.0])
def test_lags_weight_as_the_filter_does(rate, hz):
    grid, sine = Grid.for_rate(rate), tone(2, hz, rate=rate)
    expected = np.interp(hz, grid.bins_hz(), k_weights(grid) / grid.mean_square_weights()) * np.mean(sine**2)
    tolerance = 1.0 if hz < 100 else 0.35  # between two bins the filter bends
    assert 10 * np.log10(KWeightedSteps(grid).push(sine).mean() / expected) == pytest.approx(0, abs=tolerance)


def test_every_name_is_documented():
    page = (Path(__file__).parents[2] / "docs/descriptors.md").read_text()
    taps = scipy.signal.firwin(511, 15_000, fs=RATE)
    rhythm = scipy.signal.fftconvolve(np.tile(music(5, seed=2), (6, 1)), taps[:, None], mode="same").astype(np.float32)
    found = heard(rhythm)
    names = {one.name for one in (*found.signals, *found.curves)}
    assert {"cutoff_hz", "tempo_bpm", "repetition_lag_s", "key_strength", "modulation_hz", "ltas_octave_db"} <= names
    assert {name for name in names if f"`{name}`" not in page} == set()
