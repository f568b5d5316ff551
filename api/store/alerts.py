"""Due times that are nearly over or over, of which the audit log does not say yet that somebody was told."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Exists, ScalarSelect, and_, exists, func, or_, text
from sqlmodel import Session, col, select

from api.store import queues
from api.tables import AppealRow, CaseRow, EventRow
from api.tables.work import MAIN_QUEUE
from schemas.appeals import AppealState
from schemas.cases import CaseState
from schemas.events import EventKind

ADVISORY_LOCK = 0x6C6E72616C
NONE = timedelta()


class Stage(StrEnum):
    """How far a due time is."""

    SOON = "soon"
    LATE = "late"


CASE_KINDS = {Stage.SOON: EventKind.CASE_DUE_SOON, Stage.LATE: EventKind.CASE_OVERDUE}
APPEAL_KINDS = {Stage.SOON: EventKind.APPEAL_DUE_SOON, Stage.LATE: EventKind.APPEAL_OVERDUE}


class Due(NamedTuple):
    """A case or an appeal whose time is nearly over or over; ``appeal_id`` is empty for a case."""

    stage: Stage
    due_at: datetime
    case_id: str
    queue: str
    appeal_id: str = ""


def lock(session: Session) -> None:
    """Let one process look at a time, so that nobody is told twice; on SQLite every writer is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def cases(
    session: Session, stage: Stage, now: datetime, warning: dict[str, timedelta], *, since: datetime | None, limit: int
) -> list[Due]:
    """Find open cases that nobody was told of, longest due first; what is put aside waits until it comes back.

    Parameters
    ----------
    warning
        How long before the due time a case is due soon, by queue.
    since
        Look only at due times from then on; None for all.
    """
    found: list[Due] = []
    for queue, wanted in _untold(session, stage, now, warning, since):
        query = select(CaseRow.id, CaseRow.due_at).where(wanted).order_by(col(CaseRow.due_at))
        rows = session.exec(query.limit(limit - len(found)))
        found += [Due(stage, due_at, case_id, queue) for case_id, due_at in rows if due_at]
        if len(found) >= limit:
            break
    return found


def count_untold(
    session: Session, now: datetime, warning: dict[str, timedelta], *, since: datetime | None
) -> Counter[tuple[str, Stage]]:
    """Count the cases that `cases` would find, by queue and stage."""
    return Counter(
        {
            (queue, stage): count_cases(session, wanted)
            for stage in Stage
            for queue, wanted in _untold(session, stage, now, warning, since)
        }
    )


def last_backlog() -> ScalarSelect[Any]:
    """When so much was told of at once that no case got an event of its own; NULL where that never was."""
    said = select(func.max(EventRow.at)).where(col(EventRow.case_id).is_(None))
    return said.where(col(EventRow.kind) == EventKind.CASES_OVERDUE).scalar_subquery()


def appeals(session: Session, stage: Stage, now: datetime, warning: timedelta, *, limit: int) -> list[Due]:
    """Find open appeals that nobody was told of, longest due first."""
    told = _told(APPEAL_KINDS[stage], AppealRow.case_id, _said(stage, AppealRow.due_at, now, warning))
    query = (
        select(AppealRow.id, AppealRow.case_id, AppealRow.due_at, CaseRow.queue)
        .join(CaseRow, col(CaseRow.id) == col(AppealRow.case_id))
        .where(col(AppealRow.state) == AppealState.OPEN)
        .where(*_between(stage, AppealRow.due_at, now, warning))
        .where(~told.where(col(EventRow.payload).contains(col(AppealRow.id))))
        .order_by(col(AppealRow.due_at))
        .limit(limit)
    )
    return [Due(stage, due_at, case_id, queue, appeal) for appeal, case_id, due_at, queue in session.exec(query)]


def count_cases(session: Session, wanted: ColumnElement[bool]) -> int:
    """Count the cases that a condition names."""
    return session.exec(select(func.count()).select_from(CaseRow).where(wanted)).one()


def is_late(now: datetime) -> ColumnElement[bool]:
    """Cases that are past their due time."""
    return and_(_is_open(now), *_between(Stage.LATE, CaseRow.due_at, now))


def is_soon(now: datetime, warning: dict[str, timedelta]) -> ColumnElement[bool]:
    """Cases that are due soon, by the clock of their queue."""
    rest = and_(col(CaseRow.queue).not_in(warning), *_between(Stage.SOON, CaseRow.due_at, now, warning[MAIN_QUEUE]))
    own = (
        and_(col(CaseRow.queue) == name, *_between(Stage.SOON, CaseRow.due_at, now, before))
        for name, before in warning.items()
    )
    return and_(_is_open(now), or_(rest, *own))


def _untold(
    session: Session, stage: Stage, now: datetime, warning: dict[str, timedelta], since: datetime | None
) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """Say for each queue which cases nobody was told of: by an event of their own, or as part of a backlog."""
    last = session.exec(select(last_backlog())).one()
    for queue in sorted(_queues(session)):
        before = warning.get(queue, warning[MAIN_QUEUE])
        told = _told(CASE_KINDS[stage], CaseRow.id, _said(stage, CaseRow.due_at, now, before))
        wanted = and_(
            col(CaseRow.queue) == queue, _is_open(now), *_between(stage, CaseRow.due_at, now, before, since), ~told
        )
        yield queue, and_(wanted, _is_after(last, stage, before)) if last else wanted


def _is_after(last: datetime, stage: Stage, before: timedelta) -> ColumnElement[bool]:
    """Whether a case became due, or came back from where it was put aside, after the last backlog was told of."""
    until = last if stage is Stage.LATE else last + before
    return or_(col(CaseRow.due_at) > until, col(CaseRow.parked_until) > last)


def _queues(session: Session) -> set[str]:
    return {MAIN_QUEUE, *(row.name for row in queues.every(session)), *queues.routed(session)}


def _is_open(now: datetime) -> ColumnElement[bool]:
    parked = col(CaseRow.parked_until)
    return and_(col(CaseRow.state) == CaseState.OPEN, or_(parked.is_(None), parked <= now))


def _between(
    stage: Stage, column: Any, now: datetime, warning: timedelta = NONE, since: datetime | None = None
) -> tuple[ColumnElement[bool], ...]:
    if stage is Stage.SOON:
        return (col(column) > now, col(column) <= now + warning)
    return (col(column) <= now, *((col(column) >= since,) if since else ()))


def _said(stage: Stage, due_at: Any, now: datetime, warning: timedelta) -> ColumnElement[bool]:
    """When the log must have it: after the due time, or of a warning within the time of warning."""
    return col(EventRow.at) >= col(due_at) if stage is Stage.LATE else col(EventRow.at) > now - warning


def _told(kind: EventKind, case_id: Any, said: ColumnElement[bool]) -> Exists:
    return exists().where(col(EventRow.case_id) == col(case_id), col(EventRow.kind) == kind, said)
