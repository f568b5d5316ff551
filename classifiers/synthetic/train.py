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

from classifiers.models.registry import Card, Data, load_arrays, save_model
from classifiers.synthetic import figures, heldout, metrics, protocol
from classifiers.synthetic.attacks import parse_attack
from classifiers.synthetic.card import LIMITS, METHOD, NOT_FOR, PATENTS, PROTOCOL, TITLE, USE
from classifiers.synthetic.conformal import Humans
from classifiers.synthetic.corpus import LabelledFile, for_fitting, read_manifest
from classifiers.synthetic.features import FEATURE_SET
from classifiers.synthetic.gates import (
    GATE_COST,
    VOICE_COST,
    Mask,
    fit_gate,
    fit_voice_gate,
    hold_out_gate,
    hold_out_voice_gate,
    is_other,
    sides,
)
from classifiers.synthetic.groups import codec_group, groups_of
from classifiers.synthetic.head import LinearHead
from classifiers.synthetic.model import DEFAULT, NARROW_AS, PACKED_AS, arrays, packing_of
from classifiers.synthetic.packing import Packing
from classifiers.synthetic.table import CODED, Progress, Table, measure_attacked, measure_table, sample_rows
from classifiers.synthetic.voice import NAMES as VOICE_NAMES
from classifiers.synthetic.voices import SUNG
from schemas.errors import InvalidInput

Array = npt.NDArray[np.float64]

COPIES = len(heldout.COPY_WEIGHTS)
STRENGTH = 0.02
BAND_SHARE = 0.125  # of held-out music, both classes alike, that the band may hold back: with the gates a fifth
CALIBRATIONS = 100  # fitted to sources drawn anew: the interval of a probability
SEED = 0
ATTACKS = (
    "mp3-64", "opus-48", "speed+2", "speed-2", "pitch+1", "pitch-1", "noise-20", "lowpass-4k", "aac-64", "buzz-40",
)  # fmt: skip
FITTED_BY = (
    "attacks", "card", "codecs", "conformal", "corpus", "features", "figures", "gate", "gates", "groups", "head",
    "heldout", "lattice", "metrics", "packing", "protocol", "table", "train", "voice", "voices", "windows",
)  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """What a fit gives: the model's parts, and the scores of what was held out."""

    head: LinearHead
    gate: LinearHead
    voice: LinearHead | None
    slopes: Array
    band: tuple[float, float]
    humans: Humans
    held: tuple[heldout.Held, ...]
    pooled: Array
    groups: tuple[tuple[str, ...], ...]


def train(manifest: Path, root: Path, out: Path, *, name: str = DEFAULT, progress: Progress | None = None) -> Card:
    """Fit, measure and write a model into the registry folder ``out``.

    Parameters
    ----------
    name
        Of the model. The first one of a feature set sets how features are packed, others keep to that.

    Raises
    ------
    InvalidInput
        The manifest is none, or has too few files of a class to fit and hold out.
    """
    with threadpool_limits(1):
        table = measure_table(for_fitting(read_manifest(manifest)), root, copies=COPIES, progress=progress)
        _refuse_small(table.files)
        fitted = fit(table)
        packed = arrays(
            fitted.head,
            fitted.gate,
            fitted.voice,
            packing=_packing(name, fitted),
            slopes=fitted.slopes,
            band=fitted.band,
            humans=fitted.humans,
        )
        return save_model(_card(name, table, fitted, root), packed, out)


def _packing(name: str, fitted: Fitted) -> Packing:
    """Keep to the packing that lakes know; what it lacks is added by the first model that measures more."""
    if name != PACKED_AS:
        return packing_of(load_arrays(PACKED_AS)[0])
    narrow = packing_of(load_arrays(NARROW_AS)[0])
    return narrow.widened(fitted.voice, len(VOICE_NAMES)) if fitted.voice else narrow


