"""Charts as numbers for SVG: drawn on the server, no script, with the same numbers in a table beside.

Conventions
-----------
Geometry is in units of the view box; colour comes from classes, so that light and dark are the style sheet's affair.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from api.console.views.words import number

WIDTH, HEIGHT = 640.0, 160.0
LEFT, BOTTOM, TOP = 44.0, 22.0, 8.0
WIDEST = 28.0  # of a bar: a few weeks are no walls


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place, its series, and what it says."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A text beside the axes; ``anchor`` as SVG has it."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart and its points."""

    series: int
    path: str
    points: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as its template draws it."""

    title: str
    bars: tuple[Bar, ...] = ()
    curves: tuple[Curve, ...] = ()
    marks: tuple[Mark, ...] = ()
    legend: tuple[tuple[int, str], ...] = ()
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    base: float = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class Day:
    """One group of bars: its label, each series' value, and where each leads."""

    label: str
    values: tuple[float, ...]
    hrefs: tuple[str, ...]


def bars(title: str, series: Sequence[str], days: Sequence[Day]) -> Chart:
    """Draw groups of bars side by side."""
    most = max((value for day in days for value in day.values), default=0.0) or 1.0
    step = (WIDTH - LEFT) / max(1, len(days))
    width = min(WIDEST, max(1.0, (step - 2) / max(1, len(series))))
    lead = (step - width * len(series)) / 2
    drawn = tuple(
        Bar(
            x=round(LEFT + n * step + lead + s * width, 1),
            y=round(_y(value, most), 1),
            width=round(width, 1),
            height=round(HEIGHT - BOTTOM - _y(value, most), 1),
            series=s + 1,
            title=f"{day.label}: {number(value)} {series[s].lower()}",
            href=day.hrefs[s],
        )
        for n, day in enumerate(days)
        for s, value in enumerate(day.values)
    )
    every = max(1, len(days) // 6)
    marks = [Mark(LEFT + (n + 0.5) * step, HEIGHT - 6, day.label[5:]) for n, day in enumerate(days) if n % every == 0]
    return Chart(title, bars=drawn, marks=(*_axis(most), *marks), legend=_legend(series))


def curves(title: str, series: Sequence[str], at: Sequence[float], values: Sequence[Sequence[float]]) -> Chart:
    """Draw lines over a common axis; ``values`` has one sequence for each series."""
    most = max((value for line in values for value in line), default=0.0) or 1.0
    low, high = (min(at), max(at)) if at else (0.0, 1.0)
    span = (high - low) or 1.0

    def x(value: float) -> float:
        return round(LEFT + 8 + (value - low) / span * (WIDTH - LEFT - 24), 1)

    drawn = []
    for s, line in enumerate(values):
        points = tuple(
            (x(a), round(_y(value, most), 1), f"{series[s]}: {number(value)} at {number(a)}")
            for a, value in zip(at, line, strict=True)
        )
        path = " ".join(f"{'L' if n else 'M'}{px} {py}" for n, (px, py, _) in enumerate(points))
        drawn.append(Curve(s + 1, path, points))
    marks = tuple(Mark(x(value), HEIGHT - 6, number(value)) for value in at)
    return Chart(title, curves=tuple(drawn), marks=(*_axis(most), *marks), legend=_legend(series))


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with its interval on a line of 100 units."""

    low: float
    value: float
    high: float

    @property
    def width(self) -> float:
        """Length of the interval, at least visible."""
        return max(self.high - self.low, 1.0)


def interval(low: float | None, value: float | None, high: float | None) -> Interval | None:
    """Place a share and its interval; None where there is nothing to draw."""
    if low is None or value is None or high is None:
        return None
    return Interval(*(round(100 * one, 1) for one in (low, value, high)))


def _y(value: float, most: float) -> float:
    return HEIGHT - BOTTOM - value / most * (HEIGHT - BOTTOM - TOP)


def _axis(most: float) -> tuple[Mark, ...]:
    return tuple(Mark(LEFT - 6, _y(value, most) + 4, number(value), "end") for value in (0.0, most / 2, most))


def _legend(series: Sequence[str]) -> tuple[tuple[int, str], ...]:
    return tuple((s + 1, name) for s, name in enumerate(series))
