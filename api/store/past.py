"""Samples of the store to judge again: what came in, what was decided, what is open. Drawn by id, which is a hash."""

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, and_, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from api.tables import AppealRow, CaseRow, DecisionRow, EventRow, ScreeningRow
from schemas.appeals import Outcome
from schemas.cases import Action, CaseState
from schemas.events import EventKind
from schemas.simulation import Verdict

WAITING = (CaseState.OPEN, CaseState.PENDING, CaseState.SECOND_REVIEW)
EVENTS_BACK = 100_000  # of the newest: enough for weeks, few enough for a page
HANDLED = 5_000  # newest decisions: a median does not move beyond, and a statement can name their cases
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
    is_appealed = exists().where(col(AppealRow.decision_id) == col(DecisionRow.id))
    columns = (col(DecisionRow.case_id), col(DecisionRow.id), col(ScreeningRow.document), col(DecisionRow.action))
    query = (
        sqlalchemy.select(*columns, is_reversed(), is_appealed)
        .select_from(DecisionRow)
        .join(CaseRow, col(CaseRow.id) == col(DecisionRow.case_id))
        .join(ScreeningRow, col(ScreeningRow.id) == col(DecisionRow.screening_id))
        .where(*stands(since))
    )
    total = sqlalchemy.select(func.count()).select_from(DecisionRow).join(CaseRow).where(*stands(since))
    found = [
        Settled(one[0], one[1], one[2], _verdict(one[3], one[4]), bool(one[5]))
        for one in session.execute(query.order_by(col(DecisionRow.id)).limit(limit))
    ]
    return found, session.execute(total).scalar_one()


def stands(since: datetime) -> tuple[ColumnElement[bool], ...]:
    """Select last words on cases that are decided: what people concluded since a moment."""
    return (
        col(DecisionRow.decided_at) >= since,
        col(DecisionRow.action) != Action.ASK,
        col(CaseRow.state) == CaseState.DECIDED,
        is_last_word(),
    )


def is_last_word() -> ColumnElement[bool]:
    """Whether a decision is its case's last by a person's own judgement: the answer to an appeal does not count."""
    later = aliased(DecisionRow)
    of_appeal = exists().where(col(AppealRow.outcome_decision_id) == col(later.id))
    own_of_appeal = exists().where(col(AppealRow.outcome_decision_id) == col(DecisionRow.id))
    follows = exists().where(
        col(later.case_id) == col(DecisionRow.case_id),
        col(later.case_version) > col(DecisionRow.case_version),
        ~of_appeal,
    )
    return and_(~follows, ~own_of_appeal)


def is_reversed() -> ColumnElement[bool]:
    """Whether an appeal reversed a decision."""
    return exists().where(col(AppealRow.decision_id) == col(DecisionRow.id), col(AppealRow.outcome) == Outcome.REVERSED)


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


def handling(session: Session) -> tuple[float | None, tuple[str, ...]]:
    """Measure how long a decision takes a person: median seconds, and the case of each that was measured, newest last.

    A case begins when the person takes it, or with their decision before, whichever was later.
    """
    found = _spans(_recent(session))[-HANDLED:]
    seconds = median(span for _, span in found) if found else None
    return seconds, tuple(case_id for case_id, _ in found)


def _verdict(action: str, was_reversed: bool) -> Verdict:
    if was_reversed:
        return Verdict.OVERTURNED
    return Verdict.UPHELD if Action(action).is_restricting else Verdict.CLEARED


def _recent(session: Session) -> Sequence[EventRow]:
    newest = session.exec(select(func.max(EventRow.seq))).one() or 0
    query = select(EventRow).where(col(EventRow.seq) > newest - EVENTS_BACK, col(EventRow.kind).in_((*STARTS, *ENDS)))
    return session.exec(query.order_by(col(EventRow.seq))).all()


def _spans(events: Sequence[EventRow]) -> list[tuple[str, float]]:
    taken: dict[tuple[str, str], datetime] = {}
    decided: dict[str, datetime] = {}
    found = []
    for event in events:
        case_id = event.case_id or ""
        if event.kind in STARTS:
            taken[case_id, event.actor] = event.at
            continue
        starts = [at for at in (taken.pop((case_id, event.actor), None), decided.get(event.actor)) if at]
        decided[event.actor] = event.at
        seconds = (event.at - max(starts)).total_seconds() if starts else 0.0
        if 0 < seconds <= LONGEST_HANDLING_S:  # several at once are a batch
            found.append((case_id, seconds))
    return found
