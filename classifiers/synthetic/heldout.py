"""Figures on what a model has not seen: leave one family out, other human sources, paired material."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.synthetic import metrics, protocol
from classifiers.synthetic.corpus import LabelledFile
from classifiers.synthetic.features import feature_groups
from classifiers.synthetic.head import LinearHead
from classifiers.synthetic.table import Table

Array = npt.NDArray[np.float64]
RESYNTH = "resynth"
CARRIED_RATE = 0.05
RESAMPLES = 200
NEVER = -1e6  # a logit below every threshold, and finite, so that quantiles stay defined
COPY_WEIGHTS = (0.05, 0.05, 0.13, 0.4, 0.25, 0.45)  # beside the clean row: what is changed much counts little
PAIRED_WEIGHT = 2.0  # human material of generators' pages is the nearest to what is to be told apart
EMPHASIS = {"residual": 1.5, "regularity": 0.5, "lattice": 1.0, "scan": 1.5}  # by group of features


@dataclass(frozen=True)
class Held:
    """Scores of rows that a fold's model has not seen: row numbers, and a logit each."""

    fold: protocol.Fold
    head: LinearHead
    places: npt.NDArray[np.int64]
    logits: Array

    def of(self, mask: npt.NDArray[np.bool_]) -> Array:
        """Give the logits of the rows of a mask."""
        return self.logits[mask[self.places]]


@dataclass(frozen=True)
class Rows:
    """Which rows are what, as masks [shape=(rows,)]."""

    family: npt.NDArray[np.str_]
    source: npt.NDArray[np.str_]
    positive: npt.NDArray[np.bool_]
    human: npt.NDArray[np.bool_]
    paired: npt.NDArray[np.bool_]
    game: npt.NDArray[np.bool_]
    noise: npt.NDArray[np.bool_]
    speech: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, files: Sequence[LabelledFile]) -> "Rows":
        """Read the masks off the files; ``human`` is unpaired music."""

        def mask(wanted: Callable[[LabelledFile], bool]) -> npt.NDArray[np.bool_]:
            return np.array([wanted(file) for file in files], dtype=bool)

        return cls(
            family=np.array([protocol.family(file) for file in files]),
            source=np.array([file.source for file in files]),
            positive=mask(lambda file: file.is_positive),
            human=mask(lambda file: file.label == "human" and not file.is_paired),
            paired=mask(lambda file: file.label == "human" and file.is_paired),
            game=mask(lambda file: file.label == "human" and file.is_game),
            noise=mask(lambda file: file.label == "noise"),
            speech=mask(lambda file: file.label == "speech"),
        )


def fit_head(files: Sequence[LabelledFile], features: npt.NDArray[np.float32], strength: float) -> LinearHead:
    """Fit to rows and all their copies [shape=(1 + copies, rows, features)]; a copy weighs less than its row."""
    labels = np.array([file.is_positive for file in files])
    shares = np.array([1.0, *COPY_WEIGHTS][: len(features)])
    weights = np.outer(shares / shares.sum(), protocol.weights(files, paired=PAIRED_WEIGHT)).ravel()
    emphasis = np.array([EMPHASIS[group] for group in feature_groups()])
    rows = features.reshape(-1, features.shape[2])
    return LinearHead(strength, emphasis).fit(rows, np.tile(labels, len(features)), weights)


def hold_out(table: Table, strength: float, *, seed: int = 0) -> tuple[Held, ...]:
    """Fit one model for each fold, and score the rows that it has not seen."""
    held = []
    for fold in protocol.folds(table.files, seed=seed):
        files = [table.files[i] for i in fold.fitted]
        head = fit_head(files, table.features[:, fold.fitted], strength)
        held.append(Held(fold, head, fold.tested, head.score_samples(table.features[0, fold.tested])))
    return tuple(held)


def pooled(held: Sequence[Held], count: int) -> Array:
    """Give each of ``count`` rows the mean of the scores of those models that had not seen it."""
    places = np.concatenate([one.places for one in held])
    sums = np.bincount(places, weights=np.concatenate([one.logits for one in held]), minlength=count)
    return np.asarray(sums / np.bincount(places, minlength=count))


