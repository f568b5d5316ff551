"""Queues, routing versions, views, senders and preferences: rows in, rows out, and what queues look like now."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, bindparam, case, func, literal, or_
from sqlmodel import Session, col, select

from api.tables import CaseRow, PreferencesRow, QueueRow, RoutingRow, SavedViewRow, SenderRow
from api.tables.work import MAIN_QUEUE
from schemas.cases import CaseState

CHUNK = 500
COUNT_LIMIT = 1000  # who has more in front of them needs no exact number, and a page must not scan a million rows
_VIEWS = (  # built once: every page of the queue asks for it
    select(SavedViewRow)
    .where(or_(col(SavedViewRow.owner) == bindparam("owner"), col(SavedViewRow.is_shared)))
    .order_by(col(SavedViewRow.name), col(SavedViewRow.id))
)
Rule = tuple[Sequence[ColumnElement[bool]], str]


class QueueFigures(NamedTuple):
    """What waits in a queue now; counts end at 1,000."""

    open: int
    late: int
    oldest_at: datetime | None
    next_due_at: datetime | None


def every(session: Session) -> list[QueueRow]:
    """Read the queues, by name."""
    return list(session.exec(select(QueueRow).order_by(col(QueueRow.name))))


def find(session: Session, name: str) -> QueueRow | None:
    """Read a queue."""
    return session.get(QueueRow, name)


def figures(session: Session, now: datetime) -> dict[str, QueueFigures]:
    """Count what is open in each queue, what is late, and since when the oldest waits; parked cases are left out.

    Each queue has one clock, so that the cases due first are those that wait longest: the `COUNT_LIMIT` first tell all.
    """
    names = {MAIN_QUEUE, *session.exec(select(QueueRow.name)), *routed(session)}
    found = {name: _figures(session, name, now) for name in names}
    return {name: one for name, one in found.items() if one.open}


def routed(session: Session) -> Iterable[str]:
    """Name the queues that rules fill without anybody having made them."""
    rows = session.exec(select(RoutingRow.document))
    return {str(rule["queue"]) for text in rows for rule in json.loads(text).get("rules", ())}


def _figures(session: Session, name: str, now: datetime) -> QueueFigures:
    parked = col(CaseRow.parked_until)
    some = (
        select(CaseRow.due_at, CaseRow.opened_at)
        .where(col(CaseRow.queue) == name, col(CaseRow.state) == CaseState.OPEN, or_(parked.is_(None), parked <= now))
        .order_by(col(CaseRow.due_at))
        .limit(COUNT_LIMIT)
        .subquery()
    )
    late = func.sum(case((some.c.due_at < now, 1), else_=0))
    query = sa.select(func.count(), late, func.min(some.c.opened_at), func.min(some.c.due_at)).select_from(some)
    count, over, oldest, due = session.execute(query).one()
    return QueueFigures(count, int(over or 0), oldest, due)


def routing(session: Session) -> RoutingRow | None:
    """Read the routing rules in force: the newest version."""
    return session.exec(select(RoutingRow).order_by(col(RoutingRow.version).desc()).limit(1)).first()


def routings(session: Session, limit: int) -> list[RoutingRow]:
    """Read the versions of the routing rules, newest first."""
    return list(session.exec(select(RoutingRow).order_by(col(RoutingRow.version).desc()).limit(limit)))


def destination(rules: Sequence[Rule]) -> ColumnElement[str]:
    """Name the queue of a case in SQL: the first rule that matches, else the main queue."""
    whens = [(and_(*conditions), literal(name)) for conditions, name in rules if conditions]
    return case(*whens, else_=literal(MAIN_QUEUE)) if whens else literal(MAIN_QUEUE)


def destinations(session: Session, rules: Sequence[Rule], ids: Collection[str]) -> dict[str, str]:
    """Say for each of these cases which queue it belongs to; nothing where there are no rules."""
    if not rules:
        return {}
    query = select(CaseRow.id, destination(rules)).where(col(CaseRow.id).in_(ids))
    return dict(session.exec(query).all())


def put_standings(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change queue, due time and rank of cases, given with their ids."""
    if rows:
        session.execute(sa.update(CaseRow), list(rows))


def would_go(
    session: Session, rules: Sequence[Rule], where: Sequence[ColumnElement[bool]]
) -> dict[tuple[str, str], int]:
    """Count cases by the queue that they are in and the one that they would be in."""
    to = destination(rules).label("destination")
    moved = select(col(CaseRow.queue).label("now"), to).where(*where).subquery()
    query = select(moved.c.now, moved.c.destination, func.count()).group_by(moved.c.now, moved.c.destination)
    rows: Iterable[Any] = session.exec(query)
    return {(now, after): count for now, after, count in rows}


def examples(
    session: Session, rules: Sequence[Rule], where: Sequence[ColumnElement[bool]], limit: int
) -> list[tuple[CaseRow, str]]:
    """Read some cases that would move, most urgent first, and where they would go."""
    to = destination(rules)
    query = select(CaseRow, to).where(*where, to != col(CaseRow.queue)).order_by(col(CaseRow.rank).desc()).limit(limit)
    return [(row, name) for row, name in session.exec(query)]


def misplaced(session: Session, rules: Sequence[Rule]) -> Iterator[list[CaseRow]]:
    """Read the open cases that the rules put elsewhere, some at a time, until none is left."""
    to = destination(rules)
    query = select(CaseRow).where(col(CaseRow.state) == CaseState.OPEN, to != col(CaseRow.queue)).limit(CHUNK)
    while rows := list(session.exec(query.order_by(col(CaseRow.id)).with_for_update())):
        yield rows
        session.flush()


def of_queue(session: Session, name: str) -> Iterator[list[CaseRow]]:
    """Read the open cases of a queue, some at a time."""
    place = ""
    while True:
        query = select(CaseRow).where(col(CaseRow.queue) == name, col(CaseRow.state) == CaseState.OPEN)
        rows = list(session.exec(query.where(col(CaseRow.id) > place).order_by(col(CaseRow.id)).limit(CHUNK)))
        if not rows:
            return
        yield rows
        place = rows[-1].id


def view(session: Session, view_id: str) -> SavedViewRow | None:
    """Read a saved view."""
    return session.get(SavedViewRow, view_id)


def views(session: Session, owner: str) -> list[SavedViewRow]:
    """Read one's own views and those that colleagues share, by name."""
    return list(session.scalars(_VIEWS, {"owner": owner}))


def named_view(session: Session, owner: str, name: str) -> SavedViewRow | None:
    """Read one's own view of a name."""
    query = select(SavedViewRow).where(col(SavedViewRow.owner) == owner, col(SavedViewRow.name) == name)
    return session.exec(query).first()


def senders(session: Session, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    """Say when each of these senders, by transport account and DPID, was seen first."""
    query = select(SenderRow).where(
        col(SenderRow.account).in_({account for account, _ in pairs}),
        col(SenderRow.sender_id).in_({sender for _, sender in pairs}),
    )
    found = {(row.account, row.sender_id): row.first_at for row in session.exec(query)}
    return {pair: found[pair] for pair in pairs if pair in found}


def preferences(session: Session, name: str) -> PreferencesRow | None:
    """Read what a person set."""
    return session.get(PreferencesRow, name)
