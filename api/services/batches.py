"""Many cases decided alike: previewed one by one, applied one by one, undone together.

A batch never reaches a case that its preview did not show, nor a version that it did not show. Each case gets a
decision of its own, with a statement of its own facts: nothing takes a whole release down by ripple.
"""

import secrets
from collections.abc import Iterator, Sequence

from sqlmodel import Session

from api.public import QueueFilters
from api.public_batches import (
    MAX_ITEMS,
    BatchCreate,
    BatchesPublic,
    BatchException,
    BatchItemPublic,
    BatchPublic,
    ReleasePublic,
)
from api.services import cases, clock, drafts, permitted, redaction
from api.services.access import Actor, Permission, require_permission
from api.services.locking import lock, locked, no_case
from api.services.texts import plain
from api.store import batches as store
from api.store import cases as case_store
from api.store import drafts as draft_store
from api.store import events, screenings
from api.store.database import Database
from api.tables import BatchItemRow, BatchRow, CaseRow
from schemas import reasons
from schemas.cases import Action, StatementOfReasons
from schemas.errors import InvalidTransition, NotAllowed, NotFound, ReviewError, StaleCase
from schemas.events import EventKind
from schemas.review import ItemStatus, ReviewRules
from schemas.screening import Screening

SHOWN = 50
NO_EVIDENCE = "Nothing of this recording itself is flagged; a restriction needs evidence of its own."


def release_of(db: Database, actor: Actor, case_id: str) -> ReleasePublic:
    """Read the cases of a case's release, across deliveries."""
    require_permission(actor, Permission.READ)
    with db.read() as session:
        row = _find_case(session, actor, case_id)
        seen = [one for one in case_store.of_release(session, row) if _sees(actor, one)]
        found = case_store.to_public(session, seen)
        return ReleasePublic(
            release_key=row.release_key, cases=tuple(redaction.case_for(case, actor) for case in found)
        )


def preview(db: Database, actor: Actor, wanted: BatchCreate) -> BatchPublic:
    """Plan a batch: what would become of each case, and why some are left alone; nothing is decided yet."""
    require_permission(actor, Permission.REVIEW)
    with db.write() as session:
        batch = _batch(session, actor, wanted)
        session.add(batch)
        session.flush()
        excepted = {one.case_id: one for one in wanted.exceptions}
        for position, row in enumerate(_cases(session, actor, wanted)):
            session.add(_item(session, actor, batch, row, excepted=excepted.get(row.id), position=position))
        session.flush()
        events.record(
            session,
            EventKind.BATCH_MADE,
            actor=actor.name,
            at=batch.made_at,
            batch=batch.id,
            action=batch.action,
            cases=sum(store.counts(session, batch.id).values()),
        )
        return _public(session, batch)


