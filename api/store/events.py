"""The audit log: it is only ever appended to."""

import json
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from api.public import EventPublic
from api.tables import EventRow
from schemas.events import EventKind


def record(
    session: Session, kind: EventKind, *, actor: str, at: datetime, case_id: str | None = None, **payload: Any
) -> None:
    """Append an event within the caller's transaction."""
    session.add(EventRow(case_id=case_id, kind=kind, actor=actor, at=at, payload=json.dumps(payload)))


def of_case(session: Session, case_id: str) -> tuple[EventPublic, ...]:
    """Read a case's events, oldest first."""
    rows = session.exec(select(EventRow).where(col(EventRow.case_id) == case_id).order_by(col(EventRow.seq)))
    return tuple(
        EventPublic(seq=row.seq or 0, kind=row.kind, actor=row.actor, at=row.at, payload=json.loads(row.payload))
        for row in rows
    )
