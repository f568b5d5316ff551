"""Exact repetition: how much of a track comes back as a copy after a fixed time.

A copied loop differs from its model by coding noise alone; a beat that is played again, or the same
chords with another voice over them, differs as much as music differs within seconds. So the
difference to the frame one lag earlier is held against the local variety, and only a small share
of it counts as a copy.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import fft

from classifiers.spectra import Array, Grid, box_mean, runs
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

LAGS_S = (0.4, 60.0)
COPY_RATIO = 0.12  # of the difference between unrelated frames: below it, a copy
SECTION_S = 600.0  # longer sound is looked at in sections, so that memory stays flat
MIN_SPAN_S = 2.0
MAX_SPANS = 32

_BANDS = 20
_VARIETY_S = 4.0
_SMOOTH_S = 1.0
_STILL_DB = 0.7  # deviation below which a sound stands still, and repeats nothing
_MIN_ELIGIBLE = 0.2  # of the frames: what mostly stands still has no repetition to measure
_CANDIDATES = 8
_FLOOR_DB = -60.0  # quieter bands hold coding noise


@dataclass(frozen=True)
class Repeats:
    """Frames of one section that are copied at its best lag, or copies; and how many could be."""

    lag: int
    is_repeated: npt.NDArray[np.bool_]
    eligible: int


class Repetition:
    """Collects a coarse mel spectrum and looks for copies section by section."""

    def __init__(self, grid: Grid) -> None:
        self._frame_hz = grid.frame_hz
        self._pending: list[Array] = []
        self._count = 0
        self._sections: list[Repeats] = []

    def push(self, mel_db: Array) -> None:
        """Take the next frames of the mel spectrum in dB [shape=(frames, bands)]."""
        coarse = mel_db @ _merging(mel_db.shape[1])
        self._pending.append(np.maximum(coarse, _FLOOR_DB))
        self._count += len(coarse)
        if self._count >= SECTION_S * self._frame_hz:
            self._close_section()

    def signals(self) -> list[Signal]:
        """Share and lag of the copies; nothing where a sound is short, silent or stands still."""
        self._close_section()
        eligible = sum(section.eligible for section in self._sections)
        if eligible < _MIN_ELIGIBLE * sum(len(section.is_repeated) for section in self._sections) or not eligible:
            return []
        copied = [int(section.is_repeated.sum()) for section in self._sections]
        spans = tuple(self._spans())
        share = Signal(name="repetition_share", value=sum(copied) / eligible, model=DESCRIPTORS, spans=spans)
        best = self._sections[int(np.argmax(copied))]
        if not best.lag:
            return [share]
        lag_s = best.lag / self._frame_hz
        return [share, Signal(name="repetition_lag_s", value=lag_s, model=DESCRIPTORS, spans=spans)]

    def _close_section(self) -> None:
        if self._count >= 4 * LAGS_S[0] * self._frame_hz:
            self._sections.append(find_repeats(np.concatenate(self._pending), self._frame_hz))
        self._pending, self._count = [], 0

    def _spans(self) -> list[Span]:
        spans, start = [], 0
        for section in self._sections:
            note = f"repeats every {section.lag / self._frame_hz:.2f} s"
            for first, last in (runs(section.is_repeated) + start) / self._frame_hz:
                if last - first >= MIN_SPAN_S:
                    spans.append(Span(start_s=first, end_s=last, note=note))
            start += len(section.is_repeated)
        return sorted(sorted(spans, key=lambda s: s.start_s - s.end_s)[:MAX_SPANS], key=lambda s: s.start_s)


@cache
def _merging(bands: int) -> Array:
    """Matrix that averages neighbouring bands [shape=(bands, _BANDS)]."""
    return np.repeat(np.eye(_BANDS, dtype=np.float32), bands // _BANDS, axis=0) * np.float32(_BANDS / bands)


def find_repeats(frames: Array, frame_hz: float) -> Repeats:
    """Find the lag at which most frames are copies.

    Parameters
    ----------
    frames
        Mel spectrum in dB [shape=(frames, bands)].
    """
    width = round(_VARIETY_S * frame_hz)
    variety = box_mean(_mean_squares(frames - box_mean(frames, width)), width)
    is_lively = variety > _STILL_DB**2
    nothing = Repeats(0, np.zeros(len(frames), np.bool_), int(is_lively.sum()))
    if not is_lively.any():
        return nothing
    best = nothing
    for lag in _candidates(frames, frame_hz):
        is_repeated = _repeated(frames, lag, variety, frame_hz) & is_lively
        if is_repeated.sum() > best.is_repeated.sum() * 1.02:  # the shortest of equals is the loop itself
            best = Repeats(lag, is_repeated, nothing.eligible)
    return best


def _repeated(frames: Array, lag: int, variety: Array, frame_hz: float) -> npt.NDArray[np.bool_]:
    smooth = box_mean(_mean_squares(frames[lag:] - frames[:-lag]), round(_SMOOTH_S * frame_hz))
    is_copy = smooth < COPY_RATIO * 2 * np.minimum(variety[lag:], variety[:-lag])
    is_repeated = np.zeros(len(frames), np.bool_)
    is_repeated[lag:] = is_copy
    is_repeated[:-lag] |= is_copy
    return is_repeated


def _mean_squares(values: Array) -> Array:
    """Mean square of each row; over rows this short, ten times faster than `mean`."""
    return np.asarray(np.vecdot(values, values) / np.float32(values.shape[1]))


def _candidates(frames: Array, frame_hz: float) -> list[int]:
    """Lags where the section is most like itself, shortest first."""
    count = len(frames)
    low, high = round(LAGS_S[0] * frame_hz), min(round(LAGS_S[1] * frame_hz), count // 2)
    if high <= low:
        return []
    centred = frames - frames.mean(axis=0)
    power = np.square(np.abs(fft.rfft(centred, fft.next_fast_len(count + high), axis=0))).sum(axis=1)
    correlation = fft.irfft(power)[: high + 1]
    energy = np.concatenate([[0.0], np.cumsum(np.square(centred).sum(axis=1))])
    lags = np.arange(high + 1)
    both = energy[count - lags] + energy[count] - energy[lags]
    likeness = 2 * correlation / np.maximum(both, 1e-9)
    inner = likeness[low:high]
    is_top = (inner >= likeness[low - 1 : high - 1]) & (inner > likeness[low + 1 : high + 1])
    tops = np.flatnonzero(is_top) + low
    return sorted(tops[np.argsort(-likeness[tops])[:_CANDIDATES]].tolist())