def view(db: Database, actor: Actor, batch_id: str) -> BatchPublic:
    """Read a batch with its items."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        return _public(session, _find(session, batch_id))


def newest(db: Database, actor: Actor) -> BatchesPublic:
    """List the last batches, without their items."""
    require_permission(actor, Permission.CONSOLE)
    with db.read() as session:
        rows = store.newest(session, SHOWN)
        return BatchesPublic(batches=tuple(_public(session, row, with_items=False) for row in rows))


def apply(
    db: Database, actor: Actor, batch_id: str, *, rules: ReviewRules, exceptions: Sequence[BatchException] = ()
) -> BatchPublic:
    """Decide each planned case, in a transaction of its own; one that changed since the preview is left alone.

    Parameters
    ----------
    exceptions
        Cases that are decided otherwise than previewed, or left alone.
    """
    require_permission(actor, Permission.REVIEW)
    with db.write() as session:
        batch = _find(session, batch_id)
        if batch.made_by != actor.name:
            raise NotAllowed("A batch is applied by who previewed it.", mend="Preview one of your own.")
        if batch.applied_at is not None:
            raise InvalidTransition("This batch is applied already.", mend="Look at what became of it.")
        batch.applied_at = clock.now()
        session.add(batch)
        _except(session, batch_id, exceptions)
        planned = [item for item, _ in store.items(session, batch_id) if item.status == ItemStatus.PLANNED]
    for item in planned:
        _apply_one(db, actor, batch, item, rules)
    with db.write() as session:
        counts = store.counts(session, batch_id)
        at = clock.now()
        events.record(session, EventKind.BATCH_APPLIED, actor=actor.name, at=at, batch=batch_id, counts=counts)
    return view(db, actor, batch_id)


def undo(db: Database, actor: Actor, batch_id: str) -> BatchPublic:
    """Take back every decision of a batch that is not published yet; those that are stay."""
    require_permission(actor, Permission.REVIEW)
    with db.write() as session:
        batch = _find(session, batch_id)
        if batch.made_by != actor.name and not actor.may(Permission.SETTLE):
            raise NotAllowed("Who decided, or a senior moderator, undoes a batch.", mend="Ask one of them.")
        waiting = [draft.case_id for draft in draft_store.of_batch(session, batch_id)]
        if not waiting:
            raise InvalidTransition("None of its decisions can still be undone.", mend="Reopen cases one by one.")
        batch.undone_at = clock.now()
        session.add(batch)
    undone = sum(_undo_one(db, actor, batch_id, case_id) for case_id in waiting)
    with db.write() as session:
        at = clock.now()
        events.record(session, EventKind.BATCH_UNDONE, actor=actor.name, at=at, batch=batch_id, cases=undone)
    return view(db, actor, batch_id)


def _batch(session: Session, actor: Actor, wanted: BatchCreate) -> BatchRow:
    return BatchRow(
        id=f"bat_{secrets.token_hex(16)}",
        about=_about(session, actor, wanted),
        action=wanted.action,
        reason=plain(wanted.reason),
        note=plain(wanted.note),
        statement=wanted.statement.model_dump_json() if wanted.statement else None,
        made_by=actor.name,
        made_at=clock.now(),
    )


def _about(session: Session, actor: Actor, wanted: BatchCreate) -> str:
    if wanted.release_of is not None:
        row = _find_case(session, actor, wanted.release_of)
        return f"Release {row.release_key or row.title}"
    asked = (wanted.filters or QueueFilters()).model_dump(mode="json", exclude_defaults=True)
    words = ", ".join(f"{name} {value}" for name, value in asked.items() if name not in {"limit", "cursor", "offset"})
    return f"Open cases: {words}" if words else "All open cases"


def _cases(session: Session, actor: Actor, wanted: BatchCreate) -> Sequence[CaseRow]:
    if wanted.release_of is not None:
        return case_store.of_release(session, _find_case(session, actor, wanted.release_of))[:MAX_ITEMS]
    filters = (wanted.filters or QueueFilters()).model_copy(update={"limit": MAX_ITEMS})
    return case_store.page(session, actor, filters)[:MAX_ITEMS]


def _item(
    session: Session, actor: Actor, batch: BatchRow, row: CaseRow, *, excepted: BatchException | None, position: int
) -> BatchItemRow:
    action = excepted.action if excepted else Action(batch.action)
    item = BatchItemRow(
        batch_id=batch.id,
        position=position,
        case_id=row.id,
        version=row.version,
        action=action,
        reason=plain(excepted.reason) if excepted else "",
        status=ItemStatus.EXCEPTED if action is None else ItemStatus.PLANNED,
    )
    refused = _why_not(session, actor, batch, row, action) if action else ""
    if refused:
        item.status, item.detail = ItemStatus.REFUSED, refused
    return item


def _why_not(session: Session, actor: Actor, batch: BatchRow, row: CaseRow, action: Action) -> str:
    refused = permitted.refusals(case_store.to_case(row), actor, clock.now())["decide"]
    if refused or not action.is_restricting:
        return refused
    if not row.codes:
        return NO_EVIDENCE
    missing = _statement(batch, screenings.of_case(session, row)).missing()
    return f"The statement of reasons lacks: {', '.join(missing)}." if missing else ""


def _statement(batch: BatchRow, screening: Screening) -> StatementOfReasons:
    """Fill what the batch leaves open with the case's own facts."""
    given = StatementOfReasons.model_validate_json(batch.statement) if batch.statement else StatementOfReasons()
    reason = reasons.reason_for(screening.flags)
    own = {"facts": reasons.draft(screening, reason)["facts"], "ground": reason.title}
    return given.model_copy(update={name: text for name, text in own.items() if not getattr(given, name).strip()})


