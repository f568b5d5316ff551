"""Pitch classes over time: the key they point to, and how evenly they are used.

The bank is what `librosa.filters.chroma` gives at concert pitch (taken from there, it would load a
compiler into every worker); the profiles are those of Krumhansl and Kessler (1982): how well
listeners find that each pitch class fits a key.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from classifiers.spectra import Array, Grid
from classifiers.stretches import span
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

CLASSES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
HEARD_FROM_HZ = 27.5  # the lowest key of a piano
CHROMA_MAX_HZ = 5000.0  # above it lie overtones and noise
TONAL_STRENGTH = 0.5  # correlation under which no key is named: white noise reaches 0.4

_STRETCH_S = 10.0  # holds a phrase, and enough of the fine frames, of which later ones lie 2 s apart
_C_HZ = 440 * 2 ** (-9 / 12) / 16  # C0
_SILENT = 1e-7  # mean square of a frame that has no pitch classes
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def chroma_bank(grid: Grid) -> Array:
    """Weights of the bins up to 5 kHz for the twelve pitch classes, C first [shape=(bins, 12)].

    A bell over pitch, a semitone or a bin wide, of length one at each bin, under a wider bell of two
    octaves round 880 Hz, where pitch is told best.
    """
    bin_hz = grid.sample_rate_hz / grid.n_fft
    hz = bin_hz * np.arange(1, int(min(CHROMA_MAX_HZ, grid.sample_rate_hz / 2) / bin_hz) + 2)
    octaves = np.log2(hz / _C_HZ)
    octaves = np.concatenate([octaves[:1] - 1.5, octaves])  # that of 0 Hz, which is nowhere
    widths = np.maximum(12 * np.diff(octaves), 1.0)[:, None]
    away = (12 * octaves[:-1, None] - np.arange(12) + 6) % 12 - 6
    bells = np.exp(-0.5 * (2 * away / widths) ** 2)
    bells /= np.linalg.norm(bells, axis=1, keepdims=True)
    bells *= np.exp(-0.5 * ((octaves[:-1, None] - np.log2(880 / _C_HZ)) / 2) ** 2)
    return np.asarray(bells, np.float32)


def key_name(key: int) -> str:
    """Name a key: 0 to 11 are C major to B major, 12 to 23 C minor to B minor."""
    return f"{CLASSES[key % 12]} {'minor' if key >= 12 else 'major'}"


def key_of(chroma: npt.NDArray[np.float64]) -> tuple[int, float]:
    """Find the key whose profile correlates best with a chroma vector [shape=(12,)]: its number and correlation."""
    if np.ptp(chroma) <= 0:
        return 0, 0.0
    profiles = np.stack([np.roll(profile, root) for profile in (_MAJOR, _MINOR) for root in range(12)])
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    heard = chroma - chroma.mean()
    scores = centred @ heard / (np.linalg.norm(centred, axis=1) * np.linalg.norm(heard))
    return int(scores.argmax()), float(scores.max())


def entropy(shares: npt.NDArray[np.float64]) -> float:
    """Entropy of shares that sum to one, against the highest possible: 0 one class alone, 1 all alike."""
    used = shares[shares > 0]
    return float(-(used * np.log(used)).sum() / np.log(len(shares)))


class Tonality:
    """Averages the chroma of fine frames, each as loud as any other.

    Parameters
    ----------
    grid
        Of the fine frames to come.
    """

    def __init__(self, grid: Grid) -> None:
        self._bank = chroma_bank(grid)
        self._floor = np.float32(_SILENT / grid.mean_square_weights()[1] * self._bank.mean())
        self._sum = np.zeros(12)
        self._stretches: list[npt.NDArray[np.float64]] = []  # sums by `_STRETCH_S`
        self._end_s = 0.0
        self._frame_s = grid.n_fft / grid.sample_rate_hz

    def push(self, power: Array, stand_for: Array) -> None:
        """Take the next fine frames [shape=(frames, bins)], and how many each stands for [shape=(frames,)]."""
        starts_s = self._end_s + (np.cumsum(stand_for) - stand_for) * self._frame_s
        self._end_s += float(stand_for.sum()) * self._frame_s
        chroma = power[:, : len(self._bank)] @ self._bank
        sums = chroma.sum(axis=1)
        weights = np.where(sums >= self._floor, stand_for / np.maximum(sums, self._floor), 0)
        self._sum += weights @ chroma
        for place, row in zip((starts_s / _STRETCH_S).astype(int), weights[:, None] * chroma, strict=True):
            while len(self._stretches) <= place:
                self._stretches.append(np.zeros(12))
            self._stretches[place] += row

    def signals(self) -> list[Signal]:
        """Entropy, strength of the best key, and that key where there is one; nothing for silence."""
        if not self._sum.sum():
            return []
        shares = self._sum / self._sum.sum()
        key, strength = key_of(shares)
        evenest = self._where(entropy, "pitch classes used most evenly")
        clearest = self._where(lambda part: key_of(part)[1], "clearest key")
        found = [
            Signal(name="tonal_entropy", value=entropy(shares), model=DESCRIPTORS, spans=evenest),
            Signal(name="key_strength", value=strength, model=DESCRIPTORS, spans=clearest),
        ]
        if strength >= TONAL_STRENGTH:
            whole = Span(start_s=0.0, end_s=self._end_s, note=key_name(key))
            found.append(Signal(name="key", value=float(key), model=DESCRIPTORS, spans=(whole,)))
        return found

    def _where(self, measure: Callable[[npt.NDArray[np.float64]], float], note: str) -> tuple[Span, ...]:
        """Find the stretch in which a measure of the chroma is highest; the last one may be short."""
        sounding = [place for place, part in enumerate(self._stretches) if part.sum() > 0]
        best = max(sounding, key=lambda place: measure(self._stretches[place] / self._stretches[place].sum()))
        end_s = min((best + 1) * _STRETCH_S, self._end_s)
        return (span(best * _STRETCH_S, end_s, note, HEARD_FROM_HZ, CHROMA_MAX_HZ),)
