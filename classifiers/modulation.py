"""How the level swings: the spectrum of the level over time, in octaves of its rate.

Speech swings most at syllables, 3 to 6 times a second; music at its beats; noise and drones hardly.
"""

import numpy as np
import numpy.typing as npt
from scipy import fft, signal

from classifiers.spectra import MEL_HZ, Array, Grid
from classifiers.stretches import span
from classifiers.versions import DESCRIPTORS
from schemas.screening import Curve, Signal

RATES_HZ = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SYLLABLES_HZ = (3.0, 6.0)
WINDOW_S = 6.0

_SILENT_DB = -79.0  # mean of the bands, whose floor lies at -80
_MIN_SWING_DB = 0.5  # under it nothing swings, and nothing has a rate


class Modulation:
    """Collects the mean level of the mel bands: one number per frame.

    Parameters
    ----------
    grid
        Of the frames to come.
    """

    def __init__(self, grid: Grid) -> None:
        self._frame_hz = grid.frame_hz
        self._levels: list[Array] = []

    def push(self, mel_db: Array) -> None:
        """Take the next frames of the mel spectrum in dB [shape=(frames, bands)]."""
        self._levels.append(mel_db @ np.full(mel_db.shape[1], 1 / mel_db.shape[1], np.float32))

    def heard(self) -> tuple[list[Signal], list[Curve]]:
        """Give the rate and the share of syllables, and the swing per octave; nothing for silence or under 6 s."""
        levels = np.concatenate(self._levels) if self._levels else np.zeros(0, np.float32)
        width = round(WINDOW_S * self._frame_hz)
        if len(levels) < width or levels.max() <= _SILENT_DB:
            return [], []
        rates, densities = _densities(levels.astype(np.float64), width, self._frame_hz)
        density = densities.mean(axis=0)
        swings = (_between(rates, density, rate / 2**0.5, rate * 2**0.5) ** 0.5 for rate in RATES_HZ)
        rounded = tuple(round(swing, 2) for swing in swings)
        curve = Curve(name="modulation_db", places_hz=RATES_HZ, levels=rounded, model=DESCRIPTORS)
        whole = _between(rates, density, RATES_HZ[0], RATES_HZ[-1])
        if whole < _MIN_SWING_DB**2:
            return [], [curve]
        inside = (rates >= RATES_HZ[0]) & (rates <= RATES_HZ[-1])
        best = np.flatnonzero(inside)[(density * rates)[inside].argmax()]
        syllables = (rates >= SYLLABLES_HZ[0]) & (rates <= SYLLABLES_HZ[1])
        share = _between(rates, density, *SYLLABLES_HZ) / whole
        return [
            self._signal("modulation_hz", float(rates[best]), densities[:, best], "swings most at this rate"),
            self._signal("modulation_syllable_share", share, densities[:, syllables].sum(axis=1), "most syllables"),
        ], [curve]

    def _signal(self, name: str, value: float, by_window: npt.NDArray[np.float64], note: str) -> Signal:
        width = round(WINDOW_S * self._frame_hz)
        first = int(by_window.argmax()) * (width // 2)
        place = span(first / self._frame_hz, (first + width) / self._frame_hz, note, *MEL_HZ)
        return Signal(name=name, value=value, model=DESCRIPTORS, spans=(place,))


def modulation_density(
    levels: npt.NDArray[np.float64], width: int, frame_hz: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Power density (dB^2 per Hz) of a level over time, by Welch's method: rates in Hz, and density."""
    rates, densities = _densities(levels, width, frame_hz)
    return rates, np.asarray(densities.mean(axis=0))


def _densities(
    levels: npt.NDArray[np.float64], width: int, frame_hz: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Rates, and the density of each window [shape=(windows, rates)]."""
    window = signal.get_window("hann", width)
    windows = np.lib.stride_tricks.sliding_window_view(levels, width)[:: width // 2]
    centred = windows - windows.mean(axis=1, keepdims=True)
    power = np.square(np.abs(fft.rfft(centred * window, axis=1)))
    densities = 2 * power / (frame_hz * np.square(window).sum())
    return np.arange(densities.shape[1]) * frame_hz / width, densities


def _between(rates: npt.NDArray[np.float64], density: npt.NDArray[np.float64], low_hz: float, high_hz: float) -> float:
    """Integrate the density between two rates, bins on the borders shared out."""
    step = rates[1]
    sums = np.concatenate([[0.0], np.cumsum(density)]) * step
    ends = (np.arange(len(sums)) - 0.5) * step
    return float(np.interp(high_hz, ends, sums) - np.interp(low_hz, ends, sums))
