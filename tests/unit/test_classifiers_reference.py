"""Each fast descriptor against its reference (librosa, pyloudnorm, scipy, numpy) on constructed and on real sound.

The tolerances are those that docs/descriptors.md states.
"""

import librosa
import numpy as np
import pyloudnorm
import pytest
import scipy.signal
import soundfile
from sounds import RATE, clicks, music, noise, tone

from classifiers.descriptors import Descriptors
from classifiers.longterm import RESOLUTIONS
from classifiers.modulation import RATES_HZ
from classifiers.spectra import MEL_BANDS, Grid
from classifiers.tonality import chroma_bank, entropy, key_of

REAL = ("zaz-data", "cube2-data", "asc-music", "wizznic-data", "openarena-088-data", "tuxmath-data")


def constructed():
    moving = music(9, seed=3)
    moving[3 * RATE : 6 * RATE] *= 0.1
    two = np.stack([tone(8, 220.0, 0.3) + noise(8, 0.02), noise(8, 0.1, seed=1)], axis=1)
    return {"music": music(9, seed=1), "levels": moving, "apart": two, "noise": noise(7)[:, None]}


def real(folder):
    found = {}
    for source in REAL:
        path = min((folder / "corpus/original/human" / source).iterdir())
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        found[source] = (samples, rate)
    return found


class Measured:
    """A sound, what the descriptors say of it, and the mono that references take."""

    def __init__(self, samples, rate=RATE):
        self.samples, self.rate, self.grid = samples, rate, Grid.for_rate(rate)
        self.mono = samples.mean(axis=1)
        ears = Descriptors(rate, samples.shape[1])
        for start in range(0, len(samples), 131_072):
            ears.push(np.ascontiguousarray(samples[start : start + 131_072]))
        self.heard = ears.heard()
        self.curves = {curve.name: curve for curve in self.heard.curves}

    def __getitem__(self, name):
        return self.heard.signal(name).value

    def has(self, name):
        return self.heard.signal(name) is not None

    def power(self, n_fft, hop):
        return np.abs(librosa.stft(self.mono, n_fft=n_fft, hop_length=hop, center=False)) ** 2

    def mel_db(self):
        power = self.power(self.grid.n_fft, self.grid.hop)
        top = min(8000.0, self.rate / 2)
        mel = librosa.feature.melspectrogram(S=power, sr=self.rate, n_mels=MEL_BANDS, fmin=30.0, fmax=top)
        return 10 * np.log10(mel / np.square(self.grid.window()).sum() + 1e-8)


@pytest.fixture(scope="module", params=["music", "levels", "apart", "noise"])
def made(request):
    return Measured(constructed()[request.param])


@pytest.fixture(scope="module")
def recorded(shared):
    return {name: Measured(*sound) for name, sound in real(shared).items()}


def every(check, recorded):
    for name, measured in recorded.items():
        try:
            check(measured)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


def check_loudness(it):
    expected = pyloudnorm.Meter(it.rate).integrated_loudness(it.samples.astype(np.float64))
    assert it["loudness_lufs"] == pytest.approx(expected, abs=0.2)


def check_true_peak(it):
    everything = scipy.signal.resample_poly(it.samples, 4, 1, axis=0)
    expected = 20 * np.log10(max(np.abs(everything).max(), np.abs(it.samples).max()))
    assert expected - 0.3 <= it["true_peak_db"] <= expected + 0.1


