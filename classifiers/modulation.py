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
_WAITING_WINDOWS = 32  # measured at once: some minutes
_MIN_SWING_DB = 0.5  # under it nothing swings, and nothing has a rate


class Modulation:
    """Follows the mean level of the mel bands window by window; nothing grows with the sound.

    Parameters
    ----------
    grid
        Of the frames to come.
    """

    def __init__(self, grid: Grid) -> None:
        self._frame_hz = grid.frame_hz
        self._width = round(WINDOW_S * grid.frame_hz)
        self._levels: list[Array] = []
        self._waiting = 0
        self._is_silent = True
        self._swings = _Swings(self._width, grid.frame_hz)

    def push(self, mel_db: Array) -> None:
        """Take the next frames of the mel spectrum in dB [shape=(frames, bands)]."""
        levels = mel_db @ np.full(mel_db.shape[1], 1 / mel_db.shape[1], np.float32)
        self._levels.append(levels)
        self._waiting += len(levels)
        self._is_silent &= bool(levels.max(initial=_SILENT_DB) <= _SILENT_DB)
        if self._waiting >= _WAITING_WINDOWS * self._width:
            self._measure()

    def heard(self) -> tuple[list[Signal], list[Curve]]:
        """Give the rate and the share of syllables, and the swing per octave; nothing for silence or under 6 s."""
        self._measure()
        if not self._swings.count or self._is_silent:
            return [], []
        rates, density = self._swings.rates, self._swings.density()
        swings = (_between(rates, density, rate / 2**0.5, rate * 2**0.5) ** 0.5 for rate in RATES_HZ)
        rounded = tuple(round(swing, 2) for swing in swings)
        curve = Curve(name="modulation_db", places_hz=RATES_HZ, levels=rounded, model=DESCRIPTORS)
        whole = _between(rates, density, RATES_HZ[0], RATES_HZ[-1])
        if whole < _MIN_SWING_DB**2:
            return [], [curve]
        inside = (rates >= RATES_HZ[0]) & (rates <= RATES_HZ[-1])
        best = np.flatnonzero(inside)[(density * rates)[inside].argmax()]
        share = _between(rates, density, *SYLLABLES_HZ) / whole
        window = self._swings.window_of_rate[best]
        return [
            self._signal("modulation_hz", float(rates[best]), window, "swings most at this rate"),
            self._signal("modulation_syllable_share", share, self._swings.window_of_syllables, "most syllables"),
        ], [curve]

    def _measure(self) -> None:
        levels = np.concatenate(self._levels) if self._levels else np.zeros(0, np.float32)
        if len(levels) < self._width:
            return
        used = self._swings.add(levels.astype(np.float64))
        self._levels, self._waiting = [levels[used:]], len(levels) - used

    def _signal(self, name: str, value: float, window: int, note: str) -> Signal:
        first = int(window) * (self._width // 2)
        place = span(first / self._frame_hz, (first + self._width) / self._frame_hz, note, *MEL_HZ)
        return Signal(name=name, value=value, model=DESCRIPTORS, spans=(place,))


class _Swings:
    """Sums the densities of half-overlapping windows, and keeps which of them swings most.

    Attributes
    ----------
    rates : np.ndarray [shape=(rates,)]
        In Hz.
    count
        Of windows.
    window_of_rate : np.ndarray [shape=(rates,)]
        Number of the window that swings most at each rate.
    window_of_syllables
        Number of the window that swings most at the rates of syllables.
    """

    def __init__(self, width: int, frame_hz: float) -> None:
        self._width, self._frame_hz = width, frame_hz
        self.rates = np.arange(width // 2 + 1) * frame_hz / width
        self._is_syllable = (self.rates >= SYLLABLES_HZ[0]) & (self.rates <= SYLLABLES_HZ[1])
        self._sum, self.count = np.zeros(len(self.rates)), 0
        self._most, self.window_of_rate = np.full(len(self.rates), -np.inf), np.zeros(len(self.rates), np.int64)
        self._most_syllables, self.window_of_syllables = -np.inf, 0

    def add(self, levels: npt.NDArray[np.float64]) -> int:
        """Take levels that begin with the next window; give how many of them no later window needs."""
        _, densities = _densities(levels, self._width, self._frame_hz)
        best = densities.argmax(axis=0)
        most = densities[best, np.arange(len(best))]
        is_more = most > self._most
        self.window_of_rate[is_more] = self.count + best[is_more]
        self._most = np.maximum(self._most, most)
        syllables = densities[:, self._is_syllable].sum(axis=1)
        if syllables.max() > self._most_syllables:
            self.window_of_syllables = self.count + int(syllables.argmax())
            self._most_syllables = float(syllables.max())
        self._sum = np.concatenate([self._sum[None], densities]).sum(axis=0)  # one after the other, as in one go
        self.count += len(densities)
        return len(densities) * (self._width // 2)

    def density(self) -> npt.NDArray[np.float64]:
        """Mean density, in dB^2 per Hz [shape=(rates,)]."""
        return np.asarray(self._sum / self.count)


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
