"""Signals against sounds with known answers, and against librosa and pyloudnorm."""

import librosa
import numpy as np
import pyloudnorm
import pytest
import scipy.signal
import soundfile
from sounds import RATE, clicks, music, noise, tone

from classifiers.descriptors import Descriptors
from classifiers.kweighting import k_weights
from classifiers.spectra import Grid


def heard(sound, rate=RATE, block=65_536):
    sound = sound[:, None] if sound.ndim == 1 else sound
    descriptors = Descriptors(rate, sound.shape[1])
    for start in range(0, len(sound), block):
        descriptors.push(np.ascontiguousarray(sound[start : start + block]))
    return {signal.name: signal for signal in descriptors.heard().signals}


def value(sound, name, **how):
    return heard(sound, **how)[name].value


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_loudness_agrees_with_pyloudnorm_within_two_tenths_of_a_unit(seed, rate):
    sound = music(12, seed=seed, rate=rate)
    sound[6 * rate :] *= 0.05  # something for the gate
    assert value(sound, "loudness_lufs", rate=rate) == pytest.approx(
        pyloudnorm.Meter(rate).integrated_loudness(sound), abs=0.2
    )


def test_loudness_of_opposite_channels_is_not_lost_in_the_mix():
    one = noise(5)
    sound = np.stack([one, -one], axis=1)
    expected = pyloudnorm.Meter(RATE).integrated_loudness(sound)
    assert value(sound, "loudness_lufs") == pytest.approx(expected, abs=0.2)


def test_the_reference_tone_reads_minus_three():
    assert value(tone(5, 997.0, level=1.0), "loudness_lufs") == pytest.approx(-3.01, abs=0.1)


def test_k_weighting_lifts_the_treble_by_four_decibels():
    grid = Grid.for_rate(48_000)
    gain = 10 * np.log10(k_weights(grid) / grid.mean_square_weights() + 1e-12)
    assert np.interp([100, 997, 10_000], grid.bins_hz(), gain) == pytest.approx([-1.1, 0.69, 4.0], abs=0.15)


def test_loudness_range_of_two_levels_is_their_distance():
    sound = np.concatenate([tone(20, level=0.5), tone(20, level=0.05)])
    assert value(sound, "loudness_range_lu") == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("seed", range(3))
def test_flatness_and_centroid_agree_with_librosa(seed):
    sound = music(6, seed=seed).mean(axis=1)
    power = np.abs(librosa.stft(sound, n_fft=2048, hop_length=1024, center=False)) ** 2
    band = slice(*np.searchsorted(librosa.fft_frequencies(sr=RATE, n_fft=2048), (200.0, 7000.0)))
    found = heard(sound)
    flatness = librosa.feature.spectral_flatness(S=power[band], power=1.0).mean()
    assert found["flatness"].value == pytest.approx(flatness, rel=0.02)
    centroid = librosa.feature.spectral_centroid(S=power, sr=RATE).mean()
    assert found["centroid_hz"].value == pytest.approx(centroid, rel=0.02)


def test_noise_is_flat_and_a_tone_is_not():
    assert value(noise(5), "flatness") == pytest.approx(np.exp(-np.euler_gamma), abs=0.03)
    assert value(tone(5), "flatness") < 0.001
    assert value(tone(5, 1000.0), "centroid_hz") == pytest.approx(1000, abs=5)


@pytest.mark.parametrize("cut_hz", [4000, 11_000, 16_000])
def test_the_band_ends_where_a_low_pass_cuts(cut_hz):
    sos = scipy.signal.cheby2(12, 100, cut_hz * 1.05, fs=RATE, output="sos")
    sound = scipy.signal.sosfilt(sos, noise(5)).astype(np.float32)
    assert value(sound, "bandwidth_hz") == pytest.approx(cut_hz, rel=0.07)


