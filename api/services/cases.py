"""The queue, the case, and what a person may do with it.

Every command names the version that its caller read; of two commands on the same version one
wins and the other gets `StaleCase` with who changed what, when.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from api.public import CasePublic, CaseView, EventPublic, QueueFilters, QueuePage
from api.services import clock, redaction
from api.services.access import Actor, require_reviewer
from api.services.texts import plain
from api.store import cases as store
from api.store import events, screenings
from api.store.database import Database
from api.tables import CaseRow, DecisionRow, ScreeningRow
from schemas import cases as machine
from schemas.cases import Action, Case, CaseState, Decision, StatementOfReasons
from schemas.errors import InvalidInput, NotFound, StaleCase
from schemas.events import EventKind
from schemas.screening import Screening


@dataclass
class _Locked:
    """A case that nobody else can change until the transaction ends."""

    session: Session
    actor: Actor
    row: CaseRow
    case: CasePublic
    now: datetime

    def advance(self, after: Case, kind: EventKind, **payload: Any) -> None:
        """Write the next state and its event."""
        store.put(self.row, after, by=self.actor.name, at=self.now)
        self.session.add(self.row)
        events.record(
            self.session,
            kind,
            actor=self.actor.name,
            at=self.now,
            case_id=self.row.id,
            version=after.version,
            **payload,
        )

    def view(self) -> CaseView:
        """Show the case as it is now."""
        self.session.flush()
        return _view(self.session, self.actor, self.row, self.now)


def queue(db: Database, actor: Actor, filters: QueueFilters) -> QueuePage:
    """Read a page of the queue: most urgent first, then longest waiting."""
    with db.read() as session:
        rows = store.page(session, actor, filters)
        shown = rows[: filters.limit]
        cases = store.to_public(session, shown)
        return QueuePage(
            cases=tuple(redaction.case_for(case, actor) for case in cases),
            total=store.count(session, actor, filters),
            codes=store.count_codes(session, actor, filters),
            next_cursor=store.cursor_of(shown[-1]) if len(rows) > filters.limit else None,
        )


def view(db: Database, actor: Actor, case_id: str) -> CaseView:
    """Read a case with its evidence, decisions, events and what may be done with it."""
    with db.read() as session:
        return _view(session, actor, _find(session, actor, case_id), clock.now())


def history(db: Database, actor: Actor, case_id: str) -> tuple[EventPublic, ...]:
    """Read the events of a case, oldest first."""
    with db.read() as session:
        _find(session, actor, case_id)
        return redaction.events_for(events.of_case(session, case_id), actor)


def next_case(db: Database, actor: Actor, after: str | None = None) -> str | None:
    """Name the next open case that nobody else holds, from the top again after the last one."""
    require_reviewer(actor)
    now = clock.now()
    with db.read() as session:
        before = store.find(session, after) if after else None
        found = store.first_free(session, actor, now, after=before)
        if found is None and before is not None:
            found = store.first_free(session, actor, now, after=None)
        return None if found == after else found


def claim(db: Database, actor: Actor, case_id: str, *, expected_version: int) -> CaseView:
    """Take or renew the lease on a case."""
    with _locked(db, actor, case_id, expected_version) as locked:
        after = machine.claim(locked.case, actor.name, locked.now)
        until = after.claim.expires_at.isoformat() if after.claim else ""
        locked.advance(after, EventKind.CASE_CLAIMED, until=until)
        return locked.view()


def release(db: Database, actor: Actor, case_id: str, *, expected_version: int) -> CaseView:
    """Give the lease back."""
    with _locked(db, actor, case_id, expected_version) as locked:
        locked.advance(machine.release_claim(locked.case, actor.name, locked.now), EventKind.CASE_RELEASED)
        return locked.view()


def reopen(db: Database, actor: Actor, case_id: str, *, reason: str, expected_version: int) -> CaseView:
    """Put a decided or waiting case back into the queue, and say why."""
    with _locked(db, actor, case_id, expected_version) as locked:
        locked.advance(machine.reopen(locked.case), EventKind.CASE_REOPENED, reason=reason)
        return locked.view()


def decide(
    db: Database,
    actor: Actor,
    case_id: str,
    *,
    action: Action,
    reason: str,
    statement: StatementOfReasons | None = None,
    note: str = "",
    expected_version: int,
) -> CaseView:
    """Close a case or ask the label; a restricting action freezes its statement of reasons.

    Parameters
    ----------
    reason
        For the label, 3 to 5000 characters.
    note
        For colleagues alone.
    expected_version
        The version of the case that the person read.

    Raises
    ------
    StaleCase, NotClaimHolder, InvalidTransition, IncompleteStatement, InvalidInput
        The case changed, is somebody else's, is decided, or something is missing.
    """
    with _locked(db, actor, case_id, expected_version) as locked:
        screening = screenings.rows(locked.session, [locked.row.screening_id])[locked.row.screening_id]
        decision = _decision(
            action=action,
            reason=plain(reason),
            policy=screenings.document(screening).versions.policy,
            decided_by=actor.name,
            decided_at=locked.now,
            statement=statement if action.is_restricting else None,
        )
        after = machine.decide(locked.case, decision)
        row = _decision_row(decision, note, locked.row)
        store.add_decision(locked.session, row)
        locked.advance(after, EventKind.CASE_DECIDED, decision=row.id, action=action, reason=decision.reason)
        return locked.view()


def allowed_actions(case: Case, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Name what the actor may do with the case now, so that no client needs rules of its own."""
    if not actor.role.is_reviewer:
        return ()
    claim = case.claim if case.claim and case.claim.is_live(now) else None
    is_free = claim is None or claim.holder == actor.name
    is_open = case.state is CaseState.OPEN
    offered = (
        ("claim", is_open and is_free),
        ("release", claim is not None and is_free),
        ("decide", case.state is not CaseState.DECIDED and is_free),
        ("reopen", not is_open),
    )
    return tuple(name for name, is_allowed in offered if is_allowed)


