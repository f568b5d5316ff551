"""The spam estimate: a linear model over `features`, calibrated, with an interval and what each sign adds.

Every weight is zero or more: no sign speaks against spam, so nobody is punished for lacking one. The arrays are
read without pickle; scoring takes microseconds and no sound.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from classifiers.models import active
from classifiers.models.registry import SHIPPED, Arrays, load_arrays
from classifiers.spam.features import COUNT, SIGNS, kinds, measure
from schemas.errors import InvalidInput
from schemas.evidence import Evidence
from schemas.findings import Finding
from schemas.screening import Signal, SubjectKind

DEFAULT = "spam-1"
LEAST = 0.02  # never nearer to 0 or 1: constructed cases are not the world
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class SpamScore:
    """What the signs add up to.

    Attributes
    ----------
    probability
        At even odds among the constructed cases; the world's odds are others.
    interval
        The middle 95 % of models fitted to recipes drawn anew.
    kinds
        How many independent kinds of evidence have a clear sign.
    contributions
        What each present sign adds to the logit, in words, the largest first.
    """

    model: str
    logit: float
    probability: float
    interval: tuple[float, float]
    kinds: int
    contributions: tuple[tuple[str, float], ...]

    def signals(self) -> tuple[Signal, ...]:
        """Give what a screening keeps."""
        said = "; ".join(f"{words} (+{added:.1f})" for words, added in self.contributions) or "no sign"
        value = round(self.probability, 4)
        return (
            Signal(
                name="spam_probability", value=value, probability=value, interval=self.interval, model=self.model,
                note=said,
            ),
            Signal(name="spam_kinds", value=float(self.kinds), model=self.model),
        )  # fmt: skip


class SpamModel:
    """Adds signs up with fitted weights.

    Parameters
    ----------
    name
        As in the registry; screenings pin it.
    arrays
        ``weights`` [shape=(models, signs + 1)], the last column the offset; the first row scores, the others make
        the interval.
    """

    def __init__(self, name: str, arrays: Arrays) -> None:
        self.name = name
        self._weights: npt.NDArray[np.float64] = arrays["weights"].astype(np.float64)
        if self._weights.ndim != 2 or self._weights.shape[1] != COUNT + 1:
            raise InvalidInput(f"{name} reads other signs than {COUNT}.", mend="Train it anew: `liner train spam`.")

    @classmethod
    def load(cls, name: str = DEFAULT, folder: Path = SHIPPED) -> Self:
        """Read a model from the registry.

        Raises
        ------
        NotFound, InvalidInput
            There is no such model, or its arrays are not those of its card.
        """
        return cls(name, load_arrays(name, folder)[0])

    def score(self, values: Sequence[float]) -> SpamScore:
        """Score the signs of one recording, as `features.measure` gives them."""
        row = np.append(np.asarray(values, dtype=np.float64), 1.0)
        logits = self._weights @ row
        probabilities = np.clip(1 / (1 + np.exp(-logits)), LEAST, 1 - LEAST)
        low, high = np.quantile(probabilities[1:], INTERVAL) if len(probabilities) > 1 else probabilities[[0, 0]]
        added = self._weights[0, :COUNT] * row[:COUNT]
        ordered = sorted(range(COUNT), key=lambda place: -added[place])
        return SpamScore(
            model=self.name,
            logit=float(logits[0]),
            probability=float(probabilities[0]),
            interval=(round(float(low), 4), round(float(high), 4)),
            kinds=kinds(values),
            contributions=tuple((SIGNS[place].words, float(added[place])) for place in ordered if added[place] > 0),
        )


@cache
def model_named(name: str) -> SpamModel:
    """Load a model once in a process."""
    return SpamModel.load(name, active.model_folder(name))


def fused(evidence: Evidence, findings: Iterable[Finding], name: str | None = None) -> tuple[Signal, ...]:
    """Estimate spam from all layers of a recording; nothing where there is neither a description nor sound.

    Parameters
    ----------
    name
        The model; None for the one in use.
    """
    intake = evidence.intake
    if intake.kind is not SubjectKind.RECORDING or (intake.recording is None and not evidence.heard.signals):
        return ()
    model = model_named(name or active.names_in_use().get(active.SPAM, DEFAULT))
    return model.score(measure(evidence, findings)).signals()
