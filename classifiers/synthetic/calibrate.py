"""Recalibrate on a user's own catalogue: count what the model says of tracks that people made."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from classifiers.listening import Listening
from classifiers.models import active
from classifiers.models.registry import load_arrays
from classifiers.synthetic.calibration import Calibration, derived_name
from classifiers.synthetic.conformal import Humans
from classifiers.synthetic.model import SyntheticModel
from classifiers.synthetic.score import Abstention, SyntheticScore
from schemas.errors import AudioUnreadable, InvalidInput

FEWEST_TRACKS = 100
WANTED_TRACKS = 200
DIGITS = 4
COPY = "copy of another track"
UNREADABLE = "unreadable"
Progress = Callable[[int, int], None]
Listen = Callable[[str], Listening]


@dataclass(frozen=True)
class Track:
    """One track that gave a score: its path, logit and groups, and what the model's own counts said of it."""

    path: str
    logit: float
    groups: tuple[str, ...]
    shipped_rate: float


def calibrate(
    paths: Sequence[Path],
    root: Path,
    name: str,
    listen: Listen,
    *,
    registry: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Calibration, tuple[Track, ...]]:
    """Listen to tracks that people made, and count their scores by codec and texture.

    Parameters
    ----------
    paths
        Sound files of the user's catalogue below ``root``; about 200, of as many artists as there are.
    name
        The model that they are counted for, shipped or of the user's registry.
    listen
        As `classifiers.listener.Listener.listen`: the same ears as in a screening.

    Raises
    ------
    InvalidInput
        Fewer than `FEWEST_TRACKS` tracks gave a score.
    """
    folder = active.model_folder(name, registry)
    arrays, card = load_arrays(name, folder)
    tracks, left_out = _heard(paths, root, SyntheticModel(name, arrays), listen, progress)
    _refuse_few(tracks, left_out)
    humans = Humans.of(np.array([track.logit for track in tracks]), [track.groups for track in tracks])
    calibration = Calibration(
        id="",
        model=name,
        weights_sha256=card.weights_sha256,
        made_at=datetime.now(UTC),
        signature=_signature(tracks),
        tracks=len(tracks),
        left_out=dict(sorted(left_out.items())),
        logits={group: tuple(round(float(x), DIGITS) for x in values) for group, values in humans.logits.items()},
    )
    return calibration.model_copy(update={"id": derived_name(calibration)}), tracks


def save_calibration(calibration: Calibration, registry: Path) -> Path:
    """Write a calibration into the user's registry folder."""
    folder = registry / active.CALIBRATIONS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{calibration.id}.json"
    path.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def _heard(
    paths: Sequence[Path], root: Path, model: SyntheticModel, listen: Listen, progress: Progress | None
) -> tuple[tuple[Track, ...], Counter[str]]:
    tracks: list[Track] = []
    left_out: Counter[str] = Counter()
    sounds: set[str] = set()
    for number, path in enumerate(paths, start=1):
        try:
            listening = listen(str(path))
        except AudioUnreadable:
            left_out[UNREADABLE] += 1
        else:
            audio = listening.found.audio
            if audio and audio.signal_hash in sounds:
                left_out[COPY] += 1
            elif isinstance(told := _scored(listening, model, path.relative_to(root).as_posix()), Track):
                tracks.append(told)
                sounds.add(audio.signal_hash if audio else "")
            else:
                left_out[told] += 1
        if progress:
            progress(number, len(paths))
    return tuple(tracks), left_out


def _scored(listening: Listening, model: SyntheticModel, path: str) -> Track | str:
    """Score one track, or say why there is no score."""
    traces, audio = listening.heard.traces, listening.found.audio
    if traces is None or audio is None:
        return next((str(one.reason) for one in listening.heard.abstained), str(Abstention.TOO_SHORT))
    score: SyntheticScore = model.score_traces(traces, codec=audio.codec)
    if score.abstention in (Abstention.NOT_MUSIC, Abstention.SINGING):
        return str(score.abstention)
    if score.logit is None or score.false_positive_rate is None:
        return str(Abstention.NOT_MUSIC)
    return Track(path, score.logit, score.groups, score.false_positive_rate)


def _refuse_few(tracks: Sequence[Track], left_out: Counter[str]) -> None:
    if len(tracks) >= FEWEST_TRACKS:
        return
    reasons = "".join(f"; {number} {reason.replace('_', ' ')}" for reason, number in sorted(left_out.items()))
    raise InvalidInput(
        f"{len(tracks)} tracks gave a score{reasons}. At least {FEWEST_TRACKS} are needed: with n tracks no "
        f"false-positive rate under 1 in n + 1 can be stated.",
        mend=f"Name about {WANTED_TRACKS} tracks that people made, of many artists, releases and codecs.",
    )


def _signature(tracks: Sequence[Track]) -> str:
    lines = "\n".join(f"{track.path}\t{track.logit:.{DIGITS}f}" for track in sorted(tracks, key=lambda one: one.path))
    return hashlib.sha256(lines.encode()).hexdigest()
