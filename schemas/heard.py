"""What was measured in the sound: signals, curves, what was withheld, and what a model saw."""

from schemas.base import Model
from schemas.flags import Span


class Signal(Model):
    """One measured or estimated quantity of the sound.

    Attributes
    ----------
    name
        Stable name, see docs/descriptors.md and docs/models.md.
    value
        In the unit of the name's suffix (``_s``, ``_hz``, ``_lufs``, ``_db``) or a share in [0, 1].
    probability
        Calibrated probability where a model gives one, in [0, 1].
    interval
        Ends between which a calibration of the same kind would put the probability.
    model
        Which model or descriptor set made it, with version.
    spans
        The seconds that carry it.
    note
        What it rests on, in words, where no seconds can show it.
    """

    name: str
    value: float
    probability: float | None = None
    interval: tuple[float, float] | None = None
    model: str
    spans: tuple[Span, ...] = ()
    note: str = ""


class Abstained(Model):
    """A signal that a model would not give, and why: not measured is not zero.

    Attributes
    ----------
    name
        Of the signal that is missing.
    reason, sentence
        Stable word, see docs/models.md; the same for a person.
    model
        Which model abstained, with version.
    """

    name: str
    reason: str
    sentence: str
    model: str


class MeasuredWindow(Model):
    """What a model looked at in a stretch of sound, packed: enough to judge again without decoding.

    Attributes
    ----------
    start_s, end_s
        Seconds of the recording.
    values
        One byte for each value of the feature set (`Traces.features`).
    lines
        Spacings in Hz of still lines, and how far they stand out in standard errors.
    """

    start_s: float
    end_s: float
    values: bytes
    lines: tuple[tuple[float, float], ...] = ()


class Traces(Model):
    """The measured windows of one feature set, e.g. ``synthetic-features-1``."""

    features: str
    windows: tuple[MeasuredWindow, ...] = ()


class Curve(Model):
    """A measured quantity over frequency or rate, e.g. a long-term spectrum in thirds of octaves.

    Attributes
    ----------
    name
        Stable name, see docs/descriptors.md; its suffix is the unit of the levels.
    places_hz
        Where each level belongs: the centre of its band.
    levels
        As many numbers.
    """

    name: str
    places_hz: tuple[float, ...]
    levels: tuple[float, ...]
    model: str


class Heard(Model):
    """The heard layer: signals and curves by name; a name that is missing was not measured."""

    signals: tuple[Signal, ...] = ()
    curves: tuple[Curve, ...] = ()
    abstained: tuple[Abstained, ...] = ()
    traces: Traces | None = None

    def signal(self, name: str) -> Signal | None:
        """Look a signal up by its name; None where it was not measured, which is not zero."""
        return next((s for s in self.signals if s.name == name), None)
