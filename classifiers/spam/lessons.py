"""What moderators decided, as lessons for the spam estimate: how much of it is enough, and how much it weighs.

Protocol
--------
A lesson is a recording that somebody removed or demoted with a sign of spam among its flags (spam), or approved
(honest). Questions, AI labels and decisions that people disagree on teach nothing. Under `FEWEST` of each from
`FEWEST_SENDERS` senders nothing is fitted: so few say more of the senders than of spam. From there on constructed cases
stay in, and give way as lessons come: with `EQUAL` of the rarer label both weigh alike. What it is worth is measured on
senders left out.
"""

import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from classifiers.spam.cases import Cases
from classifiers.spam.model import DEFAULT
from schemas.errors import InvalidInput

FEWEST = 20
FEWEST_SENDERS = 5
EQUAL = 100
FOLDS = 5


def share_of(lessons: Cases | None) -> float:
    """Give the lessons' share of all weight, from 0 to under 1."""
    if lessons is None or not len(lessons.labels):
        return 0.0
    rarer = min(int(lessons.labels.sum()), int((~lessons.labels).sum()))
    return rarer / (rarer + EQUAL)


def refuse_few(lessons: Cases, name: str) -> None:
    """Refuse what nothing can be learned from, and to put it under the name of the model that ships.

    Raises
    ------
    InvalidInput
        So.
    """
    if name == DEFAULT:
        raise InvalidInput(
            f"{DEFAULT} is fitted to constructed cases alone.", mend="Give your own a name: --name mine-1."
        )
    counts = {label: lessons.only(lessons.labels == label) for label in (True, False)}
    if any(len(one.labels) < FEWEST or len(set(one.recipe)) < FEWEST_SENDERS for one in counts.values()):
        told = ", ".join(
            f"{len(one.labels)} {word} of {len(set(one.recipe))} senders"
            for word, one in (("spam", counts[True]), ("honest", counts[False]))
        )
        raise InvalidInput(
            f"There is too little to learn from: {told}.",
            mend=f"At least {FEWEST} of each from {FEWEST_SENDERS} senders are needed; until then {DEFAULT} stays.",
        )


def folds(lessons: Cases) -> Iterator[npt.NDArray[np.bool_]]:
    """Leave senders out, a fifth at a time, the same on every machine; folds in which nobody is are passed over."""
    names = sorted(set(lessons.recipe.tolist()), key=lambda name: (zlib.crc32(name.encode()), name))
    for fold in range(FOLDS):
        tested = np.isin(lessons.recipe, names[fold::FOLDS])
        if tested.any() and not tested.all():
            yield tested
