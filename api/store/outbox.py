"""What has to leave the house: rows written in the same transaction as the event that they tell.

An effect (a webhook, a mail, a card in a chat) never leaves before its event is committed, and never is
forgotten after it. To let events of a kind leave, add the kind to `TARGETS`; to send them, read `due`, then
call `done` or `failed` within the transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlmodel import Session, col, select

from api.store import bulk
from api.tables import EventRow, OutboxRow
from schemas.events import EventKind

WEBHOOK = "webhook"
TARGETS: dict[EventKind, tuple[str, ...]] = {
    EventKind.CASE_DECIDED: (WEBHOOK,),
    EventKind.CASE_REOPENED: (WEBHOOK,),
    EventKind.CASE_OPENED: (WEBHOOK,),
    EventKind.DELIVERY_RECEIVED: (WEBHOOK,),
    EventKind.APPEAL_RECEIVED: (WEBHOOK,),
    EventKind.APPEAL_DECIDED: (WEBHOOK,),
    EventKind.POLICY_SIMULATED: (WEBHOOK,),
    EventKind.ALERT_RAISED: (WEBHOOK,),
    EventKind.RECALLED: (WEBHOOK,),
}


def put(session: Session, events: Iterable[Mapping[str, Any]]) -> None:
    """Queue what leaves of these events, given as columns; they were just appended."""
    blank = {"status": "waiting", "attempts": 0, "problem": ""}
    queued = [
        {**blank, "event_seq": one["seq"], "target": target, "next_at": one["at"]}
        for one in events
        for target in TARGETS.get(one["kind"], ())
    ]
    bulk.insert(session, OutboxRow, queued)


def due(session: Session, target: str, now: datetime, *, limit: int = 100) -> Sequence[tuple[OutboxRow, EventRow]]:
    """Read what has to leave for a target, oldest first; several senders at once get different rows."""
    query = (
        select(OutboxRow, EventRow)
        .join(EventRow, col(EventRow.seq) == col(OutboxRow.event_seq))
        .where(col(OutboxRow.target) == target, col(OutboxRow.status) == "waiting", col(OutboxRow.next_at) <= now)
        .order_by(col(OutboxRow.next_at), col(OutboxRow.event_seq))
        .limit(limit)
    )
    return session.exec(query.with_for_update(of=OutboxRow, skip_locked=True)).all()


def done(row: OutboxRow) -> None:
    """Note that it has left."""
    row.status, row.problem, row.attempts = "done", "", row.attempts + 1


def failed(row: OutboxRow, problem: str, *, next_at: datetime | None) -> None:
    """Note that it did not leave: it is tried again at ``next_at``, or given up where that is None."""
    row.attempts, row.problem = row.attempts + 1, problem
    if next_at is None:
        row.status = "dead"
    else:
        row.next_at = next_at


def skip(session: Session, target: str, now: datetime) -> None:
    """Note that nobody waits for what is due for a target."""
    waiting = (col(OutboxRow.target) == target, col(OutboxRow.status) == "waiting", col(OutboxRow.next_at) <= now)
    session.execute(sqlalchemy.update(OutboxRow).where(*waiting).values(status="done"))


def replay(row: OutboxRow, now: datetime) -> None:
    """Let it leave again."""
    row.status, row.attempts, row.next_at = "waiting", 0, now
