"""The K-weighting of ITU-R BS.1770 without filtering: on power spectra, and on products of delayed samples.

Both measure the energy that the filtered sound would have. A spectrum's power is weighted bin by bin. Where no
spectrum is at hand, the energy behind a filter is a sum of the autocorrelation at some lags: eight lags make the
high shelf within 0.2 dB (root mean square over log-frequency up to 20 kHz), and the means over cells of 6 ms, taken
away, make the high-pass.
"""

import numpy as np
import numpy.typing as npt
from scipy import signal

from classifiers.spectra import Array, Grid

_LAGS = (0, 1, 2, 3, 4, 6, 8, 12)  # samples at 44.1 kHz
_FIT_BINS = 1024
_FIT_TOP_HZ = 20_000.0
_CELLS = 4  # per step: 5.8 ms


def k_weights(grid: Grid) -> npt.NDArray[np.float64]:
    """Weights that turn a frame's power into its K-weighted mean square [shape=(bins,)].

    Filter parameters as recovered from BS.1770's 48 kHz coefficients, valid at every rate.
    """
    hz, rate = grid.bins_hz(), grid.sample_rate_hz
    return grid.mean_square_weights() * _power(_high_shelf(rate), hz, rate) * _power(_high_pass(rate), hz, rate)


class KWeightedSteps:
    """K-weighted mean square of a stream per step of half a frame, by lags.

    Parameters
    ----------
    grid
        Of the frames whose half a step is.
    """

    def __init__(self, grid: Grid) -> None:
        unit = max(1, round(grid.sample_rate_hz / 44_100))
        self._lags = [lag * unit for lag in _LAGS]
        self._weights = _lag_weights(grid.sample_rate_hz, self._lags)
        self._hop, self._reach = grid.hop, self._lags[-1]
        self._past = np.zeros(self._reach, np.float32)

    def push(self, samples: Array) -> Array:
        """Take the next samples and give the mean squares [shape=(steps,)] of the steps that are complete now."""
        stream = np.concatenate([self._past, samples])
        count = (len(stream) - self._reach) // self._hop
        now = self._steps(stream, 0, count)
        energy = -self._slow(now)
        for lag, weight in zip(self._lags, self._weights, strict=True):
            energy += weight * np.vecdot(now, self._steps(stream, lag, count))
        self._past = stream[count * self._hop :].copy()
        mean: Array = np.maximum(energy / np.float32(self._hop), 0)
        return mean

    def _steps(self, stream: Array, lag: int, count: int) -> Array:
        start = self._reach - lag
        return stream[start : start + count * self._hop].reshape(count, self._hop)

    def _slow(self, steps: Array) -> Array:
        """Energy of the means over short cells: what a high-pass at 38 Hz takes away, within 2 dB."""
        cell = self._hop // _CELLS
        sums = steps.reshape(-1, cell) @ np.ones(cell, np.float32)
        slow: Array = np.square(sums).reshape(len(steps), _CELLS).sum(axis=1) / np.float32(cell)
        return slow


def _lag_weights(rate: int, lags: list[int]) -> Array:
    """Fit the shelf's power response by cosines, every octave as important as any other."""
    hz = np.linspace(0, rate / 2, _FIT_BINS + 1)
    wanted = _power(_high_shelf(rate), hz, rate)
    importance = np.where(hz > _FIT_TOP_HZ, 0.05, 1.0) / (wanted * np.sqrt(np.maximum(hz, 100.0)))
    cosines = np.cos(2 * np.pi * hz[:, None] * np.array(lags) / rate)
    weights = np.linalg.lstsq(cosines * importance[:, None], wanted * importance, rcond=None)[0]
    return np.asarray(weights, np.float32)


def _power(filter_: tuple[list[float], list[float]], hz: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    _, transfer = signal.freqz(*filter_, worN=hz, fs=rate)
    return np.asarray(np.abs(transfer) ** 2)


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
