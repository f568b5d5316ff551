"""Figures of the review as SQL: each number, and the cases that it counts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, and_, case, exists, func, not_
from sqlmodel import Session, col, select

from api.store.past import WAITING, is_reversed, stands
from api.tables import (
    AppealRow,
    CaseRow,
    DecisionRow,
    DeclarationRow,
    FlagRow,
    OpinionRow,
    OutboxRow,
    SampleRow,
    ScreeningRow,
)
from schemas.appeals import AppealState, Outcome
from schemas.cases import Action
from schemas.disclosure import Level
from schemas.review import SampleKind

RESTRICTING = tuple(action for action in Action if action.is_restricting)
TOP = 25


class Count(NamedTuple):
    """A share as counts."""

    name: str
    hits: int
    total: int


def opened_between(session: Session, start: datetime, end: datetime) -> int:
    """Count cases that were opened."""
    query = select(func.count()).select_from(CaseRow)
    return session.exec(query.where(col(CaseRow.opened_at) >= start, col(CaseRow.opened_at) < end)).one()


def decided_between(session: Session, start: datetime, end: datetime) -> int:
    """Count decisions that were published."""
    query = select(func.count()).select_from(DecisionRow)
    return session.exec(query.where(col(DecisionRow.decided_at) >= start, col(DecisionRow.decided_at) < end)).one()


def oldest(session: Session) -> datetime | None:
    """Say since when the longest waiting case waits."""
    return session.exec(select(func.min(CaseRow.opened_at)).where(col(CaseRow.state).in_(WAITING))).one()


def overturned(session: Session, since: datetime) -> Count:
    """Count answered appeals, and those that reversed a decision."""
    hits = func.coalesce(func.sum(case((col(AppealRow.outcome) == Outcome.REVERSED, 1), else_=0)), 0)
    query = select(hits, func.count()).where(
        col(AppealRow.state) == AppealState.DECIDED, col(AppealRow.decided_at) >= since
    )
    found, total = session.exec(query).one()
    return Count("", int(found), total)


def precision(session: Session, since: datetime, by: Any, value: str | None = None) -> list[Count]:
    """Count decided cases by a column of their flags, and those that were upheld; most frequent first."""
    upheld = and_(col(DecisionRow.action).in_(RESTRICTING), not_(is_reversed()))
    flagged = (
        sqlalchemy.select(col(DecisionRow.id), col(by).label("name"), upheld.label("upheld"))
        .join(CaseRow, col(CaseRow.id) == col(DecisionRow.case_id))
        .join(FlagRow, col(FlagRow.screening_id) == col(DecisionRow.screening_id))
        .where(*stands(since), col(by) == value if value is not None else col(by) != "")
        .distinct()
        .subquery()
    )
    hits = func.sum(case((flagged.c.upheld, 1), else_=0))
    query = sqlalchemy.select(flagged.c.name, hits, func.count()).group_by(flagged.c.name)
    rows = session.execute(query.order_by(func.count().desc(), flagged.c.name).limit(TOP))
    return [Count(name, int(found), total) for name, found, total in rows]


def undeclared(session: Session, since: datetime) -> list[Count]:
    """Count declarations by sender, and those that say nothing of AI; most frequent first."""
    silent = func.sum(case((col(DeclarationRow.level) == Level.UNDECLARED, 1), else_=0))
    query = (
        sqlalchemy.select(col(DeclarationRow.sender_id), silent, func.count())
        .where(col(DeclarationRow.received_at) >= since, col(DeclarationRow.is_takedown).is_(False))
        .group_by(col(DeclarationRow.sender_id))
        .order_by(func.count().desc(), col(DeclarationRow.sender_id))
    )
    return [Count(sender, int(found), total) for sender, found, total in session.execute(query.limit(TOP))]


def appeals_by_outcome(session: Session) -> dict[str, int]:
    """Count appeals by outcome; ``open`` and ``withdrawn`` have none."""
    query = select(AppealRow.state, AppealRow.outcome, func.count()).group_by(
        col(AppealRow.state), col(AppealRow.outcome)
    )
    found = dict.fromkeys((*map(str, AppealState), *map(str, Outcome)), 0)
    del found[AppealState.DECIDED]
    found.update({outcome or state: number for state, outcome, number in session.exec(query)})
    return found


def appeals_overdue(session: Session, now: datetime) -> int:
    """Count open appeals whose day is past."""
    query = select(func.count()).select_from(AppealRow)
    return session.exec(query.where(col(AppealRow.state) == AppealState.OPEN, col(AppealRow.due_at) < now)).one()


def outbox_by_status(session: Session) -> dict[str, int]:
    """Count what has to leave and what never did; what has left is not counted."""
    query = (
        select(OutboxRow.status, func.count()).where(col(OutboxRow.status) != "done").group_by(col(OutboxRow.status))
    )
    return {"waiting": 0, "dead": 0, **dict(session.exec(query).all())}


def cases_of(session: Session, wanted: ColumnElement[bool], limit: int) -> tuple[Sequence[CaseRow], int]:
    """Read the cases behind a number, longest open first; and count them."""
    total = session.exec(select(func.count()).select_from(CaseRow).where(wanted)).one()
    query = select(CaseRow).where(wanted).order_by(col(CaseRow.opened_at), col(CaseRow.id))
    return session.exec(query.limit(limit)).all(), total


def is_waiting() -> ColumnElement[bool]:
    """Cases that wait for somebody."""
    return col(CaseRow.state).in_(WAITING)


def is_opened_on(day: date) -> ColumnElement[bool]:
    """Cases that were opened on a day, in UTC."""
    start, end = bounds(day)
    return and_(col(CaseRow.opened_at) >= start, col(CaseRow.opened_at) < end)


def is_decided_on(day: date) -> ColumnElement[bool]:
    """Cases on which a decision was published on a day, in UTC."""
    start, end = bounds(day)
    return _has_decision(col(DecisionRow.decided_at) >= start, col(DecisionRow.decided_at) < end)


def is_decided_since(since: datetime) -> ColumnElement[bool]:
    """Cases on which a decision was published since."""
    return _has_decision(col(DecisionRow.decided_at) >= since)


def is_appealed(since: datetime, *, reversed_only: bool) -> ColumnElement[bool]:
    """Cases with an answered appeal, or with one that reversed the decision."""
    found = exists().where(
        col(AppealRow.case_id) == col(CaseRow.id),
        col(AppealRow.state) == AppealState.DECIDED,
        col(AppealRow.decided_at) >= since,
    )
    return found.where(col(AppealRow.outcome) == Outcome.REVERSED) if reversed_only else found


def is_looked_at_twice(*, disagreed_only: bool) -> ColumnElement[bool]:
    """Cases that two people judged independently, or of which they thought otherwise."""
    found = exists().where(
        col(SampleRow.case_id) == col(CaseRow.id),
        col(SampleRow.kind).in_((SampleKind.DOUBLE, SampleKind.HOLD)),
        col(OpinionRow.sample_id) == col(SampleRow.id),
    )
    return found.where(col(OpinionRow.action) != col(SampleRow.action)) if disagreed_only else found


def is_judged(since: datetime, by: Any, value: str, *, upheld: bool | None) -> ColumnElement[bool]:
    """Decided cases with a flag of a rule or of a model; all, upheld, or not upheld."""
    stood = and_(col(DecisionRow.action).in_(RESTRICTING), not_(is_reversed()))
    more = () if upheld is None else (stood if upheld else not_(stood),)
    flag = exists().where(col(FlagRow.screening_id) == col(DecisionRow.screening_id), col(by) == value)
    return _has_decision(*stands(since), flag, *more)


def is_flagged_from(day: date, model: str) -> ColumnElement[bool]:
    """Cases with a flag that rests on a model, of screenings that came within seven days from a day on."""
    start, _ = bounds(day)
    return exists().where(
        col(ScreeningRow.case_id) == col(CaseRow.id),
        col(ScreeningRow.received_at) >= start,
        col(ScreeningRow.received_at) < start + timedelta(days=7),
        col(FlagRow.screening_id) == col(ScreeningRow.id),
        col(FlagRow.model) == model,
    )


def is_declared(since: datetime, sender: str, *, silent_only: bool) -> ColumnElement[bool]:
    """Cases of recordings that a sender declared, or said nothing of."""
    found = exists().where(
        col(ScreeningRow.case_id) == col(CaseRow.id),
        col(DeclarationRow.screening_id) == col(ScreeningRow.id),
        col(DeclarationRow.sender_id) == sender,
        col(DeclarationRow.received_at) >= since,
        col(DeclarationRow.is_takedown).is_(False),
    )
    return found.where(col(DeclarationRow.level) == Level.UNDECLARED) if silent_only else found


def bounds(day: date) -> tuple[datetime, datetime]:
    """Give the moments between which a day lies, in UTC."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def _has_decision(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(col(DecisionRow.case_id) == col(CaseRow.id), *conditions)
