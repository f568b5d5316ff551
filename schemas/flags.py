"""A Flag is a reason for a person to look: a code, what supports it, and where to listen."""

from enum import StrEnum

from schemas.base import Model


class FlagSeverity(StrEnum):
    """How soon a person should look; the policy says which reason gets which."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def weight(self) -> int:
        """1, 3 or 9: three lower ones weigh as much as one of the next."""
        return {FlagSeverity.LOW: 1, FlagSeverity.MEDIUM: 3, FlagSeverity.HIGH: 9}[self]


class Layer(StrEnum):
    """The layer of truth that a flag rests on."""

    DECLARED = "declared"
    FOUND = "found"
    HEARD = "heard"
    KNOWN = "known"


class Span(Model):
    """A stretch of a recording that supports a statement.

    Attributes
    ----------
    start_s, end_s
        Seconds from the start of the recording.
    low_hz, high_hz
        Frequency range where one is meant.
    """

    start_s: float
    end_s: float
    low_hz: float | None = None
    high_hz: float | None = None
    note: str = ""


class Flag(Model):
    """One reason to look at one recording.

    Attributes
    ----------
    code
        Stable reason code ``AREA-NNN``: a rule's id, or ``AUD-NNN`` for what was heard.
    title, explanation
        A few words for a list; one or two sentences with the values seen.
    layers
        The layers that contradict each other or carry the reason.
    value, threshold
        The measured quantity and the policy's limit where there is one.
    """

    code: str
    severity: FlagSeverity
    title: str
    explanation: str
    layers: tuple[Layer, ...]
    signal: str | None = None
    value: float | None = None
    threshold: float | None = None
    spans: tuple[Span, ...] = ()
