"""Long-term average spectrum: mean power in octaves, thirds and twelfths of octaves."""

import numpy as np
import numpy.typing as npt

from classifiers.spectra import Array, Grid
from classifiers.versions import DESCRIPTORS
from schemas.screening import Curve

RESOLUTIONS = {"ltas_octave_db": (1, 31.25), "ltas_third_octave_db": (3, 25.0), "ltas_twelfth_octave_db": (12, 125.0)}
TOP_HZ = 20_000.0
FLOOR_DB = -150.0

_REFERENCE_HZ = 1000.0  # a band's centre in every resolution


def centres_hz(bands_per_octave: int, lowest_hz: float, nyquist_hz: float) -> npt.NDArray[np.float64]:
    """Centres of the bands that lie wholly under half the sample rate, lowest first."""
    first = np.ceil(bands_per_octave * np.log2(lowest_hz / _REFERENCE_HZ) - 1e-6)
    last = np.floor(bands_per_octave * np.log2(TOP_HZ / _REFERENCE_HZ) + 1e-6)
    centres = _REFERENCE_HZ * 2 ** (np.arange(first, last + 1) / bands_per_octave)
    return np.asarray(centres[centres * 2 ** (0.5 / bands_per_octave) <= nyquist_hz])


def band_powers(
    power: npt.NDArray[np.float64], bin_hz: float, centres: npt.NDArray[np.float64], bands_per_octave: int
) -> npt.NDArray[np.float64]:
    """Sum power between the edges of bands; a bin on an edge is shared out."""
    sums = np.concatenate([[0.0], np.cumsum(power)])
    ends_hz = (np.arange(len(sums)) - 0.5) * bin_hz
    half = 2 ** (0.5 / bands_per_octave)
    return np.asarray(np.interp(centres * half, ends_hz, sums) - np.interp(centres / half, ends_hz, sums))


class LongTermSpectrum:
    """Averages the power of fine frames.

    Parameters
    ----------
    grid
        Of the fine frames to come.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._sum, self._weight = np.zeros(grid.n_fft // 2 + 1), 0.0

    def push(self, power: Array, stand_for: Array) -> None:
        """Take the next fine frames [shape=(frames, bins)], and how many each stands for [shape=(frames,)]."""
        self._sum += stand_for @ power
        self._weight += float(stand_for.sum())

    def curves(self) -> list[Curve]:
        """Levels against full scale at each resolution; nothing for silence."""
        mean_square = self._sum / max(1.0, self._weight) * self._grid.mean_square_weights()
        if mean_square.sum() <= 10 ** (FLOOR_DB / 10):
            return []
        bin_hz = self._grid.sample_rate_hz / self._grid.n_fft
        found = []
        for name, (bands, lowest_hz) in RESOLUTIONS.items():
            centres = centres_hz(bands, lowest_hz, self._grid.sample_rate_hz / 2)
            levels = 10 * np.log10(band_powers(mean_square, bin_hz, centres, bands) + 10 ** (FLOOR_DB / 10))
            places, values = (tuple(numbers.round(1).tolist()) for numbers in (centres, levels))
            found.append(Curve(name=name, places_hz=places, levels=values, model=DESCRIPTORS))
        return found
