"""The audit log: only ever appended to, each event chained to the one before it.

Events of a transaction are kept in memory until its end. Then the head of the chain is locked, the events get
their numbers and hashes, and the transaction commits: writers wait for each other for the time of one insert,
not for each other's work, and the order of ``seq`` is the order of commits, without gaps.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from api.public import EventPublic
from api.store import decisions, outbox
from api.tables import ChainHeadRow, EventRow
from schemas.chain import GENESIS, Event, Head, event_hash
from schemas.events import EventKind

CHAIN = "event"
PENDING = "liner_events"
PAGE = 5000
BATCH = 500


def record(
    session: Session, kind: EventKind, *, actor: str, at: datetime, case_id: str | None = None, **payload: Any
) -> EventRow:
    """Append an event within the caller's transaction; its ``seq`` is known when it is settled."""
    row = EventRow(case_id=case_id, kind=kind, actor=actor, at=at, payload=json.dumps(payload))
    session.info.setdefault(PENDING, []).append(row)
    return row


def settle(session: Session) -> None:
    """Chain the transaction's events and queue what leaves the house; `Database.write` does so before it commits."""
    rows: list[EventRow] = session.info.pop(PENDING, [])
    if not rows:
        return
    session.flush()  # all other work comes first: from here on writers wait for each other
    for row in rows:
        _vouch(session, row)
    head = _lock_head(session)
    for row in rows:
        head = _link(row, head)
    values = [row.model_dump() for row in rows]
    for start in range(0, len(values), BATCH):
        session.execute(sqlalchemy.insert(EventRow).values(values[start : start + BATCH]))
    session.execute(update(ChainHeadRow).where(col(ChainHeadRow.name) == CHAIN).values(seq=head.seq, hash=head.hash))
    outbox.put(session, rows)


def of_case(session: Session, case_id: str) -> tuple[EventPublic, ...]:
    """Read a case's events, oldest first, with those of this transaction."""
    settle(session)
    rows = session.exec(select(EventRow).where(col(EventRow.case_id) == case_id).order_by(col(EventRow.seq)))
    return tuple(
        EventPublic(seq=row.seq or 0, kind=row.kind, actor=row.actor, at=row.at, payload=json.loads(row.payload))
        for row in rows
    )


def last_kind(session: Session, case_id: str) -> str:
    """Name what happened to a case last; empty where nothing did."""
    query = select(EventRow.kind).where(col(EventRow.case_id) == case_id).order_by(col(EventRow.seq).desc()).limit(1)
    return session.exec(query).first() or ""


def head(session: Session) -> Head | None:
    """Read where the chain says that it ends; None where no event was ever written, or the head is gone."""
    row = session.get(ChainHeadRow, CHAIN)
    return Head(seq=row.seq, hash=row.hash) if row else None


def at_seq(session: Session, seq: int) -> Event | None:
    """Read one event with its hashes."""
    row = session.get(EventRow, seq)
    return _event(row) if row else None


def payload_of(event: Event) -> dict[str, Any]:
    """Read what an event says; nothing where that is no JSON object any more."""
    try:
        found = json.loads(event.payload)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def walk(session: Session, *, after: int = 0, page: int = PAGE) -> Iterator[Event]:
    """Read the chain in its order, a few thousand events at a time."""
    while True:
        query = select(EventRow).where(col(EventRow.seq) > after).order_by(col(EventRow.seq)).limit(page)
        rows = session.exec(query.execution_options(populate_existing=True)).all()
        yield from map(_event, rows)
        session.expunge_all()
        if len(rows) < page:
            return
        after = rows[-1].seq or 0


def _lock_head(session: Session) -> Head:
    query = select(ChainHeadRow).where(col(ChainHeadRow.name) == CHAIN).with_for_update()
    row = session.exec(query.execution_options(populate_existing=True)).first()
    if row is None:
        session.execute(_first_head(session))
        row = session.exec(query.execution_options(populate_existing=True)).one()
    return Head(seq=row.seq, hash=row.hash)


def _first_head(session: Session) -> Insert:
    """Begin a chain after the last event there is; of two who begin at once the second finds the first's."""
    last = session.exec(select(EventRow).order_by(col(EventRow.seq).desc()).limit(1)).first()
    values = {"name": CHAIN, "seq": (last.seq if last else 0), "hash": last.hash if last else GENESIS}
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(ChainHeadRow).values(values).on_conflict_do_nothing()
    return postgresql.insert(ChainHeadRow).values(values).on_conflict_do_nothing()


def _vouch(session: Session, row: EventRow) -> None:
    """Let the event of a decision carry the decision's hash, so that the chain guards both."""
    if row.kind != EventKind.CASE_DECIDED:
        return
    payload = json.loads(row.payload)
    digest = decisions.digest_of(session, str(payload.get("decision", "")))
    if digest is not None:
        row.payload = json.dumps({**payload, "sha256": digest})


def _link(row: EventRow, last: Head) -> Head:
    row.seq, row.prev_hash = last.seq + 1, last.hash
    row.hash = event_hash(_event(row))
    return Head(seq=row.seq, hash=row.hash)


def _event(row: EventRow) -> Event:
    return Event.model_construct(**row.model_dump())
