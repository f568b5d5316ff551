"""What the spam estimate is worth on anybody's labelled files: sound, and as much of a description as there is."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from classifiers.listening import Listening
from classifiers.matching_material import load
from classifiers.spam.features import SIGNS, kinds, measure, named
from classifiers.spam.model import SpamModel, SpamScore
from classifiers.synthetic import metrics
from classifiers.synthetic.attacks import Attack
from classifiers.synthetic.evaluate import as_written
from schemas.csv_files import read_csv
from schemas.errors import AudioUnreadable, InvalidInput
from schemas.evidence import Evidence
from schemas.release import DisplayArtist, Message, MessageKind, Release, SoundRecording
from schemas.rules import Scope, run
from schemas.screening import Heard, Intake

NEEDED = ("path", "label", "source")
POSITIVE = ("spam", "1")
BAR, KINDS = 0.9, 2  # the house policy's limits of SPM-030
FUNCTIONAL_BAR = 0.9
Listen = Callable[[str], Listening]
Progress = Callable[[int, int], None]
Row = dict[str, str]


@dataclass(frozen=True)
class Scored:
    """A row of the manifest with its score; None where the file could not be read."""

    row: Row
    score: SpamScore | None
    heard: Heard
    signs: tuple[float, ...] = ()

    @property
    def is_spam(self) -> bool:
        """Whether the manifest says so."""
        return self.row["label"].lower() in POSITIVE

    @property
    def is_flagged(self) -> bool:
        """Whether the house policy would raise SPM-030."""
        return self.score is not None and self.score.probability >= BAR and self.score.kinds >= KINDS


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read a manifest: ``path``, ``label`` (``spam``, or whatever else it is), ``source`` and more columns if there.

    Raises
    ------
    InvalidInput
        The file cannot be read, or lacks a column or rows.
    """
    rows = read_csv(path, NEEDED)
    for line, row in enumerate(rows, start=2):
        if not row["path"] or not row["label"]:
            raise InvalidInput(f"{path}, line {line}: path or label is empty.")
    return tuple(rows)


def evaluate(
    rows: Sequence[Row],
    root: Path,
    model: SpamModel,
    listen: Listen,
    *,
    attacks: Sequence[Attack] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Listen to every file, let the rules look at what the row describes, and score it; then again under each attack.

    Parameters
    ----------
    rows
        As `read_rows` gives them. ``group`` (or ``song``) names a delivery: rows that share it are one message.
    listen
        Listens to one file.

    Returns
    -------
    dict
        As `figures` gives it, with ``model``, ``seconds`` and ``attacks`` by name.
    """
    began = time.perf_counter()
    findings = _of_messages(rows)
    rounds: dict[str, list[Scored]] = {name: [] for name in ("", *map(as_written, attacks))}
    with tempfile.TemporaryDirectory() as aside:
        for number, row in enumerate(rows):
            path = root / row["path"]
            rounds[""].append(_scored(row, number, findings[number], _heard(path, listen), model))
            for attack in attacks:
                changed = _attacked(path, attack, Path(aside) / "changed.wav")
                heard = _heard(changed, listen) if changed else None
                rounds[as_written(attack)].append(_scored(row, number, findings[number], heard, model))
            if progress:
                progress(number + 1, len(rows))
    result = {**figures(rounds.pop("")), "model": model.name}
    result["seconds"] = round(time.perf_counter() - began, 3)
    result["attacks"] = {name: figures(scored) for name, scored in rounds.items()}
    return result


def figures(scored: Sequence[Scored]) -> dict[str, Any]:
    """Turn scores into figures.

    Returns
    -------
    dict
        ``auroc`` of spam against everything else, ``auroc_by_source`` by source of spam; ``tpr_at_fpr_1pct`` and
        ``_5pct`` at thresholds set on these files; ``tpr``, ``fpr``, ``fpr_by_source`` and ``fpr_by_label``: shares
        that the house policy flags, with files and 95 % intervals (Wilson) under ``intervals``; ``ece`` and ``brier``
        at even odds; ``abstained``, the share that could not be heard.
    """
    known = [one for one in scored if one.score is not None]
    labels = np.array([one.is_spam for one in known], dtype=bool)
    logits = np.array([one.score.logit for one in known if one.score], dtype=float)
    probability = np.array([one.score.probability for one in known if one.score], dtype=float)
    spam, honest = logits[labels], logits[~labels]
    others = [one for one in known if not one.is_spam]
    sources = sorted({one.row["source"] for one in known if one.is_spam})
    return {
        "files": len(scored),
        "unreadable": len(scored) - len(known),
        "auroc": _rounded(metrics.auroc(spam, honest)),
        "auroc_by_source": {name: _rounded(metrics.auroc(_of_source(logits, known, name), honest)) for name in sources},
        "tpr_at_fpr_1pct": _rounded(metrics.true_positive_rate(spam, honest, 0.01)),
        "tpr_at_fpr_5pct": _rounded(metrics.true_positive_rate(spam, honest, 0.05)),
        "tpr": _rate([one for one in known if one.is_spam]),
        "fpr": _rate(others),
        "fpr_by_source": {name: _rate(part) for name, part in _parted(others, "source").items()},
        "fpr_by_label": {name: _rate(part) for name, part in _parted(others, "label").items()},
        "intervals": {
            "tpr": _interval([one for one in known if one.is_spam]),
            "fpr": _interval(others),
            "fpr_by_source": {name: _interval(part) for name, part in _parted(others, "source").items()},
        },
        "functional_by_label": _functional(known),
        "signs": _signs(known),
        "ece": _rounded(metrics.calibration_error(probability, labels)),
        "brier": _rounded(metrics.brier(probability, labels)),
        "abstained": round(1 - len(known) / len(scored), 4) if scored else None,
    }


def _of_messages(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Let the rules of a message look at each delivery that the rows describe."""
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row.get("group") or row.get("song") or f"#{number}", []).append(number)
    found: list[tuple[Any, ...]] = [()] * len(rows)
    for numbers in groups.values():
        recordings = tuple(_recording(rows[number], number) for number in numbers)
        message = Message(kind=MessageKind.JSON, releases=(Release(reference="R0"),), sound_recordings=recordings)
        of_message = tuple(run(Scope.MESSAGE, message))
        for recording, number in zip(recordings, numbers, strict=True):
            own = {recording.reference, recording.isrc}
            found[number] = tuple(f for f in of_message if f.rule.startswith("SPM") and f.subject in own)
    return found


