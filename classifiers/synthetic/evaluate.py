"""What the shipped model is worth on anybody's labelled files, clean and under attack."""

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.decode import DecodeError, openers
from classifiers.synthetic import metrics
from classifiers.synthetic.attacks import Attack
from classifiers.synthetic.corpus import POSITIVE, RESYNTHESIS, LabelledFile, collect
from classifiers.synthetic.model import SyntheticModel
from classifiers.synthetic.score import Abstention, SyntheticScore
from classifiers.synthetic.windows import Window
from schemas.errors import AudioUnreadable

CARRIED_RATE = 0.05  # the false-positive rate that the model's own threshold promises
Progress = Callable[[int, int], None]
_Sound = tuple[tuple[Window, ...], float, str]  # windows, the recording's length in seconds, its codec


@dataclass(frozen=True)
class Scored:
    """A file and what the model said; None where it could not be read."""

    file: LabelledFile
    score: SyntheticScore | None

    @property
    def is_ranked(self) -> bool:
        """Whether there is a logit to rank by."""
        return self.score is not None and self.score.logit is not None

    @property
    def is_flagged(self) -> bool:
        """Whether it lies above the threshold that the model promises for human music, and the model gave an answer."""
        score = self.score
        if score is None or score.false_positive_rate is None or score.abstention is not None:
            return False
        return score.false_positive_rate <= CARRIED_RATE


