"""The K-weighting of ITU-R BS.1770 without filtering: on power spectra, and on products of delayed samples.

Both measure the energy that the filtered sound would have. A spectrum's power is weighted bin by bin. Where no
spectrum is at hand, the energy behind a filter is a weighted sum of the autocorrelation at some lags, whose power
responses are cosines, and of the energies of means over short cells, whose power responses are squared sinc
functions. Eight lags make the high shelf and two cells the high-pass, within 0.3 dB from 20 Hz to 19 kHz.
"""

import numpy as np
import numpy.typing as npt
from scipy import signal

from classifiers.spectra import Array, Grid

_LAGS = (0, 1, 2, 3, 4, 6, 8, 12)  # samples at 44.1 kHz
_CELLS = (4, 2)  # per step: 5.8 and 11.6 ms
_FIT_HZ = (15.0, 20_000.0)
_FIT_POINTS = 600
_LEAST = 0.1  # of the power response: below it, errors cost nothing


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
        self._hop, self._reach = grid.hop, self._lags[-1]
        self._weights = _fitted_weights(grid, self._lags)
        self._past = np.zeros(self._reach, np.float32)

    def push(self, samples: Array) -> Array:
        """Take the next samples and give the mean squares [shape=(steps,)] of the steps that are complete now."""
        stream = np.concatenate([self._past, samples])
        count = (len(stream) - self._reach) // self._hop
        now = self._steps(stream, 0, count)
        parts = [np.vecdot(now, self._steps(stream, lag, count)) for lag in self._lags]
        parts += self._cell_energies(now)
        self._past = stream[count * self._hop :].copy()
        energy = self._weights @ np.stack(parts)
        return np.asarray(np.maximum(energy / np.float32(self._hop), 0))

    def _steps(self, stream: Array, lag: int, count: int) -> Array:
        start = self._reach - lag
        return stream[start : start + count * self._hop].reshape(count, self._hop)

    def _cell_energies(self, steps: Array) -> list[Array]:
        finest = self._hop // _CELLS[0]
        sums = (steps.reshape(-1, finest) @ np.ones(finest, np.float32)).reshape(len(steps), _CELLS[0])
        found = []
        for cells in _CELLS:
            joined = sums.reshape(len(steps), cells, _CELLS[0] // cells).sum(axis=2)
            found.append(np.square(joined).sum(axis=1) * np.float32(cells / self._hop))
        return found


def _fitted_weights(grid: Grid, lags: list[int]) -> Array:
    """Fit the filter's power response, every octave as important as any other."""
    rate = grid.sample_rate_hz
    hz = np.geomspace(_FIT_HZ[0], min(_FIT_HZ[1], rate / 2), _FIT_POINTS)
    wanted = _power(_high_shelf(rate), hz, rate) * _power(_high_pass(rate), hz, rate)
    cosines = [np.cos(2 * np.pi * hz * lag / rate) for lag in lags]
    means = [np.sinc(hz * grid.hop / cells / rate) ** 2 for cells in _CELLS]
    importance = 1 / np.maximum(wanted, _LEAST)
    responses = np.stack(cosines + means, axis=1) * importance[:, None]
    weights = np.linalg.lstsq(responses, wanted * importance, rcond=None)[0]
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
