"""What the model says about one recording, and why it sometimes says nothing."""

from dataclasses import dataclass, field
from enum import StrEnum

from schemas.flags import Span
from schemas.screening import Abstained, Heard, Signal, Traces

SIGNAL = "synthetic_probability"
RATE_SIGNAL = "false_positive_share"
HEARD_HZ = (1000.0, 7000.0)
SHARE_SHOWN = 0.1  # of a logit: smaller contributions are not worth a moderator's time


class Abstention(StrEnum):
    """Why there is no probability."""

    TOO_SHORT = "too_short"
    SILENT = "silent"
    NARROW = "narrow"
    CODED = "coded"
    NOT_MUSIC = "not_music"
    SINGING = "singing"
    UNDECIDED = "undecided"

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return {
            Abstention.TOO_SHORT: "Under five seconds of sound: the fine spectra have too few frames.",
            Abstention.SILENT: "No window is louder than -60 dBFS.",
            Abstention.NARROW: "A sample rate under 16 kHz leaves part of the band that is looked at empty.",
            Abstention.CODED: "AAC at this bit rate leaves traces that look like a neural decoder's.",
            Abstention.NOT_MUSIC: "It sounds like speech or noise, which the model was not made for.",
            Abstention.SINGING: "It sounds like a voice without accompaniment, which the model was not made for.",
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

    @property
    def words(self) -> str:
        """The score, what adds most to it, and still lines if there are any."""
        most = sorted(self.contributions.items(), key=lambda part: -part[1])
        parts = ", ".join(f"{name} {value:+.1f}" for name, value in most if value > SHARE_SHOWN)
        lines = ", ".join(f"{line.spacing_hz:g} Hz" for line in self.lines)
        return (
            f"score {self.logit:+.1f}" + (f" ({parts})" if parts else "") + (f"; lines every {lines}" if lines else "")
        )


@dataclass(frozen=True)
class SyntheticScore:
    """The model's word on one recording.

    Attributes
    ----------
    model
        Name with version, and the calibration's where one is in use.
    probability
        Calibrated at even odds, in [0, 1]: change it by your own base rate. None where the model abstained.
    abstention
        Why there is no probability; None where there is one.
    interval
        Ends between which the calibration leaves the probability; None with ``probability``.
    logit
        Of all windows together; None where nothing was measured.
    false_positive_rate
        Share of held-out human recordings that score as high, by conformal count; None with ``logit``.
    group
        The kind of recordings whose count that is; empty for all human music.
    groups
        All kinds that the recording belongs to.
    not_music
        Logit of the gate on the middle window: above 0 it counts as speech or noise.
    voice_alone
        Logit of the gate of voices on the middle window: above 0 it counts as singing without accompaniment. None where
        the model has no such gate, or the sound was measured before there was one.
    windows
        In order of time.
    """

    model: str
    probability: float | None
    abstention: Abstention | None
    interval: tuple[float, float] | None = None
    logit: float | None = None
    false_positive_rate: float | None = None
    group: str = ""
    groups: tuple[str, ...] = ()
    not_music: float | None = None
    voice_alone: float | None = None
    windows: tuple[WindowScore, ...] = field(default=())

    def heard(self, traces: Traces | None = None) -> Heard:
        """Give the layer's parts: signals, or why there are none, and what can be judged again."""
        reason = self.abstention
        abstained = (
            (Abstained(name=SIGNAL, reason=reason, sentence=reason.sentence, model=self.model),) if reason else ()
        )
        return Heard(signals=self.signals(), abstained=abstained, traces=traces)

    def signals(self) -> tuple[Signal, ...]:
        """Give what was measured: a probability unless the model abstained, and how often human music is as high."""
        signals = []
        if self.probability is not None:
            spans = tuple(_span(window) for window in _driving(self.windows))
            signals.append(
                Signal(
                    name=SIGNAL,
                    value=self.probability,
                    probability=self.probability,
                    interval=self.interval,
                    model=self.model,
                    spans=spans,
                )
            )
        if self.false_positive_rate is not None and self.abstention not in (Abstention.NOT_MUSIC, Abstention.SINGING):
            rate = round(self.false_positive_rate, 4)
            spans = tuple(_span(window) for window in _driving(self.windows) or self.windows)
            signals.append(Signal(name=RATE_SIGNAL, value=rate, model=self.model, spans=spans))
        return tuple(signals)


def _driving(windows: tuple[WindowScore, ...]) -> list[WindowScore]:
    """Order the windows that speak for a decoder, the clearest first."""
    return sorted((window for window in windows if window.logit > 0), key=lambda window: -window.logit)


def _span(window: WindowScore) -> Span:
    low_hz, high_hz = HEARD_HZ
    lines = f"; lines every {window.lines[0].spacing_hz:.1f} Hz" if window.lines else ""
    note = f"score {window.logit:+.1f}{lines}"
    return Span(start_s=window.start_s, end_s=window.end_s, low_hz=low_hz, high_hz=high_hz, note=note)