def evaluate(
    files: Sequence[LabelledFile],
    root: Path,
    model: SyntheticModel,
    attacks: Sequence[Attack] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score every file, then again under each attack.

    Parameters
    ----------
    files
        As `corpus.read_manifest` gives them; label ``resynth`` is reported apart from all rates.
    root
        The folder that their paths are relative to.

    Returns
    -------
    dict
        As `measure` gives it for the clean files, with ``seconds`` and ``attacks`` by name.
    """
    began = time.perf_counter()
    rounds: dict[str, list[Scored]] = {name: [] for name in ("", *map(as_written, attacks))}
    for number, file in enumerate(files, start=1):
        sound = _collected(file, root)
        rounds[""].append(Scored(file, _scored(sound, model)))
        for attack in attacks:
            rounds[as_written(attack)].append(Scored(file, _scored(_attacked(sound, attack), model)))
        if progress:
            progress(number, len(files))
    result = measure(rounds.pop(""))
    result["model"] = model.ref
    result["seconds"] = round(time.perf_counter() - began, 3)
    result["attacks"] = {name: measure(scored) for name, scored in rounds.items()}
    return result


def as_written(attack: Attack) -> str:
    """Name an attack as people write it: ``lowpass-4k``, and not in Hz."""
    in_khz = attack.kind == "lowpass" and attack.amount % 1000 == 0
    return f"{attack.kind}-{attack.amount / 1000:g}k" if in_khz else attack.name


def measure(scored: Sequence[Scored]) -> dict[str, Any]:
    """Turn scores into figures.

    Returns
    -------
    dict
        ``auroc`` of generated against human music, with its 95 % interval over sources; ``auroc_by_source``
        by generator; ``tpr_at_fpr_1pct`` and ``_5pct`` at thresholds set on these human files;
        ``fpr_by_source`` and ``tpr_by_source`` at the threshold that the model carries; ``ece`` and ``brier`` of
        the probabilities that were given, at even odds; ``abstained`` as a share of all files.
    """
    ranked = [item for item in scored if item.is_ranked and item.file.label != RESYNTHESIS]
    music = [item for item in ranked if item.file.label in (POSITIVE, "human")]
    generated = _logits(item for item in music if item.file.label == POSITIVE)
    human = _logits(item for item in music if item.file.label != POSITIVE)
    return {
        "files": len(scored),
        "unreadable": sum(item.score is None for item in scored),
        "auroc": _rounded(metrics.auroc(generated, human)),
        "auroc_interval": _auroc_interval(music),
        "auroc_by_source": _by_source(music, POSITIVE, lambda part: metrics.auroc(_logits(part), human)),
        "tpr_at_fpr_1pct": _rounded(metrics.true_positive_rate(generated, human, 0.01)),
        "tpr_at_fpr_5pct": _rounded(metrics.true_positive_rate(generated, human, 0.05)),
        "tpr_by_source": _by_source(scored, POSITIVE, _flagged),
        "fpr": _rounded(_flagged([item for item in ranked if item.file.label == "human"])),
        "fpr_by_label": _rates(ranked, lambda file: "" if file.is_positive else file.label),
        "fpr_by_source": _rates(ranked, lambda file: "" if file.is_positive else file.source),
        "fpr_by_group": _rates(ranked, lambda file: "" if file.is_positive else file.group),
        "resynth_flagged": _rounded(_flagged([item for item in scored if item.file.label == RESYNTHESIS])),
        **_calibration(music),
        "abstained": _rounded(float(np.mean([_is_silent(item) for item in scored])) if scored else None),
        "abstained_by_reason": _reasons(scored),
    }


def _collected(file: LabelledFile, root: Path) -> _Sound | None:
    try:
        collector = collect(root / file.path)
    except AudioUnreadable:
        return None
    return collector.windows(), collector.duration_s, _codec(root / file.path)


def _codec(path: Path) -> str:
    """Name the codec of a file that was decoded a moment ago; its group of human scores depends on it."""
    for opener in openers(str(path)):
        with contextlib.suppress(DecodeError, OSError), opener(str(path)) as source:
            return source.codec
    return ""


def _attacked(sound: _Sound | None, attack: Attack) -> _Sound | None:
    if sound is None:
        return None
    windows, duration_s, codec = sound
    return tuple(replace(w, samples=attack.apply(w.samples, w.sample_rate_hz)) for w in windows), duration_s, codec


def _scored(sound: _Sound | None, model: SyntheticModel) -> SyntheticScore | None:
    return None if sound is None else model.score_windows(sound[0], duration_s=sound[1], codec=sound[2])


def _logits(items: Iterable[Scored]) -> npt.NDArray[np.float64]:
    return np.array([item.score.logit for item in items if item.score and item.score.logit is not None], dtype=float)


def _auroc_interval(music: Sequence[Scored]) -> list[float] | None:
    logits, positive = _logits(music), np.array([item.file.label == POSITIVE for item in music], dtype=bool)
    if not 0 < positive.sum() < len(music):
        return None

    def drawn(places: npt.NDArray[np.int64]) -> float | None:
        return metrics.auroc(logits[places][positive[places]], logits[places][~positive[places]])

    return [round(end, 4) for end in metrics.interval(drawn, [item.file.source for item in music])]


def _calibration(music: Sequence[Scored]) -> dict[str, float | None]:
    given = [(item.score.probability, item.file.label == POSITIVE) for item in music if item.score]
    known = [(probability, label) for probability, label in given if probability is not None]
    probabilities = np.array([probability for probability, _ in known])
    labels = np.array([label for _, label in known], dtype=bool)
    return {
        "ece": _rounded(metrics.calibration_error(probabilities, labels)),
        "brier": _rounded(metrics.brier(probabilities, labels)),
    }


def _by_source(
    items: Sequence[Scored], label: str, figure: Callable[[list[Scored]], float | None]
) -> dict[str, float | None]:
    chosen = [item for item in items if item.file.label == label]
    names = sorted({item.file.source for item in chosen})
    return {name: _rounded(figure([item for item in chosen if item.file.source == name])) for name in names}


def _rates(items: Sequence[Scored], name: Callable[[LabelledFile], str]) -> dict[str, float | None]:
    names = sorted({name(item.file) for item in items} - {""})
    return {one: _rounded(_flagged([item for item in items if name(item.file) == one])) for one in names}


def _flagged(items: Sequence[Scored]) -> float | None:
    return float(np.mean([item.is_flagged for item in items])) if items else None


def _is_silent(item: Scored) -> bool:
    return item.score is None or item.score.probability is None


def _reasons(scored: Sequence[Scored]) -> dict[str, int]:
    reasons = [item.score.abstention for item in scored if item.score and item.score.abstention]
    return {str(reason): reasons.count(reason) for reason in Abstention if reason in reasons}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
