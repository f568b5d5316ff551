"""Samples of the store to judge again: what came in, what was decided, what is open. Drawn by id, which is a hash."""

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, Subquery, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from api.tables import AppealRow, CaseRow, DecisionRow, EventRow, ScreeningRow
from schemas.appeals import Outcome
from schemas.cases import Action, CaseState
from schemas.events import EventKind
from schemas.simulation import Verdict

WAITING = (CaseState.OPEN, CaseState.PENDING, CaseState.SECOND_REVIEW)
EVENTS_BACK = 100_000  # of the newest: enough for weeks, few enough for a page
LONGEST_HANDLING_S = 3600.0  # longer is a break: it says nothing of work
STARTS = (EventKind.CASE_CLAIMED,)
ENDS = (EventKind.DECISION_DRAFTED, EventKind.DECISION_HELD, EventKind.CASE_DECIDED)


class Settled(NamedTuple):
    """A decided case: its decision, the screening that it rests on, and what became of it."""

    case_id: str
    decision_id: str
    document: str
    verdict: Verdict
    is_appealed: bool


def incoming(session: Session, since: datetime, limit: int) -> tuple[list[str], int]:
    """Draw documents of what came in since, each recording's newest; and count all of them."""
    newer = aliased(ScreeningRow)
    is_newest = ~exists().where(
        col(newer.recording_key) == col(ScreeningRow.recording_key),
        col(newer.account) == col(ScreeningRow.account),
        sqlalchemy.tuple_(col(newer.screened_at), col(newer.id))
        > sqlalchemy.tuple_(col(ScreeningRow.screened_at), col(ScreeningRow.id)),
    )
    wanted = (col(ScreeningRow.received_at) >= since, is_newest)
    drawn = select(ScreeningRow.document).where(*wanted).order_by(col(ScreeningRow.id)).limit(limit)
    total = session.exec(select(func.count()).select_from(ScreeningRow).where(*wanted)).one()
    return list(session.exec(drawn)), total


def first_received(session: Session, since: datetime) -> datetime | None:
    """Say when the first of what came in since did."""
    query = select(func.min(ScreeningRow.received_at)).where(col(ScreeningRow.received_at) >= since)
    return session.exec(query).one()


def settled(session: Session, since: datetime, limit: int) -> tuple[list[Settled], int]:
    """Draw decided cases whose decision stands or was reversed; and count all of them."""
    last = last_words()
    wanted = (
        col(DecisionRow.decided_at) >= since,
        col(DecisionRow.action) != Action.ASK,
        col(CaseRow.state) == CaseState.DECIDED,
    )
    is_reversed, is_appealed = _appealed(reversed_only=True), _appealed(reversed_only=False)
    columns = (col(DecisionRow.case_id), col(DecisionRow.id), col(ScreeningRow.document), col(DecisionRow.action))
    query = _joined(sqlalchemy.select(*columns, is_reversed, is_appealed), last).where(*wanted)
    rows = session.execute(query.order_by(col(DecisionRow.id)).limit(limit))
    total = session.execute(_joined(sqlalchemy.select(func.count()), last).where(*wanted)).scalar_one()
    return [Settled(one[0], one[1], one[2], _verdict(one[3], one[4]), bool(one[5])) for one in rows], total


def last_words() -> Subquery:
    """Find each case's last decision by a person's own judgement: the answer to an appeal is not counted as one."""
    of_appeals = select(AppealRow.outcome_decision_id).where(col(AppealRow.outcome_decision_id).is_not(None))
    return (
        sqlalchemy.select(col(DecisionRow.case_id).label("case_id"), func.max(DecisionRow.case_version).label("last"))
        .where(col(DecisionRow.id).not_in(of_appeals))
        .group_by(col(DecisionRow.case_id))
        .subquery()
    )


def waiting(session: Session, limit: int) -> tuple[list[str], int]:
    """Draw the documents of open cases; and count the cases."""
    is_waiting = col(CaseRow.state).in_(WAITING)
    query = (
        select(ScreeningRow.document)
        .join(CaseRow, col(CaseRow.screening_id) == col(ScreeningRow.id))
        .where(is_waiting)
        .order_by(col(CaseRow.id))
    )
    total = session.exec(select(func.count()).select_from(CaseRow).where(is_waiting)).one()
    return list(session.exec(query.limit(limit))), total


def staffing(session: Session, since: datetime) -> tuple[int, int]:
    """Count decisions since a moment, and the people who took them."""
    query = select(func.count(), func.count(func.distinct(col(DecisionRow.decided_by))))
    number, people = session.exec(query.where(col(DecisionRow.decided_at) >= since)).one()
    return number, people


def handling(session: Session) -> tuple[float | None, int]:
    """Measure how long a case takes a person: median seconds, and of how many cases.

    A case begins when the person takes it, or with their decision before, whichever was later.
    """
    found = _spans(_recent(session))
    return (median(found), len(found)) if found else (None, 0)


def _joined(query: Any, last: Subquery) -> Any:
    return (
        query.select_from(DecisionRow)
        .join(last, (last.c.case_id == col(DecisionRow.case_id)) & (last.c.last == col(DecisionRow.case_version)))
        .join(CaseRow, col(CaseRow.id) == col(DecisionRow.case_id))
        .join(ScreeningRow, col(ScreeningRow.id) == col(DecisionRow.screening_id))
    )


def _appealed(*, reversed_only: bool) -> ColumnElement[bool]:
    found = exists().where(col(AppealRow.decision_id) == col(DecisionRow.id))
    return found.where(col(AppealRow.outcome) == Outcome.REVERSED) if reversed_only else found


def _verdict(action: str, is_reversed: bool) -> Verdict:
    if is_reversed:
        return Verdict.OVERTURNED
    return Verdict.UPHELD if Action(action).is_restricting else Verdict.CLEARED


def _recent(session: Session) -> Sequence[EventRow]:
    newest = session.exec(select(func.max(EventRow.seq))).one() or 0
    query = select(EventRow).where(col(EventRow.seq) > newest - EVENTS_BACK, col(EventRow.kind).in_((*STARTS, *ENDS)))
    return session.exec(query.order_by(col(EventRow.seq))).all()


def _spans(events: Sequence[EventRow]) -> list[float]:
    taken: dict[tuple[str | None, str], datetime] = {}
    decided: dict[str, datetime] = {}
    found = []
    for event in events:
        if event.kind in STARTS:
            taken[event.case_id, event.actor] = event.at
            continue
        starts = [at for at in (taken.pop((event.case_id, event.actor), None), decided.get(event.actor)) if at]
        decided[event.actor] = event.at
        seconds = (event.at - max(starts)).total_seconds() if starts else 0.0
        if 0 < seconds <= LONGEST_HANDLING_S:  # several at once are a batch
            found.append(seconds)
    return found
