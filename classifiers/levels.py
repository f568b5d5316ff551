"""What samples say without a spectrum: silence, clipping, true peak, two equal channels."""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import signal

from classifiers.decode import Block
from classifiers.spectra import Array, runs
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

SILENCE_DB = -60.0  # RMS against full scale, mean of the channels
GAP_S = 2.0  # a shorter silence is a pause in the music
FULL_SCALE = 0.999
CLIPPED_RUN = 3  # samples in a row at full scale: one or two also happen in clean music
SAME_DB = -60.0  # the difference of two channels that are the same, against their sum
MAX_SPANS = 32

_HOP_S = 0.025
_PEAK_EVERY = 16384  # samples: one loudest place each is interpolated
_PEAK_REACH = 32  # samples on either side that the interpolation needs
_OVERSAMPLING = 4  # ITU-R BS.1770-4, annex 2


class HopPower:
    """Mean square of a stream per hop, whatever the sizes it arrives in."""

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self._rest = np.zeros(0, np.float32)
        self._means: list[Array] = []

    def push(self, samples: Array) -> None:
        """Take the next samples."""
        stream = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        count = len(stream) // self._hop
        hops = stream[: count * self._hop].reshape(count, self._hop)
        self._means.append(np.einsum("ij,ij->i", hops, hops) / np.float32(self._hop))
        self._rest = stream[count * self._hop :].copy()

    def means(self) -> Array:
        """All mean squares so far, the unfinished hop left out."""
        return np.concatenate(self._means) if self._means else np.zeros(0, np.float32)


class Levels:
    """Follows the level of a stream; two small numbers are kept per 25 ms."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate, self._channels = sample_rate_hz, channels
        hop = max(1, round(_HOP_S * sample_rate_hz))
        self._hop_s = hop / sample_rate_hz
        self._mid, self._side = HopPower(hop), HopPower(hop)
        self._frames = 0
        self._clipped: dict[int, int] = {}  # second -> samples
        self._peak = 0.0

    def push(self, block: Block, mid: Array, side: Array | None) -> None:
        """Take the next samples: all channels, and their mix-down; for stereo half their difference."""
        self._mid.push(mid)
        if side is not None:
            self._side.push(side)
        magnitude = np.abs(block)
        self._count_clipped(magnitude)
        self._peak = max(self._peak, true_peak(block, magnitude))
        self._frames += len(block)

    def signals(self) -> list[Signal]:
        """Silence, clipping, peak and channel signals of what was pushed."""
        return [*self._silence(), *self._clipping(), *self._peaks(), *self._dual_mono()]

    def _silence(self) -> list[Signal]:
        power = self._power()
        if not len(power):
            return []
        is_silent = power < 10 ** (SILENCE_DB / 10)
        gaps = runs(is_silent) * self._hop_s
        longest = float((gaps[:, 1] - gaps[:, 0]).max(initial=0.0))
        spans = tuple(Span(start_s=a, end_s=b, note="silence") for a, b in gaps if b - a >= GAP_S)[:MAX_SPANS]
        return [
            Signal(name="silence_share", value=float(is_silent.mean()), model=DESCRIPTORS, spans=spans),
            Signal(name="longest_silence_s", value=longest, model=DESCRIPTORS, spans=spans),
        ]

    def _power(self) -> Array:
        """Mean square of the channels per hop: with the difference, so that opposite phases do not vanish."""
        mid, side = self._mid.means(), self._side.means()
        return mid + side if len(side) else mid

    def _clipping(self) -> list[Signal]:
        share = sum(self._clipped.values()) / max(1, self._frames * self._channels)
        worst = sorted(self._clipped, key=lambda second: -self._clipped[second])[:MAX_SPANS]
        end_s = self._frames / self._rate
        spans = tuple(Span(start_s=s, end_s=min(s + 1, end_s), note="clipped") for s in sorted(worst))
        return [Signal(name="clipping_share", value=share, model=DESCRIPTORS, spans=spans)]

    def _peaks(self) -> list[Signal]:
        if self._peak <= 0:
            return []
        return [Signal(name="true_peak_db", value=20 * float(np.log10(self._peak)), model=DESCRIPTORS)]

    def _dual_mono(self) -> list[Signal]:
        if self._channels != 2:
            return []
        is_sounding = self._power() >= 10 ** (SILENCE_DB / 10)
        if not is_sounding.any():
            return []
        is_same = self._side.means() < self._mid.means() * 10 ** (SAME_DB / 10)
        share = float(is_same[is_sounding].mean())
        return [Signal(name="dual_mono_share", value=share, model=DESCRIPTORS)]

    def _count_clipped(self, magnitude: Array) -> None:
        at, channel = np.divmod(np.flatnonzero(magnitude.ravel() >= FULL_SCALE), self._channels)
        for index in range(self._channels) if len(at) else ():
            places = at[channel == index]
            for first, last in _consecutive(places):
                if last - first >= CLIPPED_RUN:
                    second = int((self._frames + first) / self._rate)
                    self._clipped[second] = self._clipped.get(second, 0) + int(last - first)


def _consecutive(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Group increasing indices into runs without a hole [shape=(n, 2)]: first, and one past the last."""
    if not len(places):
        return np.zeros((0, 2), np.int64)
    breaks = np.flatnonzero(np.diff(places) != 1)
    firsts = places[np.concatenate([[0], breaks + 1])]
    lasts = places[np.concatenate([breaks, [len(places) - 1]])] + 1
    return np.stack([firsts, lasts], axis=1)


def true_peak(block: Block, magnitude: Array) -> float:
    """Highest value between the samples, by 4x oversampling around the loudest places.

    Only the loudest sample of each 16384 is looked at: never too high, and within 0.3 dB of
    oversampling everything on music.
    """
    highest = float(magnitude.max(initial=0.0))
    if len(block) <= 2 * _PEAK_REACH:
        return highest
    starts = range(0, len(block), _PEAK_EVERY)
    places = np.stack([magnitude[start : start + _PEAK_EVERY].argmax(axis=0) + start for start in starts])
    centres = np.clip(places, _PEAK_REACH, len(block) - _PEAK_REACH - 1)
    reach = np.arange(-_PEAK_REACH, _PEAK_REACH)
    excerpts = block[centres[:, :, None] + reach, np.arange(block.shape[1])[None, :, None]]
    return max(highest, float(np.abs(excerpts @ _interpolator()).max()))


@cache
def _interpolator() -> Array:
    """Matrix from the samples around a place to 4x as many values within two samples of it."""
    middle = _PEAK_REACH * _OVERSAMPLING
    every = signal.resample_poly(np.eye(2 * _PEAK_REACH), _OVERSAMPLING, 1, axis=0)
    return every[middle - 8 : middle + 9].T.astype(np.float32)  # type: ignore[no-any-return]
