"""Batches of decisions, and their items."""

from collections import Counter
from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from api.tables import BatchItemRow, BatchRow, CaseRow


def find(session: Session, batch_id: str) -> BatchRow | None:
    """Read a batch; others who want to change it wait for this transaction."""
    return session.exec(select(BatchRow).where(col(BatchRow.id) == batch_id).with_for_update()).first()


def newest(session: Session, limit: int) -> Sequence[BatchRow]:
    """Read batches, newest first."""
    query = select(BatchRow).order_by(col(BatchRow.made_at).desc(), col(BatchRow.id).desc())
    return session.exec(query.limit(limit)).all()


def items(session: Session, batch_id: str) -> Sequence[tuple[BatchItemRow, CaseRow]]:
    """Read a batch's items with their cases, in the order of the preview."""
    query = (
        select(BatchItemRow, CaseRow)
        .join(CaseRow, col(CaseRow.id) == col(BatchItemRow.case_id))
        .where(col(BatchItemRow.batch_id) == batch_id)
    )
    return session.exec(query.order_by(col(BatchItemRow.position))).all()


def item(session: Session, batch_id: str, case_id: str) -> BatchItemRow:
    """Read one item."""
    query = select(BatchItemRow).where(col(BatchItemRow.batch_id) == batch_id, col(BatchItemRow.case_id) == case_id)
    return session.exec(query).one()


def counts(session: Session, batch_id: str) -> dict[str, int]:
    """Count a batch's items by status."""
    query = select(BatchItemRow.status, func.count()).where(col(BatchItemRow.batch_id) == batch_id)
    return dict(Counter(dict(session.exec(query.group_by(col(BatchItemRow.status))).all())))
