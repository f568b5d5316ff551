"""Where the tops of a wave are cut off: at full scale, and at whatever level is the sound's own highest.

A clipped wave stands still at its ceiling, wherever a later gain has put that; a limiter turns down instead, and
leaves round tops. Three samples in a row within a 16-bit step and a half of the highest are no curve: even a sine at
full scale has them under 40 Hz only. Lossy coding bends the tops again, and nothing is seen of them then.
"""

import numpy as np
import numpy.typing as npt

from classifiers.decode import Block
from classifiers.spectra import Array
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

FULL_SCALE = 0.999
CLIPPED_RUN = 3  # samples in a row: one or two also happen in clean music
FLAT = 1.5 / 32768  # of full scale: what rounding and dither to 16 bits add to a flat top
LOUD_ENOUGH = 0.1  # a highest level under -20 dBFS is coarse steps, not a ceiling
PULSE = 0.5  # of the highest level, within one sample before and after: a wave that is drawn with edges
MAX_SPANS = 32

_Runs = npt.NDArray[np.int64]


class Clipping:
    """Counts cut-off tops of a stream, by second.

    Parameters
    ----------
    sample_rate_hz, channels
        Of the blocks to come.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._rate, self._channels = sample_rate_hz, channels
        self._highest = 0.0
        self._samples: dict[int, int] = {}  # at full scale, by second
        self._tops: dict[int, int] = {}  # runs at the highest level so far, by second

    def push(self, block: Block, top: float, first_frame: int) -> None:
        """Take the next samples [shape=(n, channels)], the highest magnitude among them, and where they begin."""
        if top > self._highest + FLAT:
            self._tops = {}
        self._highest = max(self._highest, top)
        is_highest = top > 0 and top >= self._highest - FLAT
        if not is_highest and top < FULL_SCALE:
            return
        magnitude = np.abs(block)
        if top >= FULL_SCALE:
            for first, last, _ in self._runs(magnitude, FULL_SCALE):
                self._add(self._samples, first_frame + first, last - first)
        if is_highest:
            for first, last, channel in self._runs(magnitude, self._highest - FLAT):
                if _is_flat_top(block[max(0, first - 1) : last + 1, channel], self._highest):
                    self._add(self._tops, first_frame + first, 1)

    def signals(self, frames: int) -> list[Signal]:
        """Share of samples clipped at full scale, and cut-off tops per second, of ``frames`` frames."""
        share = sum(self._samples.values()) / max(1, frames * self._channels)
        found = [self._signal("clipping_share", share, self._samples, "clipped", frames)]
        if self._highest >= LOUD_ENOUGH:
            tops_hz = sum(self._tops.values()) * self._rate / max(1, frames)
            found.append(self._signal("clipped_peaks_hz", tops_hz, self._tops, "tops cut off", frames))
        return found

    def _runs(self, magnitude: Array, level: float) -> list[tuple[int, int, int]]:
        """Find the runs at or over a level: first frame, one past the last, and channel."""
        at, channel = np.divmod(np.flatnonzero(magnitude.ravel() >= level), self._channels)
        found = []
        for index in range(self._channels):
            runs = consecutive(at[channel == index])
            long = runs[runs[:, 1] - runs[:, 0] >= CLIPPED_RUN].tolist()
            found += [(first, last, index) for first, last in long]
        return found

    def _add(self, counts: dict[int, int], frame: int, count: int) -> None:
        second = int(frame / self._rate)
        counts[second] = counts.get(second, 0) + count

    def _signal(self, name: str, value: float, counts: dict[int, int], note: str, frames: int) -> Signal:
        worst = sorted(counts, key=lambda second: -counts[second])[:MAX_SPANS]
        end_s = frames / self._rate
        spans = tuple(Span(start_s=s, end_s=min(s + 1, end_s), note=note) for s in sorted(worst))
        return Signal(name=name, value=value, model=DESCRIPTORS, spans=spans)


def _is_flat_top(around: Array, highest: float) -> bool:
    """Whether a run, with the sample before and after it, has one sign and is not the plateau of a pulse wave."""
    inside = around[1:-1]
    if inside.min() * inside.max() < 0:
        return False
    return bool(min(abs(around[1] - around[0]), abs(around[-1] - around[-2])) <= PULSE * highest)


def consecutive(places: npt.NDArray[np.int64]) -> _Runs:
    """Group increasing indices into runs without a hole [shape=(n, 2)]: first, and one past the last."""
    if not len(places):
        return np.zeros((0, 2), np.int64)
    breaks = np.flatnonzero(np.diff(places) != 1)
    firsts = places[np.concatenate([[0], breaks + 1])]
    lasts = places[np.concatenate([breaks, [len(places) - 1]])] + 1
    return np.stack([firsts, lasts], axis=1)