@contextmanager
def _locked(db: Database, actor: Actor, case_id: str, expected: int) -> Iterator[_Locked]:
    require_reviewer(actor)
    with db.write() as session:
        row = store.lock(session, case_id)
        if row is None:
            raise _no_case(case_id)
        if row.version != expected:
            raise StaleCase(
                case_id,
                expected=expected,
                actual=row.version,
                changed_by=row.updated_by,
                changed_at=f"{row.updated_at:%Y-%m-%d %H:%M:%S} UTC",
            )
        case = store.to_public(session, [row])[0]
        yield _Locked(session=session, actor=actor, row=row, case=case, now=clock.now())


def _find(session: Session, actor: Actor, case_id: str) -> CaseRow:
    row = store.find(session, case_id)
    if row is None or not actor.sees(account=row.account, sender_id=row.sender_id):
        raise _no_case(case_id)
    return row


def _no_case(case_id: str) -> NotFound:
    return NotFound(f"There is no case {case_id[:80]}.", mend="Look it up in the queue.")


def _view(session: Session, actor: Actor, row: CaseRow, now: datetime) -> CaseView:
    case = store.to_public(session, [row])[0]
    return CaseView(
        case=redaction.case_for(case, actor),
        screening=redaction.screening_for(_screening(session, row), actor),
        decisions=redaction.decisions_for(store.decisions_of(session, row.id), actor),
        events=redaction.events_for(events.of_case(session, row.id), actor),
        allowed_actions=allowed_actions(case, actor, now),
    )


def _screening(session: Session, row: CaseRow) -> Screening:
    found: ScreeningRow = screenings.rows(session, [row.screening_id])[row.screening_id]
    return screenings.document(found)


def _decision(**parts: Any) -> Decision:
    try:
        return Decision(**parts)
    except ValidationError as error:
        raise InvalidInput("A decision needs a reason of 3 to 5000 characters.", mend="Say why.") from error


def _decision_row(decision: Decision, note: str, row: CaseRow) -> DecisionRow:
    return DecisionRow(
        id=f"dec_{secrets.token_hex(16)}",
        case_id=row.id,
        case_version=row.version,
        screening_id=row.screening_id,
        action=decision.action,
        reason=decision.reason,
        note=plain(note),
        policy=decision.policy,
        decided_by=decision.decided_by,
        decided_at=decision.decided_at,
        statement=decision.statement.model_dump_json() if decision.statement else None,
    )
