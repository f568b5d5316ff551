"""The order of work: severity x confidence x exposure x urgency, each part of which a person can see.

Urgency doubles with every day nearer to the due time and after it: 1 at the due time, 1/2 a day before. So the order
of two cases never depends on when one looks, the logarithm of the product can be stored and sorted by, and whatever
waits long enough comes to the top: nothing is hidden below a threshold.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import log2, log10
from typing import NamedTuple

from schemas.flags import Flag
from schemas.rules.territories import WORLDWIDE
from schemas.screening import Heard, Intake

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LEAST_SEVERITY = 0.25  # a case whose flags are gone still waits for a person
LEAST_CONFIDENCE = 0.05
PLAYS = "expected_plays"  # column of a manifest: plays a day that the sender expects
MANY_TERRITORIES = 50


class Order(NamedTuple):
    """The parts of a case's place in the queue.

    Attributes
    ----------
    severity
        Sum of the flags' weights, from 0.
    confidence
        Share of that weight that is certain, in (0, 1]: a flag of a model counts with its probability.
    exposure
        How many it reaches, from 0.5: 1 is everywhere, without a figure of plays.
    urgency
        1 at the due time, doubled with each day after it and halved with each before.
    """

    severity: float
    confidence: float
    exposure: float
    urgency: float

    @property
    def product(self) -> float:
        """What the queue is ordered by, as far as it can be told now."""
        return max(self.severity, LEAST_SEVERITY) * self.confidence * self.exposure * self.urgency


def confidence(flags: Iterable[Flag], heard: Heard) -> float:
    """Weigh how certain the reasons are, in (0, 1]; a rule's finding is certain, 1 without any flag."""
    total = certain = 0.0
    for flag in flags:
        signal = heard.signal(flag.signal) if flag.signal else None
        share = signal.probability if signal is not None and signal.probability is not None else 1.0
        total += flag.severity.weight
        certain += flag.severity.weight * min(max(share, LEAST_CONFIDENCE), 1.0)
    return certain / total if total else 1.0


def exposure(intake: Intake) -> float:
    """Estimate how many a recording reaches: its territories, times what the sender expects of plays.

    Examples
    --------
    >>> at = {"recording_key": "r", "source_key": "s", "delivery_id": "d", "delivery_path": "p"}
    >>> exposure(Intake(**at)), exposure(Intake(**at, territories=("BR",), metadata={"expected_plays": "999"}))
    (1.0, 1.02)
    """
    named = len(intake.territories)
    is_everywhere = not named or WORLDWIDE in intake.territories
    reach = 1.0 if is_everywhere else 0.5 + 0.5 * min(named / MANY_TERRITORIES, 1.0)
    plays = intake.metadata.get(PLAYS, "").strip()
    expected = int(plays) if plays.isascii() and plays.isdecimal() and len(plays) < 12 else 0
    return round(reach * (1 + log10(1 + expected) / 3), 6)


def urgency(due_at: datetime, now: datetime) -> float:
    """Give the urgency at a moment, within bounds that a float can hold."""
    return float(2.0 ** min(max((now - due_at) / DAY, -60.0), 60.0))


def rank(severity: float, confidence: float, exposure: float, due_at: datetime) -> float:
    """Give what cases are sorted by, most urgent first: the logarithm of the product, at no moment in particular."""
    base = max(severity, LEAST_SEVERITY) * max(confidence, LEAST_CONFIDENCE) * max(exposure, LEAST_SEVERITY)
    return log2(base) - (due_at - EPOCH) / DAY
