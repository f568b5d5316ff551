"""The figures of a card that need more than ranking: groups, the gate, calibration, attacks."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from classifiers.synthetic import heldout, metrics, protocol
from classifiers.synthetic.conformal import Humans
from classifiers.synthetic.corpus import LabelledFile
from classifiers.synthetic.heldout import CARRIED_RATE, RESYNTH, Held, Rows

Array = npt.NDArray[np.float64]
Groups = Sequence[tuple[str, ...]]

FEWEST_IN_HALF = 25  # of a group: half of what the shipped counts ask for, as half of the files is fitted
SIMULATIONS = 200


def by_group(held: Sequence[Held], rows: Rows, groups: Groups, pooled: Array) -> tuple[Held, ...]:
    """Flag rows whose conformal rate is 5 % or less, over all counted human music and over each group of it.

    Counted are the other half of the sources, scored by the model that had not seen them, and human material of
    other families' pages, scored (``pooled``) by the models that had not seen that. The tested family's stays out.
    """
    flagged = []
    for one in held:
        sibling = heldout.sibling(one, held)
        human = rows.human[sibling.places]
        others = np.flatnonzero(rows.paired & (rows.family != one.fold.family))
        places = np.concatenate([sibling.places[human], others])
        logits = np.concatenate([sibling.logits[human], pooled[others]])
        humans = Humans.of(logits, [groups[i] for i in places], fewest=FEWEST_IN_HALF)
        rates = [humans.rate(logit, groups[i])[0] for logit, i in zip(one.logits, one.places, strict=True)]
        flagged.append(heldout.flags(one, np.array(rates) <= CARRIED_RATE))
    return tuple(flagged)


def rates(flagged: Sequence[Held], rows: Rows, prefix: str) -> dict[str, tuple[float, float, float]]:
    """Give shares flagged of each kind, means over families, with intervals over sources; thresholds as they are."""
    masks = {
        "carried_tpr": rows.positive,
        "fpr": rows.human,
        "fpr_other": rows.human & ~rows.game,
        "fpr_paired": rows.paired,
        "fpr_speech": rows.speech,
        "fpr_noise": rows.noise,
    }
    return {f"{prefix}_{name}": _share(flagged, mask, rows.source) for name, mask in masks.items()}


def rates_by_group(
    flagged: Sequence[Held], rows: Rows, groups: Groups, *, fewest: int = 10
) -> dict[str, dict[str, float]]:
    """Give the share of human music flagged of each codec and texture, with the ends of its 95 % interval (Wilson)."""
    human = rows.human | rows.paired
    found = {}
    for name in sorted({name for names in groups for name in names}):
        mask = human & np.array([name in names for names in groups])
        parts = [one.of(mask) for one in flagged]
        count = int(mask.sum())
        if count >= fewest:
            rate = float(np.mean([part.mean() for part in parts if len(part)]))
            low, high = metrics.wilson(rate, count)
            found[name] = {"files": float(count), "fpr": rate, "low": low, "high": high}
    return found


def _share(
    flagged: Sequence[Held], mask: npt.NDArray[np.bool_], sources: npt.NDArray[np.str_]
) -> tuple[float, float, float]:
    """Average a share over families, and over sources drawn anew."""
    parts = [one for one in flagged if one.fold.family != RESYNTH and mask[one.places].any()] or [
        one for one in flagged if mask[one.places].any()
    ]
    if not parts:
        return (np.nan, np.nan, np.nan)
    names = np.unique(sources[mask])
    place = {name: i for i, name in enumerate(names)}
    sums, counts = np.zeros((2, len(parts), len(names)))
    for row, one in enumerate(parts):
        chosen = mask[one.places]
        at = [place[name] for name in sources[one.places[chosen]]]
        np.add.at(sums[row], at, one.logits[chosen])
        np.add.at(counts[row], at, 1)
    dice = np.random.default_rng(0)
    drawn = [
        dice.multinomial(len(names), np.full(len(names), 1 / len(names))).astype(float)
        for _ in range(heldout.RESAMPLES)
    ]
    low, high = np.nanquantile([_weighted(sums, counts, times) for times in drawn], metrics.INTERVAL)
    return _weighted(sums, counts, np.ones(len(names))), float(low), float(high)


def _weighted(sums: Array, counts: Array, times: Array) -> float:
    total = counts @ times
    return float(np.mean((sums @ times)[total > 0] / total[total > 0])) if (total > 0).any() else float("nan")


def calibration(
    logits: Array,
    files: Sequence[LabelledFile],
    side: npt.NDArray[np.int64],
    held_back: npt.NDArray[np.bool_],
    calibrate: Callable[[npt.NDArray[np.int64]], tuple[float, float]],
) -> dict[str, tuple[float, ...]]:
    """Measure the probability honestly: each half of sources and families by the calibration of the other.

    Paired human material is calibrated with, as in the model that ships, and not measured.

    Returns
    -------
    dict
        ``ece_after_abstention`` and ``brier_after_abstention`` with intervals over sources, ``ece_all`` without
        abstention, ``ece_floor``: what a perfectly calibrated model would show on as few files, with the middle
        95 % of simulations, and ``decided``, the share that is not held back.
    """
    labels = np.array([file.is_positive for file in files])
    music = np.array([file.label in ("ai", "human") and not file.is_paired for file in files])
    fitted = music | np.array([file.is_paired for file in files])
    probability = np.zeros(len(files))
    for half in (0, 1):
        slope, offset = calibrate(np.flatnonzero(fitted & (side != half)))
        tested = side == half
        probability[tested] = 1 / (1 + np.exp(-(slope * logits[tested] + offset)))
    sure = np.flatnonzero(music & ~held_back)
    clusters = [protocol.cluster(files[i]) for i in sure.tolist()]

    def ece(drawn: npt.NDArray[np.int64]) -> float | None:
        return metrics.calibration_error(probability[sure[drawn]], labels[sure[drawn]])

    def brier(drawn: npt.NDArray[np.int64]) -> float | None:
        return metrics.brier(probability[sure[drawn]], labels[sure[drawn]])

    everything = np.arange(len(sure))
    return {
        "ece_after_abstention": (_number(ece(everything)), *metrics.interval(ece, clusters)),
        "brier_after_abstention": (_number(brier(everything)), *metrics.interval(brier, clusters)),
        "ece_all": (_number(metrics.calibration_error(probability[music], labels[music])),),
        "ece_floor": _floor(probability[sure]),
        "decided": (float(len(sure) / max(1, music.sum())),),
    }


def _floor(probability: Array) -> tuple[float, ...]:
    """Simulate labels that the probabilities are right about: what is left is the noise of so few files."""
    dice = np.random.default_rng(0)
    errors = [
        metrics.calibration_error(probability, dice.random(len(probability)) < probability) for _ in range(SIMULATIONS)
    ]
    known = [error for error in errors if error is not None]
    if not known:
        return (float("nan"),)
    low, middle, high = np.quantile(known, (metrics.INTERVAL[0], 0.5, metrics.INTERVAL[1]))
    return float(middle), float(low), float(high)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
