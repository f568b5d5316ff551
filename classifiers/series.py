"""Numbers over time that never outgrow their place: what a long sound keeps is coarser, not more."""

import numpy as np

from classifiers.spectra import Array

MOST = 196_608  # 70 minutes and more at 47 a second; up to there each number is kept as it came


class Series:
    """Collects numbers; whenever there are too many, neighbours are averaged in pairs and go on as one.

    Attributes
    ----------
    stands_for
        How many of the numbers pushed each of `values` is the mean of: 1, and twice as many after each folding.
    """

    def __init__(self) -> None:
        self.stands_for = 1
        self._parts: list[Array] = []
        self._count = 0
        self._rest = np.zeros(0, np.float32)  # pushed, and not enough for one more

    def push(self, values: Array) -> None:
        """Take the next numbers [shape=(n,)]."""
        if self.stands_for > 1:
            values = self._averaged(np.concatenate([self._rest, values]))
        self._parts.append(values)
        self._count += len(values)
        if self._count >= MOST:
            self._fold()

    def values(self) -> Array:
        """Give what is kept [shape=(at most MOST,)]; an unfinished mean is left out."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.float32)

    def _averaged(self, values: Array) -> Array:
        whole = len(values) // self.stands_for * self.stands_for
        self._rest = values[whole:].copy()
        return _means(values[:whole], self.stands_for)

    def _fold(self) -> None:
        kept = self.values()
        pairs = len(kept) // 2
        self._rest = np.concatenate([np.repeat(kept[2 * pairs :], self.stands_for), self._rest])
        self._parts, self._count = [_means(kept[: 2 * pairs], 2)], pairs
        self.stands_for *= 2


def _means(values: Array, width: int) -> Array:
    means: Array = values.reshape(-1, width).mean(axis=1, dtype=np.float32)
    return means
