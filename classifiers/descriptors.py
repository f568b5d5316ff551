"""All signals of a stream from one pass: levels, loudness, timbre, rhythm, repetition.

Names, units and limits are in docs/models.md. A signal is absent when it cannot be measured.
"""

import numpy as np
import numpy.typing as npt

from classifiers.decode import Block, mixed
from classifiers.levels import SILENCE_DB, Levels
from classifiers.loudness import Loudness
from classifiers.repetition import Repetition
from classifiers.rhythm import Rhythm
from classifiers.spectra import Array, Grid, PowerFrames
from classifiers.versions import DESCRIPTORS
from schemas.screening import Heard, Signal

MEASURED_RATES_HZ = (4000, 400_000)  # outside, frequencies mean nothing and windows are absurd
FLATNESS_HZ = (200.0, 7000.0)  # every codec keeps this band
CUT_OFF_DB = -85.0  # level of the band's edge against the strongest bin

_EPSILON = 1e-10  # librosa's amin


class Descriptors:
    """Takes decoded blocks and gives the heard layer at the end.

    Parameters
    ----------
    sample_rate_hz, channels
        Of the blocks to come.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate, self._channels, self._frames = sample_rate_hz, channels, 0
        self._levels = Levels(sample_rate_hz, channels)
        self._spectral = None
        if MEASURED_RATES_HZ[0] <= sample_rate_hz <= MEASURED_RATES_HZ[1]:
            self._spectral = _Spectral(Grid.for_rate(sample_rate_hz), channels)

    def push(self, block: Block) -> Array:
        """Take the next samples [shape=(n, channels)] and give their mix-down back."""
        mid, side = mixed(block), None
        if self._channels == 2:
            side = block[:, 0] - mid
        self._levels.push(block, mid, side)
        if self._spectral:
            self._spectral.push(mid, side)
        self._frames += len(block)
        return mid

    def heard(self) -> Heard:
        """All signals of what was pushed."""
        duration = Signal(name="duration_s", value=self._frames / self._rate, model=DESCRIPTORS)
        spectral = self._spectral.signals() if self._spectral else []
        return Heard(signals=(duration, *self._levels.signals(), *spectral))


class _Spectral:
    """Shares each chunk of spectra among all that is derived from it."""

    def __init__(self, grid: Grid, channels: int) -> None:
        self._mid, self._side = PowerFrames(grid), PowerFrames(grid, is_plain=True)
        self._mel, self._mel_scale = grid.mel_bank(), np.float32(1 / np.square(grid.window()).sum())
        self._loudness, self._timbre = Loudness(grid, channels), Timbre(grid)
        self._rhythm, self._repetition = Rhythm(grid), Repetition(grid)

    def push(self, mid: Array, side: Array | None) -> None:
        for power in self._mid.push(mid):
            self._take(power)
        if side is not None:
            for power in self._side.push(side):
                self._loudness.push_side(power)

    def signals(self) -> list[Signal]:
        for power in self._mid.flush():
            self._take(power)
        for power in self._side.flush():
            self._loudness.push_side(power)
        parts = (self._loudness, self._timbre, self._rhythm, self._repetition)
        return [found for part in parts for found in part.signals()]

    def _take(self, power: Array) -> None:
        self._loudness.push_mid(power)
        self._timbre.push(power)
        mel_db = 10 * np.log10((power @ self._mel) * self._mel_scale + np.float32(1e-8))
        self._rhythm.push(mel_db)
        self._repetition.push(mel_db)


class Timbre:
    """Flatness, centroid and band limit over the frames that sound."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._hz = grid.bins_hz().astype(np.float32)
        self._mean_square = grid.mean_square_weights().astype(np.float32)
        self._band = slice(*np.searchsorted(self._hz, FLATNESS_HZ).tolist())
        self._log_sum = np.zeros(len(self._hz))
        self._flatness_sum, self._centroid_sum, self._count = 0.0, 0.0, 0

    def push(self, power: Array) -> None:
        """Take the next frames [shape=(frames, bins)]; silent ones say nothing of timbre."""
        sounding = power[power @ self._mean_square >= 10 ** (SILENCE_DB / 10)]
        if not len(sounding):
            return
        logs = np.log(np.maximum(sounding, np.float32(_EPSILON)))
        self._log_sum += logs.sum(axis=0)
        geometric = np.exp(logs[:, self._band].mean(axis=1))
        self._flatness_sum += float((geometric / sounding[:, self._band].mean(axis=1)).sum())
        self._centroid_sum += float((sounding @ self._hz / sounding.sum(axis=1)).sum())
        self._count += len(sounding)

    def signals(self) -> list[Signal]:
        """Means over the sounding frames; nothing for silence."""
        if not self._count:
            return []
        values = {
            "flatness": self._flatness_sum / self._count,
            "centroid_hz": self._centroid_sum / self._count,
            "bandwidth_hz": band_limit(self._log_sum / self._count, self._hz),
        }
        return [Signal(name=name, value=float(value), model=DESCRIPTORS) for name, value in values.items()]


def band_limit(mean_log_power: npt.NDArray[np.float64], hz: Array) -> float:
    """Find the frequency above which the mean spectrum lies 85 dB under its strongest bin."""
    decibels = 10 / np.log(10) * mean_log_power
    above = np.flatnonzero(decibels >= decibels.max() + CUT_OFF_DB)
    return float(hz[above[-1]])