def test_silences_are_measured_and_placed():
    sound = np.concatenate([noise(3), np.zeros(4 * RATE, np.float32), noise(3)])
    found = heard(sound)
    assert found["silence_share"].value == pytest.approx(0.4, abs=0.01)
    assert found["longest_silence_s"].value == pytest.approx(4.0, abs=0.06)
    (gap,) = found["silence_share"].spans
    assert (gap.start_s, gap.end_s) == pytest.approx((3.0, 7.0), abs=0.05)


def test_of_silence_nothing_else_is_said():
    found = heard(np.zeros((5 * RATE, 2), np.float32))
    assert found["silence_share"].value == 1.0
    assert not {"loudness_lufs", "flatness", "tempo_bpm", "repetition_share", "true_peak_db"} & found.keys()


def test_opposite_channels_are_no_silence():
    one = noise(3)
    assert value(np.stack([one, -one], axis=1), "silence_share") == 0.0


def test_clipping_counts_runs_at_full_scale():
    clean, clipped = music(6, seed=4), music(6, seed=4)
    clipped[2 * RATE : 3 * RATE] = np.clip(clipped[2 * RATE : 3 * RATE] * 20, -1, 1)
    assert value(clean, "clipping_share") == 0.0
    found = heard(clipped)["clipping_share"]
    assert found.value > 0.01
    assert [(span.start_s, span.end_s) for span in found.spans] == [(2.0, 3.0)]


@pytest.mark.parametrize("gain", [1.0, 0.7, 0.3])
def test_cut_off_tops_are_counted_at_whatever_level_they_stand(gain):
    clean, clipped = music(6, seed=4), music(6, seed=4)
    clean /= np.abs(clean).max()
    clipped = np.clip(clipped / np.abs(clipped).max() * 4, -1, 1)
    quiet = np.rint(clipped * gain * 32767) / 32768
    assert value((clean * gain).astype(np.float32), "clipped_peaks_hz") <= 0.5
    found = heard(quiet.astype(np.float32))["clipped_peaks_hz"]
    assert found.value > 5
    assert found.spans[0].note == "tops cut off"


def test_what_is_loud_or_drawn_has_no_cut_off_tops():
    time_s = np.arange(4 * RATE) / RATE
    round_top = np.sin(2 * np.pi * 60 * time_s)
    pulses = np.where((110 * time_s) % 1 < 0.5, 0.8, -0.8)
    limited = np.tanh(3 * music(4, seed=2) / np.abs(music(4, seed=2)).max())
    for sound in (round_top, pulses, limited):
        assert value(sound.astype(np.float32), "clipped_peaks_hz") <= 0.5
    assert "clipped_peaks_hz" not in heard(np.rint(round_top * 3).astype(np.float32) / 32768)


def test_a_higher_peak_makes_the_lower_ones_ordinary():
    sound = np.clip(music(4, seed=4) * 20, -0.5, 0.5).astype(np.float32)
    assert value(sound, "clipped_peaks_hz") > 5
    sound[-RATE] = 0.9
    assert value(sound, "clipped_peaks_hz") == 0.0


def test_true_peak_sees_between_the_samples():
    sound = np.sin(2 * np.pi * (RATE / 4) * np.arange(2 * RATE) / RATE + np.pi / 4).astype(np.float32)
    assert np.abs(sound).max() == pytest.approx(2**-0.5, abs=1e-3)
    assert value(sound, "true_peak_db") == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_true_peak_is_near_oversampling_everything(seed):
    sound = music(5, seed=seed)
    everything = 20 * np.log10(np.abs(scipy.signal.resample_poly(sound, 4, 1, axis=0)).max())
    assert everything - 0.3 <= value(sound, "true_peak_db") <= everything + 0.05


def test_dual_mono_is_told_from_stereo():
    one = noise(4)
    assert value(np.stack([one, one], axis=1), "dual_mono_share") == 1.0
    assert value(music(4, seed=1), "dual_mono_share") == 0.0
    assert "dual_mono_share" not in heard(one)


@pytest.mark.parametrize("bpm", [60, 90, 120, 151])
def test_tempo_and_onsets_of_a_click_track(bpm):
    found = heard(clicks(30, bpm))
    assert found["onset_rate_hz"].value == pytest.approx(bpm / 60, abs=0.08)
    assert found["tempo_bpm"].value == pytest.approx(bpm, rel=0.005)
    assert found["beat_strength"].value > 0.5


