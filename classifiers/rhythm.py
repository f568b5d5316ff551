"""Onsets and tempo from the rise of a mel spectrum, frame by frame.

The onset envelope is librosa's spectral flux (mean over mel bands of the positive difference in
dB); peaks and tempo are picked here, vectorised, because librosa's own pickers compile at first
use, which costs as much as forty tracks.
"""

import librosa
import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import maximum_filter1d

from classifiers.spectra import Array, Grid, box_mean
from classifiers.versions import DESCRIPTORS
from schemas.screening import Signal

MIN_SOUND_S = 4.0  # less holds no tempo
TEMPO_BPM = (40.0, 240.0)

_ONSET_DB = 1.2  # rise over the neighbourhood that counts, mean over the bands
_NEIGHBOURHOOD_S = 0.8
_APART_S = 0.06
_WINDOW_S = 12.0  # stretch that has one tempo
_PRIOR_BPM, _PRIOR_OCTAVES = 120.0, 1.0  # where people tap; librosa's prior
_MIN_ONSETS = 4
_MIN_BEAT = 0.1  # weaker than this there is no beat to count


class Rhythm:
    """Collects the onset envelope: one number per frame."""

    def __init__(self, grid: Grid) -> None:
        self._frame_hz = grid.frame_hz
        self._last: Array | None = None
        self._envelope: list[Array] = []

    def push(self, mel_db: Array) -> None:
        """Take the next frames of the mel spectrum in dB [shape=(frames, bands)]."""
        before = mel_db[:1] if self._last is None else self._last
        rise = mel_db - np.concatenate([before, mel_db[:-1]])
        np.maximum(rise, 0, out=rise)
        self._envelope.append(rise @ np.full(rise.shape[1], 1 / rise.shape[1], np.float32))
        self._last = mel_db[-1:]

    def signals(self) -> list[Signal]:
        """Onset rate, and tempo with the strength of its beat where there is one."""
        envelope = np.concatenate(self._envelope) if self._envelope else np.zeros(0, np.float32)
        duration_s = len(envelope) / self._frame_hz
        if duration_s < 1:
            return []
        onsets = onset_frames(envelope, self._frame_hz)
        found = [
            Signal(name="flux_db", value=float(envelope.mean(dtype=np.float64)), model=DESCRIPTORS),
            Signal(name="onset_rate_hz", value=len(onsets) / duration_s, model=DESCRIPTORS),
        ]
        if duration_s >= MIN_SOUND_S and len(onsets) >= _MIN_ONSETS:
            bpm, strength = tempo(envelope, self._frame_hz)
            found.append(Signal(name="beat_strength", value=strength, model=DESCRIPTORS))
            if strength >= _MIN_BEAT:
                found.append(Signal(name="tempo_bpm", value=bpm, model=DESCRIPTORS))
        return found


def onset_frames(envelope: Array, frame_hz: float) -> npt.NDArray[np.int64]:
    """Pick the peaks of an onset envelope: highest nearby, and clear of the local mean."""
    apart = max(1, round(_APART_S * frame_hz))
    is_peak = envelope == maximum_filter1d(envelope, 2 * apart + 1)
    is_clear = envelope >= box_mean(envelope, round(_NEIGHBOURHOOD_S * frame_hz)) + _ONSET_DB
    return np.flatnonzero(is_peak & is_clear)


def tempo(envelope: Array, frame_hz: float) -> tuple[float, float]:
    """Estimate tempo (beats per minute) and beat strength (autocorrelation at the beat, in [0, 1])."""
    correlation = _autocorrelation(envelope, round(_WINDOW_S * frame_hz))
    lags = np.arange(len(correlation))
    slow, fast = (60 * frame_hz / bpm for bpm in TEMPO_BPM)
    allowed = (lags >= fast) & (lags <= min(slow, len(correlation) - 2))
    if not allowed.any():
        return 0.0, 0.0
    bpm = librosa.tempo_frequencies(len(correlation), hop_length=1, sr=frame_hz)
    prior = np.exp(-0.5 * (np.log2(np.maximum(bpm, 1e-9) / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    best = int(np.argmax(np.where(allowed, correlation * prior, -np.inf)))
    lag = _refined(correlation, best)
    strength = float(np.clip(correlation[max(best - 1, 0) : best + 2].max(), 0, 1))
    return 60 * frame_hz / lag, strength


def _autocorrelation(envelope: Array, width: int) -> npt.NDArray[np.float64]:
    """Mean of the normalised autocorrelations of overlapping windows [shape=(lags,)]."""
    width = min(width, len(envelope))
    windows = np.lib.stride_tricks.sliding_window_view(envelope, width)[:: max(1, width // 2)]
    total = np.zeros(width)
    for window in windows:
        centred = window - window.mean()
        power = np.abs(fft.rfft(centred, 2 * width)) ** 2
        total += fft.irfft(power)[:width]
    unbiased = total / np.maximum(width - np.arange(width), width // 4)
    return unbiased / max(float(unbiased[0]), 1e-12)


def _refined(correlation: npt.NDArray[np.float64], lag: int) -> float:
    """Sharpen a lag on its multiples: four beats hold four times the resolution of one."""
    sharp = float(lag)
    for multiple in (1, 2, 4, 8):
        at = round(sharp * multiple)
        low, high = max(1, at - multiple // 2 - 1), at + multiple // 2 + 2
        if high >= len(correlation) - 1:
            break
        top = low + int(np.argmax(correlation[low:high]))
        a, b, c = correlation[top - 1 : top + 2]
        curve = a - 2 * b + c
        sharp = (top + (0.5 * (a - c) / curve if curve < 0 else 0.0)) / multiple
    return sharp
