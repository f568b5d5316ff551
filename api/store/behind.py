"""What each figure of the review counts, as SQL: decisions, appeals, declarations and the cases that they are about.

A figure counts things, and two of them may be about one case; some are about none.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_
from sqlmodel import Session, col, select

from api.store.figures import RESTRICTING, bounds
from api.store.past import WAITING, is_reversed, stands
from api.tables import AppealRow, CaseRow, DecisionRow, DeclarationRow, FlagRow, OpinionRow, SampleRow, ScreeningRow
from schemas.appeals import AppealState, Outcome
from schemas.disclosure import Level
from schemas.errors import InvalidInput
from schemas.review import SampleKind


class Behind(NamedTuple):
    """What a figure counts: the word for one of it, the query that counts it, and the cases that it is about."""

    unit: str
    number: Any
    cases: ColumnElement[bool]


class Page(NamedTuple):
    """The numbers of things and of cases, and some of the cases; whether there are more."""

    number: int
    total: int
    rows: Sequence[CaseRow]
    has_more: bool


def read_page(session: Session, behind: Behind, after: str, limit: int) -> Page:
    """Count what is behind a figure and read its cases beyond the case `after`, longest open first."""
    total = session.exec(select(func.count()).select_from(CaseRow).where(behind.cases)).one()
    number = total if behind.number is None else session.execute(behind.number).scalar_one()
    query = select(CaseRow).where(behind.cases, *_beyond(session, after))
    rows = session.exec(query.order_by(col(CaseRow.opened_at), col(CaseRow.id)).limit(limit + 1)).all()
    return Page(number, total, rows[:limit], len(rows) > limit)


def cases(condition: ColumnElement[bool]) -> Behind:
    """Count cases."""
    return Behind("case", None, condition)


def waiting() -> Behind:
    """Count cases that wait for somebody."""
    return cases(col(CaseRow.state).in_(WAITING))


def opened(start: datetime, end: datetime) -> Behind:
    """Count cases that were opened between two moments."""
    return cases(and_(col(CaseRow.opened_at) >= start, col(CaseRow.opened_at) < end))


def decided(start: datetime, end: datetime) -> Behind:
    """Count decisions that were published between two moments."""
    query = _things(DecisionRow.case_id)
    return _about("decision", query.where(col(DecisionRow.decided_at) >= start, col(DecisionRow.decided_at) < end))


def handled(decided_cases: Sequence[str]) -> Behind:
    """Count decisions whose handling was measured, by their cases."""
    number = sqlalchemy.select(sqlalchemy.literal(len(decided_cases)))
    return Behind("decision", number, col(CaseRow.id).in_(set(decided_cases)))


def appealed(since: datetime, *, reversed_only: bool) -> Behind:
    """Count appeals that were answered, or that reversed a decision."""
    query = _things(AppealRow.case_id).where(
        col(AppealRow.state) == AppealState.DECIDED, col(AppealRow.decided_at) >= since
    )
    return _about("appeal", query.where(col(AppealRow.outcome) == Outcome.REVERSED) if reversed_only else query)


def appeals_late(now: datetime) -> Behind:
    """Count open appeals whose day is past."""
    query = _things(AppealRow.case_id)
    return _about("appeal", query.where(col(AppealRow.state) == AppealState.OPEN, col(AppealRow.due_at) < now))


def looked_at_twice(policy: str, *, disagreed_only: bool) -> Behind:
    """Count pairs of independent judgements on one case, or those that differ; under one policy, or any (``""``)."""
    query = _opinions((SampleKind.DOUBLE, SampleKind.HOLD), policy)
    return _about("pair", query.where(col(OpinionRow.action) != col(SampleRow.action)) if disagreed_only else query)


def golden(policy: str, *, right_only: bool) -> Behind:
    """Count answers to golden items of a policy, or those that were right."""
    query = _opinions((SampleKind.GOLDEN,), policy)
    return _about("answer", query.where(col(OpinionRow.action) == col(SampleRow.action)) if right_only else query)


def judged(since: datetime, by: Any, value: str, *, upheld: bool | None) -> Behind:
    """Count last decisions on cases with a flag of a rule or of a model; all, upheld, or not upheld."""
    stood = and_(col(DecisionRow.action).in_(RESTRICTING), not_(is_reversed()))
    more = () if upheld is None else (stood if upheld else not_(stood),)
    flag = exists().where(col(FlagRow.screening_id) == col(DecisionRow.screening_id), col(by) == value)
    query = _things(DecisionRow.case_id).join(CaseRow, col(CaseRow.id) == col(DecisionRow.case_id))
    return _about("decision", query.where(*stands(since), flag, *more))


def flagged(day: date, model: str) -> Behind:
    """Count screenings with a flag that rests on a model, of those that came within seven days from a day on."""
    start, _ = bounds(day)
    query = _things(ScreeningRow.case_id).where(
        col(ScreeningRow.received_at) >= start,
        col(ScreeningRow.received_at) < start + timedelta(days=7),
        exists().where(col(FlagRow.screening_id) == col(ScreeningRow.id), col(FlagRow.model) == model),
    )
    return _about("screening", query)


def declared(since: datetime, sender: str, *, silent_only: bool) -> Behind:
    """Count a sender's declarations, or those that say nothing of AI."""
    query = (
        _things(ScreeningRow.case_id)
        .select_from(DeclarationRow)
        .outerjoin(ScreeningRow, col(ScreeningRow.id) == col(DeclarationRow.screening_id))
        .where(
            col(DeclarationRow.sender_id) == sender,
            col(DeclarationRow.received_at) >= since,
            col(DeclarationRow.is_takedown).is_(False),
        )
    )
    return _about("declaration", query.where(col(DeclarationRow.level) == Level.UNDECLARED) if silent_only else query)


def _things(case_id: Any) -> Select[Any]:
    return sqlalchemy.select(col(case_id).label("case_id"))


def _opinions(kinds: Sequence[SampleKind], policy: str) -> Select[Any]:
    of_policy = (col(SampleRow.policy) == policy,) if policy else ()
    query = _things(SampleRow.case_id).join(OpinionRow, col(OpinionRow.sample_id) == col(SampleRow.id))
    return query.where(col(SampleRow.kind).in_(kinds), *of_policy)


def _about(unit: str, things: Select[Any]) -> Behind:
    """Count rows that each name a case, or none."""
    number = sqlalchemy.select(func.count()).select_from(things.subquery())
    return Behind(unit, number, col(CaseRow.id).in_(things))


def _beyond(session: Session, after: str) -> tuple[ColumnElement[bool], ...]:
    if not after:
        return ()
    last = session.get(CaseRow, after)
    if last is None:
        raise InvalidInput("There is no such case to go on from.", mend="Use next_after as it was given.")
    later = and_(col(CaseRow.opened_at) == last.opened_at, col(CaseRow.id) > last.id)
    return (or_(col(CaseRow.opened_at) > last.opened_at, later),)
