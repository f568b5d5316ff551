"""How two channels belong together: width, correlation, balance, and whether they are one."""

import numpy as np
import numpy.typing as npt

from classifiers.clipping import MAX_SPANS
from classifiers.hops import Hops
from classifiers.levels import SILENCE_DB
from classifiers.spectra import Array, box_mean, runs
from classifiers.stretches import highest, span
from classifiers.versions import DESCRIPTORS
from schemas.flags import Span
from schemas.screening import Signal

SAME_DB = -60.0  # the difference of two channels that are the same, against their sum
OPPOSITE = -0.3  # correlation below which a mono speaker loses most of the sound
MAX_BALANCE_DB = 60.0  # of a channel against one without sound

_SMOOTH_S = 1.0
_THERE = 1e-6  # of the power: a channel 66 dB under the other is rounding
_MIN_SPAN_S = 2.0
_PIECE = 16_384  # steps at once: what is in between takes ten times their memory
_TINY = np.float32(1e-12)


def stereo_signals(hops: Hops) -> list[Signal]:
    """Read the stereo signals from the steps of a two-channel sound; none for other sounds or for silence."""
    mid, side, cross = hops.mid(), hops.side(), hops.cross()
    is_sounding = hops.power() >= 10 ** (SILENCE_DB / 10)
    if not len(side) or not is_sounding.any():
        return []
    same_db = 10 ** (SAME_DB / 10)
    is_same = (side < mid * same_db) & is_sounding
    width = float(side.sum(dtype=np.float64) / (mid + side).sum(dtype=np.float64))
    balance = _balance_db(mid, side, cross)
    power = np.maximum(mid + side, _TINY)
    leaning = (cross if balance >= 0 else -cross) / power
    dual = float(is_same.sum() / is_sounding.sum())
    return [
        Signal(name="dual_mono_share", value=dual, model=DESCRIPTORS, spans=_spans(is_same, hops.hop_s, "dual mono")),
        _placed("stereo_width_share", width, _where(side / power, hops, is_sounding, "widest")),
        _placed("stereo_balance_db", balance, _where(leaning, hops, is_sounding, "most one-sided")),
        *_correlation(hops, is_sounding),
    ]


def _placed(name: str, value: float, spans: tuple[Span, ...]) -> Signal:
    return Signal(name=name, value=value, model=DESCRIPTORS, spans=spans)


def _where(values: Array, hops: Hops, is_sounding: npt.NDArray[np.bool_], note: str) -> tuple[Span, ...]:
    place = highest(values, 1 / hops.hop_s, where=is_sounding)
    return (span(*place[:2], note),) if place else ()


def _balance_db(mid: Array, side: Array, cross: Array) -> float:
    both, more = float((mid + side).sum(dtype=np.float64)), 2 * float(cross.sum(dtype=np.float64))
    left, right = max(both + more, 0.0), max(both - more, 0.0)
    floor = 2 * both / (10 ** (MAX_BALANCE_DB / 10) - 1)
    return float(10 * np.log10((left + floor) / (right + floor)))


def _correlation(hops: Hops, is_sounding: npt.NDArray[np.bool_]) -> list[Signal]:
    """Correlation of left and right over all, and where it is negative; nothing where one of them is silent."""
    mid, side, cross = hops.mid(), hops.side(), hops.cross()
    whole = _coefficient(*(part.mean(keepdims=True, dtype=np.float64) for part in (mid, side, cross)))[0]
    if np.isnan(whole):
        return []
    width = round(_SMOOTH_S / hops.hop_s)
    smooth = [box_mean(part, width) for part in (mid, side, cross)]
    places = range(0, len(mid), _PIECE)
    is_opposite = [
        _coefficient(*(part[at : at + _PIECE].astype(np.float64) for part in smooth)) < OPPOSITE for at in places
    ]
    spans = _spans(np.concatenate(is_opposite) & is_sounding, hops.hop_s, "channels in opposite phase")
    return [Signal(name="stereo_correlation", value=float(whole), model=DESCRIPTORS, spans=spans)]


def _coefficient(
    mid: npt.NDArray[np.float64], side: npt.NDArray[np.float64], cross: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """LR / sqrt(LL RR), with L = M + S and R = M - S; nan where a channel is silent."""
    product = (mid + side) ** 2 - 4 * cross**2
    is_there = product > _THERE * (mid + side) ** 2
    safe = np.sqrt(np.where(is_there, product, 1.0))
    return np.where(is_there, np.clip((mid - side) / safe, -1, 1), np.nan)


def _spans(mask: npt.NDArray[np.bool_], hop_s: float, note: str) -> tuple[Span, ...]:
    stretches = [(a, b) for a, b in runs(mask) * hop_s if b - a >= _MIN_SPAN_S]
    longest = sorted(stretches, key=lambda stretch: stretch[0] - stretch[1])[:MAX_SPANS]
    return tuple(Span(start_s=a, end_s=b, note=note) for a, b in sorted(longest))