def of_copies(held: Sequence[Held], features: npt.NDArray[np.float32]) -> tuple[Held, ...]:
    """Score a changed copy of every row [shape=(rows, features)] by the models that had not seen the row."""
    return tuple(Held(one.fold, one.head, one.places, one.head.score_samples(features[one.places])) for one in held)


def figures(held: Sequence[Held], rows: Rows) -> dict[str, dict[str, float]]:
    """Measure each family: ranking, rates on the other human half, and at the threshold carried to it.

    Returns
    -------
    dict
        By family: ``auroc``, ``tpr_1`` and ``tpr_5`` (threshold on the tested half), ``carried_tpr`` and the
        false-positive rates ``fpr_...`` at the 5 % threshold of the sibling model's half, ``auroc_paired``,
        ``auroc_other`` (human music that is no game music). NaN where there is nothing to measure.
    """
    by_family: dict[str, list[dict[str, float]]] = {}
    for one in held:
        by_family.setdefault(one.fold.family, []).append(_measured(one, rows, _carried_limit(one, held, rows)))
    return {name: {key: _mean(part[key] for part in parts) for key in parts[0]} for name, parts in by_family.items()}


def attacked(
    held: Sequence[Held], rows: Rows, places: npt.NDArray[np.int64], features: npt.NDArray[np.float32]
) -> tuple[Held, ...]:
    """Score changed copies of some rows by the models that had not seen the rows; re-synthesis is set apart.

    Parameters
    ----------
    places : np.ndarray [shape=(n,)]
        Row numbers of the copies.
    features : np.ndarray [shape=(n, features)]
        Of the copies.
    """
    changed = []
    for one in held:
        inside = np.isin(places, one.fold.tested)
        if one.fold.family != RESYNTH and (rows.positive[places] & inside).any():
            changed.append(Held(one.fold, one.head, places[inside], one.head.score_samples(features[inside])))
    return tuple(changed)


def under_attack(changed: Sequence[Held], held: Sequence[Held], rows: Rows) -> dict[str, float]:
    """Measure changed copies at the threshold that clean sound set, with the interval of the AUROC over sources."""
    parts = [_measured(one, rows, _carried_limit(one, held, rows)) for one in changed]
    wanted = ("auroc", "auroc_other", "auroc_paired", "carried_tpr", "fpr", "fpr_other", "fpr_paired")
    dice = np.random.default_rng(0)
    drawn = [_ranking(_redrawn(changed, rows, dice), rows) for _ in range(RESAMPLES)]
    low, high = _ends(drawn)
    return {**{key: _mean(part[key] for part in parts) for key in wanted}, "auroc_low": low, "auroc_high": high}


def _ranking(held: Sequence[Held], rows: Rows) -> float:
    known = (metrics.auroc(one.of(rows.positive), one.of(rows.human)) for one in held)
    return _mean(value for value in known if value is not None)


def false_positives_by_source(held: Sequence[Held], rows: Rows, *, fewest: int = 10) -> dict[str, dict[str, float]]:
    """Measure human, noise and speech sources of ``fewest`` files or more at the carried 5 % threshold."""
    flagged = tuple(flags(one, one.logits > _carried_limit(one, held, rows)) for one in held)
    return rates_by_source(flagged, rows, fewest=fewest)


def flags(one: Held, is_flagged: npt.NDArray[np.bool_]) -> Held:
    """Put 1 where a row is flagged and 0 where not in the place of its logit."""
    return Held(one.fold, one.head, one.places, is_flagged.astype(np.float64))


def rates_by_source(flagged: Sequence[Held], rows: Rows, *, fewest: int = 10) -> dict[str, dict[str, float]]:
    """Give the share flagged of each source that nobody generated, with the ends of its 95 % (Wilson) interval."""
    negative = ~rows.positive
    names, counts = np.unique(rows.source[negative], return_counts=True)
    rates: dict[str, dict[str, float]] = {}
    for name, count in zip(names, counts, strict=True):
        parts = [one.of(negative & (rows.source == name)) for one in flagged]
        if count >= fewest:
            rate = _mean(float(part.mean()) for part in parts if len(part))
            low, high = metrics.wilson(rate, int(count))
            rates[str(name)] = {"files": float(count), "fpr": rate, "low": low, "high": high}
    return rates