def _except(session: Session, batch_id: str, exceptions: Sequence[BatchException]) -> None:
    chosen = {one.case_id: one for one in exceptions}
    for item, _ in store.items(session, batch_id):
        one = chosen.get(item.case_id)
        if one is None or item.status != ItemStatus.PLANNED:
            continue
        item.action, item.reason = one.action, plain(one.reason)
        if one.action is None:
            item.status = ItemStatus.EXCEPTED
        session.add(item)
    session.flush()


def _apply_one(db: Database, actor: Actor, batch: BatchRow, planned: BatchItemRow, rules: ReviewRules) -> None:
    try:
        with locked(db, actor, planned.case_id, planned.version) as held:
            screening = screenings.of_case(held.session, held.row)
            statement = _statement(batch, screening)
            action = Action(planned.action or batch.action)
            policy = screening.versions.policy
            decision = cases.made(held, action, planned.reason or batch.reason, statement, policy=policy)
            drafts.make(held, decision, screening, rules, note=batch.note, batch_id=batch.id)
            item = store.item(held.session, batch.id, planned.case_id)
            item.status, item.detail = ItemStatus.DONE, f"now {held.row.state.replace('_', ' ')}"
            held.session.add(item)
    except StaleCase as error:
        _note(db, batch.id, planned.case_id, ItemStatus.CONFLICT, error.message)
    except ReviewError as error:
        _note(db, batch.id, planned.case_id, ItemStatus.REFUSED, error.message)


def _undo_one(db: Database, actor: Actor, batch_id: str, case_id: str) -> bool:
    drafts.publish_due(db, case_id=case_id)
    with db.write() as session:
        held = lock(session, actor, case_id)
        draft = draft_store.of_case(session, case_id)
        if draft is None or draft.batch_id != batch_id:
            return False
        drafts.discard(held, draft, why="the batch was undone")
        item = store.item(session, batch_id, case_id)
        item.status, item.detail = ItemStatus.UNDONE, "undone"
        session.add(item)
        return True


def _note(db: Database, batch_id: str, case_id: str, status: ItemStatus, detail: str) -> None:
    with db.write() as session:
        item = store.item(session, batch_id, case_id)
        item.status, item.detail = status, detail
        session.add(item)


def _find(session: Session, batch_id: str) -> BatchRow:
    row = store.find(session, batch_id)
    if row is None:
        raise NotFound(f"There is no batch {batch_id[:80]}.", mend="GET /v1/batches names the last ones.")
    return row


def _find_case(session: Session, actor: Actor, case_id: str) -> CaseRow:
    row = case_store.find(session, case_id)
    if row is None or not _sees(actor, row):
        raise no_case(case_id)
    return row


def _sees(actor: Actor, row: CaseRow) -> bool:
    return actor.sees(account=row.account, sender_id=row.sender_id)


def _public(session: Session, batch: BatchRow, *, with_items: bool = True) -> BatchPublic:
    flat = batch.model_dump(exclude={"statement"})
    return BatchPublic(
        **flat,
        counts=store.counts(session, batch.id),
        is_undoable=bool(draft_store.of_batch(session, batch.id)),
        items=tuple(_items(session, batch)) if with_items else (),
    )


def _items(session: Session, batch: BatchRow) -> Iterator[BatchItemPublic]:
    for item, row in store.items(session, batch.id):
        yield BatchItemPublic(
            case_id=row.id,
            title=row.title,
            artist=row.artist,
            codes=tuple(row.codes.split()),
            version=item.version,
            action=Action(item.action) if item.action else None,
            status=ItemStatus(item.status),
            detail=item.detail,
        )
