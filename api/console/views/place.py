"""A case's place in the queue, part by part, and what became of cases like it, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from api.console.views.words import Stamp, number, percent, plural, stamp
from api.public import CasePublic
from api.services.outcomes import Outcomes
from schemas.cases import CaseState
from schemas.order import Order, urgency

MINUTE = timedelta(minutes=1)
SOON = timedelta(hours=4)


class DueWords(NamedTuple):
    """When a case is due, in words, and how pressing that is (late, soon, later)."""

    words: str
    state: str


@dataclass(frozen=True, slots=True)
class DueView:
    """The same with the moment."""

    at: Stamp
    words: str
    state: str


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Why a case stands where it stands: each part with its meaning, and what they make together."""

    queue: str
    due: DueView | None
    parts: tuple[tuple[str, str, str], ...]
    product: str
    summary: str


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """The score in words."""

    sentence: str
    detail: str
    parts: tuple[tuple[str, str], ...]


def due_view(due_at: datetime | None, now: datetime) -> DueView | None:
    """Say how long there is, or by how much a case is late."""
    return None if due_at is None else DueView(stamp(due_at, now), *due_words(due_at, now))


def due_words(due_at: datetime, now: datetime) -> DueWords:
    """Say it in words alone."""
    left = due_at - now
    if left < timedelta():
        return DueWords(f"{_span(-left)} late", "late")
    return DueWords(f"in {_span(left)}", "soon" if left < SOON else "later")


def place_view(case: CasePublic, now: datetime) -> PlaceView:
    """Take the order of work apart."""
    order = _order(case, now)
    parts = (
        ("Severity", number(order.severity), "weights of the reasons: low 1, medium 3, high 9"),
        ("Confidence", number(order.confidence), "1 is certain; a model's reason counts with its probability"),
        ("Exposure", number(order.exposure), "territories, and the plays that the sender expects"),
        ("Urgency", number(order.urgency), "1 when due, doubled each day after, halved each day before"),
    )
    due = due_view(case.due_at, now) if case.state not in {CaseState.DECIDED, CaseState.WAITING} else None
    return PlaceView(case.queue, due, parts, number(order.product), _summary(order))


def place_summary(case: CasePublic, now: datetime) -> str:
    """Write the parts in a line."""
    return _summary(_order(case, now))


def _order(case: CasePublic, now: datetime) -> Order:
    pressing = urgency(case.due_at, now) if case.due_at else 1.0
    return Order(case.priority, case.confidence, case.exposure, pressing)


def _summary(order: Order) -> str:
    return f"{_weights(*order[:3])} × urgency {number(order.urgency)}"  # noqa: RUF001 - the sign of a product


@lru_cache(maxsize=1024)
def _weights(*weights: float) -> str:
    """Write the parts that time does not change: the rows of a page have few different ones."""
    named = zip(Order._fields, weights, strict=False)
    return " × ".join(f"{name} {number(value)}" for name, value in named)  # noqa: RUF001 - as above


def outcome_view(found: Outcomes | None) -> OutcomeView | None:
    """Say what became of such cases; what was never decided here is said to be unknown."""
    if found is None:
        return None
    near = f", within 0.05 of {number(found.probability)}" if found.probability is not None else ""
    such = f"cases whose first reason is {found.code}{near}"
    if not found.decided or found.low is None or found.high is None:
        return OutcomeView("No past decisions yet.", f"Nobody has decided {such} here.", ())
    were = "was" if found.upheld == 1 else "were"
    parts = (
        ("Such cases", such),
        ("Decided here", plural(found.decided, "case")),
        ("Upheld", f"{found.upheld:,}: a person labelled, demoted or removed"),
        ("Not upheld", f"{found.decided - found.upheld:,}: approved"),
        ("95 % interval", f"{percent(round(found.low, 2))} to {percent(round(found.high, 2))} (Wilson)"),
    )
    few = " Few cases: read it with care." if found.decided < 20 else ""
    return OutcomeView(
        f"Of {found.decided:,} such, {found.upheld:,} {were} upheld.",
        f"That is {percent(round(found.low, 2))} to {percent(round(found.high, 2))} with 95 % certainty.{few}",
        parts,
    )


def _span(length: timedelta) -> str:
    days, rest = divmod(length, timedelta(days=1))
    hours = rest // timedelta(hours=1)
    if days >= 3 or (days and not hours):
        return f"{days} d"
    return f"{days * 24 + hours} h" if days or hours else f"{max(1, rest // MINUTE)} min"
