"""Fit the spam estimate to constructed cases, measure it on recipes it has not seen, write model and card.

Nothing is read but the code: the same packages and processor give the same bytes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from classifiers.models.registry import Card, Data, save_model
from classifiers.spam import recipes, sounds
from classifiers.spam.card import LIMITS, METHOD, NOT_FOR, PROTOCOL, TITLE, USE
from classifiers.spam.features import COUNT, FEATURE_SET, SIGNS
from classifiers.spam.model import DEFAULT
from classifiers.synthetic import metrics
from schemas.screening import Heard

Array = npt.NDArray[np.float64]

DELIVERIES = 60  # of each recipe
HEARD_S = 40.0
STRENGTH = 1.0
BELIEF = 0.5  # weight of what is believed before, over that of the cases
MODELS = 60  # fitted to recipes drawn anew: the interval of a probability
DIGITS = 4
FITTED_BY = ("features", "recipes", "sounds", "train")
BAR = 0.9  # the house policy's limit


@dataclass(frozen=True)
class Cases:
    """Constructed recordings: signs, label, recipe, and a weight that makes recipes count alike."""

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
                chosen = self.recipe == name
                weights[chosen] = 0.5 / len(names) / chosen.sum()
        return weights * len(weights)


def construct(deliveries: int = DELIVERIES) -> Cases:
    """Make all cases: the sounds once, then each recipe's deliveries from seeds of their own."""
    heard: dict[str, Heard] = {kind: sounds.heard(kind, HEARD_S, seed=1) for kind in sounds.KINDS}
    rows: list[tuple[float, ...]] = []
    labels: list[bool] = []
    names: list[str] = []
    for number, recipe in enumerate((*recipes.SPAM, *recipes.HONEST)):
        for seed in range(deliveries):
            made = list(recipes.rows_of(recipe(np.random.default_rng([number, seed])), heard))
            rows += made
            labels += [recipe in recipes.SPAM] * len(made)
            names += [recipe.__name__] * len(made)
    return Cases(np.array(rows), np.array(labels), np.array(names))


def fit(cases: Cases) -> Array:
    """Fit weights of zero or more, and the offset: what would speak against spam is left out, and the rest fitted anew.

    Returns
    -------
    np.ndarray [shape=(signs + 1,)]
    """
    rows, labels, importance = _with_beliefs(cases)
    kept = np.ones(COUNT, dtype=bool)
    weights = np.zeros(COUNT + 1)
    while kept.any():
        model = LogisticRegression(C=STRENGTH, max_iter=2000)
        model.fit(rows[:, kept], labels, sample_weight=importance)
        if (model.coef_[0] >= 0).all():
            weights[:COUNT][kept], weights[COUNT] = model.coef_[0], model.intercept_[0]
            break
        kept[np.flatnonzero(kept)[model.coef_[0] < 0]] = False
    return weights


def _with_beliefs(cases: Cases) -> tuple[Array, npt.NDArray[np.bool_], Array]:
    """Add what is believed of every sign alike before any case is seen: one alone is honest, two of two kinds are not.

    Without it a sign that no fitted recipe uses would weigh nothing, and the next farm uses other signs.
    """
    alone = np.eye(COUNT)
    pairs = [
        alone[i] + alone[j] for i in range(COUNT) for j in range(i) if SIGNS[i].kind != SIGNS[j].kind
    ]  # fmt: skip
    none = np.zeros((COUNT, COUNT))
    rows = np.concatenate([cases.rows, pairs, alone, none])
    labels = np.concatenate([cases.labels, np.ones(len(pairs), bool), np.zeros(2 * COUNT, bool)])
    total = BELIEF * cases.weights.sum()
    shares = np.repeat([0.5 / len(pairs), 0.25 / COUNT, 0.25 / COUNT], [len(pairs), COUNT, COUNT])
    return rows, labels, np.concatenate([cases.weights, total * shares])


def train(out: Path, *, name: str = DEFAULT) -> Card:
    """Construct, fit, measure and write a model into the registry folder ``out``."""
    with threadpool_limits(1):
        cases = construct()
        held = held_out(cases)
        scaled = calibrated(held, cases)
        first = fit(cases)
        drawn = [fit(one) for one in _drawn_anew(cases)]
        table = np.round(np.stack([_scaled(one, scaled) for one in (first, *drawn)]), DIGITS)
        return save_model(_card(name, cases, held * scaled[0] + scaled[1]), {"weights": table}, out)


