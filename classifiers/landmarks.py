"""Landmarks: the peaks of a log-frequency spectrogram, found in a stream.

A peak is the loudest place within a third of a second and two fifths of an octave, and stands out of
its own frequency's level in time: a steady tone or silence has none. Times and frequencies are refined
between the grid lines, since speed and pitch are measured on them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr
from scipy import fft, signal
from scipy.ndimage import maximum_filter1d

from classifiers.spectra import Array, box_mean, framed

RATE_HZ = 11025
N_FFT = 1024
HOP = 256
LOW_HZ, OCTAVES, BINS_PER_OCTAVE = 250.0, 4, 24
FRAME_HZ = RATE_HZ / HOP

_REACH_FRAMES = round(0.3 * FRAME_HZ)
_REACH_BINS = 9
_CONTRAST_FRAMES = round(1.0 * FRAME_HZ)
_CONTRAST = np.float32(0.7)  # nepers of power over the mean around: 3 dB
_FLOOR = np.float32(1e-8)  # power of a bin at -80 dB against a full-scale sine
_SECTION_FRAMES = 1024
_MARGIN = _CONTRAST_FRAMES + _REACH_FRAMES
_CHUNK = 128


@dataclass(frozen=True)
class Landmarks:
    """Peaks in the order of time.

    Attributes
    ----------
    times_s
        Seconds from the start [shape=(n,)].
    octaves
        Octaves above 250 Hz [shape=(n,)].
    """

    times_s: npt.NDArray[np.float64]
    octaves: npt.NDArray[np.float64]


def log_bank() -> Array:
    """Triangular filters, 24 to the octave and never narrower than a bin [shape=(bins, bands)]."""
    hz = np.arange(N_FFT // 2 + 1) * RATE_HZ / N_FFT
    centres = LOW_HZ * 2 ** (np.arange(OCTAVES * BINS_PER_OCTAVE) / BINS_PER_OCTAVE)
    widths = np.maximum(centres * (2 ** (1 / BINS_PER_OCTAVE) - 1), RATE_HZ / N_FFT)
    bank = np.clip(1 - np.abs(hz[:, None] - centres) / widths, 0, None)
    return bank.astype(np.float32)


class LandmarkFinder:
    """Takes mono samples of any rate and collects their landmarks; memory stays flat."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._resampler = soxr.ResampleStream(sample_rate_hz, RATE_HZ, 1, dtype="float32", quality="HQ")
        self._window = signal.get_window("hann", N_FFT).astype(np.float32) * np.float32(4 / N_FFT)
        self._bank = log_bank()
        self._rest = np.zeros(0, np.float32)
        self._rows: list[Array] = []
        self._count = 0
        self._first = 0  # frame number of the first row that is kept
        self._times: list[npt.NDArray[np.float64]] = []
        self._octaves: list[npt.NDArray[np.float64]] = []

    def push(self, mono: Array) -> None:
        """Take the next samples."""
        self._take(self._resampler.resample_chunk(mono))

    def landmarks(self) -> Landmarks:
        """End the stream and give its landmarks."""
        self._take(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        self._close_section(is_last=True)
        if not self._times:
            return Landmarks(np.zeros(0), np.zeros(0))
        return Landmarks(np.concatenate(self._times), np.concatenate(self._octaves))

    def _take(self, samples: Array) -> None:
        stream = np.concatenate([self._rest, samples])
        count = max(0, (len(stream) - N_FFT) // HOP + 1)
        frames = framed(stream, N_FFT, HOP, count)
        for first in range(0, count, _CHUNK):
            spectrum = fft.rfft(frames[first : first + _CHUNK] * self._window)
            power = np.square(spectrum.real) + np.square(spectrum.imag)
            self._rows.append(np.log(power @ self._bank + _FLOOR))
        self._rest = stream[count * HOP :].copy()
        self._count += count
        if self._count >= _SECTION_FRAMES + 2 * _MARGIN:
            self._close_section(is_last=False)

    def _close_section(self, *, is_last: bool) -> None:
        if self._count < 3:
            return
        gram = np.concatenate(self._rows)
        times, octaves = peaks(gram)
        # A peak within the margin of an inner border is judged by the section that sees around it.
        low = _MARGIN if self._first else 0
        high = len(gram) if is_last else len(gram) - _MARGIN
        is_own = (times >= low) & (times < high)
        self._times.append((times[is_own] + self._first) / FRAME_HZ)
        self._octaves.append(octaves[is_own])
        kept = max(0, high - _MARGIN)
        self._rows, self._first, self._count = [gram[kept:]], self._first + kept, len(gram) - kept


def peaks(gram: Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Find the peaks of a log spectrogram [shape=(frames, bands)]: times in frames, and octaves."""
    highest = maximum_filter1d(maximum_filter1d(gram, 2 * _REACH_FRAMES + 1, axis=0), 2 * _REACH_BINS + 1, axis=1)
    is_peak = gram == highest
    is_peak[[0, -1]] = is_peak[:, [0, -1]] = False  # a border cannot be refined
    is_peak &= gram > box_mean(gram, 2 * _CONTRAST_FRAMES + 1) + _CONTRAST
    frame, band = np.nonzero(is_peak)
    times = frame + _vertex(gram[frame - 1, band], gram[frame, band], gram[frame + 1, band])
    bands = band + _vertex(gram[frame, band - 1], gram[frame, band], gram[frame, band + 1])
    return times, bands / BINS_PER_OCTAVE


def _vertex(before: Array, top: Array, after: Array) -> npt.NDArray[np.float64]:
    """Offset of a parabola's vertex from its middle point, in [-0.5, 0.5]."""
    curve = before - 2 * top + after
    return np.where(curve < 0, 0.5 * (before - after) / np.minimum(curve, -1e-9), 0.0)