def gated(held: Sequence[Held], is_gated: npt.NDArray[np.bool_], *, below: float = NEVER) -> tuple[Held, ...]:
    """Put rows that the gate holds back [shape=(rows,)] below every threshold."""
    return tuple(
        Held(one.fold, one.head, one.places, np.where(is_gated[one.places], below, one.logits)) for one in held
    )


def _carried_limit(one: Held, held: Sequence[Held], rows: Rows) -> float:
    """Set the threshold on the half that is not tested, by the model that had not seen it."""
    return float(np.quantile(sibling(one, held).of(rows.human), 1 - CARRIED_RATE))


def sibling(one: Held, held: Sequence[Held]) -> Held:
    """Find the model that left out the same family and was fitted on the other half."""
    return next(other for other in held if other.fold.family == one.fold.family and other.fold.half != one.fold.half)


def _measured(one: Held, rows: Rows, limit: float) -> dict[str, float]:
    positives = one.of(rows.positive)
    human, paired = one.of(rows.human), one.of(rows.paired)
    other = one.of(rows.human & ~rows.game)
    negatives = {
        "fpr": human,
        "fpr_other": other,
        "fpr_game": one.of(rows.human & rows.game),
        "fpr_paired": paired,
        "fpr_noise": one.of(rows.noise),
        "fpr_speech": one.of(rows.speech),
    }
    values = {
        "auroc": metrics.auroc(positives, human),
        "auroc_other": metrics.auroc(positives, other),
        "auroc_paired": metrics.auroc(positives, paired),
        "tpr_1": metrics.true_positive_rate(positives, human, 0.01),
        "tpr_5": metrics.true_positive_rate(positives, human, 0.05),
        "carried_tpr": metrics.rate_above(positives, limit),
        **{name: metrics.rate_above(scores, limit) for name, scores in negatives.items()},
    }
    return {name: np.nan if value is None else value for name, value in values.items()}


def summary(by_family: dict[str, dict[str, float]]) -> dict[str, float]:
    """Average over the families that generate (re-synthesis is set apart), and name the worst AUROC."""
    families = [name for name in by_family if name != RESYNTH] or list(by_family)
    means = {key: _mean(by_family[name][key] for name in families) for key in by_family[families[0]]}
    return {**means, "auroc_min": float(np.nanmin([by_family[name]["auroc"] for name in families]))}


def with_intervals(held: Sequence[Held], rows: Rows) -> dict[str, tuple[float, float, float]]:
    """Add the ends of 95 % bootstrap intervals to the summary: sources are drawn anew, models stay as fitted."""
    dice = np.random.default_rng(0)
    drawn = [summary(figures(_redrawn(held, rows, dice), rows)) for _ in range(RESAMPLES)]
    best = summary(figures(held, rows))
    return {key: (best[key], *_ends([one[key] for one in drawn])) for key in best}


def _ends(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if not np.isnan(value)]
    low, high = np.quantile(known, metrics.INTERVAL) if known else (np.nan, np.nan)
    return float(low), float(high)


def _redrawn(held: Sequence[Held], rows: Rows, dice: np.random.Generator) -> tuple[Held, ...]:
    """Draw as many sources as there are, with repetition, among a fold's rows of each kind."""
    drawn = []
    for one in held:
        chosen = []
        for mask in (rows.positive, rows.human, rows.paired, rows.noise | rows.speech):
            inside = np.flatnonzero(mask[one.places])
            members = [
                inside[rows.source[one.places[inside]] == name] for name in np.unique(rows.source[one.places[inside]])
            ]
            chosen += [members[i] for i in dice.integers(len(members), size=len(members))] if members else []
        kept = np.concatenate(chosen)
        drawn.append(Held(one.fold, one.head, one.places[kept], one.logits[kept]))
    return tuple(drawn)


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
