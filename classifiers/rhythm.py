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

from classifiers.spectra import MEL_HZ, Array, Grid, box_mean
from classifiers.stretches import STRETCH_S, highest, span
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
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
        is_onset = np.zeros(len(envelope), np.float32)
        is_onset[onsets] = 1
        flux = float(envelope.mean(dtype=np.float64))
        found = [
            _signal("flux_db", flux, self._most(envelope, "rises most")),
            _signal("onset_rate_hz", len(onsets) / duration_s, self._most(is_onset, "most onsets")),
        ]
        if duration_s >= MIN_SOUND_S and len(onsets) >= _MIN_ONSETS:
            found += self._beat(envelope)
        return found

    def _most(self, values: Array, note: str) -> tuple[Span, ...]:
        place = highest(values, self._frame_hz, length_s=STRETCH_S)
        return (span(*place[:2], note, *MEL_HZ),) if place else ()

    def _beat(self, envelope: Array) -> list[Signal]:
        bpm, strength = tempo(envelope, self._frame_hz)
        if strength < _MIN_BEAT:
            return [_signal("beat_strength", strength, ())]
        start_s, end_s = steadiest(envelope, bpm, self._frame_hz)
        spans = (span(start_s, end_s, f"clearest beat, {bpm:.1f} a minute", *MEL_HZ),)
        return [_signal("beat_strength", strength, spans), _signal("tempo_bpm", bpm, spans)]


def _signal(name: str, value: float, spans: tuple[Span, ...]) -> Signal:
    return Signal(name=name, value=value, model=DESCRIPTORS, spans=spans)


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


def steadiest(envelope: Array, bpm: float, frame_hz: float) -> tuple[float, float]:
    """Find the window that speaks most for a tempo: its start and end in seconds."""
    windows, step = _windows(envelope, round(_WINDOW_S * frame_hz))
    centred = windows - windows.mean(axis=1, keepdims=True)
    lag = min(max(1, round(60 * frame_hz / bpm)), windows.shape[1] - 1)
    beats = np.vecdot(centred[:, lag:], centred[:, :-lag])  # not normalised, as in the sum over all windows
    start_s = int(beats.argmax()) * step / frame_hz
    return start_s, start_s + windows.shape[1] / frame_hz


def _windows(envelope: Array, width: int) -> tuple[Array, int]:
    """View an envelope as windows, each half over the next [shape=(windows, width)], and the step between them."""
    width = min(width, len(envelope))
    step = max(1, width // 2)
    return np.lib.stride_tricks.sliding_window_view(envelope, width)[::step], step


def _autocorrelation(envelope: Array, width: int) -> npt.NDArray[np.float64]:
    """Mean of the normalised autocorrelations of overlapping windows [shape=(lags,)]."""
    windows, _ = _windows(envelope, width)
    width = windows.shape[1]
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
        finer = (top + (0.5 * (a - c) / curve if curve < 0 else 0.0)) / multiple
        if abs(finer - sharp) > 1 / multiple:  # a neighbouring peak: of a beat that is faster than this lag
            break
        sharp = finer
    return sharp
