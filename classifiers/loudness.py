"""Programme loudness after ITU-R BS.1770-4 and loudness range after EBU Tech 3342.

The K-weighting is applied to power spectra that exist anyway instead of filtering all samples
again: within 0.3 LU of pyloudnorm, at a fraction of its cost. Left and right are measured as half
their sum and half their difference (L^2 + R^2 = 2 (M^2 + S^2)).
"""

import numpy as np
import numpy.typing as npt
from scipy import signal

from classifiers.spectra import Array, Grid
from classifiers.versions import DESCRIPTORS
from schemas.screening import Signal

_BIN_S = 0.1  # step of the gating blocks
_BLOCK_BINS = 4  # 400 ms
_SHORT_TERM_BINS = 30  # 3 s
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = 10.0
_RANGE_GATE_LU = 20.0
_OFFSET = -0.691  # BS.1770: a 997 Hz sine at full scale in one channel reads -3.01 LUFS


def k_weights(grid: Grid) -> npt.NDArray[np.float64]:
    """Weights that turn a frame's power into its K-weighted mean square [shape=(bins,)].

    Filter parameters as recovered from BS.1770's 48 kHz coefficients, valid at every rate.
    """
    response = np.ones(grid.n_fft // 2 + 1)
    for b, a in (_high_shelf(grid.sample_rate_hz), _high_pass(grid.sample_rate_hz)):
        _, transfer = signal.freqz(b, a, worN=grid.bins_hz(), fs=grid.sample_rate_hz)
        response *= np.abs(transfer) ** 2
    return grid.mean_square_weights() * response


def _high_shelf(rate: int) -> tuple[list[float], list[float]]:
    gain_db, q, centre_hz = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    k = np.tan(np.pi * centre_hz / rate)
    vh = 10 ** (gain_db / 20)
    vb = vh**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = [(vh + vb * k / q + k * k) / a0, 2 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0]
    return b, [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


def _high_pass(rate: int) -> tuple[list[float], list[float]]:
    q, centre_hz = 0.5003270373238773, 38.13547087602444
    k = np.tan(np.pi * centre_hz / rate)
    a0 = 1 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


class Loudness:
    """Collects K-weighted power per frame and gates it at the end."""

    def __init__(self, grid: Grid, channels: int) -> None:
        self._grid, self._channels = grid, channels
        self._weights = k_weights(grid).astype(np.float32)
        window_energy = np.square(grid.window()).sum() / grid.n_fft
        self._plain_weights = self._weights * np.float32(window_energy)  # a frame without a window holds all its energy
        self._mid: list[Array] = []
        self._side: list[Array] = []

    def push_mid(self, power: Array) -> None:
        """Take the power of the mix-down's next frames."""
        self._mid.append(power @ self._weights)

    def push_side(self, power: Array) -> None:
        """Take the power of half the difference's next plain frames, each as long as two steps of the mix-down."""
        self._side.append(np.repeat(power @ self._plain_weights, 2))

    def signals(self) -> list[Signal]:
        """Integrated loudness and range; nothing for surround, or where all lies under the gate."""
        if self._channels > 2:
            return []
        bins = self._tenths()
        integrated = _integrated(_means(bins, _BLOCK_BINS, 1))
        if integrated is None:
            return []
        found = [Signal(name="loudness_lufs", value=integrated, model=DESCRIPTORS)]
        spread = _range(_means(bins, _SHORT_TERM_BINS, 10))
        if spread is not None:
            found.append(Signal(name="loudness_range_lu", value=spread, model=DESCRIPTORS))
        return found

    def _tenths(self) -> npt.NDArray[np.float64]:
        """Sum the mean squares of the channels per 100 ms."""
        power = np.concatenate(self._mid) if self._mid else np.zeros(0, np.float32)
        if self._channels == 2:
            side = np.concatenate(self._side)[: len(power)] if self._side else power[:0]
            power = 2 * (power + np.pad(side, (0, len(power) - len(side))))
        centres_s = (np.arange(len(power)) + 1) / self._grid.frame_hz
        tenth = (centres_s / _BIN_S).astype(np.int64)
        counts = np.bincount(tenth)
        return np.bincount(tenth, power) / np.maximum(counts, 1)


def _means(bins: npt.NDArray[np.float64], width: int, step: int) -> npt.NDArray[np.float64]:
    if len(bins) < width:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(bins, width)[::step]
    return np.asarray(windows.mean(axis=1))


def _lufs(power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return _OFFSET + 10 * np.log10(np.maximum(power, 1e-30))


def _integrated(blocks: npt.NDArray[np.float64]) -> float | None:
    loud = blocks[_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return None
    gate = _lufs(loud.mean(keepdims=True))[0] - _RELATIVE_GATE_LU
    return float(_lufs(loud[_lufs(loud) > gate].mean(keepdims=True))[0])


def _range(short_term: npt.NDArray[np.float64]) -> float | None:
    loud = short_term[_lufs(short_term) > _ABSOLUTE_GATE_LUFS]
    if len(loud) < 2:
        return None
    gate = _lufs(loud.mean(keepdims=True))[0] - _RANGE_GATE_LU
    low, high = np.percentile(_lufs(loud[_lufs(loud) > gate]), [10, 95])
    return float(high - low)
