"""Is it a voice and nothing else? One pitch at a time, gliding, with hiss and pauses, and nothing under it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from classifiers.synthetic.windows import ANALYSIS_RATE_HZ, Array, normalised

FRAME, HOP = 1024, 512  # samples: 64 and 32 ms, as the gate has them
PITCH_HZ = (80.0, 1000.0)
SHORT_LAGS_FIRST = 4e-4  # correlation per sample of lag: of equal peaks the shortest is the pitch
CLEAR, VERY_CLEAR = 0.8, 0.92  # correlation of a frame with itself one period later
SOUNDING_DB, PAUSE_DB = 25.0, 35.0  # under the loudest twentieth of frames
UNDER_PITCH = 0.6  # of the pitch: under that lies no harmonic of it
LEAP, SAME = 1.5, 1.0  # semitones from frame to frame: a leap to another note; still the same note
RUN = 6  # frames of one pitch line: a fifth of a second
MOVING, HELD = 0.1, 0.05  # semitones, standard deviation within a run: a voice wavers, a key does not
HISS_HZ, HISS_SHARE = 2500.0, 0.6
COLOUR_BINS, COLOUR_LAG = np.arange(13, 256, 13), 3  # 200 Hz wide; 96 ms

NAMES = (
    "share of clear pitch",
    "share of very clear pitch",
    "sound under the pitch",
    "share of moving pitch",
    "share of held pitch",
    "share of hiss",
    "share of silent gaps",
    "share of runs",
    "change of colour at one pitch",
    "share of leaps",
)


@dataclass(frozen=True)
class _Frames:
    """What is known of each frame: power by bin, pitch in semitones, how clear it is, level."""

    power: Array
    lag: Array
    clear: Array
    level_db: Array

    @property
    def semitones(self) -> Array:
        """Pitch, up to an offset."""
        return np.asarray(-12 * np.log2(self.lag))

    @property
    def sounding(self) -> npt.NDArray[np.bool_]:
        """Frames that are no pause and no fading end."""
        return np.asarray(self.level_db > np.quantile(self.level_db, 0.95) - SOUNDING_DB)

    def share_under(self, bins: Array) -> Array:
        """Share of each frame's power under a bin of its own."""
        sums = np.cumsum(self.power, axis=1)
        places = np.minimum(bins.astype(int), sums.shape[1] - 1)
        return np.asarray(sums[np.arange(len(sums)), places] / (sums[:, -1] + 1e-9))


def voice_features(wave: Array) -> npt.NDArray[np.float64]:
    """Measure how much of a window is one gliding harmonic sound, and what a mouth adds to it.

    Parameters
    ----------
    wave : np.ndarray [shape=(n,)]
        Mono at 16 kHz, at least one second.

    Returns
    -------
    np.ndarray [shape=(len(NAMES),)]
        In the order of `NAMES`; finite.
    """
    frames = _frames(normalised(wave))
    sounding = frames.sounding
    pitched = sounding & (frames.clear > CLEAR)
    weight = np.where(sounding, np.sqrt(np.maximum(frames.power.sum(axis=1), 0)), 0)
    under = frames.share_under(UNDER_PITCH * FRAME / frames.lag)
    hiss = 1 - frames.share_under(np.full(len(under), HISS_HZ * FRAME / ANALYSIS_RATE_HZ))
    step = np.abs(np.diff(frames.semitones))
    joined = pitched[1:] & pitched[:-1]
    in_run = sliding_window_view(joined & (step < LEAP), RUN - 1).all(axis=1)
    wavering = sliding_window_view(frames.semitones, RUN).std(axis=1)[in_run]
    values = [
        weight[pitched].sum() / weight.sum(),
        weight[sounding & (frames.clear > VERY_CLEAR)].sum() / weight.sum(),
        np.average(under[pitched], weights=weight[pitched]) if pitched.any() else 1.0,
        _mean(wavering > MOVING),
        _mean(wavering < HELD),
        _mean(hiss[sounding] > HISS_SHARE),
        _mean(frames.level_db < np.quantile(frames.level_db, 0.95) - PAUSE_DB),
        _mean(in_run),
        _change_of_colour(frames, pitched),
        _mean(step[joined] > LEAP),
    ]
    return np.array(values, dtype=np.float64)


def _frames(wave: Array) -> _Frames:
    """Find each frame's pitch: the highest peak of its autocorrelation, freed from the window's own fall."""
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    spectrum = fft.rfft(sliding_window_view(wave, FRAME)[::HOP] * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    first, last = (round(ANALYSIS_RATE_HZ / hz) for hz in reversed(PITCH_HZ))
    lags = np.arange(first - 1, last + 2)
    whole = fft.irfft(power, axis=1)
    energy = whole[:, 0] + 1e-9
    alike = whole[:, lags] / energy[:, None] / _fall_of_window(window)[lags]
    place = (alike - SHORT_LAGS_FIRST * lags)[:, 1:-1].argmax(axis=1) + 1
    before, at, after = (alike[np.arange(len(alike)), place + shift] for shift in (-1, 0, 1))
    offset = np.clip(0.5 * (before - after) / (before - 2 * at + after - 1e-9), -0.5, 0.5)
    is_peak = (at >= before) & (at >= after)
    return _Frames(power, lags[place] + offset, np.where(is_peak, at, 0), 10 * np.log10(energy))


def _fall_of_window(window: Array) -> Array:
    alike = fft.irfft(np.abs(fft.rfft(window, 2 * FRAME)) ** 2)
    return np.asarray(alike / alike[0])


def _change_of_colour(frames: _Frames, pitched: npt.NDArray[np.bool_]) -> float:
    """Give how many dB the envelope moves in a tenth of a second while the note stays: vowels do, keys do not."""
    levels = 10 * np.log10(np.add.reduceat(frames.power, COLOUR_BINS, axis=1) + 1e-6)
    levels -= levels.mean(axis=1, keepdims=True)
    later, earlier = slice(COLOUR_LAG, None), slice(None, -COLOUR_LAG)
    same = np.abs(frames.semitones[later] - frames.semitones[earlier]) < SAME
    return _mean(np.abs(levels[later] - levels[earlier])[pitched[later] & pitched[earlier] & same])


def _mean(values: npt.ArrayLike) -> float:
    array = np.asarray(values, dtype=np.float64)
    return float(array.mean()) if array.size else 0.0
