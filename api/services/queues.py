"""Queues with their clocks, and saved views: filters with a name and an address."""

from collections.abc import Mapping

from sqlmodel import Session

from api.public import QueueFilters
from api.public_queues import QueuePublic, QueueSet, QueuesPublic, ViewCreate, ViewPublic, ViewsPublic
from api.services import clock, placing
from api.services.access import Actor, Permission, require_permission
from api.services.recent import Recent
from api.services.texts import plain
from api.store import cases, events
from api.store import queues as store
from api.store.database import Database
from api.store.queues import QueueFigures
from api.tables import QueueRow, SavedViewRow
from api.tables.work import MAIN_QUEUE
from schemas.errors import NotAllowed, NotFound
from schemas.events import EventKind
from schemas.screening import derived_id

_RECENT = Recent[tuple[QueuePublic, ...]]()
NOTHING = QueueFigures(0, 0, None, None)


def every(db: Database, actor: Actor, *, is_exact: bool = True) -> QueuesPublic:
    """List the queues that the actor may work on, with what waits in each.

    Parameters
    ----------
    is_exact
        False where figures a minute old will do: counting a million cases takes its time.
    """
    require_permission(actor, Permission.CONSOLE)
    if is_exact:
        with db.read() as session:
            found = _counted(session)
        _RECENT.keep(db, found)
    else:
        found = _RECENT.look(db, _counted)
    return QueuesPublic(queues=tuple(one for one in found if actor.works_on(one.name)))


def _counted(session: Session) -> tuple[QueuePublic, ...]:
    figures = store.figures(session, clock.now())
    rows = {row.name: row for row in store.every(session)}
    return tuple(_public(name, rows.get(name), figures) for name in sorted({MAIN_QUEUE, *rows, *figures}))


def put(db: Database, actor: Actor, name: str, wanted: QueueSet) -> QueuePublic:
    """Make a queue or change it; with another clock, its open cases get new due times."""
    require_permission(actor, Permission.SETTLE)
    now = clock.now()
    with db.write() as session:
        row = store.find(session, name) or QueueRow(name=name, title="", sla_hours=0, made_by=actor.name, made_at=now)
        is_other_clock = (row.sla_hours or placing.SLA_HOURS) != wanted.sla_hours
        row.title, row.sla_hours = plain(wanted.title), wanted.sla_hours
        session.add(row)
        session.flush()
        moved = _reset_clock(session, name) if is_other_clock else 0
        told = {"queue": name, "title": row.title, "sla_hours": row.sla_hours, "cases": moved}
        events.record(session, EventKind.QUEUE_SET, actor=actor.name, at=now, case_id=None, **told)
        shown = _public(name, row, store.figures(session, now))
    _RECENT.forget(db)
    return shown


def views(db: Database, actor: Actor, *, with_counts: bool = True) -> ViewsPublic:
    """List one's own views and those that colleagues share."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        rows = store.views(session, actor.name)
        return ViewsPublic(views=tuple(_view(session, actor, row, with_counts=with_counts) for row in rows))


def view(db: Database, actor: Actor, view_id: str) -> ViewPublic:
    """Read a view; whoever knows its address may."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        return _view(session, actor, _find(session, view_id), with_counts=True)


def save_view(db: Database, actor: Actor, wanted: ViewCreate) -> ViewPublic:
    """Save a filter under a name; one's own view of that name is replaced, at the same address."""
    require_permission(actor, Permission.REVIEW)
    name = plain(wanted.name).strip()
    with db.write() as session:
        row = store.named_view(session, actor.name, name) or SavedViewRow(
            id=derived_id("viw", actor.name, name)[:20], name=name, filter="", owner=actor.name, made_at=clock.now()
        )
        row.filter, row.is_shared = wanted.filter, wanted.is_shared
        session.add(row)
        session.flush()
        return _view(session, actor, row, with_counts=True)


def remove_view(db: Database, actor: Actor, view_id: str) -> None:
    """Remove a view of one's own; a senior may remove anybody's."""
    require_permission(actor, Permission.REVIEW)
    with db.write() as session:
        row = _find(session, view_id)
        if row.owner != actor.name and not actor.may(Permission.SETTLE):
            raise NotAllowed(f"This view is {row.owner}'s.", mend="Ask them, or save one of your own.")
        session.delete(row)


def _reset_clock(session: Session, name: str) -> int:
    hours, moved = placing.sla_hours(session), 0
    for rows in store.of_queue(session, name):
        for row in rows:
            placing.move(row, name, hours)
        moved += len(rows)
        session.flush()
    return moved


def _public(name: str, row: QueueRow | None, figures: Mapping[str, QueueFigures]) -> QueuePublic:
    found = figures.get(name, NOTHING)
    return QueuePublic(
        name=name,
        title=row.title if row else ("Main" if name == MAIN_QUEUE else name),
        sla_hours=row.sla_hours if row else placing.SLA_HOURS,
        open=found.open,
        late=found.late,
        oldest_at=found.oldest_at,
        next_due_at=found.next_due_at,
    )


def _find(session: Session, view_id: str) -> SavedViewRow:
    row = store.view(session, view_id)
    if row is None:
        raise NotFound("There is no such view.", mend="It may have been removed; filter anew and save it.")
    return row


def _view(session: Session, actor: Actor, row: SavedViewRow, *, with_counts: bool) -> ViewPublic:
    count = cases.count(session, actor, QueueFilters(filter=row.filter)) if with_counts else None
    return ViewPublic(
        id=row.id,
        name=row.name,
        filter=row.filter,
        owner=row.owner,
        is_shared=row.is_shared,
        url=f"/console/views/{row.id}",
        count=count,
    )
