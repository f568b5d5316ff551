"""Mean squares of a stream in steps of about 23 ms: what silence, dynamics and stereo are read from."""

import numpy as np

from classifiers.spectra import Array, Grid

_HOP_S = 0.0232


def hop_of(sample_rate_hz: int) -> int:
    """Length of a step in samples: half a frame of the spectra, so that decoded blocks hold a whole number."""
    return max(1, Grid.for_rate(sample_rate_hz).hop) if sample_rate_hz * _HOP_S >= 1 else 1


class Hops:
    """Follows half the sum (mid) and half the difference (side) of two channels; mid alone for others.

    Parameters
    ----------
    sample_rate_hz
        Of the samples to come.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self.hop = hop_of(sample_rate_hz)
        self.hop_s = self.hop / sample_rate_hz
        self._rest: tuple[Array, Array | None] | None = None
        self._means: dict[str, list[Array]] = {"mid": [], "side": [], "cross": []}

    def push(self, mid: Array, side: Array | None) -> None:
        """Take the next samples."""
        if self._rest is not None:
            mid = np.concatenate([self._rest[0], mid])
            side = None if side is None or self._rest[1] is None else np.concatenate([self._rest[1], side])
        whole = len(mid) // self.hop * self.hop
        self._add("mid", mid[:whole], mid[:whole])
        if side is not None:
            self._add("side", side[:whole], side[:whole])
            self._add("cross", mid[:whole], side[:whole])
        is_even = whole == len(mid)
        self._rest = None if is_even else (mid[whole:].copy(), None if side is None else side[whole:].copy())

    def mid(self) -> Array:
        """Mean square of the mid per step; the unfinished step is left out."""
        return _joined(self._means["mid"])

    def side(self) -> Array:
        """Mean square of the side per step; empty where there are not two channels."""
        return _joined(self._means["side"])

    def cross(self) -> Array:
        """Mean product of mid and side per step."""
        return _joined(self._means["cross"])

    def power(self) -> Array:
        """Mean square of the channels per step: with the side, so that opposite phases do not vanish."""
        mid, side = self.mid(), self.side()
        return mid + side if len(side) else mid

    def _add(self, name: str, one: Array, other: Array) -> None:
        products = np.vecdot(one.reshape(-1, self.hop), other.reshape(-1, self.hop))
        self._means[name].append(products / np.float32(self.hop))


def _joined(parts: list[Array]) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
