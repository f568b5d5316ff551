"""The figures of the review as a page: each number a link to its cases, charts with their numbers beside."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from api.console.views.charts import Chart, Day, Interval, bars, interval
from api.console.views.figure_cases import figure_at
from api.console.views.words import Stamp, ago, number, percent, plural, stamp
from api.public_dashboards import DashboardPublic, DriftFigure, ShareFigure
from api.public_quality import AgreementPublic, QualityPublic

NEVER = "never"


@dataclass(frozen=True, slots=True)
class Tile:
    """One number: what it is, its value, a sentence, and the address of its cases."""

    name: str
    value: str
    note: str
    href: str


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A share with its counts and interval; each count leads to its cases."""

    name: str
    hits: str
    hits_href: str
    total: str
    total_href: str
    share: str
    between: str
    drawn: Interval | None


@dataclass(frozen=True, slots=True)
class DriftRow:
    """A model's week against its past."""

    model: str
    share: str
    usual: str
    sigma: str
    is_alarm: bool
    weeks: tuple[tuple[str, str, str], ...]
    href: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day of the chart as a row of its table."""

    day: str
    opened: int
    opened_href: str
    decided: int
    decided_href: str


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """How far people agree under one policy."""

    policy: str
    pairs: str
    href: str
    observed: str
    kappa: str
    between: str


@dataclass(frozen=True, slots=True)
class DashboardView:
    """The whole page."""

    made: Stamp
    tiles: tuple[Tile, ...]
    flow: Chart
    days: tuple[DayRow, ...]
    rules: tuple[ShareRow, ...]
    models: tuple[ShareRow, ...]
    senders: tuple[ShareRow, ...]
    agreement: tuple[AgreementRow, ...]
    golden: tuple[ShareRow, ...]
    is_overseen: bool
    drift: tuple[DriftRow, ...]
    alarms: tuple[str, ...]


def dashboard_view(found: DashboardPublic, quality: QualityPublic | None) -> DashboardView:
    """Bring the figures into the form that is shown; ``quality`` is None for who may not oversee others."""
    days = [(str(one.day), one) for one in found.days]
    return DashboardView(
        made=stamp(found.made_at, found.made_at),
        tiles=_tiles(found),
        flow=bars(
            "Cases opened and decided, by day",
            ("Opened", "Decided"),
            [
                Day(day, (one.opened, one.decided), (figure_at("opened", day), figure_at("decided", day)))
                for day, one in days
            ],
        ),
        days=tuple(
            DayRow(day, one.opened, figure_at("opened", day), one.decided, figure_at("decided", day))
            for day, one in reversed(days)
        ),
        rules=_rows(found.precision_rules, "rule", "upheld"),
        models=_rows(found.precision_models, "model", "upheld"),
        senders=_rows(found.undeclared, "sender", "silent"),
        agreement=tuple(_agreement(one) for one in quality.agreement) if quality else (),
        golden=_rows(_accuracies(quality), "golden", "right") if quality else (),
        is_overseen=quality is not None,
        drift=tuple(_drift(one) for one in found.drift),
        alarms=_late(found)
        + tuple(
            f"{one.model} flags {percent(one.share)} of what it heard this week, {percent(one.usual or 0.0)} before."
            for one in found.drift
            if one.is_alarm
        ),
    )


def _tiles(found: DashboardPublic) -> tuple[Tile, ...]:
    work = found.workload
    since = ago(found.oldest_at, found.made_at) if found.oldest_at else "none"
    handling, decisions = _handling(work.handling_s), plural(work.handled, "decision")
    return (
        Tile("Backlog", f"{work.open_cases:,}", "cases wait", figure_at("backlog")),
        Tile("Oldest", since, "waits longest; first in the list", figure_at("backlog")),
        Tile("Late", f"{found.clocks.cases_late:,}", "cases past their due time", figure_at("late")),
        Tile("Due soon", f"{found.clocks.cases_soon:,}", "cases with a tenth of their time left", figure_at("soon")),
        Tile("Appeals late", f"{found.clocks.appeals_late:,}", "past their day", "/console/appeals?show=late"),
        Tile("Clear by", _clear(found), "when no case waits, at this inflow and pace", figure_at("backlog")),
        Tile("Inflow", f"{number(found.inflow_per_day)} a day", "cases opened, over two weeks", figure_at("inflow")),
        Tile("Pace", f"{number(work.decisions_per_day)} a day", _pace(found), figure_at("pace")),
        Tile("Handling", handling, f"median of {decisions}, from taking to deciding", figure_at("handled")),
        _share_tile("Overturned", found.overturned, "answered appeals", "overturned"),
        _kappa(found),
    )


def _handling(seconds: float | None) -> str:
    if seconds is None:
        return "not measured"
    return f"{number(seconds / 60)} min" if seconds >= 60 else f"{max(seconds, 1):.0f} s"


def _late(found: DashboardPublic) -> tuple[str, ...]:
    late = (("case", found.clocks.cases_late), ("appeal", found.clocks.appeals_late))
    return tuple(f"{plural(count, what)} past due." for what, count in late if count)


def _clear(found: DashboardPublic) -> str:
    if found.clear_days is None:
        return NEVER
    return f"{found.made_at + timedelta(days=found.clear_days):%Y-%m-%d}" if found.clear_days else "now"


def _pace(found: DashboardPublic) -> str:
    people = plural(found.workload.deciders, "person", "people")
    return f"decisions by {people}, over two weeks"


def _share_tile(name: str, one: ShareFigure, of: str, figure: str) -> Tile:
    value = percent(one.share) if one.share is not None else "none yet"
    return Tile(name, value, f"{one.hits} of {one.total} {of}{_between(one)}", figure_at(figure))


def _kappa(found: DashboardPublic) -> Tile:
    one = found.agreement
    value = number(one.kappa) if one.kappa is not None else "not known"
    ends = f", {number(one.low)} to {number(one.high)}" if one.low is not None and one.high is not None else ""
    return Tile("Agreement", value, f"Cohen's kappa of {plural(one.pairs, 'pair')}{ends}", figure_at("twice"))


def _agreement(one: AgreementPublic) -> AgreementRow:
    return AgreementRow(
        policy=one.policy,
        pairs=f"{one.pairs:,}",
        href=figure_at("twice", one.policy),
        observed=percent(one.observed) if one.observed is not None else "",
        kappa=number(one.kappa) if one.kappa is not None else "not known",
        between=f"{number(one.low)} to {number(one.high)}" if one.low is not None and one.high is not None else "",
    )


def _accuracies(quality: QualityPublic) -> Iterable[ShareFigure]:
    """Give everybody's together; one person's is for that person and `liner cases quality`."""
    for one in quality.accuracy:
        if not one.reviewer:
            yield ShareFigure(
                name=one.policy, hits=one.right, total=one.answers, share=one.share, low=one.low, high=one.high
            )


def _rows(found: Iterable[ShareFigure], figure: str, part: str) -> tuple[ShareRow, ...]:
    return tuple(
        ShareRow(
            name=one.name or "no sender named",
            hits=f"{one.hits:,}",
            hits_href=figure_at(figure, one.name, part),
            total=f"{one.total:,}",
            total_href=figure_at(figure, one.name),
            share=percent(one.share) if one.share is not None else "",
            between=_between(one).removeprefix(", "),
            drawn=interval(one.low, one.share, one.high),
        )
        for one in found
    )


def _between(one: ShareFigure) -> str:
    return f", {percent(one.low)} to {percent(one.high)}" if one.low is not None and one.high is not None else ""


def _drift(one: DriftFigure) -> DriftRow:
    weeks = tuple((str(day), percent(value), figure_at("flagged", one.model, str(day))) for day, value in one.weeks)
    return DriftRow(
        model=one.model,
        share=percent(one.share),
        usual=percent(one.usual) if one.usual is not None else "too few weeks",
        sigma=f"{one.sigma:+.1f}" if one.sigma is not None else "",
        is_alarm=one.is_alarm,
        weeks=weeks,
        href=weeks[-1][2] if weeks else "",
        chart=bars(
            f"Share flagged by {one.model}, by week, per cent",
            ("per cent",),
            [Day(day, (100 * value,), (href,)) for (_, value), (day, _, href) in zip(one.weeks, weeks, strict=True)],
        ),
    )
