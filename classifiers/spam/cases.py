"""Labelled recordings, constructed or decided by people: signs, label, and the group that they count with."""

import hashlib
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cases:
    """Labelled recordings.

    Attributes
    ----------
    rows : np.ndarray [shape=(n, signs)]
        As `features.measure` gives them.
    labels : np.ndarray [shape=(n,)]
        True for spam.
    recipe : np.ndarray [shape=(n,)]
        The recipe of a constructed one, the sender of one that people decided: each counts alike, whatever its size.
    """

    rows: Array
    labels: npt.NDArray[np.bool_]
    recipe: npt.NDArray[np.str_]

    @property
    def weights(self) -> Array:
        """Half of all weight for each label, shared by its recipes, and in these by their recordings."""
        weights = np.zeros(len(self.labels))
        for label in (False, True):
            names = np.unique(self.recipe[self.labels == label])
            for name in names:
                chosen = (self.recipe == name) & (self.labels == label)
                weights[chosen] = 0.5 / len(names) / chosen.sum()
        return weights * len(weights)

    @property
    def signature(self) -> str:
        """SHA-256 of all that is learned from: every value, its label and what it counts with."""
        digest = hashlib.sha256(repr(self.rows.shape).encode())
        digest.update(np.ascontiguousarray(self.rows, dtype="<f8").tobytes())
        digest.update(self.labels.astype(np.uint8).tobytes())
        digest.update("\0".join(self.recipe.tolist()).encode())
        return digest.hexdigest()

    def only(self, chosen: npt.NDArray[np.bool_]) -> Self:
        """Keep the chosen ones [shape=(n,)]."""
        return type(self)(self.rows[chosen], self.labels[chosen], self.recipe[chosen])


def joined(first: Cases, second: Cases | None, share: float) -> tuple[Cases, Array]:
    """Put two sets together, and give the weight of each recording; the second has ``share`` of all weight."""
    if second is None or not share:
        return first, first.weights
    both = Cases(
        np.concatenate([first.rows, second.rows]),
        np.concatenate([first.labels, second.labels]),
        np.concatenate([first.recipe, second.recipe]),
    )
    own, total = second.weights, first.weights.sum()
    return both, np.concatenate([first.weights * (1 - share), own / own.sum() * total * share])
