"""Fit the spam estimate to constructed cases, measure it on recipes it has not seen, write model and card.

Nothing is read but the code: the same packages and processor give the same bytes. What moderators decided is fitted
beside the constructed cases where there is enough of it (`lessons`): the same labels give the same bytes, too.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from classifiers.models.registry import Card, Data, save_model
from classifiers.spam import recipes, sounds
from classifiers.spam.card import LIMITS, METHOD, NOT_FOR, OF_LABELS, PROTOCOL, TITLE, USE
from classifiers.spam.cases import Cases, joined
from classifiers.spam.features import COUNT, FEATURE_SET, SIGNS
from classifiers.spam.lessons import folds, refuse_few, share_of
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
FITTED_BY = ("cases", "features", "lessons", "recipes", "sounds", "train")
BAR = 0.9  # the house policy's limit


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


def fit(cases: Cases, lessons: Cases | None = None) -> Array:
    """Fit weights of zero or more, and the offset: what would speak against spam is left out, and the rest fitted anew.

    Parameters
    ----------
    lessons
        What moderators decided; its share of the weight grows with its number (`lessons.share_of`).

    Returns
    -------
    np.ndarray [shape=(signs + 1,)]
    """
    rows, labels, importance = _with_beliefs(cases, lessons)
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


def _with_beliefs(cases: Cases, lessons: Cases | None) -> tuple[Array, npt.NDArray[np.bool_], Array]:
    """Add what is believed of every sign alike before any case is seen: one alone is honest, two of two kinds are not.

    Without it a sign that no fitted recipe uses would weigh nothing, and the next farm uses other signs.
    """
    alone = np.eye(COUNT)
    pairs = [
        alone[i] + alone[j] for i in range(COUNT) for j in range(i) if SIGNS[i].kind != SIGNS[j].kind
    ]  # fmt: skip
    none = np.zeros((COUNT, COUNT))
    seen, importance = joined(cases, lessons, share_of(lessons))
    rows = np.concatenate([seen.rows, pairs, alone, none])
    labels = np.concatenate([seen.labels, np.ones(len(pairs), bool), np.zeros(2 * COUNT, bool)])
    total = BELIEF * importance.sum()
    shares = np.repeat([0.5 / len(pairs), 0.25 / COUNT, 0.25 / COUNT], [len(pairs), COUNT, COUNT])
    return rows, labels, np.concatenate([importance, total * shares])


def train(out: Path, *, name: str = DEFAULT, lessons: Cases | None = None) -> Card:
    """Construct, fit, measure and write a model into the registry folder ``out``.

    Parameters
    ----------
    lessons
        What moderators decided, sender by sender; None to fit to constructed cases alone.

    Raises
    ------
    InvalidInput
        There are too few lessons to learn from, or they would change the model that ships under its own name.
    """
    if lessons is not None:
        refuse_few(lessons, name)
    with threadpool_limits(1):
        cases = construct()
        held = held_out(cases, lessons)
        taught = held_out_lessons(cases, lessons) if lessons else np.zeros(0)
        scaled = calibrated(np.concatenate([held, taught]), *joined(cases, lessons, share_of(lessons)))
        first = fit(cases, lessons)
        drawn = [fit(one, lessons) for one in _drawn_anew(cases)]
        table = np.round(np.stack([_scaled(one, scaled) for one in (first, *drawn)]), DIGITS)
        card = _card(name, cases, held * scaled[0] + scaled[1])
        if lessons:
            card = _with_lessons(card, lessons, taught * scaled[0] + scaled[1], before=_logits(fit(cases), lessons))
        return save_model(card, {"weights": table}, out)


def held_out(cases: Cases, lessons: Cases | None = None) -> Array:
    """Give each recording the logit of a model that saw neither its recipe nor one drawn honest or spam beside it."""
    logits = np.zeros(len(cases.labels))
    spam, honest = (sorted(set(cases.recipe[cases.labels == label])) for label in (True, False))
    for place in range(max(len(spam), len(honest))):
        left = {spam[place % len(spam)], honest[place % len(honest)]}
        tested = np.isin(cases.recipe, list(left))
        logits[tested] = _logits(fit(cases.only(~tested), lessons), cases.only(tested))
    return logits


def held_out_lessons(cases: Cases, lessons: Cases) -> Array:
    """Give each label the logit of a model that saw no label of its sender."""
    logits = np.zeros(len(lessons.labels))
    for tested in folds(lessons):
        logits[tested] = _logits(fit(cases, lessons.only(~tested)), lessons.only(tested))
    return logits


def _logits(weights: Array, cases: Cases) -> Array:
    return np.asarray(cases.rows @ weights[:COUNT] + weights[COUNT])


def calibrated(logits: Array, cases: Cases, importance: Array) -> tuple[float, float]:
    """Fit slope and offset (Platt) to held-out logits."""
    model = LogisticRegression(C=1e3).fit(logits[:, None], cases.labels, sample_weight=importance)
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
        drawn.append(cases.only(np.isin(cases.recipe, names)))
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
        corpus_signature=replace(cases, rows=np.round(cases.rows, DIGITS)).signature,  # of sounds made here: rounded
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


def _with_lessons(card: Card, lessons: Cases, logits: Array, *, before: Array) -> Card:
    """Add to a card what the labels are, and what they changed on senders that were left out."""

    def auroc(values: Array) -> tuple[float | None, ...]:
        def drawn(places: npt.NDArray[np.int64]) -> float | None:
            labels = lessons.labels[places]
            return metrics.auroc(values[places][labels], values[places][~labels])

        best = drawn(np.arange(len(values)))
        return tuple(
            None if v is None else round(v, 4) for v in (best, *metrics.interval(drawn, lessons.recipe.tolist()))
        )

    counts = {"spam": int(lessons.labels.sum()), "honest": int((~lessons.labels).sum())}
    taught = tuple(
        Data(source="moderators", label=label, files=count, licence="own decisions") for label, count in counts.items()
    )
    return card.model_copy(
        update={
            "data": (*card.data, *taught),
            "corpus_signature": hashlib.sha256((card.corpus_signature + lessons.signature).encode()).hexdigest(),
            "protocol": (*card.protocol, OF_LABELS),
            "parameters": {**card.parameters, "share_of_labels": round(share_of(lessons), 4)},
            "metrics": {**card.metrics, "labels_auroc": auroc(logits), "labels_auroc_without": auroc(before)},
        }
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
