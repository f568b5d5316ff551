"""The figures of the review, each with what opens its cases."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.public import CasePublic
from schemas.base import Model
from schemas.simulation import Workload

Short = Annotated[str, StringConstraints(max_length=200)]


class DayFigure(Model):
    """One day: cases that were opened, and decisions that were taken."""

    day: date
    opened: int
    decided: int


class ShareFigure(Model):
    """A share with Wilson's 95 % interval: ``hits`` of ``total``; None where there is nothing to count."""

    name: str
    hits: int
    total: int
    share: float | None
    low: float | None
    high: float | None


class AgreementFigure(Model):
    """Cohen's kappa over all policies with its 95 % interval; None where it is not defined."""

    pairs: int
    observed: float | None
    kappa: float | None
    low: float | None
    high: float | None


class DriftFigure(Model):
    """A model's share of flagged screenings in the last seven days against the weeks before.

    Attributes
    ----------
    weeks
        First day and share of each week, oldest first.
    usual
        Share over the weeks before the last; None where there are too few.
    sigma
        How many spreads the last week lies away; None where there is too little to tell.
    """

    model: str
    screenings: int
    share: float
    usual: float | None
    sigma: float | None
    is_alarm: bool
    weeks: tuple[tuple[date, float], ...]


class ClockFigure(Model):
    """Due times: cases that are late, cases with a tenth of their time left, appeals that are late."""

    cases_late: int
    cases_soon: int
    appeals_late: int


class DashboardPublic(Model):
    """How the review stands.

    Attributes
    ----------
    oldest_at
        Since when the longest waiting case waits; None where none does.
    clear_days
        Days until no case waits at present inflow and staffing; None where it never happens.
    precision_rules, precision_models
        Of decided cases with a flag of this rule, or resting on this model: the share that was upheld.
    undeclared
        Share of the last thirty days' declarations that say nothing of AI, by sender.
    """

    made_at: datetime
    days: tuple[DayFigure, ...]
    workload: Workload
    clocks: ClockFigure
    oldest_at: datetime | None
    inflow_per_day: float
    clear_days: float | None
    overturned: ShareFigure
    agreement: AgreementFigure
    precision_rules: tuple[ShareFigure, ...]
    precision_models: tuple[ShareFigure, ...]
    undeclared: tuple[ShareFigure, ...]
    drift: tuple[DriftFigure, ...]


class FigureQuery(Model):
    """Which number: its figure, what of it (a day, a rule, a model, a sender), which part, and where to read on."""

    figure: Short
    value: Short = ""
    part: Short = ""
    after: Short = ""


class FigureCases(Model):
    """The cases behind one number, longest open first.

    Attributes
    ----------
    number, unit
        What the figure counts: 5 of ``decision``, say; also ``case``, ``appeal``, ``pair`` (of two people's judgements
        on one case), ``screening`` or ``declaration``.
    total
        How many cases these are about: fewer where two are about one case, or where some raised none.
    next_after
        What to give as ``after`` to read on; None at the end.
    """

    figure: str
    value: str
    part: str
    about: str
    number: int
    unit: str
    total: int
    cases: tuple[CasePublic, ...] = Field(default=())
    next_after: str | None = None
