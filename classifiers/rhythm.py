"""Onsets and tempo from the rise of a mel spectrum, frame by frame.

The onset envelope is librosa's spectral flux (mean over mel bands of the positive difference in
dB); peaks and tempo are picked here, vectorised, because librosa's own pickers compile at first
use, which costs as much as forty tracks.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import maximum_filter1d

from classifiers.series import MOST
from classifiers.spectra import MEL_HZ, Array, Grid, box_mean
from classifiers.stretches import STRETCH_S, highest, span
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

Floats = npt.NDArray[np.float64]

MIN_SOUND_S = 4.0  # less holds no tempo
TEMPO_BPM = (40.0, 240.0)

_ONSET_DB = 1.2  # rise over the neighbourhood that counts, mean over the bands
_NEIGHBOURHOOD_S = 0.8
_APART_S = 0.06
_WINDOW_S = 12.0  # stretch that has one tempo
_PRIOR_BPM, _PRIOR_OCTAVES = 120.0, 1.0  # where people tap; librosa's prior
_MIN_ONSETS = 4
_MIN_BEAT = 0.1  # weaker than this there is no beat to count


@dataclass(frozen=True)
class _Section:
    """What one section of an onset envelope says; of an hour and more there are several.

    Attributes
    ----------
    frames, flux, onsets
        How many frames, their sum, and how many onsets are among them.
    rises, strikes
        Start, end and mean of the stretch that rises most, and of the one with most onsets.
    correlation
        Sum of its windows' autocorrelations; None where it is shorter than one.
    beat
        Start, end, evidence and tempo of the window that speaks most for the section's tempo; None without a beat.
    """

    frames: int
    flux: float
    onsets: int
    rises: tuple[float, float, float]
    strikes: tuple[float, float, float]
    correlation: Floats | None
    beat: tuple[float, float, float, float] | None


class Rhythm:
    """Collects the onset envelope, one number per frame, and measures it section by section."""

    def __init__(self, grid: Grid) -> None:
        self._frame_hz = grid.frame_hz
        self._last: Array | None = None
        self._envelope: list[Array] = []
        self._count = 0
        self._sections: list[_Section] = []

    def push(self, mel_db: Array) -> None:
        """Take the next frames of the mel spectrum in dB [shape=(frames, bands)]."""
        before = mel_db[:1] if self._last is None else self._last
        rise = mel_db - np.concatenate([before, mel_db[:-1]])
        np.maximum(rise, 0, out=rise)
        self._envelope.append(rise @ np.full(rise.shape[1], 1 / rise.shape[1], np.float32))
        self._last = mel_db[-1:]
        self._count += len(mel_db)
        if self._count >= MOST:
            self._close(MOST)

    def signals(self) -> list[Signal]:
        """Onset rate, and tempo with the strength of its beat where there is one."""
        if self._count:
            self._close(self._count)
        duration_s = sum(section.frames for section in self._sections) / self._frame_hz
        if duration_s < 1:
            return []
        onsets = sum(section.onsets for section in self._sections)
        flux = sum(section.flux for section in self._sections) / sum(section.frames for section in self._sections)
        found = [
            _signal("flux_db", flux, _most([section.rises for section in self._sections], "rises most")),
            _signal(
                "onset_rate_hz",
                onsets / duration_s,
                _most([section.strikes for section in self._sections], "most onsets"),
            ),
        ]
        if duration_s >= MIN_SOUND_S and onsets >= _MIN_ONSETS:
            found += self._beat()
        return found

    def _close(self, count: int) -> None:
        """Measure the next ``count`` frames and let go of them."""
        waiting = np.concatenate(self._envelope)
        start_s = sum(section.frames for section in self._sections) / self._frame_hz
        self._sections.append(_section(waiting[:count], self._frame_hz, start_s, is_first=not self._sections))
        self._envelope, self._count = [waiting[count:]], len(waiting) - count

    def _beat(self) -> list[Signal]:
        correlations = [section.correlation for section in self._sections if section.correlation is not None]
        bpm, strength = _tempo_of(np.sum(correlations, axis=0), self._frame_hz)
        beats = [section.beat for section in self._sections if section.beat]
        if strength < _MIN_BEAT or not beats:
            return [_signal("beat_strength", strength, ())]
        start_s, end_s, _, its_bpm = max(beats, key=lambda beat: beat[2])
        spans = (span(start_s, end_s, f"clearest beat, {its_bpm:.1f} a minute", *MEL_HZ),)
        return [_signal("beat_strength", strength, spans), _signal("tempo_bpm", bpm, spans)]


def _section(envelope: Array, frame_hz: float, start_s: float, *, is_first: bool) -> _Section:
    onsets = onset_frames(envelope, frame_hz)
    is_onset = np.zeros(len(envelope), np.float32)
    is_onset[onsets] = 1
    correlation, beat = None, None
    if is_first or len(envelope) >= round(_WINDOW_S * frame_hz):  # a short end says nothing of a long sound's tempo
        correlation = _correlations(envelope, round(_WINDOW_S * frame_hz))
        bpm, strength = _tempo_of(correlation, frame_hz)
        if strength >= _MIN_BEAT:
            first_s, last_s, evidence = steadiest(envelope, bpm, frame_hz)
            beat = (start_s + first_s, start_s + last_s, evidence, bpm)
    return _Section(
        frames=len(envelope),
        flux=float(envelope.sum(dtype=np.float64)),
        onsets=len(onsets),
        rises=_placed(envelope, frame_hz, start_s),
        strikes=_placed(is_onset, frame_hz, start_s),
        correlation=correlation,
        beat=beat,
    )


def _placed(values: Array, frame_hz: float, start_s: float) -> tuple[float, float, float]:
    first_s, last_s, mean = highest(values, frame_hz, length_s=STRETCH_S) or (0.0, 0.0, -np.inf)
    return start_s + first_s, start_s + last_s, mean


def _most(places: list[tuple[float, float, float]], note: str) -> tuple[Span, ...]:
    start_s, end_s, mean = max(places, key=lambda place: place[2])
    return (span(start_s, end_s, note, *MEL_HZ),) if mean > -np.inf else ()


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
    return _tempo_of(_correlations(envelope, round(_WINDOW_S * frame_hz)), frame_hz)


def _tempo_of(correlations: Floats, frame_hz: float) -> tuple[float, float]:
    """Read tempo and strength from a sum of autocorrelations [shape=(lags,)]."""
    width = len(correlations)
    unbiased = correlations / np.maximum(width - np.arange(width), width // 4)
    correlation = unbiased / max(float(unbiased[0]), 1e-12)
    lags = np.arange(width)
    slow, fast = (60 * frame_hz / bpm for bpm in TEMPO_BPM)
    allowed = (lags >= fast) & (lags <= min(slow, width - 2))
    if not allowed.any():
        return 0.0, 0.0
    bpm = 60 * frame_hz / np.maximum(lags, 1)  # no time between two beats is no tempo, and not among the allowed
    prior = np.exp(-0.5 * (np.log2(bpm / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    best = int(np.argmax(np.where(allowed, correlation * prior, -np.inf)))
    lag = _refined(correlation, best)
    strength = float(np.clip(correlation[max(best - 1, 0) : best + 2].max(), 0, 1))
    return 60 * frame_hz / lag, strength


def steadiest(envelope: Array, bpm: float, frame_hz: float) -> tuple[float, float, float]:
    """Find the window that speaks most for a tempo: its start and end in seconds, and how much."""
    windows, step = _windows(envelope, round(_WINDOW_S * frame_hz))
    lag = min(max(1, round(60 * frame_hz / bpm)), windows.shape[1] - 1)
    beats = np.empty(len(windows), np.float32)
    for place, window in enumerate(windows):
        centred = window - window.mean()
        beats[place] = np.vecdot(centred[lag:], centred[:-lag])  # not normalised, as in the sum over all windows
    best = int(beats.argmax())
    start_s = best * step / frame_hz
    return start_s, start_s + windows.shape[1] / frame_hz, float(beats[best])


def _windows(envelope: Array, width: int) -> tuple[Array, int]:
    """View an envelope as windows, each half over the next [shape=(windows, width)], and the step between them."""
    width = min(width, len(envelope))
    step = max(1, width // 2)
    return np.lib.stride_tricks.sliding_window_view(envelope, width)[::step], step


def _correlations(envelope: Array, width: int) -> Floats:
    """Sum of the autocorrelations of overlapping windows [shape=(lags,)]."""
    windows, _ = _windows(envelope, width)
    width = windows.shape[1]
    total = np.zeros(width)
    for window in windows:
        centred = window - window.mean()
        power = np.abs(fft.rfft(centred, 2 * width)) ** 2
        total += fft.irfft(power)[:width]
    return total


def _refined(correlation: Floats, lag: int) -> float:
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
