"""Programme loudness after ITU-R BS.1770-4 and loudness range after EBU Tech 3342.

The K-weighting is applied to power spectra that exist anyway, and to products of delayed samples
(`classifiers.kweighting`), instead of filtering all samples again: within 0.3 LU of pyloudnorm, at
a fraction of its cost. Left and right are measured as half their sum and half their difference
(L^2 + R^2 = 2 (M^2 + S^2)).
"""

import numpy as np
import numpy.typing as npt

from classifiers.hops import Hops
from classifiers.kweighting import KWeightedSteps, k_weights
from classifiers.spectra import Array, Grid
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

_BIN_S = 0.1  # step of the gating blocks
_BLOCK_BINS = 4  # 400 ms
_SHORT_TERM_BINS = 30  # 3 s
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = 10.0
_RANGE_GATE_LU = 20.0
_OFFSET = -0.691  # BS.1770: a 997 Hz sine at full scale in one channel reads -3.01 LUFS


class Loudness:
    """Collects K-weighted power per step of half a frame and gates it at the end.

    What a frame's spectrum says is which share of the energy the filter passes; how much energy there is
    comes from the samples, since a window does not see all of them alike.

    Parameters
    ----------
    grid
        Of the frames to come.
    channels
        Of the sound.
    hops
        Filled by the caller with the same stream.

    Attributes
    ----------
    weights
        Of the bins of a frame [shape=(bins,)].
    """

    def __init__(self, grid: Grid, channels: int, hops: Hops) -> None:
        self._channels, self._hops = channels, hops
        self.weights = k_weights(grid).astype(np.float32)
        self._steps = KWeightedSteps(grid)
        self._frames: list[Array] = []
        self._side: list[Array] = []

    def push_mid(self, powers: Array) -> None:
        """Take mean square and K-weighted mean square of the mix-down's next frames [shape=(frames, 2)]."""
        self._frames.append(powers.copy())

    def push_side(self, side: Array) -> None:
        """Take the next samples of half the difference."""
        self._side.append(self._steps.push(side))

    def signals(self) -> list[Signal]:
        """Integrated loudness and range; nothing for surround, or where all lies under the gate."""
        if self._channels > 2:
            return []
        bins = self._tenths()
        integrated = _integrated(_means(bins, _BLOCK_BINS))
        if integrated is None:
            return []
        short_term = _means(bins, _SHORT_TERM_BINS)
        found = [Signal(name="loudness_lufs", value=integrated, model=DESCRIPTORS, spans=_loudest(short_term))]
        spread = _range(short_term)
        if spread is not None:
            spans = (*_loudest(short_term), *_softest(short_term))
            found.append(Signal(name="loudness_range_lu", value=spread, model=DESCRIPTORS, spans=spans))
        return found

    def _tenths(self) -> npt.NDArray[np.float64]:
        """Sum the mean squares of the channels per 100 ms."""
        power = self._hops.mid() * self._passed(len(self._hops.mid()))
        if self._channels == 2:
            side = np.concatenate([*self._side, np.zeros(len(power), np.float32)])[: len(power)]
            power = 2 * (power + side)
        if not len(power):
            return np.zeros(0)
        centres_s = (np.arange(len(power)) + 0.5) * self._hops.hop_s
        tenth = (centres_s / _BIN_S).astype(np.int64)
        counts = np.bincount(tenth)
        return np.bincount(tenth, power) / np.maximum(counts, 1)

    def _passed(self, count: int) -> npt.NDArray[np.float64]:
        """Gain of the filter for the power of each step, from the two frames that lie over it."""
        frames = np.concatenate(self._frames) if self._frames else np.zeros((1, 2), np.float32)
        over = np.pad(frames.astype(np.float64), ((1, count), (0, 0)), mode="edge")[: count + 1]
        plain, weighted = (over[:-1] + over[1:]).T
        return np.asarray(weighted / np.maximum(plain, 1e-30))


def _means(bins: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    if len(bins) < width:
        return np.zeros(0)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(bins, width).mean(axis=1))


def _loudest(short_term: npt.NDArray[np.float64]) -> tuple[Span, ...]:
    return (_stretch(int(short_term.argmax()), "loudest"),) if len(short_term) else ()


def _softest(short_term: npt.NDArray[np.float64]) -> tuple[Span, ...]:
    """Find the softest stretch that the range counts: what lies under the gate is a pause."""
    counted = np.where(_lufs(short_term) > _range_gate(short_term), short_term, np.inf)
    return (_stretch(int(counted.argmin()), "softest that counts"),)


def _stretch(first: int, note: str) -> Span:
    return Span(start_s=first * _BIN_S, end_s=(first + _SHORT_TERM_BINS) * _BIN_S, note=note)


def _lufs(power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return _OFFSET + 10 * np.log10(np.maximum(power, 1e-30))


def _integrated(blocks: npt.NDArray[np.float64]) -> float | None:
    loud = blocks[_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return None
    gate = _lufs(loud.mean(keepdims=True))[0] - _RELATIVE_GATE_LU
    return float(_lufs(loud[_lufs(loud) > gate].mean(keepdims=True))[0])


def _range(short_term: npt.NDArray[np.float64]) -> float | None:
    if (_lufs(short_term) > _ABSOLUTE_GATE_LUFS).sum() < 2:
        return None
    levels = _lufs(short_term)
    low, high = np.percentile(levels[levels > _range_gate(short_term)], [10, 95])
    return float(high - low)


def _range_gate(short_term: npt.NDArray[np.float64]) -> float:
    loud = short_term[_lufs(short_term) > _ABSOLUTE_GATE_LUFS]
    return max(_ABSOLUTE_GATE_LUFS, float(_lufs(loud.mean(keepdims=True))[0]) - _RANGE_GATE_LU)
