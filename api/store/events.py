"""The audit log: only ever appended to, each event chained to the one before it.

Events of a transaction are kept in memory until its end. Then the head of the chain is locked, the events get
their numbers and hashes, and the transaction commits: writers wait for each other for the time of one insert,
not for each other's work, and the order of ``seq`` is the order of commits, without gaps.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Insert, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from api.public import EventPublic
from api.store import bulk, decisions, outbox
from api.tables import ChainHeadRow, EventRow
from schemas.chain import GENESIS, Event, Head, canonical
from schemas.events import EventKind

CHAIN = "event"
PENDING = "liner_events"
PAGE = 5000
COLUMNS = ("seq", "case_id", "kind", "actor", "at", "payload", "prev_hash", "hash")

_OF_CASE = (  # built once: each page of a case asks for it
    sqlalchemy.select(*map(col, (EventRow.seq, EventRow.kind, EventRow.actor, EventRow.at, EventRow.payload)))
    .where(col(EventRow.case_id) == bindparam("of"))
    .order_by(col(EventRow.seq))
)

_HEADS = ChainHeadRow.__table__  # type: ignore[attr-defined]
_HEAD_ALONE = sqlalchemy.select(_HEADS.c.seq, _HEADS.c.hash).where(_HEADS.c.name == CHAIN).with_for_update()
_MOVE_HEAD = (
    sqlalchemy.update(_HEADS).where(_HEADS.c.name == CHAIN).values(seq=bindparam("last"), hash=bindparam("digest"))
)


def record(
    session: Session, kind: EventKind, *, actor: str, at: datetime, case_id: str | None = None, **payload: Any
) -> None:
    """Append an event within the caller's transaction; it gets its number when it is settled."""
    event = {"case_id": case_id, "kind": kind, "actor": actor, "at": at, "payload": payload}
    session.info.setdefault(PENDING, []).append(event)


def settle(session: Session) -> None:
    """Chain the transaction's events and queue what leaves the house; `Database.write` does so before it commits."""
    events: list[dict[str, Any]] = session.info.pop(PENDING, [])
    if not events:
        return
    session.flush()  # all other work comes first: from here on writers wait for each other
    for event in events:
        event["payload"] = json.dumps(_vouched(session, event))
    head = _lock_head(session)
    for event in events:
        head = _link(event, head)
    bulk.insert(session, EventRow, events)
    session.connection().execute(_MOVE_HEAD, {"last": head.seq, "digest": head.hash})
    outbox.put(session, events)


def of_case(session: Session, case_id: str) -> tuple[EventPublic, ...]:
    """Read a case's events, oldest first, with those of this transaction."""
    settle(session)
    return tuple(
        EventPublic(seq=seq, kind=kind, actor=actor, at=at, payload=json.loads(payload))
        for seq, kind, actor, at, payload in bulk.read(session, _OF_CASE, {"of": case_id})
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
    found = bulk.read(session, _HEAD_ALONE)
    if not found:
        session.execute(_first_head(session))
        found = bulk.read(session, _HEAD_ALONE)
    seq, last_hash = found[0]
    return Head(seq=seq, hash=last_hash)


def _first_head(session: Session) -> Insert:
    """Begin a chain after the last event there is; of two who begin at once the second finds the first's."""
    last = session.exec(select(EventRow).order_by(col(EventRow.seq).desc()).limit(1)).first()
    values = {"name": CHAIN, "seq": (last.seq if last else 0), "hash": last.hash if last else GENESIS}
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(ChainHeadRow).values(values).on_conflict_do_nothing()
    return postgresql.insert(ChainHeadRow).values(values).on_conflict_do_nothing()


def _vouched(session: Session, event: dict[str, Any]) -> dict[str, Any]:
    """Let the event of a decision carry the decision's hash, so that the chain guards both."""
    payload: dict[str, Any] = event["payload"]
    if event["kind"] != EventKind.CASE_DECIDED:
        return payload
    digest = decisions.digest_of(session, str(payload.get("decision", "")))
    return payload if digest is None else {**payload, "sha256": digest}


def _link(event: dict[str, Any], last: Head) -> Head:
    event |= {"seq": last.seq + 1, "prev_hash": last.hash}
    event["hash"] = hashlib.sha256(canonical(**event)).hexdigest()
    return Head.model_construct(seq=event["seq"], hash=event["hash"])


def _event(row: EventRow) -> Event:
    return Event.model_construct(**{name: getattr(row, name) for name in COLUMNS})
