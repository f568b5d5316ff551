"""Fit the two gates: one keeps speech and noise out, one keeps voices without accompaniment out."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifiers.synthetic import protocol
from classifiers.synthetic.corpus import LabelledFile
from classifiers.synthetic.head import LinearHead
from classifiers.synthetic.table import Table
from classifiers.synthetic.voices import SUNG
from schemas.errors import InvalidInput

Mask = npt.NDArray[np.bool_]
GATE_STRENGTH = 0.05
GATE_COST = 0.04  # share of held-out music that the gate may hold back
VOICE_COST = 0.005  # share of accompanied music that the gate of voices may hold back


def fit_gate(features: npt.NDArray[np.float32], is_other: Mask, cost: float = GATE_COST) -> LinearHead:
    """Fit what shall be held back against music [shape=(n, gate features)]; its zero holds back ``cost`` of music."""
    if not is_other.any():
        raise InvalidInput("The manifest has no speech and no noise.", mend="The gate needs both, e.g. 20 files each.")
    count = len(is_other)
    weights = np.where(is_other, count / 2 / is_other.sum(), count / 2 / (~is_other).sum())
    gate = LinearHead(GATE_STRENGTH).fit(features, is_other, weights)
    gate.intercept_ -= float(np.quantile(gate.score_samples(features[~is_other]), 1 - cost))
    return gate


def fit_voice_gate(table: Table, rows: npt.NDArray[np.int64]) -> LinearHead | None:
    """Fit singing alone against all other music among ``rows``; None where no file is marked as sung alone."""
    voices = np.array([table.files[i].voice for i in rows.tolist()])
    is_fitted = ~is_other(table.files)[rows] & ((voices == "") | (voices == SUNG))
    is_sung = voices[is_fitted] == SUNG
    if not is_sung.any():
        return None
    return fit_gate(heard_of(table)[rows[is_fitted]], is_sung, VOICE_COST)


def heard_of(table: Table) -> npt.NDArray[np.float32]:
    """Give what the gate of voices looks at: how long detail holds, and the pitch [shape=(rows, features)]."""
    return np.concatenate([table.gate, table.voice], axis=1)


def hold_out_gate(table: Table) -> Mask:
    """Tell which rows a gate holds back that was fitted on the other half of the sources [shape=(rows,)]."""
    other, side = is_other(table.files), sides(table.files)
    held_back = np.zeros(len(table.files), dtype=bool)
    for half in (0, 1):
        fitted = side == half
        if other[fitted].any():
            gate = fit_gate(table.gate[fitted], other[fitted])
            held_back[~fitted] = gate.score_samples(table.gate[~fitted]) > 0
    return held_back


def hold_out_voice_gate(table: Table) -> Mask:
    """Tell which rows gates hold back, in the mean, that saw neither their family or page nor their half."""
    sums = np.zeros(len(table.files))
    for fold in protocol.folds(table.files):
        gate = fit_voice_gate(table, fold.fitted)
        if gate is not None:
            sums[fold.tested] += gate.score_samples(heard_of(table)[fold.tested])
    return np.asarray(sums > 0)


def is_other(files: Sequence[LabelledFile]) -> Mask:
    """Mark speech and noise."""
    return np.array([file.label in ("speech", "noise") for file in files])


def sides(files: Sequence[LabelledFile], *, seed: int = 0) -> npt.NDArray[np.int64]:
    """Put every other family, and one half of the human sources, on each side."""
    families = sorted({protocol.family(file) for file in files if file.is_positive})
    half = protocol.halves(files, seed=seed)
    by_family = [families.index(protocol.family(file)) % 2 if file.is_positive else -1 for file in files]
    return np.asarray(np.maximum(half, np.array(by_family)))
