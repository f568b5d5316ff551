"""What a score is worth: ranking, rates at stated false-positive rates, honesty of the probability.

Conventions: scores are higher for generated; labels are 1 for generated and 0 for not; thresholds are
exceeded by values strictly greater.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

ECE_BINS = 10
RESAMPLES = 300
INTERVAL = (0.025, 0.975)


def auroc(positives: Array, negatives: Array) -> float | None:
    """Share of pairs that are ranked right, ties counting half; None where a class is empty."""
    if not len(positives) or not len(negatives):
        return None
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, "left") + np.searchsorted(ordered, positives, "right")
    return float(below.sum() / (2 * len(positives) * len(negatives)))


def threshold_at(negatives: Array, rate: float) -> float:
    """Conformal threshold: a further exchangeable negative exceeds it with probability at most ``rate``.

    The k-th smallest of n with k = ceil((n + 1)(1 - rate)); infinite where n is too small to promise that.
    """
    rank = int(np.ceil((len(negatives) + 1) * (1 - rate)))
    return float(np.sort(negatives)[rank - 1]) if 0 < rank <= len(negatives) else float("inf")


def rate_above(scores: Array, threshold: float) -> float | None:
    """Share of scores above a threshold; None where there are none."""
    return float(np.mean(scores > threshold)) if len(scores) else None


def true_positive_rate(positives: Array, negatives: Array, rate: float) -> float | None:
    """Share of positives above the negatives' own quantile ``1 - rate``."""
    if not len(positives) or not len(negatives):
        return None
    return rate_above(positives, float(np.quantile(negatives, 1 - rate)))


def brier(probabilities: Array, labels: Labels) -> float | None:
    """Mean squared error of probabilities, both classes weighing half."""
    weights = _balanced(labels)
    return None if weights is None else float(np.sum(weights * (probabilities - labels) ** 2))


def calibration_error(probabilities: Array, labels: Labels) -> float | None:
    """Sum the gaps between probability and truth over ten bins (ECE), both classes weighing half."""
    weights = _balanced(labels)
    if weights is None:
        return None
    places = np.minimum((probabilities * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = np.bincount(places, weights=weights * (probabilities - labels), minlength=ECE_BINS)
    return float(np.abs(gaps).sum())


def wilson(rate: float, count: int) -> tuple[float, float]:
    """Give the ends of the 95 % score interval of a share of ``count`` (Wilson 1927)."""
    z = 1.96
    centre, width = rate + z * z / (2 * count), z * np.sqrt(rate * (1 - rate) / count + z * z / (4 * count**2))
    return float((centre - width) / (1 + z * z / count)), float((centre + width) / (1 + z * z / count))


def interval(statistic: Callable[[npt.NDArray[np.int64]], float | None], clusters: Sequence[str]) -> tuple[float, ...]:
    """Bootstrap a statistic over clusters (sources): the ends of its 95 % interval.

    Parameters
    ----------
    statistic
        Takes indices, with repetition, into the items.
    clusters
        The cluster of each item; whole clusters are drawn.
    """
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    members = [np.flatnonzero(place == i) for i in range(len(names))]
    generator = np.random.default_rng(0)
    drawn = (generator.integers(len(names), size=len(names)) for _ in range(RESAMPLES))
    values = [statistic(np.concatenate([members[i] for i in draw])) for draw in drawn]
    numbers = [value for value in values if value is not None]
    return tuple(float(q) for q in np.quantile(numbers, INTERVAL)) if numbers else ()


def _balanced(labels: Labels) -> Array | None:
    positives = int(labels.sum())
    if not 0 < positives < len(labels):
        return None
    return np.where(labels, 0.5 / positives, 0.5 / (len(labels) - positives))
