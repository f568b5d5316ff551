"""The queue, the case, and what a person may do with it.

Every command names the version that its caller read; of two commands on the same version one
wins and the other gets `StaleCase` with who changed what, when.
"""

from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from api.public import CasePublic, CaseView, EventPublic, LeasePublic, QueueFilters, QueuePage
from api.services import clock, drafts, redaction, seeing
from api.services.access import Actor, Permission, require_permission
from api.services.locking import Locked, locked, no_case
from api.services.recent import Recent
from api.services.texts import plain
from api.store import cases as store
from api.store import drafts as draft_store
from api.store import events
from api.store import keys as key_store
from api.store.cases import Tally
from api.store.database import Database
from api.store.queues import COUNT_LIMIT
from api.store.shown import Columns
from schemas import cases as machine
from schemas.cases import Action, CaseState, Decision, StatementOfReasons
from schemas.errors import InvalidInput, InvalidTransition, NotAllowed
from schemas.events import EventKind
from schemas.review import ReviewRules

_LONG = Recent[Tally]()


def queue(db: Database, actor: Actor, filters: QueueFilters) -> QueuePage:
    """Read a page of the queue: most urgent first, then longest waiting."""
    with db.reading(), db.read() as session:
        cases, following = store.listed(session, actor, filters)
        tally = _tally(db, actor, filters)
        return QueuePage(
            cases=tuple(redaction.case_for(case, actor) for case in cases),
            total=tally.total,
            codes=tally.codes,
            next_cursor=following,
        )


def _tally(db: Database, actor: Actor, filters: QueueFilters) -> Tally:
    """Count what matches; of a long queue, whose count is cut short anyway, it may be a minute old."""
    asked = filters.model_copy(update={"cursor": "", "offset": 0, "limit": 1})
    viewer = actor.name if filters.filter else ""  # whom "me" means
    key = (asked, viewer, actor.role, actor.account, actor.dpids, actor.queues)
    return _LONG.look(
        db,
        lambda session: store.tally(session, actor, filters),
        key,
        is_kept=lambda found: found.total >= COUNT_LIMIT,
    )


def view(db: Database, actor: Actor, case_id: str) -> CaseView:
    """Read a case with its evidence, decisions, events and what may be done with it."""
    with db.read() as session:
        row, now = _find(session, actor, case_id), clock.now()
        if not (CaseState(row.state).has_draft and draft_store.due(session, now, case_id=case_id)):
            return seeing.view(session, actor, row, now)
    drafts.publish_due(db, case_id=case_id)
    with db.read() as session:
        return seeing.view(session, actor, _find(session, actor, case_id), clock.now())


def release_size(db: Database, case: CasePublic) -> int:
    """Count the cases of a case's release."""
    with db.read() as session:
        return store.count_release(session, case)


def history(db: Database, actor: Actor, case_id: str) -> tuple[EventPublic, ...]:
    """Read the events of a case, oldest first."""
    with db.read() as session:
        _find(session, actor, case_id)
        return redaction.events_for(events.of_case(session, case_id), actor)


def next_case(db: Database, actor: Actor, after: str | None = None, *, text: str = "") -> str | None:
    """Name the next case of a filter that nobody else holds, from the top again after the last one."""
    require_permission(actor, Permission.CONSOLE)
    now = clock.now()
    with db.read() as session:
        before = store.find(session, after) if after else None
        found = store.first_free(session, actor, now, after=before, text=text)
        if found is None and before is not None:
            found = store.first_free(session, actor, now, after=None, text=text)
        return None if found == after else found


def colleagues(db: Database) -> tuple[str, ...]:
    """Name all who work on cases now."""
    with db.read() as session:
        return tuple(key_store.reviewers(session))


def claim(db: Database, actor: Actor, case_id: str, *, expected_version: int) -> CaseView:
    """Take or renew the lease on a case; a parked one is fetched back."""
    with locked(db, actor, case_id, expected_version) as held:
        after = machine.claim(held.case, actor.name, held.now)
        until = after.claim.expires_at.isoformat() if after.claim else ""
        held.advance(after, EventKind.CASE_CLAIMED, until=until)
        return _shown(held)


def renew(db: Database, actor: Actor, case_id: str) -> LeasePublic:
    """Prolong one's own lease, as a page does while somebody works on it: no new version, no event."""
    with locked(db, actor, case_id, None) as held:
        after = machine.renew(held.case, actor.name, held.now)
        if after.claim is None:
            raise InvalidTransition(f"Nobody holds case {case_id}.")
        held.row.claim_expires_at = after.claim.expires_at
        held.session.add(held.row)
        return LeasePublic(case_id=case_id, holder=actor.name, expires_at=after.claim.expires_at)


def release(db: Database, actor: Actor, case_id: str, *, expected_version: int) -> CaseView:
    """Give the lease back."""
    with locked(db, actor, case_id, expected_version) as held:
        held.advance(machine.release_claim(held.case, actor.name, held.now), EventKind.CASE_RELEASED)
        return _shown(held)


