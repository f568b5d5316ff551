"""A user's own calibration: what the model says of human tracks of the user's catalogue, by group."""

import hashlib
from datetime import datetime
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from classifiers.models.active import calibration_path
from classifiers.synthetic.conformal import EVERYTHING, Humans
from schemas.base import Model
from schemas.errors import InvalidInput


class Calibration(Model):
    """What replaces the shipped model's counts of human music.

    Attributes
    ----------
    id
        Derived from everything below but the date: other tracks are another calibration.
    model, weights_sha256
        Whose scores these are; another model needs another calibration.
    made_at
        When.
    signature
        SHA-256 over the tracks' paths and scores.
    tracks
        How many tracks gave a score; the smallest rate that can be stated is 1 / (tracks + 1).
    left_out
        How many gave none, by reason.
    logits
        Scores by group, ascending; the group "" is all of them.
    """

    id: str
    model: str
    weights_sha256: str
    made_at: datetime
    signature: str
    tracks: int
    left_out: dict[str, int]
    logits: dict[str, tuple[float, ...]]

    @property
    def humans(self) -> Humans:
        """The counts in the form that a model uses."""
        return Humans({name: np.array(values, dtype=np.float32) for name, values in self.logits.items()})

    def threshold(self, rate: float, group: str = EVERYTHING) -> float | None:
        """Logit that human tracks exceed with probability at most ``rate``; None where there are too few."""
        values = self.logits[group]
        rank = int(np.ceil((len(values) + 1) * (1 - rate)))
        return values[rank - 1] if 0 < rank <= len(values) else None


def read_calibration(name: str, registry: Path | None = None) -> Calibration:
    """Read a calibration from the user's registry.

    Raises
    ------
    NotFound
        There is none of that name.
    InvalidInput
        The file is none, or was changed after it was made.
    """
    path = calibration_path(name, registry)
    try:
        calibration = Calibration.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InvalidInput(f"{path} is no calibration.", mend="`liner models calibrate` makes one.") from error
    if calibration.id != name or calibration.id != derived_name(calibration):
        raise InvalidInput(f"{path} was changed after it was made.", mend="`liner models calibrate` makes a new one.")
    return calibration


def derived_name(calibration: Calibration) -> str:
    """Derive a calibration's id from what it says."""
    content = calibration.model_dump_json(exclude={"id", "made_at"})
    return f"cal-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
