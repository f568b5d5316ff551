"""How often human music scores as high: conformal counts, over all of it and over recordings of the same kind.

With n exchangeable human recordings, a further one scores above the k-th highest of them with probability at
most k / (n + 1). Said of a group (a codec, a broad texture) the promise holds within it, which one threshold for
everything does not give. The highest of the rates that apply is reported: it promises no more than any of them.
Human material of generators' own pages counts too: easy music alone promises too much about hard music.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEWEST = 50  # human recordings of a group: fewer cannot state the rates that a policy asks for (2 %)
EVERYTHING = ""


@dataclass(frozen=True)
class Humans:
    """Held-out scores of human music by group; the group "" is all of it.

    Attributes
    ----------
    logits
        By group, ascending.
    """

    logits: Mapping[str, npt.NDArray[np.float32]]

    @classmethod
    def of(cls, logits: npt.NDArray[np.float64], groups: Sequence[Sequence[str]], *, fewest: int = FEWEST) -> "Humans":
        """Sort scores [shape=(n,)] into the groups that each recording is in; groups under ``fewest`` do not count."""
        members: dict[str, list[float]] = {EVERYTHING: []}
        for logit, names in zip(logits, groups, strict=True):
            for name in (EVERYTHING, *names):
                members.setdefault(name, []).append(float(logit))
        large = {name: values for name, values in members.items() if name == EVERYTHING or len(values) >= fewest}
        return cls({name: np.sort(np.array(values, dtype=np.float32)) for name, values in sorted(large.items())})

    def with_group(self, name: str, logits: npt.NDArray[np.float64]) -> "Humans":
        """Add a group that is no part of the whole, e.g. copies of the recordings; none smaller than `FEWEST`."""
        if len(logits) < FEWEST:
            return self
        return Humans({**self.logits, name: np.sort(np.asarray(logits, dtype=np.float32))})

    def rate(self, logit: float, groups: Sequence[str]) -> tuple[float, str]:
        """Bound how often human music scores this high: the highest rate of the groups that apply, and its group."""
        known = [name for name in (EVERYTHING, *groups) if name in self.logits]
        rates = [(_rate(self.logits[name], logit), name) for name in known]
        return max(rates, key=lambda one: one[0])


def _rate(humans: npt.NDArray[np.float32], logit: float) -> float:
    above = len(humans) - int(np.searchsorted(humans, np.float32(logit), "left"))
    return (1 + above) / (1 + len(humans))
