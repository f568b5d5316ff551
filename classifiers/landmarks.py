"""Landmarks: the peaks of a log-frequency spectrogram, found in a stream.

A peak is the loudest place within a fifth of a second and 0.3 octaves, and stands out of its own
frequency's level in time: a steady tone or silence has none. A strong one is the loudest within half a
second and half an octave. How long each one is the loudest is kept, its reach: a copy at half the speed has, of the
landmarks of twice the reach, the same. Times and frequencies are refined between the grid lines to some milliseconds
and a tenth of a semitone, since speed and pitch are measured on them.

The window is long (0.19 s) and the filters wide (a quarter of an octave): so a sound at another speed or
pitch, whose partials fall differently on the bins, keeps nine of ten peaks within 10 %.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr
from scipy import fft, signal

from classifiers.spectra import Array, box_mean, framed

RATE_HZ = 11025
N_FFT = 2048
HOP = 384
LOW_HZ, OCTAVES, BINS_PER_OCTAVE = 160.0, 5, 24
BANDS = OCTAVES * BINS_PER_OCTAVE
FRAME_HZ = RATE_HZ / HOP

_REACH_FRAMES, _REACH_BANDS = round(0.2 * FRAME_HZ), 7
MAX_REACH = 23  # frames; of what is the loudest for longer no more is known
STRONG_REACH = round(0.46 * FRAME_HZ)
_STRONG_BANDS = 12
_WIDTH_BANDS = 3.0  # half a filter's width
_CONTRAST_FRAMES = round(1.0 * FRAME_HZ)
_CONTRAST = np.float32(0.7)  # nepers of power over the mean around: 3 dB
_FLOOR = np.float32(1e-8)  # power of a bin at -80 dB against a full-scale sine
_SECTION_FRAMES = 1024
_MARGIN = _CONTRAST_FRAMES + MAX_REACH + 1
_CHUNK = 64

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
Reaches = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Landmarks:
    """Peaks in the order of time.

    Attributes
    ----------
    times_s
        Seconds from the start [shape=(n,)].
    octaves
        Octaves above 160 Hz, in [0, 5] [shape=(n,)].
    reaches
        Frames before and after, in [0, 23], in which nothing within half an octave is louder [shape=(n,)].
    """

    times_s: Floats
    octaves: Floats
    reaches: Reaches

    def strong(self) -> "Landmarks":
        """Take those alone that are the loudest within half a second."""
        return self.where(self.reaches >= STRONG_REACH)

    def where(self, is_chosen: Flags | Places) -> "Landmarks":
        """Take some, by flags [shape=(n,)] or by places [shape=(any,)]."""
        return Landmarks(self.times_s[is_chosen], self.octaves[is_chosen], self.reaches[is_chosen])


def log_bank() -> Array:
    """Triangular filters, 24 to the octave, half an octave's quarter to either side [shape=(bins, bands)]."""
    hz = np.arange(N_FFT // 2 + 1) * RATE_HZ / N_FFT
    centres = LOW_HZ * 2 ** (np.arange(BANDS) / BINS_PER_OCTAVE)
    widths = centres * (2 ** (1 / BINS_PER_OCTAVE) - 1) * _WIDTH_BANDS
    bank = np.clip(1 - np.abs(hz[:, None] - centres) / widths, 0, None)
    return bank.astype(np.float32)


class _Bank:
    """The filters, octave by octave: a product with the whole matrix would mostly multiply zeros."""

    def __init__(self) -> None:
        whole = log_bank()
        self._parts = []
        for first in range(0, BANDS, BINS_PER_OCTAVE):
            bands = slice(first, first + BINS_PER_OCTAVE)
            bins = np.flatnonzero(whole[:, bands].any(axis=1))
            reach = slice(int(bins[0]), int(bins[-1]) + 1)
            self._parts.append((reach, bands, np.ascontiguousarray(whole[reach, bands])))

    def log_power(self, spectrum: npt.NDArray[np.complex64]) -> Array:
        """Sum power in each band and take its logarithm [shape=(frames, bands)]."""
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        rows = np.empty((len(power), BANDS), np.float32)
        for reach, bands, part in self._parts:
            np.matmul(power[:, reach], part, out=rows[:, bands])
        rows += _FLOOR
        return np.log(rows, out=rows)


class LandmarkFinder:
    """Takes mono samples of any rate and collects their landmarks: 17 bytes each, 1 MB an hour, and nothing else."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._resampler = soxr.ResampleStream(sample_rate_hz, RATE_HZ, 1, dtype="float32", quality="HQ")
        self._window = signal.get_window("hann", N_FFT).astype(np.float32) * np.float32(4 / N_FFT)
        self._bank = _Bank()
        self._rest = np.zeros(0, np.float32)
        self._rows: list[Array] = []
        self._count = 0
        self._first = 0  # frame number of the first row that is kept
        self._found: list[tuple[Floats, Floats, npt.NDArray[np.uint8]]] = []

    def push(self, mono: Array) -> None:
        """Take the next samples."""
        self._take(self._resampler.resample_chunk(mono))

    def landmarks(self) -> Landmarks:
        """End the stream and give its landmarks."""
        self._take(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        self._close_section(is_last=True)
        if not self._found:
            return Landmarks(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
        found, self._found = self._found, []
        times_s, octaves, reaches = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Landmarks(times_s, octaves, reaches.astype(np.int64))

    def _take(self, samples: Array) -> None:
        stream = np.concatenate([self._rest, samples])
        count = max(0, (len(stream) - N_FFT) // HOP + 1)
        frames = framed(stream, N_FFT, HOP, count)
        for first in range(0, count, _CHUNK):
            spectrum = fft.rfft(frames[first : first + _CHUNK] * self._window)
            self._rows.append(self._bank.log_power(spectrum))
        self._rest = stream[count * HOP :].copy()
        self._count += count
        if self._count >= _SECTION_FRAMES + 2 * _MARGIN:
            self._close_section(is_last=False)

    def _close_section(self, *, is_last: bool) -> None:
        if self._count < 3:
            return
        gram = np.concatenate(self._rows)
        frames, octaves, reaches = peaks(gram)
        # A peak within the margin of an inner border is judged by the section that sees around it.
        low = _MARGIN if self._first else 0
        high = len(gram) if is_last else len(gram) - _MARGIN
        is_own = (frames >= low) & (frames < high)
        times_s = (frames[is_own] + self._first) / FRAME_HZ
        self._found.append((times_s, octaves[is_own], reaches[is_own].astype(np.uint8)))
        kept = max(0, high - _MARGIN)
        self._rows, self._first, self._count = [gram[kept:]], self._first + kept, len(gram) - kept


def peaks(gram: Array) -> tuple[Floats, Floats, Reaches]:
    """Find the peaks of a log spectrogram [shape=(frames, bands)]: times in frames, octaves, reaches."""
    frame, band = _summits(gram)
    height = gram[frame, band]
    is_peak = _loudest(frame, band, height, (_REACH_FRAMES, _REACH_BANDS))
    reaches = _reaches(frame, band, height)[is_peak]
    frame, band = frame[is_peak], band[is_peak]
    times = frame + _vertex(gram[frame - 1, band], gram[frame, band], gram[frame + 1, band])
    bands = band + _vertex(gram[frame, band - 1], gram[frame, band], gram[frame, band + 1])
    order = np.argsort(times, kind="stable")
    return times[order], bands[order] / BINS_PER_OCTAVE, reaches[order]


def _summits(gram: Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places higher than their four neighbours that stand out of their band's mean; a border cannot be refined."""
    middle = gram[1:-1, 1:-1]
    is_summit = (middle > gram[:-2, 1:-1]) & (middle >= gram[2:, 1:-1])
    is_summit &= (middle > gram[1:-1, :-2]) & (middle >= gram[1:-1, 2:])
    frame, band = np.nonzero(is_summit)
    mean = box_mean(gram, 2 * _CONTRAST_FRAMES + 1)
    stands_out = gram[frame + 1, band + 1] > mean[frame + 1, band + 1] + _CONTRAST
    return frame[stands_out] + 1, band[stands_out] + 1


def _loudest(frame: npt.NDArray[np.int64], band: npt.NDArray[np.int64], height: Array, reach: tuple[int, int]) -> Flags:
    """Which summits, in the order of time, have no higher one within a reach of frames and bands."""
    is_loudest = np.ones(len(frame), np.bool_)
    for step in range(1, len(frame)):
        gap = frame[step:] - frame[:-step]
        is_near = gap <= reach[0]
        if not is_near.any():
            break
        is_near &= np.abs(band[step:] - band[:-step]) <= reach[1]
        is_lower = height[step:] <= height[:-step]
        is_loudest[step:] &= ~(is_near & is_lower)
        is_loudest[:-step] &= ~(is_near & ~is_lower)
    return is_loudest


def _reaches(frame: npt.NDArray[np.int64], band: npt.NDArray[np.int64], height: Array) -> Reaches:
    """For how many frames before and after no summit within half an octave is higher."""
    reaches = np.full(len(frame), MAX_REACH, np.int64)
    for step in range(1, len(frame)):
        gap = frame[step:] - frame[:-step]
        if gap.min() > MAX_REACH:
            break
        first = np.flatnonzero((gap <= MAX_REACH) & (np.abs(band[step:] - band[:-step]) <= _STRONG_BANDS))
        is_lower = height[first + step] <= height[first]
        for lower, between in (
            (first[is_lower] + step, gap[first[is_lower]]),
            (first[~is_lower], gap[first[~is_lower]]),
        ):
            reaches[lower] = np.minimum(reaches[lower], np.maximum(between - 1, 0))
    return reaches


def _vertex(before: Array, top: Array, after: Array) -> Floats:
    """Offset of a parabola's vertex from its middle point, in [-0.5, 0.5]."""
    curve = before - 2 * top + after
    return np.where(curve < 0, 0.5 * (before - after) / np.minimum(curve, -1e-9), 0.0)
