"""One byte for each feature: small enough to keep with a screening, fine enough to judge again by."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from classifiers.synthetic.head import LinearHead

REACH = 6.0  # standard deviations; a head limits at four
STEPS = 127


@dataclass(frozen=True)
class Packing:
    """Mean and spread of every feature, fixed for a feature set: all models of the set read the same bytes.

    Attributes
    ----------
    mean, scale : np.ndarray [shape=(features,)]
        In the features' own units; ``scale`` is positive.
    """

    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    @classmethod
    def of(cls, head: LinearHead, gate: LinearHead) -> "Packing":
        """Take means and spreads of a fit: those of the score's features, and then of the gate's."""
        mean, scale = (np.concatenate(pair) for pair in ((head.mean_, gate.mean_), (head.scale_, gate.scale_)))
        return cls(mean.astype(np.float32).astype(np.float64), scale.astype(np.float32).astype(np.float64))

    def widened(self, head: LinearHead, count: int) -> Self:
        """Add means and spreads of the last ``count`` features of a head behind those that are packed already."""
        own = (head.mean_[-count:], head.scale_[-count:])
        added = (part.astype(np.float32).astype(np.float64) for part in own)
        mean, scale = (np.concatenate(pair) for pair in zip((self.mean, self.scale), added, strict=True))
        return type(self)(mean, scale)

    def pack(self, values: npt.NDArray[np.float32]) -> bytes:
        """Round values [shape=(n,)] to 1/21 of a standard deviation, within six; what is too many is left out."""
        values = values[: len(self.mean)]
        count = len(values)
        steps = np.rint((values - self.mean[:count]) / self.scale[:count] * (STEPS / REACH))
        return np.clip(steps, -STEPS, STEPS).astype(np.int8).tobytes()

    def unpack(self, packed: bytes) -> npt.NDArray[np.float32]:
        """Give back what `pack` rounded; what a wider packing added is left out."""
        steps = np.frombuffer(packed, dtype=np.int8)[: len(self.mean)]
        count = len(steps)
        return (self.mean[:count] + steps * (REACH / STEPS) * self.scale[:count]).astype(np.float32)
