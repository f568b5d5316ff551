"""Which seconds are analysed, and in what form: mono, 16 kHz, one loudness, one noise floor."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import soxr

Array = npt.NDArray[np.float32]

ANALYSIS_RATE_HZ = 16_000
LOWEST_RATE_HZ = 16_000  # under this part of the band that is looked at is empty, which moves the score
WINDOW_S = 10.0  # what the model was fitted on
SHORTEST_S = 5.0  # under this the fine spectra have too few frames
MOST_WINDOWS = 3  # cost is bounded: a three-hour file costs no more than a three-minute one
MOST_KEPT = 5
SILENT = 1e-3  # root mean square, -60 dBFS
LEVEL = 0.1  # root mean square after normalisation
FLOOR_DB = -78.0  # of the added noise, re full scale: hides what codecs do to digital silence


@dataclass(frozen=True)
class Window:
    """A stretch of mono sound, and where it begins."""

    start_s: float
    samples: Array
    sample_rate_hz: int

    @property
    def end_s(self) -> float:
        """Where it ends, in seconds of the recording."""
        return self.start_s + len(self.samples) / self.sample_rate_hz


class WindowCollector:
    """Keeps a few audible windows, evenly spread, of a stream whose length nobody knows yet.

    Parameters
    ----------
    sample_rate_hz
        Of the mono samples to come.

    Notes
    -----
    Memory holds at most `MOST_KEPT` windows and the one being filled. Whenever one is too many, every
    second is dropped and from then on every second is skipped, so the choice depends on the sound alone
    and not on the size of the blocks.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._filling = np.zeros(int(WINDOW_S * sample_rate_hz), dtype=np.float32)
        self._filled = self._seen = self._audible = 0
        self._step = 1
        self._kept: list[tuple[int, Window]] = []

    def push(self, mono: Array) -> None:
        """Take the next samples [shape=(n,)]."""
        while len(mono):
            part = mono[: len(self._filling) - self._filled]
            self._filling[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            mono = mono[len(part) :]
            if self._filled == len(self._filling):
                self._close()

    def windows(self) -> tuple[Window, ...]:
        """Give the chosen windows in order; one shorter window for a short recording, none for a silent one."""
        if not self._seen and self._filled >= SHORTEST_S * self._rate and is_audible(self._filling[: self._filled]):
            return (Window(0.0, self._filling[: self._filled].copy(), self._rate),)
        if len(self._kept) <= MOST_WINDOWS:
            return tuple(window for _, window in self._kept)
        chosen = np.round(np.linspace(0, len(self._kept) - 1, MOST_WINDOWS)).astype(int)
        return tuple(self._kept[i][1] for i in chosen)

    @property
    def duration_s(self) -> float:
        """How much has been pushed."""
        return (self._seen * len(self._filling) + self._filled) / self._rate

    def _close(self) -> None:
        start_s, self._filled = self._seen * WINDOW_S, 0
        self._seen += 1
        if not is_audible(self._filling):
            return
        if self._audible % self._step == self._step - 1:
            self._kept.append((self._audible, Window(start_s, self._filling.copy(), self._rate)))
        self._audible += 1
        if len(self._kept) > MOST_KEPT:
            self._step *= 2
            self._kept = [(i, window) for i, window in self._kept if i % self._step == self._step - 1]


def is_audible(samples: Array) -> bool:
    """Whether a window is louder than -60 dBFS, and made of numbers."""
    with np.errstate(over="ignore", invalid="ignore"):  # floating-point files may hold anything
        power = float(np.dot(samples, samples))
    return math.isfinite(power) and power > SILENT**2 * len(samples)


def to_analysis(samples: Array, sample_rate_hz: int) -> Array:
    """Bring one window of mono sound to the analysis rate; of more than ten seconds the first ten count."""
    wave = np.ascontiguousarray(samples, dtype=np.float32)
    if sample_rate_hz != ANALYSIS_RATE_HZ:
        wave = soxr.resample(wave, sample_rate_hz, ANALYSIS_RATE_HZ, quality="HQ")
    return wave[: int(WINDOW_S * ANALYSIS_RATE_HZ)]


def normalised(wave: Array) -> Array:
    """Take away the mean, set the level and lay the noise floor: loudness and silence must not tell."""
    centred = wave - wave.mean()
    level = float(np.sqrt(np.mean(centred**2)))
    floor: Array = _longest_floor()[: len(wave)]
    return np.asarray(centred * (LEVEL / max(level, 1e-9)) + floor, dtype=np.float32)


@cache
def _longest_floor() -> Array:
    noise = np.random.default_rng(0).standard_normal(int(WINDOW_S * ANALYSIS_RATE_HZ), dtype=np.float32)
    return noise * np.float32(10 ** (FLOOR_DB / 20))