def fit(table: Table) -> Fitted:
    """Fit on everything, and calibrate on scores of models that had not seen the row."""
    files = table.files
    held = heldout.hold_out(table, STRENGTH, seed=SEED)
    pooled = heldout.pooled(held, len(files))
    rows = heldout.Rows.of(files)
    groups = tuple(groups_of(row, file.codec) for row, file in zip(table.gate, files, strict=True))
    slopes = calibrations(pooled, files, np.flatnonzero(rows.human | rows.paired | _generated(files)))
    human = np.flatnonzero(rows.human | rows.paired)
    return Fitted(
        head=heldout.fit_head(files, table.features, STRENGTH),
        gate=fit_gate(table.gate, is_other(files)),
        voice=fit_voice_gate(table, np.arange(len(files))),
        slopes=slopes,
        band=undecided_band(pooled, files, *slopes[0]),
        humans=_humans(table, held, pooled, human, groups),
        held=held,
        pooled=pooled,
        groups=groups,
    )


def _humans(
    table: Table,
    held: tuple[heldout.Held, ...],
    pooled: Array,
    human: npt.NDArray[np.int64],
    groups: Sequence[Sequence[str]],
) -> Humans:
    """Count what human music scores; what it scores as AAC too, where no file of the corpus was one."""
    found = Humans.of(pooled[human], [groups[i] for i in human])
    (aac,) = codec_group("aac")
    if aac in found.logits or len(table.features) <= 1 + CODED:
        return found
    coded = heldout.pooled(heldout.of_copies(held, table.features[1 + CODED]), len(table.files))
    return found.with_group(aac, coded[human])


def attacked(table: Table, fitted: Fitted, root: Path) -> dict[str, dict[str, float | None]]:
    """Measure, on models that had not seen them, what each attack does to a sample of the files."""
    places = sample_rows(table.files)
    attacks = tuple(parse_attack(name) for name in ATTACKS)
    features = measure_attacked([table.files[i] for i in places], root, attacks)
    rows = heldout.Rows.of(table.files)
    found = {}
    for name, part in zip(("clean", *ATTACKS), (table.features[0, places], *features), strict=True):
        changed = heldout.attacked(fitted.held, rows, places, part)
        found[name] = _shown(heldout.under_attack(changed, fitted.held, rows))
    return found


def calibrations(logits: Array, files: Sequence[LabelledFile], chosen: npt.NDArray[np.int64]) -> Array:
    """Calibrate once on all of the chosen rows, and then on sources drawn anew [shape=(1 + CALIBRATIONS, 2)]."""
    dice = np.random.default_rng(SEED)
    clusters = np.array([protocol.cluster(files[i]) for i in chosen])
    positive = np.array([files[i].is_positive for i in chosen])
    drawn = [calibrate(logits, files, chosen)]
    kinds = [
        np.unique(clusters[positive]),
        np.unique(clusters[~positive]),
    ]  # sources of each class, so that none is lost
    while len(drawn) <= CALIBRATIONS:
        names = np.concatenate([dice.choice(kind, len(kind)) for kind in kinds])
        drawn.append(calibrate(logits, files, np.concatenate([chosen[clusters == name] for name in names])))
    return np.array(drawn)


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


def _card(name: str, table: Table, fitted: Fitted, root: Path) -> Card:
    rows = heldout.Rows.of(table.files)
    flagged = figures.by_group(fitted.held, rows, fitted.groups, fitted.pooled)
    by_family = heldout.figures(fitted.held, rows)
    by_gates = (hold_out_gate(table), hold_out_voice_gate(table))
    passed = heldout.gated(flagged, by_gates[0] | by_gates[1], below=0.0)
    groups = {
        "held-out family": by_family,
        "source of ten files or more": heldout.false_positives_by_source(fitted.held, rows),
        "source of ten files or more, thresholds by group": heldout.rates_by_source(flagged, rows),
        "source of ten files or more, thresholds by group, after the gates": heldout.rates_by_source(passed, rows),
        "codec or texture, thresholds by group": figures.rates_by_group(flagged, rows, fitted.groups),
    }
    return Card(
        id=name,
        kind="synthetic",
        title=TITLE,
        intended_use=USE,
        not_for=NOT_FOR,
        method=METHOD,
        patents=PATENTS,
        licence_note="Fitted coefficients and figures only; no sample of any recording can be derived from them.",
        data=_data(table.files),
        code_signature=code_signature(),
        corpus_signature=corpus_signature(table.files, root),
        parameters={
            "features": FEATURE_SET,
            "copies": COPIES,
            "copy_weights": ", ".join(f"{weight:g}" for weight in heldout.COPY_WEIGHTS),
            "paired_weight": heldout.PAIRED_WEIGHT,
            "strength": STRENGTH,
            "band_share": BAND_SHARE,
            "gate_cost": GATE_COST,
            "voice_cost": VOICE_COST,
        },
        protocol=PROTOCOL,
        metrics={key: _rounded(values) for key, values in _metrics(table, fitted, flagged, by_gates).items()},
        groups={
            **{title: {key: _shown(values) for key, values in part.items()} for title, part in groups.items()},
            "attack": attacked(table, fitted, root),
        },
        limits=LIMITS,
        weights_sha256="",
    )


