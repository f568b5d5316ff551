"""What the model says about one recording, and why it sometimes says nothing."""

from dataclasses import dataclass, field
from enum import StrEnum

from schemas.flags import Span
from schemas.screening import Signal

SIGNAL = "synthetic_probability"


class Abstention(StrEnum):
    """Why there is no probability."""

    TOO_SHORT = "too_short"
    SILENT = "silent"
    NOT_MUSIC = "not_music"
    UNDECIDED = "undecided"

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return {
            Abstention.TOO_SHORT: "Under five seconds of sound: the fine spectra have too few frames.",
            Abstention.SILENT: "No window is louder than -60 dBFS.",
            Abstention.NOT_MUSIC: "It sounds like speech or noise, which the model was not made for.",
            Abstention.UNDECIDED: "The score lies where held-out human and generated music overlap.",
        }[self]


@dataclass(frozen=True)
class Line:
    """Still lines at even spacing: their spacing in Hz, and how far they stand out in standard errors."""

    spacing_hz: float
    strength: float


@dataclass(frozen=True)
class WindowScore:
    """One window's part in the score.

    Attributes
    ----------
    start_s, end_s
        Seconds of the recording.
    logit
        Higher is more like a neural decoder's output.
    contributions
        What each group of features adds to the logit.
    lines
        The strongest lattices, if any stand out.
    """

    start_s: float
    end_s: float
    logit: float
    contributions: dict[str, float]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class SyntheticScore:
    """The model's word on one recording.

    Attributes
    ----------
    model
        Name with version.
    probability
        Calibrated at even odds, in [0, 1]: change it by your own base rate. None where the model abstained.
    abstention
        Why there is no probability; None where there is one.
    logit
        Mean of the windows; None where nothing was measured.
    false_positive_rate
        Share of held-out human recordings that score as high, by conformal count; None with ``logit``.
    not_music
        Logit of the gate on the middle window: above 0 it counts as speech or noise.
    windows
        In order of time.
    """

    model: str
    probability: float | None
    abstention: Abstention | None
    logit: float | None = None
    false_positive_rate: float | None = None
    not_music: float | None = None
    windows: tuple[WindowScore, ...] = field(default=())

    def signals(self) -> tuple[Signal, ...]:
        """Give the heard signal; none where the model abstained, which is not zero."""
        if self.probability is None:
            return ()
        spans = tuple(_span(window) for window in self.windows)
        signal = Signal(
            name=SIGNAL, value=self.probability, probability=self.probability, model=self.model, spans=spans
        )
        return (signal,)


def _span(window: WindowScore) -> Span:
    lines = ", ".join(f"{line.spacing_hz:g} Hz" for line in window.lines)
    note = f"logit {window.logit:+.2f}" + (f"; still lines every {lines}" if lines else "")
    return Span(start_s=window.start_s, end_s=window.end_s, low_hz=1000.0, high_hz=7000.0, note=note)
