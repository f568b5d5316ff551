"""Whether a model's share of flags left its own history: pure arithmetic on weekly counts.

A week is held against the weeks before it. Its share may differ by chance (few screenings) and because weeks
differ (other labels deliver); both count into the spread, so that a quiet history does not cry over one label's
batch and a restless one does not hide a broken model.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

HISTORY_WEEKS = 8
LEAST_WEEKS = 3  # fewer tell nothing about how much weeks differ
LEAST_SCREENINGS = 50
ALARM_SIGMA = 4.0  # one false alarm in about 30 years of weeks, were weeks normal; they are not quite


class Week(NamedTuple):
    """One week of one model: its Monday, how many screenings it saw, and how many it flagged."""

    monday: str
    screenings: int
    flagged: int

    @property
    def share(self) -> float:
        """Share that was flagged, from 0 to 1."""
        return self.flagged / self.screenings if self.screenings else 0.0


class Drift(NamedTuple):
    """How the last week stands to the ones before.

    Attributes
    ----------
    share, usual
        Flagged share of the last week, and of the history.
    sigma
        How many spreads lie between them, signed; None where there is too little to tell.
    """

    share: float
    usual: float | None
    sigma: float | None

    @property
    def is_alarm(self) -> bool:
        """Whether somebody should look."""
        return self.sigma is not None and abs(self.sigma) >= ALARM_SIGMA


def drift(weeks: Sequence[Week]) -> Drift:
    """Hold the last week against up to eight before it.

    Parameters
    ----------
    weeks
        Weeks with screenings, oldest first.

    Examples
    --------
    >>> quiet = [Week(f"2026-0{n}", 1000, 20 + n) for n in range(1, 6)]
    >>> drift([*quiet, Week("2026-06", 1000, 24)]).is_alarm
    False
    >>> drift([*quiet, Week("2026-06", 1000, 90)]).is_alarm
    True
    """
    if not weeks:
        return Drift(0.0, None, None)
    last, past = weeks[-1], [week for week in weeks[:-1] if week.screenings][-HISTORY_WEEKS:]
    seen = sum(week.screenings for week in past)
    if len(past) < LEAST_WEEKS or last.screenings < LEAST_SCREENINGS or seen < LEAST_SCREENINGS:
        return Drift(last.share, None, None)
    usual = sum(week.flagged for week in past) / seen
    level = max(usual, 1 / (seen + 2))  # a model that never flagged yet may flag a first one
    by_chance = level * (1 - level) * (1 / last.screenings + 1 / seen)
    between = sum((week.share - usual) ** 2 for week in past) / (len(past) - 1)
    return Drift(last.share, usual, (last.share - usual) / sqrt(max(by_chance + between, 1e-12)))