def _metrics(
    table: Table, fitted: Fitted, flagged: tuple[heldout.Held, ...], by_gates: tuple[Mask, Mask]
) -> dict[str, Sequence[float]]:
    rows = heldout.Rows.of(table.files)
    held_back = by_gates[0] | by_gates[1]
    low, high = fitted.band
    is_silent = held_back | ((low < fitted.pooled) & (fitted.pooled < high))

    def calibrated(chosen: npt.NDArray[np.int64]) -> tuple[float, float]:
        return calibrate(fitted.pooled, table.files, chosen)

    return {
        **heldout.with_intervals(fitted.held, rows),
        **without_game_music(table),
        **figures.rates(flagged, rows, "grouped"),
        **figures.rates(heldout.gated(flagged, held_back, below=0.0), rows, "gated"),
        **figures.rates(heldout.gated(flagged, is_silent, below=0.0), rows, "decided"),
        **_held_back(table, rows, *by_gates),
        "abstained_music": [_mean_of(is_silent[~is_other(table.files)])],
        **figures.calibration(fitted.pooled, table.files, sides(table.files), is_silent, calibrated),
    }


def _held_back(table: Table, rows: heldout.Rows, by_gate: Mask, by_voice: Mask) -> dict[str, Sequence[float]]:
    """Tell what share each gate holds back, of what it is for and of what it should let pass."""
    music, human = ~is_other(table.files), rows.human | rows.paired
    voices = np.array([file.voice for file in table.files])
    of_gate = {"music": music, "speech": rows.speech, "noise": rows.noise}
    of_voice = {
        "sung": music & (voices == SUNG),
        "sung_human": human & (voices == SUNG),
        "accompanied": music & (voices == ""),
        "accompanied_human": human & (voices == ""),
    }
    return {
        **{f"held_back_{name}": _share(by_gate[mask]) for name, mask in of_gate.items()},
        **{f"voice_held_back_{name}": _share(by_voice[mask]) for name, mask in of_voice.items()},
    }


def without_game_music(table: Table) -> dict[str, Sequence[float]]:
    """Fit and test once more without any music of games, which most human files are."""
    kept = np.flatnonzero([not file.is_game for file in table.files])
    files = tuple(table.files[i] for i in kept.tolist())
    if len(kept) == len(table.files) or len({protocol.cluster(f) for f in files if f.label == "human"}) < 2:
        return {}
    part = Table(files, table.features[:, kept], table.gate[kept], table.voice[kept], ())
    found = heldout.with_intervals(heldout.hold_out(part, STRENGTH, seed=SEED), heldout.Rows.of(files))
    return {f"no_game_{name}": found[name] for name in ("auroc", "auroc_min", "tpr_1", "tpr_5")}


def _share(values: npt.NDArray[np.bool_]) -> Sequence[float]:
    """Give a share with the ends of its 95 % interval (Wilson)."""
    share = _mean_of(values)
    return (share, *metrics.wilson(share, len(values))) if len(values) else (share,)


def _mean_of(values: npt.NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def code_signature() -> str:
    """Digest the code that fits and measures the model."""
    digest = hashlib.sha256()
    for name in FITTED_BY:
        digest.update(name.encode() + b"\0" + Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()


def corpus_signature(files: Sequence[LabelledFile], root: Path) -> str:
    """Digest what was fitted: each file's bytes, and what the manifest says of it."""
    digest = hashlib.sha256()
    for file in files:
        with (root / file.path).open("rb") as sound:
            content = hashlib.file_digest(sound, "sha256").hexdigest()
        said = (file.path, file.label, file.source, file.song, file.codec, file.voice, file.is_paired, file.is_game)
        digest.update("\t".join((*map(str, said), content)).encode() + b"\n")
    return digest.hexdigest()


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
