"""The synthetic score: traces of a neural decoder in the sound, or none.

It hears decoders, not authorship: human music passed through a neural codec or vocoder carries the
same traces. Whoever reads the probability must know that it supports a look, never an accusation.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from classifiers.models import active
from classifiers.models.registry import SHIPPED, Arrays, load_arrays
from classifiers.synthetic import lattice
from classifiers.synthetic.calibration import read_calibration
from classifiers.synthetic.conformal import EVERYTHING, Humans
from classifiers.synthetic.features import FEATURE_SET, Features, extract, feature_groups
from classifiers.synthetic.gate import NAMES, gate_features
from classifiers.synthetic.groups import groups_of
from classifiers.synthetic.head import LinearHead
from classifiers.synthetic.packing import Packing
from classifiers.synthetic.score import Abstention, Line, SyntheticScore, WindowScore
from classifiers.synthetic.voice import NAMES as VOICE_NAMES
from classifiers.synthetic.voice import voice_features
from classifiers.synthetic.windows import SHORTEST_S, Window, WindowCollector, to_analysis
from schemas.errors import InvalidInput
from schemas.screening import MeasuredWindow, Traces

DEFAULT = "synthetic-4"
PACKED_AS = "synthetic-3"  # what lakes keep is packed with its means and spreads
NARROW_AS = "synthetic-1"  # the first model of the feature set: its packing is the beginning of the other
COUNT = len(feature_groups())
COUNT_WITH_GATE = COUNT + len(NAMES)
COUNT_WITH_VOICE = COUNT_WITH_GATE + len(VOICE_NAMES)  # lakes before synthetic-3 do without
STRONG = 5.0  # standard errors: what is shown as lines
MOST_LINES = 3
INTERVAL = (0.025, 0.975)
HUMANS = "humans "  # arrays of human scores are named by group


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
        self.name = self.ref = name
        self._head = _head(arrays, "head")
        self._gate = _head(arrays, "gate")
        self._voice = _head(arrays, "voice") if "voice_table" in arrays else None
        self._slopes: npt.NDArray[np.float64] = arrays["calibrations"].astype(np.float64)
        self._low, self._high = (float(value) for value in arrays["band"])
        self._packing = packing_of(arrays)
        self._humans = _humans(arrays)
        self._least = 1 / (2 + len(self._humans.logits[EVERYTHING]))  # Laplace's rule: none of n is no certainty

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

    @classmethod
    def in_use(cls, names: dict[str, str], registry: Path | None = None) -> Self:
        """Load what the user's registry puts into use: a model, perhaps with a calibration of the user's own.

        Parameters
        ----------
        names
            By kind, as `active.Pointer` gives them.

        Raises
        ------
        NotFound, InvalidInput
            They name what is not there, or a calibration of another model.
        """
        name, chosen = names[active.SYNTHETIC], names.get(active.CALIBRATION)
        weights, card = load_arrays(name, active.model_folder(name, registry))
        model = cls(name, weights)
        if chosen:
            calibration = read_calibration(chosen, registry)
            if (calibration.model, calibration.weights_sha256) != (name, card.weights_sha256):
                raise InvalidInput(
                    f"The calibration {chosen} is one of {calibration.model}, not of {name} as it is in use.",
                    mend="`liner models calibrate` makes one for the model in use.",
                )
            model._humans, model.ref = calibration.humans, active.ref(name, chosen)
        return model

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

    def score_windows(self, windows: Sequence[Window], *, duration_s: float, codec: str = "") -> SyntheticScore:
        """Score what a `WindowCollector` kept of a recording of ``duration_s`` seconds."""
        if not windows:
            reason = Abstention.TOO_SHORT if duration_s < SHORTEST_S else Abstention.SILENT
            return SyntheticScore(self.ref, None, reason)
        return self.score_traces(self.measure(windows), codec=codec)

    def measure(self, windows: Sequence[Window]) -> Traces:
        """Measure windows once; what comes out can be scored by any model of the same features."""
        gated = len(windows) // 2
        measured = [self._measured(window, with_gate=number == gated) for number, window in enumerate(windows)]
        return Traces(features=FEATURE_SET, windows=tuple(measured))

    def reads(self, traces: Traces | None) -> bool:
        """Whether there is something to score, measured as this model needs it."""
        sizes = {len(window.values) for window in traces.windows} if traces else set()
        whole = sizes & {COUNT_WITH_GATE, COUNT_WITH_VOICE}
        return traces is not None and traces.features == FEATURE_SET and sizes - {COUNT} == whole != set()

    def score_traces(self, traces: Traces, *, codec: str = "") -> SyntheticScore:
        """Score measured windows, at least one.

        Raises
        ------
        InvalidInput
            There are none, or of another feature set, or not whole.
        """
        if not self.reads(traces):
            raise InvalidInput(
                f"{self.name} reads {FEATURE_SET}, not these {len(traces.windows)} windows of {traces.features}.",
                mend="Screen the sound itself again.",
            )
        rows = [self._packing.unpack(window.values) for window in traces.windows]
        scores = tuple(self._window(window, row) for window, row in zip(traces.windows, rows, strict=True))
        logit = float(np.mean([score.logit for score in scores]))
        middle = next(row for row in rows if len(row) > COUNT)
        gate_row = middle[COUNT:COUNT_WITH_GATE]
        not_music = float(self._gate.score_samples(gate_row[None])[0])
        voice_alone = self._voice_alone(middle)
        groups = groups_of(gate_row, codec)
        rate, group = self._humans.rate(logit, groups)
        abstention = self._abstention(logit, not_music, voice_alone)
        return SyntheticScore(
            model=self.ref,
            probability=None if abstention else self.probability(logit),
            abstention=abstention,
            interval=None if abstention else self.interval(logit),
            logit=logit,
            false_positive_rate=rate,
            group=group,
            groups=groups,
            not_music=not_music,
            voice_alone=voice_alone,
            windows=scores,
        )

    def score_samples(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Give the logit of each row of `features.extract`: the higher, the more like a decoder's output."""
        return self._head.score_samples(features)

    def explain(self, features: npt.NDArray[np.float32]) -> dict[str, float]:
        """Split one row's logit into what each group of features adds."""
        return self._head.explain(features, feature_groups())

    def probability(self, logit: float) -> float:
        """Turn a logit into a probability at even odds; never nearer to 0 or 1 than the held-out music can tell."""
        return float(self._probabilities(logit)[0])

    def interval(self, logit: float) -> tuple[float, float]:
        """Give the ends of the middle 95 % of probabilities, had the calibration met other sources."""
        low, high = np.quantile(self._probabilities(logit)[1:], INTERVAL)
        return float(low), float(high)

    def _probabilities(self, logit: float) -> npt.NDArray[np.float64]:
        slopes, offsets = self._slopes.T
        raw = 1 / (1 + np.exp(-(slopes * logit + offsets)))
        return np.asarray(np.clip(raw, self._least, 1 - self._least))

    def _voice_alone(self, middle: npt.NDArray[np.float32]) -> float | None:
        if self._voice is None or len(middle) < COUNT_WITH_VOICE:
            return None
        return float(self._voice.score_samples(middle[None, COUNT:])[0])

    def _abstention(self, logit: float, not_music: float, voice_alone: float | None) -> Abstention | None:
        if not_music > 0:
            return Abstention.NOT_MUSIC
        if voice_alone is not None and voice_alone > 0:
            return Abstention.SINGING
        return Abstention.UNDECIDED if self._low < logit < self._high else None

    def _measured(self, window: Window, *, with_gate: bool) -> MeasuredWindow:
        """Measure one window; the gates, which were fitted so, look at the middle one alone."""
        wave = to_analysis(window.samples, window.sample_rate_hz)
        features = extract(wave)
        gates = (gate_features(wave), voice_features(wave)) if with_gate else ()
        return MeasuredWindow(
            start_s=round(window.start_s, 3),
            end_s=round(window.end_s, 3),
            values=self._packing.pack(np.concatenate([features.values, *gates])),
            lines=tuple((line.spacing_hz, line.strength) for line in strongest_lines(features)),
        )

    def _window(self, window: MeasuredWindow, row: npt.NDArray[np.float32]) -> WindowScore:
        return WindowScore(
            start_s=window.start_s,
            end_s=window.end_s,
            logit=float(self._head.score_samples(row[None, :COUNT])[0]),
            contributions=self.explain(row[:COUNT]),
            lines=tuple(Line(*line) for line in window.lines),
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
    voice: LinearHead | None = None,
    *,
    packing: Packing,
    slopes: npt.NDArray[np.float64],
    band: tuple[float, float],
    humans: Humans,
) -> Arrays:
    """Lay a fitted model out as the arrays that `SyntheticModel` reads."""
    return {
        **_laid_out(head, "head"),
        **_laid_out(gate, "gate"),
        **(_laid_out(voice, "voice") if voice else {}),
        "packing": np.stack([packing.mean, packing.scale]).astype(np.float32),
        "calibrations": slopes.astype(np.float32),
        "band": np.array(band),
        **{f"{HUMANS}{name}": values for name, values in humans.logits.items()},
    }


def _laid_out(head: LinearHead, prefix: str) -> Arrays:
    table = np.stack([head.mean_, head.scale_, head.coef_]).astype(np.float32)
    return {f"{prefix}_table": table, f"{prefix}_intercept": np.array([head.intercept_], dtype=np.float32)}


def _head(arrays: Arrays, prefix: str) -> LinearHead:
    mean, scale, coef = arrays[f"{prefix}_table"].astype(np.float64)
    return LinearHead(mean_=mean, scale_=scale, coef_=coef, intercept_=float(arrays[f"{prefix}_intercept"][0]))


def packing_of(arrays: Arrays) -> Packing:
    """Read how a model's feature set is packed."""
    mean, scale = arrays["packing"].astype(np.float64)
    return Packing(mean, scale)


def _humans(arrays: Arrays) -> Humans:
    return Humans({key.removeprefix(HUMANS): arrays[key] for key in arrays if key.startswith(HUMANS)})


def _is_multiple(first: float, second: float) -> bool:
    ratio = max(first, second) / min(first, second)
    return abs(ratio - round(ratio)) < 0.01