def held_out(cases: Cases) -> Array:
    """Give each recording the logit of a model that saw neither its recipe nor one drawn honest or spam beside it."""
    logits = np.zeros(len(cases.labels))
    spam, honest = (sorted(set(cases.recipe[cases.labels == label])) for label in (True, False))
    for place in range(max(len(spam), len(honest))):
        left = {spam[place % len(spam)], honest[place % len(honest)]}
        tested = np.isin(cases.recipe, list(left))
        weights = fit(Cases(cases.rows[~tested], cases.labels[~tested], cases.recipe[~tested]))
        logits[tested] = cases.rows[tested] @ weights[:COUNT] + weights[COUNT]
    return logits


def calibrated(logits: Array, cases: Cases) -> tuple[float, float]:
    """Fit slope and offset (Platt) to held-out logits."""
    model = LogisticRegression(C=1e3).fit(logits[:, None], cases.labels, sample_weight=cases.weights)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _scaled(weights: Array, scale: tuple[float, float]) -> Array:
    scaled = weights * scale[0]
    scaled[COUNT] += scale[1]
    return scaled


def _drawn_anew(cases: Cases) -> Sequence[Cases]:
    dice = np.random.default_rng(0)
    spam, honest = (sorted(set(cases.recipe[cases.labels == label])) for label in (True, False))
    drawn = []
    for _ in range(MODELS):
        names = [*dice.choice(spam, len(spam)), *dice.choice(honest, len(honest))]
        chosen = np.isin(cases.recipe, names)
        drawn.append(Cases(cases.rows[chosen], cases.labels[chosen], cases.recipe[chosen]))
    return drawn


def _card(name: str, cases: Cases, logits: Array) -> Card:
    probabilities = 1 / (1 + np.exp(-logits))
    spam, honest = logits[cases.labels], logits[~cases.labels]

    def auroc(places: npt.NDArray[np.int64]) -> float | None:
        labels = cases.labels[places]
        return metrics.auroc(logits[places][labels], logits[places][~labels])

    figures: dict[str, tuple[float | None, ...]] = {
        "auroc": (metrics.auroc(spam, honest), *metrics.interval(auroc, cases.recipe.tolist())),
        "tpr_at_fpr_1pct": (metrics.true_positive_rate(spam, honest, 0.01),),
        "tpr_at_fpr_5pct": (metrics.true_positive_rate(spam, honest, 0.05),),
        "ece": (metrics.calibration_error(probabilities, cases.labels),),
        "brier": (metrics.brier(probabilities, cases.labels),),
    }
    share = {recipe: {"recordings": float((cases.recipe == recipe).sum()),
                      "at_or_over_bar": round(float((probabilities[cases.recipe == recipe] >= BAR).mean()), 4)}
             for recipe in sorted(set(cases.recipe))}  # fmt: skip
    return Card(
        id=name,
        kind="spam",
        title=TITLE,
        intended_use=USE,
        not_for=NOT_FOR,
        method=METHOD,
        licence_note="Constructed by the code of this repository; no third-party audio or metadata.",
        data=tuple(_data(cases)),
        code_signature=_code_signature(),
        corpus_signature=hashlib.sha256(np.round(cases.rows, DIGITS).tobytes()).hexdigest(),
        parameters={
            "strength": STRENGTH,
            "belief": BELIEF,
            "deliveries": DELIVERIES,
            "features": FEATURE_SET,
            "signs": len(SIGNS),
        },
        protocol=PROTOCOL,
        metrics={key: tuple(None if v is None else round(v, 4) for v in value) for key, value in figures.items()},
        groups={"recipe": share},
        limits=LIMITS,
        weights_sha256="",
    )


def _data(cases: Cases) -> list[Data]:
    names = sorted(set(cases.recipe))
    return [
        Data(
            source=name,
            label="spam" if cases.labels[cases.recipe == name][0] else "honest",
            files=int((cases.recipe == name).sum()),
            licence="constructed",
        )
        for name in names
    ]


def _code_signature() -> str:
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for name in FITTED_BY:
        digest.update((folder / f"{name}.py").read_bytes())
    return digest.hexdigest()