def hand_over(db: Database, actor: Actor, case_id: str, *, to: str, note: str, expected_version: int) -> CaseView:
    """Give a case to a named colleague with a note.

    Raises
    ------
    InvalidInput
        Nobody of that name works on cases.
    """
    with locked(db, actor, case_id, expected_version) as held:
        names = key_store.reviewers(held.session)
        if to not in names:
            others = ", ".join(name for name in names if name != actor.name)[:200] or "nobody else"
            raise InvalidInput(f"{to[:64]} does not work on cases.", mend=f"Who does: {others}.")
        after = machine.hand_over(held.case, actor.name, held.now, to=to, note=plain(note))
        until = after.claim.expires_at.isoformat() if after.claim else ""
        held.advance(after, EventKind.CASE_HANDED_OVER, to=to, until=until, note=plain(note))
        return _shown(held)


def park(db: Database, actor: Actor, case_id: str, *, until: datetime, reason: str, expected_version: int) -> CaseView:
    """Put a case aside until a time; it comes back by itself."""
    with locked(db, actor, case_id, expected_version) as held:
        after = machine.park(held.case, actor.name, held.now, until=until, reason=plain(reason))
        held.advance(after, EventKind.CASE_PARKED, until=until.isoformat(), reason=plain(reason))
        return _shown(held)


def unpark(db: Database, actor: Actor, case_id: str, *, expected_version: int) -> CaseView:
    """Fetch a parked case back before its time."""
    with locked(db, actor, case_id, expected_version) as held:
        held.advance(machine.unpark(held.case, held.now), EventKind.CASE_UNPARKED)
        return _shown(held)


def reopen(db: Database, actor: Actor, case_id: str, *, reason: str, expected_version: int) -> CaseView:
    """Put a decided or waiting case back into the queue, and say why."""
    drafts.publish_due(db, case_id=case_id)
    with locked(db, actor, case_id, expected_version) as held:
        held.advance(machine.reopen(held.case), EventKind.CASE_REOPENED, reason=plain(reason))
        return _shown(held)


def decide(
    db: Database,
    actor: Actor,
    case_id: str,
    *,
    action: Action,
    reason: str,
    rules: ReviewRules,
    statement: StatementOfReasons | None = None,
    note: str = "",
    expected_version: int,
    batch_id: str | None = None,
) -> CaseView:
    """Decide a case; a restricting action freezes its statement of reasons.

    The decision is a draft until its time to undo has passed, or waits for a second opinion, as the rules say.

    Parameters
    ----------
    reason
        For the label, 3 to 5000 characters.
    rules
        The review rules in force: how long it can be undone, and when a second person has to look.
    note
        For colleagues alone.
    expected_version
        The version of the case that the person read.

    Raises
    ------
    StaleCase, NotClaimHolder, InvalidTransition, IncompleteStatement, InvalidInput
        The case changed, is somebody else's, is decided, or something is missing.
    """
    with locked(db, actor, case_id, expected_version) as held:
        decision = made(held, action, reason, statement, policy=held.screening.versions.policy)
        drafts.make(held, decision, held.screening, rules, note=note, batch_id=batch_id)
        return _shown(held)


def undo(db: Database, actor: Actor, case_id: str, *, expected_version: int, why: str = "") -> CaseView:
    """Take a decision back that is not published yet; refused from the moment on that it is."""
    drafts.publish_due(db, case_id=case_id)
    with locked(db, actor, case_id, expected_version) as held:
        draft = draft_store.of_case(held.session, case_id)
        if draft is None:
            machine.undo(held.case, held.case.state)  # says that there is nothing to undo
            raise InvalidTransition(f"Case {case_id} has no decision that could still be undone.")
        if draft.drafted_by != actor.name:
            _require_settler(actor)
        drafts.discard(held, draft, why=plain(why))
        return _shown(held)


def made(held: Locked, action: Action, reason: str, statement: StatementOfReasons | None, *, policy: str) -> Decision:
    """Put a decision together; `InvalidInput` where the reason is too short or too long."""
    parts: dict[str, Any] = {
        "action": action,
        "reason": plain(reason),
        "policy": policy,
        "decided_by": held.actor.name,
        "decided_at": held.now,
        "statement": statement if action.is_restricting else None,
    }
    try:
        return Decision(**parts)
    except ValidationError as error:
        raise InvalidInput("A decision needs a reason of 3 to 5000 characters.", mend="Say why.") from error


def _require_settler(actor: Actor) -> None:
    if not actor.may(Permission.SETTLE):
        raise NotAllowed(
            "Only who decided, or a senior moderator, undoes a decision.", mend="Ask them, or reopen it when it is out."
        )


def _find(session: Session, actor: Actor, case_id: str) -> Columns:
    row = store.look(session, case_id)
    if row is None or not actor.sees(account=row.account, sender_id=row.sender_id) or not actor.works_on(row.queue):
        raise no_case(case_id)
    require_permission(actor, Permission.READ)
    return row


def _shown(held: Locked) -> CaseView:
    """Show the case as it is now; events come last, since reading them locks the chain."""
    held.session.flush()
    return seeing.of_command(held)
