"""Figures of the review as SQL; `api.store.behind` opens the cases that each counts."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import and_, case, func, not_
from sqlmodel import Session, col, select

from api.store.past import WAITING, is_reversed, stands
from api.tables import (
    AppealRow,
    CaseRow,
    DecisionRow,
    DeclarationRow,
    FlagRow,
    OutboxRow,
)
from schemas.appeals import AppealState, Outcome
from schemas.cases import Action
from schemas.disclosure import Level

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


def bounds(day: date) -> tuple[datetime, datetime]:
    """Give the moments between which a day lies, in UTC."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)
