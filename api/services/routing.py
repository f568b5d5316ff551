"""Routing rules: ordered, the first match decides; a dry run before they are saved, every version kept."""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col

from api.public_queues import (
    DryRun,
    Flow,
    MovedCase,
    RoutingCreate,
    RoutingDocument,
    RoutingHistory,
    RoutingPublic,
)
from api.services import clock, placing
from api.services.access import Actor, Permission, require_permission
from api.services.texts import plain
from api.store import events
from api.store import queues as store
from api.store.database import Database
from api.tables import CaseRow, RoutingRow
from api.tables.work import MAIN_QUEUE
from schemas.cases import CaseState
from schemas.errors import InvalidInput, StaleCase
from schemas.events import EventKind

EXAMPLES = 20
HISTORY = 50
TODAY = timedelta(hours=24)


def current(db: Database, actor: Actor) -> RoutingPublic:
    """Read the rules in force."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        return _public(store.routing(session))


def history(db: Database, actor: Actor) -> RoutingHistory:
    """Read the versions of the rules, newest first."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        return RoutingHistory(versions=tuple(_public(row) for row in store.routings(session, HISTORY)))


def dry_run(db: Database, actor: Actor, wanted: RoutingDocument) -> DryRun:
    """Say where cases would go under these rules; nothing changes."""
    require_permission(actor, Permission.CONSOLE)
    now = clock.now()
    with db.read() as session:
        _refuse_unknown_queues(session, wanted)
        rules = placing.compiled(wanted, now)
        is_open = col(CaseRow.state) == CaseState.OPEN
        flows = store.would_go(session, rules, [is_open])
        return DryRun(
            cases=sum(flows.values()),
            moved=sum(count for (before, after), count in flows.items() if before != after),
            flows=tuple(Flow(now=a, then=b, cases=count) for (a, b), count in sorted(flows.items())),
            by_rule=_by_rule(session, rules, is_open),
            today=_today(session, rules, now),
            examples=tuple(
                MovedCase(case_id=row.id, title=row.title, now=row.queue, then=then)
                for row, then in store.examples(session, rules, [is_open], EXAMPLES)
            ),
        )


def save(db: Database, actor: Actor, wanted: RoutingCreate) -> RoutingPublic:
    """Keep a new version and move the open cases that it puts elsewhere.

    Raises
    ------
    StaleCase
        Somebody saved another version since.
    InvalidInput
        A rule names a queue that there is not.
    """
    require_permission(actor, Permission.SETTLE)
    now = clock.now()
    with db.write() as session:
        _refuse_unknown_queues(session, wanted)
        before = store.routing(session)
        _refuse_stale(before, wanted.expected_version)
        row = RoutingRow(
            version=(before.version if before else 0) + 1,
            document=RoutingDocument(rules=wanted.rules, sample_share=wanted.sample_share).model_dump_json(),
            note=plain(wanted.note),
            made_by=actor.name,
            made_at=now,
        )
        session.add(row)
        session.flush()
        told = {"version": row.version, "note": row.note, "cases": _move_all(session, wanted, now)}
        events.record(session, EventKind.ROUTING_CHANGED, actor=actor.name, at=now, case_id=None, **told)
        return _public(row)


def _move_all(session: Session, wanted: RoutingDocument, now: datetime) -> int:
    rules, hours, moved = placing.compiled(wanted, now), placing.sla_hours(session), 0
    for rows in store.misplaced(session, rules):
        to = store.destinations(session, rules, [row.id for row in rows]) if rules else {}
        for row in rows:
            placing.move(row, to.get(row.id, MAIN_QUEUE), hours)
        moved += len(rows)
    return moved


def _by_rule(session: Session, rules: list[store.Rule], is_open: ColumnElement[bool]) -> tuple[int, ...]:
    """Count what each rule decides on, by giving every rule a queue of its own."""
    numbered = [(conditions, str(number)) for number, (conditions, _) in enumerate(rules)]
    counts: Counter[str] = Counter()
    for (_, then), count in store.would_go(session, numbered, [is_open]).items():
        counts[then] += count
    return (*(counts[str(number)] for number in range(len(rules))), counts[MAIN_QUEUE])


def _today(session: Session, rules: list[store.Rule], now: datetime) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (_, then), count in store.would_go(session, rules, [col(CaseRow.opened_at) >= now - TODAY]).items():
        counts[then] += count
    return dict(sorted(counts.items()))


def _refuse_unknown_queues(session: Session, wanted: RoutingDocument) -> None:
    known = {MAIN_QUEUE, *(row.name for row in store.every(session))}
    for number, rule in enumerate(wanted.rules, start=1):
        if rule.queue not in known:
            names = ", ".join(sorted(known))
            raise InvalidInput(
                f"Rule {number}: there is no queue {rule.queue}.", mend=f"Make it first. Known: {names}."
            )
        if not rule.filter:
            raise InvalidInput(f"Rule {number} has no filter.", mend="Leave it out: the rest goes to the main queue.")


def _refuse_stale(before: RoutingRow | None, expected: int) -> None:
    actual = before.version if before else 0
    if actual != expected:
        raise StaleCase(
            "routing",
            expected=expected,
            actual=actual,
            changed_by=before.made_by if before else "nobody",
            changed_at=f"{before.made_at:%Y-%m-%d %H:%M:%S} UTC" if before else "",
            change=EventKind.ROUTING_CHANGED,
        )


def _public(row: RoutingRow | None) -> RoutingPublic:
    if row is None:
        return RoutingPublic(version=0, note="", made_by="", made_at=None)
    flat = RoutingDocument.model_validate_json(row.document).model_dump()
    return RoutingPublic(**flat, version=row.version, note=row.note, made_by=row.made_by, made_at=row.made_at)
