"""Cases that are looked at blindly, and what people said about them."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import case as when
from sqlalchemy import exists
from sqlmodel import Session, col, select

from api.tables import OpinionRow, SampleRow
from schemas.review import SampleKind


def find(session: Session, sample_id: str) -> SampleRow | None:
    """Read a sample; others who want to answer it wait for this transaction."""
    return session.exec(select(SampleRow).where(col(SampleRow.id) == sample_id).with_for_update()).first()


def open_hold(session: Session, case_id: str) -> SampleRow | None:
    """Read the sample that holds a case's decision back."""
    query = select(SampleRow).where(
        col(SampleRow.case_id) == case_id,
        col(SampleRow.kind) == SampleKind.HOLD,
        col(SampleRow.closed_at).is_(None),
    )
    return session.exec(query).first()


def next_for(session: Session, reviewer: str, *, after: str = "") -> SampleRow | None:
    """Read the next open sample that is neither the reviewer's own nor answered by them: held ones first."""
    answered = exists().where(col(OpinionRow.sample_id) == col(SampleRow.id), col(OpinionRow.reviewer) == reviewer)
    query = select(SampleRow).where(
        col(SampleRow.closed_at).is_(None), col(SampleRow.made_by) != reviewer, ~answered, col(SampleRow.id) != after
    )
    held_first = when((col(SampleRow.kind) == SampleKind.HOLD, 0), else_=1)
    return session.exec(query.order_by(held_first, col(SampleRow.created_at), col(SampleRow.id)).limit(1)).first()


def opinions(session: Session, sample_id: str) -> Sequence[OpinionRow]:
    """Read what was said about a sample, oldest first."""
    query = select(OpinionRow).where(col(OpinionRow.sample_id) == sample_id)
    return session.exec(query.order_by(col(OpinionRow.given_at), col(OpinionRow.reviewer))).all()


class Pair(NamedTuple):
    """What two people said of the same case: who was first, and who looked again."""

    policy: str
    first_by: str
    first: str
    second_by: str
    second: str


def pairs(session: Session, kinds: Sequence[SampleKind]) -> list[Pair]:
    """Read all answered samples of some kinds, oldest answer first."""
    columns = (SampleRow.policy, SampleRow.made_by, SampleRow.action, OpinionRow.reviewer, OpinionRow.action)
    query = (
        sqlalchemy.select(*map(col, columns))
        .join(OpinionRow, col(OpinionRow.sample_id) == col(SampleRow.id))
        .where(col(SampleRow.kind).in_(kinds))
        .order_by(col(OpinionRow.given_at), col(SampleRow.id), col(OpinionRow.reviewer))
    )
    return [Pair(*row) for row in session.execute(query)]
