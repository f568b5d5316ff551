"""Decisions that have no effect yet."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, or_
from sqlmodel import Session, col, select

from api.tables import DecisionRow, DraftRow

EXPERIENCED = 1000  # decisions: nobody is called new after so many, whatever the rules say

_OF_CASE = select(DraftRow).where(col(DraftRow.case_id) == bindparam("of"))


def of_case(session: Session, case_id: str) -> DraftRow | None:
    """Read the draft of a case."""
    return session.scalars(_OF_CASE, {"of": case_id}).first()


def of_cases(session: Session, case_ids: Sequence[str]) -> dict[str, DraftRow]:
    """Read the drafts of several cases by case id."""
    return {row.case_id: row for row in session.exec(select(DraftRow).where(col(DraftRow.case_id).in_(case_ids)))}


def of_batch(session: Session, batch_id: str) -> Sequence[DraftRow]:
    """Read what of a batch is not published yet."""
    return session.exec(
        select(DraftRow).where(col(DraftRow.batch_id) == batch_id).order_by(col(DraftRow.case_id))
    ).all()


def due(session: Session, now: datetime, *, case_id: str | None = None, limit: int = 100) -> Sequence[str]:
    """Name the cases whose drafts are due: to be published, or to lapse because nobody looked."""
    is_due = or_(col(DraftRow.publish_at) <= now, col(DraftRow.hold_until) <= now)
    query = select(DraftRow.case_id).where(is_due)
    if case_id is not None:
        query = query.where(col(DraftRow.case_id) == case_id)
    return session.exec(query.order_by(col(DraftRow.case_id)).limit(limit)).all()


def decisions_by(session: Session, name: str) -> int:
    """Count the published decisions of a person, up to `EXPERIENCED`."""
    some = select(DecisionRow.id).where(col(DecisionRow.decided_by) == name).limit(EXPERIENCED).subquery()
    return session.exec(select(func.count()).select_from(some)).one()
