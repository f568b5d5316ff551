"""Programme loudness after ITU-R BS.1770-4 and loudness range after EBU Tech 3342.

The K-weighting is applied to power spectra that exist anyway, and to products of delayed samples
(`classifiers.kweighting`), instead of filtering all samples again: within 0.3 LU of pyloudnorm, at
a fraction of its cost. Left and right are measured as half their sum and half their difference
(L^2 + R^2 = 2 (M^2 + S^2)).
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from classifiers.hops import hop_of
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
_WAITING_STEPS = 4096  # a minute and a half
_ROOM = 36_000  # bins that are made room for at once: an hour
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

    Attributes
    ----------
    weights
        Of the bins of a frame [shape=(bins,)].
    """

    def __init__(self, grid: Grid, channels: int) -> None:
        self._channels, self._hop_s = channels, hop_of(grid.sample_rate_hz) / grid.sample_rate_hz
        self.weights = k_weights(grid).astype(np.float32)
        self._steps = KWeightedSteps(grid)
        self._waiting = _Waiting()
        self._bins = _Bins(self._hop_s)

    def push_frames(self, powers: Array) -> None:
        """Take mean square and K-weighted mean square of the mix-down's next frames [shape=(frames, 2)]."""
        self._waiting.frames.append(powers.copy())

    def push_steps(self, mid: Array, side: Array | None) -> None:
        """Take the next steps' mean squares of the mid [shape=(steps,)], and the samples of half the difference."""
        self._waiting.mid.append(mid)
        self._waiting.count += len(mid)
        if side is not None:
            self._waiting.side.append(self._steps.push(side))
        if self._waiting.count >= _WAITING_STEPS:
            self._measure(is_last=False)

    def signals(self) -> list[Signal]:
        """Integrated loudness and range; nothing for surround, or where all lies under the gate."""
        if self._channels > 2:
            return []
        self._measure(is_last=True)
        bins = self._bins.means()
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

    def _measure(self, *, is_last: bool) -> None:
        """Move what is known of the waiting steps to the bins; at the end the last frame stands for what lacks one."""
        frames, mid, side = self._waiting.joined()
        count = len(mid) if is_last else min(len(mid), len(frames) - 1, len(side) if self._channels == 2 else len(mid))
        if count <= 0:
            return
        power = mid[:count] * _passed(frames, count)
        if self._channels == 2:
            side_power = np.concatenate([side, np.zeros(count, np.float32)])[:count]
            power = 2 * (power + side_power)
        self._bins.add(power)
        self._waiting = _Waiting([frames[count:]], [mid[count:]], [side[count:]], len(mid) - count, is_first=False)


@dataclass
class _Waiting:
    """Steps whose frames are not all there yet; but for the first, the frame before them comes along."""

    frames: list[Array] = field(default_factory=list)
    mid: list[Array] = field(default_factory=list)
    side: list[Array] = field(default_factory=list)
    count: int = 0
    is_first: bool = True

    def joined(self) -> tuple[Array, Array, Array]:
        """Frames [shape=(frames, 2)] from the one before the first step on, mid and side [shape=(steps,)]."""
        frames = np.concatenate(self.frames) if self.frames else np.zeros((1, 2), np.float32)
        if self.is_first:  # nothing was before: the first frame twice
            frames = np.concatenate([frames[:1], frames])
        return frames, _joined(self.mid), _joined(self.side)


class _Bins:
    """Mean squares per 100 ms, 0.3 MB an hour."""

    def __init__(self, hop_s: float) -> None:
        self._hop_s, self._seen = hop_s, 0
        self._sums, self._counts = np.zeros(_ROOM), np.zeros(_ROOM, np.uint16)

    def add(self, power: npt.NDArray[np.float64]) -> None:
        """Take the next steps' power [shape=(steps,)]."""
        centres_s = (np.arange(self._seen, self._seen + len(power)) + 0.5) * self._hop_s
        places = (centres_s / _BIN_S).astype(np.int64)
        while places[-1] >= len(self._sums):
            self._sums = np.concatenate([self._sums, np.zeros(_ROOM)])
            self._counts = np.concatenate([self._counts, np.zeros(_ROOM, np.uint16)])
        np.add.at(self._sums, places, power)
        np.add.at(self._counts, places, 1)
        self._seen += len(power)

    def means(self) -> npt.NDArray[np.float64]:
        """Mean square of each 100 ms that has begun [shape=(bins,)]."""
        used = int(np.flatnonzero(self._counts)[-1]) + 1 if self._seen else 0
        return np.asarray(self._sums[:used] / np.maximum(self._counts[:used], 1))


def _joined(parts: list[Array]) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _passed(frames: Array, count: int) -> npt.NDArray[np.float64]:
    """Gain of the filter for the power of each step, from the two frames that lie over it."""
    over = np.pad(frames.astype(np.float64), ((0, count), (0, 0)), mode="edge")[: count + 1]
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
