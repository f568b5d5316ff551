"""The synthetic score: traces of a neural decoder in the sound, or none.

It hears decoders, not authorship: human music passed through a neural codec or vocoder carries the
same traces. Whoever reads the probability must know that it supports a look, never an accusation.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from classifiers.models.registry import SHIPPED, Arrays, load_arrays
from classifiers.synthetic import lattice
from classifiers.synthetic.features import Features, extract, feature_groups
from classifiers.synthetic.gate import gate_features
from classifiers.synthetic.head import LinearHead
from classifiers.synthetic.score import Abstention, Line, SyntheticScore, WindowScore
from classifiers.synthetic.windows import SHORTEST_S, Window, WindowCollector, to_analysis

DEFAULT = "synthetic-1"
STRONG = 5.0  # standard errors: what is shown as lines
MOST_LINES = 3


class SyntheticModel:
    """Scores windows of sound with fitted arrays.

    Parameters
    ----------
    name
        As in the registry; screenings pin it.
    arrays
        As `arrays` gives them.
    """

    def __init__(self, name: str, arrays: Arrays) -> None:
        self.name = name
        self._head = _head(arrays, "head")
        self._gate = _head(arrays, "gate")
        self._slope, self._offset = (float(value) for value in arrays["calibration"])
        self._low, self._high = (float(value) for value in arrays["band"])
        self._humans: npt.NDArray[np.float32] = arrays["humans"]

    @classmethod
    def load(cls, name: str = DEFAULT, folder: Path = SHIPPED) -> Self:
        """Read a model from the registry.

        Raises
        ------
        NotFound, InvalidInput
            There is no such model, or its arrays are not those of its card.
        """
        arrays, _ = load_arrays(name, folder)
        return cls(name, arrays)

    def score(self, samples: npt.NDArray[np.float32], sample_rate_hz: int) -> SyntheticScore:
        """Score a whole recording.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,)]
            Mono float32.
        """
        collector = WindowCollector(sample_rate_hz)
        collector.push(np.asarray(samples, dtype=np.float32))
        return self.score_windows(collector.windows(), duration_s=collector.duration_s)

    def score_windows(self, windows: Sequence[Window], *, duration_s: float) -> SyntheticScore:
        """Score what a `WindowCollector` kept of a recording of ``duration_s`` seconds."""
        if not windows:
            reason = Abstention.TOO_SHORT if duration_s < SHORTEST_S else Abstention.SILENT
            return SyntheticScore(self.name, None, reason)
        waves = [to_analysis(window.samples, window.sample_rate_hz) for window in windows]
        scores = tuple(self._window(window, wave) for window, wave in zip(windows, waves, strict=True))
        logit = float(np.mean([score.logit for score in scores]))
        not_music = self._not_music(waves[len(waves) // 2])
        abstention = self._abstention(logit, not_music)
        return SyntheticScore(
            model=self.name,
            probability=None if abstention else self.probability(logit),
            abstention=abstention,
            logit=logit,
            false_positive_rate=self.false_positive_rate(logit),
            not_music=not_music,
            windows=scores,
        )

    def score_samples(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Give the logit of each row of `features.extract`: the higher, the more like a decoder's output."""
        return self._head.score_samples(features)

    def explain(self, features: npt.NDArray[np.float32]) -> dict[str, float]:
        """Split one row's logit into what each group of features adds."""
        return self._head.explain(features, feature_groups())

    def probability(self, logit: float) -> float:
        """Turn a logit into a probability at even odds, in [0, 1]."""
        return float(1 / (1 + np.exp(-(self._slope * logit + self._offset))))

    def false_positive_rate(self, logit: float) -> float:
        """Bound how often human music scores this high: (1 + held-out human scores at least as high) / (n + 1)."""
        above = len(self._humans) - int(np.searchsorted(self._humans, np.float32(logit), "left"))
        return (1 + above) / (1 + len(self._humans))

    def _abstention(self, logit: float, not_music: float) -> Abstention | None:
        if not_music > 0:
            return Abstention.NOT_MUSIC
        return Abstention.UNDECIDED if self._low < logit < self._high else None

    def _not_music(self, wave: npt.NDArray[np.float32]) -> float:
        """Ask the gate about the middle window alone: it was fitted so, and costs a quarter of the score."""
        return float(self._gate.score_samples(gate_features(wave)[None].astype(np.float32))[0])

    def _window(self, window: Window, wave: npt.NDArray[np.float32]) -> WindowScore:
        features = extract(wave)
        return WindowScore(
            start_s=round(window.start_s, 3),
            end_s=round(window.end_s, 3),
            logit=float(self._head.score_samples(features.values[None])[0]),
            contributions=self.explain(features.values),
            lines=strongest_lines(features),
        )


def strongest_lines(features: Features) -> tuple[Line, ...]:
    """Name the lattices whose lines stand out most, each spacing once and not its multiples."""
    on, _ = lattice.lattice_scores(lattice.prominence(features.levels_db))
    spacings = lattice.spacings_hz()
    lines: list[Line] = []
    for place in np.argsort(-on):
        spacing, strength = spacings[place], float(on[place])
        if strength < STRONG or len(lines) == MOST_LINES:
            break
        if not any(_is_multiple(spacing, line.spacing_hz) for line in lines):
            lines.append(Line(round(spacing, 3), round(strength, 1)))
    return tuple(lines)


def arrays(
    head: LinearHead,
    gate: LinearHead,
    *,
    slope: float,
    offset: float,
    band: tuple[float, float],
    humans: npt.NDArray[np.float64],
) -> Arrays:
    """Lay a fitted model out as the arrays that `SyntheticModel` reads."""
    return {
        **_laid_out(head, "head"),
        **_laid_out(gate, "gate"),
        "calibration": np.array([slope, offset]),
        "band": np.array(band),
        "humans": np.sort(humans).astype(np.float32),
    }


def _laid_out(head: LinearHead, prefix: str) -> Arrays:
    table = np.stack([head.mean_, head.scale_, head.coef_]).astype(np.float32)
    return {f"{prefix}_table": table, f"{prefix}_intercept": np.array([head.intercept_], dtype=np.float32)}


def _head(arrays: Arrays, prefix: str) -> LinearHead:
    mean, scale, coef = arrays[f"{prefix}_table"].astype(np.float64)
    return LinearHead(mean_=mean, scale_=scale, coef_=coef, intercept_=float(arrays[f"{prefix}_intercept"][0]))


def _is_multiple(first: float, second: float) -> bool:
    ratio = max(first, second) / min(first, second)
    return abs(ratio - round(ratio)) < 0.01
