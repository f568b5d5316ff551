"""Mean squares of a stream in steps of about 23 ms: what silence, dynamics and stereo are read from."""

import numpy as np

from classifiers.series import Series
from classifiers.spectra import Array, Grid

_HOP_S = 0.0232


def hop_of(sample_rate_hz: int) -> int:
    """Length of a step in samples: half a frame of the spectra, so that decoded blocks hold a whole number."""
    return max(1, Grid.for_rate(sample_rate_hz).hop) if sample_rate_hz * _HOP_S >= 1 else 1


class Hops:
    """Follows half the sum (mid) and half the difference (side) of two channels; mid alone for others.

    Sounds of more than an hour have longer steps, so that memory stays flat (`classifiers.series`).

    Parameters
    ----------
    sample_rate_hz
        Of the samples to come.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self.hop = hop_of(sample_rate_hz)
        self._rate = sample_rate_hz
        self._rest: tuple[Array, Array | None] | None = None
        self._mid, self._side, self._cross = Series(), Series(), Series()

    @property
    def hop_s(self) -> float:
        """Length of a step in seconds."""
        return self.hop / self._rate * self._mid.stands_for

    def push(self, mid: Array, side: Array | None) -> Array:
        """Take the next samples and give the mean squares of the mid for the steps that are complete now."""
        if self._rest is not None:
            mid = np.concatenate([self._rest[0], mid])
            side = None if side is None or self._rest[1] is None else np.concatenate([self._rest[1], side])
        whole = len(mid) // self.hop * self.hop
        means = self._means(mid[:whole], mid[:whole])
        self._mid.push(means)
        if side is not None:
            self._side.push(self._means(side[:whole], side[:whole]))
            self._cross.push(self._means(mid[:whole], side[:whole]))
        is_even = whole == len(mid)
        self._rest = None if is_even else (mid[whole:].copy(), None if side is None else side[whole:].copy())
        return means

    def mid(self) -> Array:
        """Mean square of the mid per step; the unfinished step is left out."""
        return self._mid.values()

    def side(self) -> Array:
        """Mean square of the side per step; empty where there are not two channels."""
        return self._side.values()

    def cross(self) -> Array:
        """Mean product of mid and side per step."""
        return self._cross.values()

    def power(self) -> Array:
        """Mean square of the channels per step: with the side, so that opposite phases do not vanish."""
        mid, side = self.mid(), self.side()
        return mid + side if len(side) else mid

    def _means(self, one: Array, other: Array) -> Array:
        products = np.vecdot(one.reshape(-1, self.hop), other.reshape(-1, self.hop))
        return np.asarray(products / np.float32(self.hop))