def test_onsets_agree_with_librosa_on_clicks():
    sound = clicks(20, 100)
    expected = len(librosa.onset.onset_detect(y=sound, sr=RATE)) / 20
    assert value(sound, "onset_rate_hz") == pytest.approx(expected, abs=0.1)


def test_a_tone_and_noise_have_no_tempo():
    assert "tempo_bpm" not in heard(tone(20))
    assert "tempo_bpm" not in heard(noise(20))


@pytest.mark.parametrize("lag_s", [2.0, 3.7, 11.3])
def test_a_loop_is_found_with_its_length(lag_s):
    part = music(lag_s, seed=5)
    sound = np.tile(part, (int(60 / lag_s) + 1, 1))[: 60 * RATE]
    found = heard(sound)
    assert found["repetition_share"].value > 0.98
    assert found["repetition_lag_s"].value == pytest.approx(lag_s, abs=0.03)
    assert sum(span.end_s - span.start_s for span in found["repetition_share"].spans) > 55


def test_a_loop_is_found_behind_an_mp3(tmp_path):
    soundfile.write(tmp_path / "loop.mp3", np.tile(music(3.7, seed=5), (9, 1)), RATE, bitrate_mode="CONSTANT")
    found = heard(soundfile.read(tmp_path / "loop.mp3", dtype="float32")[0])
    assert found["repetition_share"].value == pytest.approx(1.0, abs=0.02)
    assert found["repetition_lag_s"].value == pytest.approx(3.7, abs=0.03)


def test_half_a_loop_is_half_a_share():
    part = music(4.3, seed=6)
    sound = np.concatenate([music(30, seed=7), np.tile(part, (7, 1))[: 30 * RATE]])
    found = heard(sound)
    assert found["repetition_share"].value == pytest.approx(0.5, abs=0.06)
    assert found["repetition_share"].spans[0].start_s == pytest.approx(30, abs=2)


@pytest.mark.parametrize("seed", range(4))
def test_a_steady_beat_is_no_loop(seed):
    assert value(music(40, seed=seed), "repetition_share") < 0.1


def test_what_stands_still_has_no_repetition():
    assert "repetition_share" not in heard(tone(20))
    assert value(noise(20), "repetition_share") < 0.05


@pytest.mark.parametrize("offset", [0.006, 0.05, -0.4])
def test_a_constant_moves_nothing_that_nobody_hears(offset):
    sound = 0.1 * music(12, seed=3)
    plain, moved = heard(sound), heard((sound + np.float32(offset)).astype(np.float32))
    tolerances = {"loudness_lufs": 0.1, "stereo_correlation": 0.01, "centroid_hz": 5, "flatness": 0.01}
    for name, tolerance in tolerances.items():
        assert moved[name].value == pytest.approx(plain[name].value, abs=tolerance), name


def test_the_sizes_of_blocks_change_nothing():
    sound = music(9, seed=8)
    one, other = heard(sound), heard(sound, block=10_007)
    assert one.keys() == other.keys()
    for name in one:
        tolerance = 0.3 if name == "true_peak_db" else 1e-3  # peaks are sought block by block
        assert one[name].value == pytest.approx(other[name].value, rel=1e-3, abs=tolerance), name


@pytest.mark.parametrize(("rate", "frames"), [(1, 500), (800, 3000), (8000, 5), (44_100, 1), (384_000, 200_000)])
def test_odd_rates_and_lengths_are_measured_as_far_as_they_can(rate, frames):
    found = heard(noise(frames / rate, rate=rate)[:frames], rate=rate)
    assert found["duration_s"].value == pytest.approx(frames / rate)
    assert all(np.isfinite(signal.value) for signal in found.values())


def test_surround_has_no_loudness_and_no_error():
    found = heard(np.stack([noise(2, seed=s) for s in range(6)], axis=1))
    assert "loudness_lufs" not in found
    assert "flatness" in found
