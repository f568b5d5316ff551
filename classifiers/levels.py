"""What samples say without a spectrum: silence, clipping, peaks, dynamics."""

import numpy as np
import numpy.typing as npt

from classifiers.clipping import MAX_SPANS, Clipping
from classifiers.decode import Block
from classifiers.hops import Hops
from classifiers.peaks import Peaks
from classifiers.spectra import Array, runs
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

SILENCE_DB = -60.0  # RMS against full scale, mean of the channels
GAP_S = 2.0  # a shorter silence is a pause in the music
LOUD_S = 3.0  # stretches whose level dynamic range is read from
LOUDEST_SHARE = 0.2  # of those stretches


class Levels:
    """Follows the level of a stream.

    Parameters
    ----------
    sample_rate_hz, channels
        Of the blocks to come.
    hops
        Filled by the caller with the same stream.
    """

    def __init__(self, sample_rate_hz: int, channels: int, hops: Hops) -> None:
        self._rate, self._hops = sample_rate_hz, hops
        self._frames = 0
        self._clipping, self._peaks = Clipping(sample_rate_hz, channels), Peaks()

    def push(self, block: Block) -> None:
        """Take the next samples [shape=(n, channels)]."""
        self._clipping.push(block, self._peaks.push(block, self._frames), self._frames)
        self._frames += len(block)

    def signals(self) -> list[Signal]:
        """Silence, clipping, peak and dynamics of what was pushed."""
        return [*self._silence(), *self._clipping.signals(self._frames), *self._peak(), *self._dynamics()]

    def _silence(self) -> list[Signal]:
        power = self._hops.power()
        if not len(power):
            return []
        is_silent = power < 10 ** (SILENCE_DB / 10)
        gaps = runs(is_silent) * self._hops.hop_s
        longest = float((gaps[:, 1] - gaps[:, 0]).max(initial=0.0))
        spans = tuple(Span(start_s=a, end_s=b, note="silence") for a, b in gaps if b - a >= GAP_S)[:MAX_SPANS]
        return [
            Signal(name="silence_share", value=float(is_silent.mean()), model=DESCRIPTORS, spans=spans),
            Signal(name="longest_silence_s", value=longest, model=DESCRIPTORS, spans=spans),
            self._trimmed(is_silent),
        ]

    def _trimmed(self, is_silent: npt.NDArray[np.bool_]) -> Signal:
        sounding = np.flatnonzero(~is_silent)
        if not len(sounding):
            return Signal(name="trimmed_s", value=0.0, model=DESCRIPTORS)
        start_s, end_s = sounding[0] * self._hops.hop_s, (sounding[-1] + 1) * self._hops.hop_s
        span = Span(start_s=start_s, end_s=end_s, note="from the first to the last sound")
        return Signal(name="trimmed_s", value=end_s - start_s, model=DESCRIPTORS, spans=(span,))

    def _peak(self) -> list[Signal]:
        if self._peaks.true <= 0:
            return []
        value = 20 * float(np.log10(self._peaks.true))
        spans = (self._around(self._peaks.frame, "highest peak"),)
        return [Signal(name="true_peak_db", value=value, model=DESCRIPTORS, spans=spans)]

    def _around(self, frame: int, note: str) -> Span:
        at_s, end_s = frame / self._rate, self._frames / self._rate
        return Span(start_s=max(0.0, at_s - 0.5), end_s=min(at_s + 0.5, end_s), note=note)

    def _dynamics(self) -> list[Signal]:
        power = self._hops.power()
        if not len(power) or power.mean() < 10 ** (SILENCE_DB / 10):
            return []
        peak_db = 20 * np.log10(self._peaks.sample)
        crest = peak_db - 10 * np.log10(power.mean(dtype=np.float64))
        spans = (self._around(self._peaks.sample_frame, "highest sample"),)
        found = [Signal(name="crest_db", value=float(crest), model=DESCRIPTORS, spans=spans)]
        loud = _stretches(power, round(LOUD_S / self._hops.hop_s))
        if len(loud):
            top = np.argsort(-loud, kind="stable")[: max(1, round(LOUDEST_SHARE * len(loud)))]
            value = float(peak_db - 10 * np.log10(loud[top].mean()))
            start_s = float(top[0]) * round(LOUD_S / self._hops.hop_s) * self._hops.hop_s
            span = Span(start_s=start_s, end_s=start_s + LOUD_S, note="loudest")
            found.append(Signal(name="dynamic_range_db", value=value, model=DESCRIPTORS, spans=(span,)))
        return found


def _stretches(power: Array, width: int) -> npt.NDArray[np.float64]:
    """Average over stretches side by side, the unfinished one left out."""
    count = len(power) // max(1, width)
    return (
        np.asarray(power[: count * width].reshape(count, -1).mean(axis=1, dtype=np.float64)) if count else np.zeros(0)
    )