def check_dynamics(it):
    peak = np.abs(it.samples).max()
    assert it["crest_db"] == pytest.approx(20 * np.log10(peak / np.sqrt(np.mean(it.samples**2))), abs=0.1)
    width = round(3 * it.rate)
    whole = it.samples[: len(it.samples) // width * width]
    power = np.square(whole).reshape(-1, width * it.samples.shape[1]).mean(axis=1)
    loudest = np.sort(power)[::-1][: max(1, round(0.2 * len(power)))].mean()
    assert it["dynamic_range_db"] == pytest.approx(10 * np.log10(peak**2 / loudest), abs=0.3)


def check_silence(it):
    hop = it.grid.hop
    _, (first, last) = librosa.effects.trim(it.samples.T, top_db=60, ref=1.0, frame_length=hop, hop_length=hop)
    assert it["trimmed_s"] == pytest.approx((last - first) / it.rate, abs=0.1)


def check_stereo(it):
    if it.samples.shape[1] != 2:
        assert not it.has("stereo_width_share")
        return
    left, right = it.samples.T.astype(np.float64)
    mid, side = (left + right) / 2, (left - right) / 2
    assert it["stereo_width_share"] == pytest.approx(side @ side / (mid @ mid + side @ side), abs=0.005)
    assert it["stereo_balance_db"] == pytest.approx(10 * np.log10((left @ left) / (right @ right)), abs=0.1)
    assert it["stereo_correlation"] == pytest.approx(left @ right / np.sqrt((left @ left) * (right @ right)), abs=0.01)


def check_timbre(it):
    power = it.power(it.grid.n_fft, it.grid.hop)
    power = power[:, it.grid.mean_square_weights() @ power >= 1e-6]
    hz = it.grid.bins_hz()
    band = slice(*np.searchsorted(hz, (200.0, 7000.0)))
    expected = librosa.feature.spectral_flatness(S=power[band], power=1.0).mean()
    assert it["flatness"] == pytest.approx(expected, rel=0.02, abs=1e-4)
    assert it["centroid_hz"] == pytest.approx(librosa.feature.spectral_centroid(S=power, sr=it.rate).mean(), rel=0.02)
    levels = librosa.power_to_db(power, top_db=None).mean(axis=1)
    assert it["bandwidth_hz"] == pytest.approx(hz[levels >= levels.max() - 85][-1], rel=0.03)


def check_rhythm(it):
    envelope = librosa.onset.onset_strength(S=it.mel_db(), sr=it.rate, hop_length=it.grid.hop, center=False)
    assert it["flux_db"] == pytest.approx(envelope.mean(), abs=0.01)
    apart, around = round(0.06 * it.grid.frame_hz), round(0.8 * it.grid.frame_hz) // 2
    onsets = librosa.util.peak_pick(
        envelope,
        pre_max=apart,
        post_max=apart + 1,
        pre_avg=around,
        post_avg=around + 1,
        delta=1.2,
        wait=0,
    )
    assert it["onset_rate_hz"] == pytest.approx(len(onsets) / (len(envelope) / it.grid.frame_hz), abs=0.35)
    if it.has("tempo_bpm"):
        correlation = librosa.autocorrelate(envelope - envelope.mean())
        unbiased = correlation / np.arange(len(correlation), 0, -1)
        lag = round(60 / it["tempo_bpm"] * it.grid.frame_hz)
        assert it["beat_strength"] == pytest.approx(unbiased[lag - 1 : lag + 2].max() / unbiased[0], abs=0.05)


def chroma_shares(it):
    n_fft = it.grid.fine().n_fft
    power = it.power(n_fft, n_fft)
    power[librosa.fft_frequencies(sr=it.rate, n_fft=n_fft) > 5000] = 0
    frames = librosa.feature.chroma_stft(S=power, sr=it.rate, n_fft=n_fft, tuning=0.0, norm=1)
    return frames.mean(axis=1) / frames.mean(axis=1).sum()


def check_tonality(it):
    shares = chroma_shares(it)
    assert it["tonal_entropy"] == pytest.approx(entropy(shares), abs=0.005)
    key, strength = key_of(shares)
    assert it["key_strength"] == pytest.approx(strength, abs=0.01)
    assert not it.has("key") or it["key"] == key


def between(values, step, low, high):
    """Integral of a histogram with bins round the multiples of ``step``."""
    sums, ends = np.concatenate([[0], np.cumsum(values)]), (np.arange(len(values) + 1) - 0.5) * step
    return np.interp(high, ends, sums) - np.interp(low, ends, sums)


def check_long_term(it):
    assert max(error.max() for error in long_term_errors(it)) <= 0.15


def long_term_errors(it):
    """For each resolution, how far the levels above -90 dB are from those of all frames."""
    grid = it.grid.fine()
    mean = it.power(grid.n_fft, grid.n_fft).mean(axis=1) * grid.mean_square_weights()
    for name, (bands, _) in RESOLUTIONS.items():
        curve, half = it.curves[name], 2 ** (0.5 / bands)
        expected = [between(mean, grid.bins_hz()[1], place / half, place * half) for place in curve.places_hz]
        is_heard = np.array(curve.levels) > -90
        assert is_heard.sum() > len(is_heard) / 2
        yield np.abs(np.array(curve.levels) - 10 * np.log10(expected))[is_heard]


def check_modulation(it):
    levels, rate = it.mel_db().mean(axis=0), it.grid.frame_hz
    width = round(6 * rate)
    if len(levels) < width:
        assert "modulation_db" not in it.curves
        return
    hz, density = scipy.signal.welch(levels, rate, nperseg=width, noverlap=width - width // 2, detrend="constant")
    curve = it.curves["modulation_db"]
    assert curve.places_hz == RATES_HZ
    expected = [between(density, hz[1], place / 2**0.5, place * 2**0.5) * hz[1] for place in RATES_HZ]
    assert curve.levels == pytest.approx(np.sqrt(expected), rel=0.02, abs=0.02)
    if it.has("modulation_syllable_share"):
        share = between(density, hz[1], 3.0, 6.0) / between(density, hz[1], RATES_HZ[0], RATES_HZ[-1])
        assert it["modulation_syllable_share"] == pytest.approx(share, abs=0.02)


CHECKS = [check for name, check in sorted(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_a_descriptor_agrees_with_its_reference_on_constructed_sound(check, made):
    check(made)


@pytest.mark.shared
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_a_descriptor_agrees_with_its_reference_on_recordings(check, recorded):
    every(check, recorded)


def programme(shared):
    """A minute of music that changes every ten seconds, mono at 44.1 kHz."""
    folder = shared / "corpus/equalised/human"
    clips = [min(path.iterdir()) for path in sorted(folder.iterdir())[:7]]
    return np.concatenate([soundfile.read(path, dtype="float32")[0] for path in clips])[:, None]


@pytest.mark.shared
def test_loudness_range_agrees_with_pyloudnorm_on_a_minute(shared):
    sound = programme(shared)
    expected = pyloudnorm.Meter(RATE).loudness_range(sound[:, 0].astype(np.float64))
    assert Measured(sound)["loudness_range_lu"] == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 96_000])
def test_the_bank_of_pitch_classes_is_that_of_librosa(rate):
    grid = Grid.for_rate(rate).fine()
    bank = chroma_bank(grid)
    expected = librosa.filters.chroma(sr=rate, n_fft=grid.n_fft, tuning=0.0).T[: len(bank)]
    assert bank[:-1] == pytest.approx(expected[: len(bank) - 1], abs=1e-5)


def test_one_fine_frame_in_six_tells_what_all_would():
    it = Measured(music(60, seed=2)[:, :1])
    assert max(error.mean() for error in long_term_errors(it)) <= 1.5
    assert it["tonal_entropy"] == pytest.approx(entropy(chroma_shares(it)), abs=0.01)


def test_loudness_range_agrees_with_pyloudnorm_on_constructed_levels():
    steps = np.concatenate([music(15, seed=9)[:, :1] * level for level in (1.0, 0.2, 0.5, 0.05, 0.8)])
    expected = pyloudnorm.Meter(RATE).loudness_range(steps.astype(np.float64))
    assert Measured(steps)["loudness_range_lu"] == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("bpm", [75, 100, 128])
def test_tempo_agrees_with_librosa_on_a_beat(bpm):
    it = Measured(clicks(25, bpm)[:, None])
    expected = librosa.feature.tempo(y=it.mono, sr=RATE)[0]
    assert it["tempo_bpm"] == pytest.approx(expected, rel=0.04)


def test_the_lag_of_a_loop_agrees_with_the_recurrence_of_librosa():
    it = Measured(np.tile(music(3.0, seed=5), (8, 1)))
    frames = it.mel_db()[:, ::4]
    likeness = librosa.segment.recurrence_matrix(frames, mode="affinity", sym=True, width=8)
    lags = librosa.segment.recurrence_to_lag(likeness, pad=False).sum(axis=1)[8 : frames.shape[1] // 4]
    expected = (8 + lags.argmax()) * 4 / it.grid.frame_hz
    assert it["repetition_lag_s"] == pytest.approx(expected, abs=0.1)
