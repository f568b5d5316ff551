"""All signals of a stream from one pass over the samples and one set of spectra.

Names, units, ranges and tolerances are in docs/descriptors.md. A signal is absent when it cannot
be measured.
"""

import numpy as np

from classifiers.decode import Block, mixed
from classifiers.hops import Hops
from classifiers.levels import Levels
from classifiers.longterm import LongTermSpectrum
from classifiers.loudness import Loudness
from classifiers.modulation import Modulation
from classifiers.offset import Offset
from classifiers.repetition import Repetition
from classifiers.rhythm import Rhythm
from classifiers.spectra import Array, FineFrames, Grid, PowerFrames
from classifiers.stereo import stereo_signals
from classifiers.timbre import Timbre
from classifiers.tonality import Tonality
from classifiers.versions import DESCRIPTORS
from schemas.screening import Curve, Heard, Signal

MEASURED_RATES_HZ = (4000, 400_000)  # outside, frequencies mean nothing and windows are absurd

_DB_PER_NEPER = np.float32(10 / np.log(10))
_HALVES = np.array([[0.5, 0.5], [0.5, -0.5]], np.float32)  # of sum and difference: to the bit what `mixed` gives
_MEL_FLOOR = np.float32(1e-8)


class Descriptors:
    """Takes decoded blocks and gives the heard layer at the end.

    Parameters
    ----------
    sample_rate_hz, channels
        Of the blocks to come.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate, self._channels, self._frames = sample_rate_hz, channels, 0
        self._hops, self._offsets = Hops(sample_rate_hz), (Offset(), Offset())  # of the mid and the side
        self._levels = Levels(sample_rate_hz, channels, self._hops)
        self._spectral = None
        if MEASURED_RATES_HZ[0] <= sample_rate_hz <= MEASURED_RATES_HZ[1]:
            self._spectral = _Spectral(Grid.for_rate(sample_rate_hz), channels)

    def push(self, block: Block) -> Array:
        """Take the next samples [shape=(n, channels)] and give their mix-down back."""
        mid, side = (mixed(block), None) if self._channels != 2 else np.matmul(_HALVES, block.T)
        heard, beside = self._offsets[0].out_of(mid), None if side is None else self._offsets[1].out_of(side)
        steps = self._hops.push(heard, beside)
        self._levels.push(block)
        if self._spectral:
            self._spectral.push(heard, beside, steps)
        self._frames += len(block)
        return mid

    def heard(self) -> Heard:
        """All signals and curves of what was pushed."""
        duration = Signal(name="duration_s", value=self._frames / self._rate, model=DESCRIPTORS)
        signals, curves = self._spectral.heard() if self._spectral else ([], [])
        of_samples = (duration, *self._levels.signals(), *stereo_signals(self._hops))
        return Heard(signals=(*of_samples, *signals), curves=tuple(curves))


class _Spectral:
    """Shares each chunk of spectra among all that is derived from it, with one product for all band sums."""

    def __init__(self, grid: Grid, channels: int) -> None:
        self._frames, self._fine = PowerFrames(grid), FineFrames(grid)
        self._loudness, self._timbre = Loudness(grid, channels), Timbre(grid)
        self._mel, self._mel_scale = grid.mel_bank(), np.float32(1 / np.square(grid.window()).sum())
        levels = np.stack([grid.mean_square_weights(), self._loudness.weights], axis=1)
        self._sums = np.concatenate([levels.astype(np.float32), self._timbre.columns()], axis=1)
        self._rhythm, self._repetition, self._modulation = Rhythm(grid), Repetition(grid), Modulation(grid)
        self._tonality, self._long_term = Tonality(self._fine.grid), LongTermSpectrum(self._fine.grid)

    def push(self, mid: Array, side: Array | None, steps: Array) -> None:
        for power in self._frames.push(mid):
            self._take(power)
        for power, stand_for in self._fine.push(mid):
            self._take_fine(power, stand_for)
        self._loudness.push_steps(steps, side)

    def heard(self) -> tuple[list[Signal], list[Curve]]:
        for power in self._frames.flush():
            self._take(power)
        for power, stand_for in self._fine.flush():
            self._take_fine(power, stand_for)
        parts = (self._loudness, self._timbre, self._tonality, self._rhythm, self._repetition)
        swings, swing_curves = self._modulation.heard()
        signals = [found for part in parts for found in part.signals()]
        return [*signals, *swings], [*self._long_term.curves(), *swing_curves]

    def _take(self, power: Array) -> None:
        sums = power @ self._sums
        self._loudness.push_frames(sums[:, :2])
        self._timbre.push(power, sums[:, 0], sums[:, 2:])
        mel_db = power[:, : len(self._mel)] @ self._mel
        mel_db *= self._mel_scale
        mel_db += _MEL_FLOOR
        np.log(mel_db, out=mel_db)
        mel_db *= _DB_PER_NEPER
        self._rhythm.push(mel_db)
        self._repetition.push(mel_db)
        self._modulation.push(mel_db)

    def _take_fine(self, power: Array, stand_for: Array) -> None:
        self._tonality.push(power, stand_for)
        self._long_term.push(power, stand_for)