def _recording(row: Row, number: int) -> SoundRecording:
    artist, seconds = row.get("artist", ""), row.get("duration_s", "")
    return SoundRecording(
        reference=f"A{number}",
        isrc=row.get("isrc") or None,
        title=row.get("title", ""),
        display_artist=artist,
        display_artists=(DisplayArtist(name=artist),) if artist else (),
        duration_s=float(seconds) if seconds.replace(".", "", 1).isdigit() else None,
        genres=(row["genre"],) if row.get("genre") else (),
    )


def _heard(path: Path, listen: Listen) -> Heard | None:
    try:
        return listen(str(path)).heard
    except AudioUnreadable:
        return None


def _attacked(path: Path, attack: Attack, aside: Path) -> Path | None:
    """Write a changed copy of a sound, in mono; None where there is no sound to change."""
    try:
        wave, rate = load(path)
        soundfile.write(aside, attack.apply(wave, rate), rate, subtype="PCM_16")
    except (AudioUnreadable, OSError):
        return None
    return aside


def _scored(row: Row, number: int, findings: tuple[Any, ...], heard: Heard | None, model: SpamModel) -> Scored:
    if heard is None:
        return Scored(row, None, Heard())
    recording = _recording(row, number)
    intake = Intake(
        recording_key=row["path"], source_key=row["path"], delivery_id="", delivery_path="", recording=recording
    )
    evidence = Evidence(intake=intake, heard=heard)
    own = tuple(f for f in run(Scope.RECORDING, evidence) if f.rule.startswith("SPM"))
    signs = measure(evidence, (*findings, *own))
    return Scored(row, model.score(signs), heard, signs)


def _of_source(logits: npt.NDArray[np.float64], known: Sequence[Scored], name: str) -> npt.NDArray[np.float64]:
    return logits[[one.is_spam and one.row["source"] == name for one in known]]


def _rate(items: Sequence[Scored]) -> float | None:
    return round(sum(one.is_flagged for one in items) / len(items), 4) if items else None


def _interval(items: Sequence[Scored]) -> dict[str, Any]:
    """Give of how many files a share is, and the ends of its 95 % interval."""
    rate = _rate(items)
    ends = None if rate is None else [round(max(end, 0.0), 4) for end in metrics.wilson(rate, len(items))]
    return {"files": len(items), "interval": ends}


def _parted(items: Sequence[Scored], column: str) -> dict[str, list[Scored]]:
    names = sorted({one.row[column] for one in items})
    return {name: [one for one in items if one.row[column] == name] for name in names}


def _functional(items: Sequence[Scored]) -> dict[str, dict[str, int]]:
    """Count by label what is heard as functional audio; a class, no accusation."""
    counts: dict[str, dict[str, int]] = {}
    for one in items:
        mine = counts.setdefault(one.row["label"], {"files": 0})
        mine["files"] += 1
        for signal in one.heard.signals:
            if signal.name.startswith("functional_") and signal.value >= FUNCTIONAL_BAR:
                mine[signal.name] = mine.get(signal.name, 0) + 1
    return counts


def _signs(items: Sequence[Scored]) -> dict[str, dict[str, int]]:
    """Count clear signs among spam and among the rest, and recordings with two kinds of them."""
    counts = {sign.name: {"spam": 0, "others": 0} for sign in SIGNS}
    counts["two kinds"] = {"spam": 0, "others": 0}
    for one in items:
        column = "spam" if one.is_spam else "others"
        for name, value in named(one.signs).items():
            counts[name][column] += value >= 0.5
        counts["two kinds"][column] += kinds(one.signs) >= KINDS
    return {name: count for name, count in counts.items() if any(count.values())}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
