"""Fit the synthetic score from a manifest, measure it on what it has not seen, write model and card.

The same files and the same packages give the same bytes: changes are drawn by path, one thread does
the arithmetic, and what is stored is rounded.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from classifiers.models.registry import Card, Data, save_model
from classifiers.synthetic import heldout, metrics, protocol
from classifiers.synthetic.attacks import parse_attack
from classifiers.synthetic.card import LIMITS, METHOD, NOT_FOR, PATENTS, PROTOCOL, TITLE, USE
from classifiers.synthetic.corpus import LabelledFile, for_fitting, read_manifest
from classifiers.synthetic.head import LinearHead
from classifiers.synthetic.model import DEFAULT, arrays
from classifiers.synthetic.table import Progress, Table, measure_attacked, measure_table, sample_rows
from schemas.errors import InvalidInput

Array = npt.NDArray[np.float64]

COPIES = 2
STRENGTH = 0.01
GATE_STRENGTH = 0.05
GATE_COST = 0.04  # share of held-out music that the gate may hold back
BAND_SHARE = 0.12  # of held-out music, both classes alike, that the band may hold back: with the gate under a fifth
SEED = 0
ATTACKS = ("mp3-64", "opus-48", "speed+2", "pitch+1", "noise-20", "lowpass-4k")


@dataclass(frozen=True)
class Fitted:
    """What a fit gives: the model's parts, and the scores of what was held out."""

    head: LinearHead
    gate: LinearHead
    slope: float
    offset: float
    band: tuple[float, float]
    held: tuple[heldout.Held, ...]
    pooled: Array


def train(manifest: Path, root: Path, out: Path, *, progress: Progress | None = None) -> Card:
    """Fit, measure and write `DEFAULT` into the registry folder ``out``.

    Raises
    ------
    InvalidInput
        The manifest is none, or has too few files of a class to fit and hold out.
    """
    with threadpool_limits(1):
        table = measure_table(for_fitting(read_manifest(manifest)), root, copies=COPIES, progress=progress)
        _refuse_small(table.files)
        fitted = fit(table)
        humans = fitted.pooled[heldout.Rows.of(table.files).human]
        packed = arrays(
            fitted.head, fitted.gate, slope=fitted.slope, offset=fitted.offset, band=fitted.band, humans=humans
        )
        return save_model(_card(table, fitted, attacked(table, fitted, root)), packed, out)


def fit(table: Table) -> Fitted:
    """Fit on everything, and calibrate on scores of models that had not seen the row."""
    held = heldout.hold_out(table, STRENGTH, seed=SEED)
    pooled = heldout.pooled(held, len(table.files))
    rows = heldout.Rows.of(table.files)
    slope, offset = calibrate(pooled, table.files, np.flatnonzero(rows.human | rows.paired | _generated(table.files)))
    return Fitted(
        head=heldout.fit_head(table.files, table.features, STRENGTH),
        gate=fit_gate(table.gate, _is_other(table.files)),
        slope=slope,
        offset=offset,
        band=undecided_band(pooled, table.files, slope, offset),
        held=held,
        pooled=pooled,
    )


def attacked(table: Table, fitted: Fitted, root: Path) -> dict[str, dict[str, float | None]]:
    """Measure, on models that had not seen them, what each attack does to a sample of the files."""
    places = sample_rows(table.files)
    attacks = tuple(parse_attack(name) for name in ATTACKS)
    features = measure_attacked([table.files[i] for i in places], root, attacks)
    rows = heldout.Rows.of(table.files)
    clean = heldout.under_attack(fitted.held, rows, places, table.features[0, places])
    changed = (heldout.under_attack(fitted.held, rows, places, part) for part in features)
    return {name: _shown(values) for name, values in zip(("clean", *ATTACKS), (clean, *changed), strict=True)}


