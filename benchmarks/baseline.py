"""The plain baseline of the synthetic score, on the same files and the same folds: what a model must beat.

A hull residual of the mean spectrum at three FFT lengths, 1 to 7 kHz, as a template of positions (after Afchar et al.,
ISMIR 2025, with the band and the FFT lengths of the project's reference), fused with position-free statistics of the
residual: 0.8 and 0.5 of the logits of two logistic regressions. No changed copies, no speech or noise fitted, no gate.

    python -m benchmarks.baseline MANIFEST ROOT
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from classifiers.synthetic import heldout, protocol
from classifiers.synthetic.attacks import parse_attack
from classifiers.synthetic.corpus import LabelledFile, for_fitting, read_manifest, read_windows
from classifiers.synthetic.features import extract, feature_groups, long_term_db
from classifiers.synthetic.head import LinearHead
from classifiers.synthetic.lattice import HIGH_HZ, LOW_HZ, bin_hz
from classifiers.synthetic.table import sample_rows
from classifiers.synthetic.train import ATTACKS
from classifiers.synthetic.windows import normalised, to_analysis

LENGTHS = (4096, 8192, 16384)
HULL_BINS, MOST_DB = 10, 5.0
TEMPLATE_STRENGTH, STATISTICS_STRENGTH = 0.02, 0.01
TEMPLATE_SHARE, STATISTICS_SHARE = 0.8, 0.5
SHOWN = ("auroc", "auroc_min", "tpr_1", "tpr_5", "auroc_paired", "auroc_other", "fpr_other", "fpr_paired", "fpr_speech",
         "fpr_noise")  # fmt: skip
Rows = npt.NDArray[np.float32]


class Fusion:
    """Two logistic regressions over one row of features: the template's bins first, then the statistics."""

    def __init__(self, bins: int) -> None:
        self._bins = bins

    def fit(self, features: Rows, labels: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]) -> "Fusion":
        """Fit both to the same rows."""
        self._template = LogisticRegression(C=TEMPLATE_STRENGTH, max_iter=300)
        self._template.fit(features[:, : self._bins], labels, sample_weight=weights)
        self._statistics = LinearHead(STATISTICS_STRENGTH).fit(features[:, self._bins :], labels, weights)
        return self

    def score_samples(self, features: Rows) -> npt.NDArray[np.float64]:
        """Fuse the logits."""
        template = self._template.decision_function(features[:, : self._bins])
        statistics = self._statistics.score_samples(features[:, self._bins :])
        return np.asarray(TEMPLATE_SHARE * template + STATISTICS_SHARE * statistics)


def hull_residual(wave: Rows) -> Rows:
    """Take the mean spectrum above its lower hull, limited and scaled, at each FFT length."""
    parts = []
    for length in LENGTHS:
        level = long_term_db(wave, length)
        width = bin_hz(len(level))
        band = level[round(LOW_HZ / width) : round(HIGH_HZ / width)]
        stretches = np.lib.stride_tricks.sliding_window_view(band, HULL_BINS)
        lowest = stretches.argmin(axis=1) + np.arange(len(stretches))
        knots = np.unique(np.concatenate([[0], lowest, [len(band) - 1]]))
        residue = np.clip(band - np.interp(np.arange(len(band)), knots, band[knots]), 0, MOST_DB)
        parts.append(residue / (residue.max() + 1e-6))
    return np.concatenate(parts).astype(np.float32)


def measure(wave: Rows) -> Rows:
    """Measure one window: template bins, then the position-free statistics."""
    free = np.isin(feature_groups(), ("residual", "regularity"))
    return np.concatenate([hull_residual(normalised(wave)), extract(wave).values[free]])


def hold_out(files: Sequence[LabelledFile], features: Rows, bins: int) -> tuple[heldout.Held, ...]:
    """Fit a fusion for each fold of the product's own protocol."""
    positive = np.array([file.is_positive for file in files])
    music = np.array([file.label not in ("speech", "noise") for file in files])
    held = []
    for fold in protocol.folds(files):
        fitted = fold.fitted[music[fold.fitted]]
        weights = protocol.weights([files[i] for i in fitted])
        head = Fusion(bins).fit(features[fitted], positive[fitted], weights)
        held.append(heldout.Held(fold, head, fold.tested, head.score_samples(features[fold.tested])))  # type: ignore[arg-type]
    return tuple(held)


def main(manifest: Path, root: Path) -> None:
    """Print the baseline's figures, clean and under attack, with 95 % intervals over sources."""
    files = for_fitting(read_manifest(manifest))
    windows = [read_windows(root / file.path) for file in files]
    middle = [one[len(one) // 2] for one in windows]
    features = np.stack([measure(to_analysis(one.samples, one.sample_rate_hz)) for one in middle])
    bins = len(hull_residual(np.zeros(16 * 10_000, dtype=np.float32)))
    held, rows = hold_out(files, features, bins), heldout.Rows.of(files)
    found = heldout.with_intervals(held, rows)
    for name in SHOWN:
        print(f"{name:16}" + "  ".join(f"{value:.3f}" for value in found[name]))
    places = sample_rows(files)
    for name in ATTACKS:
        attack = parse_attack(name)
        changed = [
            (attack.apply(middle[i].samples, middle[i].sample_rate_hz), middle[i].sample_rate_hz) for i in places
        ]
        part = np.stack([measure(to_analysis(wave, rate)) for wave, rate in changed])
        told = heldout.under_attack(heldout.attacked(held, rows, places, part), held, rows)
        print(f"{name:16}{told['auroc']:.3f}  {told['auroc_low']:.3f}  {told['auroc_high']:.3f}")


if __name__ == "__main__":
    with threadpool_limits(1):
        main(Path(sys.argv[1]), Path(sys.argv[2]))