def calibrate(logits: Array, files: Sequence[LabelledFile], chosen: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Fit slope and offset of a probability at even odds (Platt 1999) to held-out logits."""
    part = [files[i] for i in chosen]
    labels = np.array([file.is_positive for file in part])
    model = LogisticRegression(C=1e3).fit(logits[chosen][:, None], labels, sample_weight=protocol.weights(part))
    return round(float(model.coef_[0, 0]), 6), round(float(model.intercept_[0]), 6)


def undecided_band(logits: Array, files: Sequence[LabelledFile], slope: float, offset: float) -> tuple[float, float]:
    """Find the logits around even odds between which `BAND_SHARE` of music lies, both classes alike."""
    music = np.array([file.label in ("ai", "human") for file in files])
    weights = protocol.weights([file for file, is_music in zip(files, music, strict=True) if is_music])
    distance = np.abs(logits[music] + offset / slope)
    order = np.argsort(distance)
    within = np.cumsum(weights[order]) / weights.sum() <= BAND_SHARE
    width = float(distance[order][within].max(initial=0.0))
    return round(-offset / slope - width, 6), round(-offset / slope + width, 6)


def fit_gate(features: npt.NDArray[np.float32], is_other: npt.NDArray[np.bool_]) -> LinearHead:
    """Fit speech and noise against music [shape=(n, gate features)]; its zero holds back `GATE_COST` of music."""
    if not is_other.any():
        raise InvalidInput("The manifest has no speech and no noise.", mend="The gate needs both, e.g. 20 files each.")
    gate = LinearHead(GATE_STRENGTH).fit(features, is_other, _even(is_other))
    gate.intercept_ -= float(np.quantile(gate.score_samples(features[~is_other]), 1 - GATE_COST))
    return gate


def hold_out_gate(table: Table) -> npt.NDArray[np.bool_]:
    """Tell which rows a gate holds back that was fitted on the other half of the sources [shape=(rows,)]."""
    is_other, side = _is_other(table.files), _sides(table.files)
    held_back = np.zeros(len(table.files), dtype=bool)
    for half in (0, 1):
        fitted = side == half
        if is_other[fitted].any():
            gate = fit_gate(table.gate[fitted], is_other[fitted])
            held_back[~fitted] = gate.score_samples(table.gate[~fitted]) > 0
    return held_back


def _is_other(files: Sequence[LabelledFile]) -> npt.NDArray[np.bool_]:
    return np.array([file.label in ("speech", "noise") for file in files])


def _even(labels: npt.NDArray[np.bool_]) -> Array:
    count = len(labels)
    return np.asarray(np.where(labels, count / 2 / labels.sum(), count / 2 / (~labels).sum()))


def _generated(files: Sequence[LabelledFile]) -> npt.NDArray[np.bool_]:
    return np.array([protocol.is_authorship(file) for file in files])


def _refuse_small(files: Sequence[LabelledFile]) -> None:
    families = {protocol.family(file) for file in files if file.is_positive}
    humans = Counter(protocol.cluster(file) for file in files if file.label == "human" and not file.is_paired)
    if len(families) < 2 or len(humans) < 2:
        raise InvalidInput(
            f"{len(families)} families of generators and {len(humans)} human collections are too few.",
            mend="At least two of each are needed, one to fit and one to hold out.",
        )


def _card(table: Table, fitted: Fitted, under_attack: dict[str, dict[str, float | None]]) -> Card:
    rows = heldout.Rows.of(table.files)
    by_family = heldout.figures(fitted.held, rows)
    found = {name: _rounded(values) for name, values in heldout.with_intervals(fitted.held, rows).items()}
    return Card(
        id=DEFAULT,
        kind="synthetic",
        title=TITLE,
        intended_use=USE,
        not_for=NOT_FOR,
        method=METHOD,
        patents=PATENTS,
        licence_note="Fitted coefficients and figures only; no sample of any recording can be derived from them.",
        data=_data(table.files),
        code_signature=code_signature(),
        corpus_signature=corpus_signature(table.files),
        parameters={"copies": COPIES, "strength": STRENGTH, "band_share": BAND_SHARE, "gate_cost": GATE_COST},
        protocol=PROTOCOL,
        metrics={**found, **after_gate(table, fitted), **held_calibration(table, fitted)},
        groups={
            "held-out family": {name: _shown(values) for name, values in by_family.items()},
            "attack": under_attack,
            "source of ten files or more": {
                name: _shown(values) for name, values in heldout.false_positives_by_source(fitted.held, rows).items()
            },
        },
        limits=LIMITS,
        weights_sha256="",
    )


def after_gate(table: Table, fitted: Fitted) -> dict[str, tuple[float | None, ...]]:
    """Measure false positives that a held-out gate lets through, and how much music it holds back."""
    rows, held_back = heldout.Rows.of(table.files), hold_out_gate(table)
    left = heldout.summary(heldout.figures(heldout.gated(fitted.held, held_back), rows))
    names = ("fpr", "fpr_other", "fpr_paired", "fpr_speech", "fpr_noise", "carried_tpr")
    shares = {"music": ~_is_other(table.files), "speech": rows.speech, "noise": rows.noise}
    return {
        **{f"gated_{name}": _rounded([left[name]]) for name in names},
        **{f"held_back_{name}": _rounded([float(held_back[mask].mean())]) for name, mask in shares.items()},
    }


def held_calibration(table: Table, fitted: Fitted) -> dict[str, tuple[float | None, ...]]:
    """Measure the probability honestly: calibrate on one half of sources and families, test on the other."""
    labels = np.array([file.is_positive for file in table.files])
    music = np.array([file.label in ("ai", "human") and not file.is_paired for file in table.files])
    side = _sides(table.files)
    low, high = fitted.band
    sure = (fitted.pooled <= low) | (fitted.pooled >= high)
    parts: dict[str, list[float | None]] = {"ece_after_abstention": [], "brier_after_abstention": [], "decided": []}
    for half in (0, 1):
        slope, offset = calibrate(fitted.pooled, table.files, np.flatnonzero(music & (side != half)))
        tested = music & (side == half)
        probability = 1 / (1 + np.exp(-(slope * fitted.pooled + offset)))[tested & sure]
        parts["ece_after_abstention"].append(metrics.calibration_error(probability, labels[tested & sure]))
        parts["brier_after_abstention"].append(metrics.brier(probability, labels[tested & sure]))
        parts["decided"].append(float(sure[tested].mean()))
    return {name: _rounded([float(np.mean([v for v in values if v is not None]))]) for name, values in parts.items()}


def _sides(files: Sequence[LabelledFile]) -> npt.NDArray[np.int64]:
    """Put every other family, and one half of the human sources, on each side."""
    families = sorted({protocol.family(file) for file in files if file.is_positive})
    half = protocol.halves(files, seed=SEED)
    by_family = [families.index(protocol.family(file)) % 2 if file.is_positive else -1 for file in files]
    return np.asarray(np.maximum(half, np.array(by_family)))


def code_signature() -> str:
    """Digest the code that fits the model."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def corpus_signature(files: Sequence[LabelledFile]) -> str:
    """Digest the paths, labels and sources that were fitted."""
    lines = "\n".join(f"{file.path}\t{file.label}\t{file.source}\t{file.is_paired}" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _data(files: Sequence[LabelledFile]) -> tuple[Data, ...]:
    counts = Counter((file.source, file.label, file.licence) for file in files)
    return tuple(
        Data(source=source, label=label, files=count, licence=licence)
        for (source, label, licence), count in sorted(counts.items())
    )


def _rounded(values: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else round(float(value), 4) for value in values)


def _shown(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else round(value, 4) for name, value in values.items()}
