"""A decision on its way: a draft that can be undone, a second look where the rules ask for one, publication.

A draft lies beside the decisions; it becomes one, under the same id, when it is published. Only then are there
effects: the label sees it, and what leaves the house is queued in the same transaction. Nothing stays a draft for
ever: its time runs out, or its hold lapses and the case returns to the queue.
"""

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from api.services import clock
from api.services.access import Actor, Role
from api.services.locking import Locked, lock
from api.services.texts import plain
from api.store import cases as case_store
from api.store import drafts as store
from api.store import keys as key_store
from api.store import samples
from api.store.database import Database
from api.tables import DecisionRow, DraftRow, SampleRow
from schemas import cases as machine
from schemas.cases import Action, Case, CaseState, Decision, StatementOfReasons
from schemas.events import EventKind
from schemas.review import HoldFacts, HoldRule, ReviewRules, SampleKind, is_sampled
from schemas.screening import Screening

CLOCK = Actor(name="clock", role=Role.SERVICE)  # answers for what happens because time passed


def make(
    held: Locked,
    decision: Decision,
    screening: Screening,
    rules: ReviewRules,
    *,
    note: str = "",
    batch_id: str | None = None,
    is_final: bool = False,
) -> None:
    """Take a decision on a case: as a draft, held back, or with effect at once, as the rules say.

    Parameters
    ----------
    batch_id
        The batch that it belongs to: its time to undo is longer.
    is_final
        Whether it settles a second review: then no rule holds it back again.
    """
    draft = _draft(held, decision, rules, note=note, batch_id=batch_id)
    is_asked = not is_final and rules.may_hold(decision.action)
    asked = rules.holds(_facts(held, decision, screening)) if is_asked else ()
    waived = [rule.code for rule in asked] if asked and not _others(held) else []
    if is_final:
        draft.confirmed_by = held.actor.name
    if asked and not waived:
        _hold(held, draft, decision, asked, rules)
        return
    window = rules.undo_window(decision.action, is_batch=batch_id is not None)
    more: dict[str, Any] = {"waived": waived} if waived else {}
    if window:
        _wait(held, draft, decision, window, more)
    else:
        _publish(held, draft, machine.decide(held.case, decision), more)


def publish(held: Locked, draft: DraftRow) -> None:
    """Let a draft have its effect: from now on it is the case's decision."""
    _publish(held, draft, machine.publish(held.case, _decision(draft, held.now)), {})


def _publish(held: Locked, draft: DraftRow, after: Case, more: dict[str, Any]) -> None:
    case_store.add_decision(held.session, _decision_row(draft, held.now))
    drop(held.session, draft)
    told: dict[str, Any] = {"decision": draft.id, "action": draft.action, "reason": draft.reason, **more}
    held.advance(after, EventKind.CASE_DECIDED, by=draft.drafted_by, **told)
    if draft.is_sampled:
        held.session.add(sample(draft, SampleKind.DOUBLE, held.now))


def confirm(held: Locked, draft: DraftRow, rules: ReviewRules, *, why: str) -> None:
    """Let a held draft go on, on the word of a second person; its time to undo runs from now."""
    window = rules.undo_window(Action(draft.action), is_batch=draft.batch_id is not None)
    draft.confirmed_by, draft.hold_until = held.actor.name, None
    draft.publish_at = held.now + window
    held.session.add(draft)
    close_hold(held.session, held.row.id, held.now)
    told = {"decision": draft.id, "action": draft.action, "publish_at": draft.publish_at.isoformat(), "why": why}
    held.advance(machine.confirm(held.case), EventKind.DECISION_CONFIRMED, **told)
    if not window:
        publish(held, draft)


def discard(held: Locked, draft: DraftRow, *, why: str) -> None:
    """Take a draft back: it never had an effect, and the case is what it was before."""
    drop(held.session, draft)
    close_hold(held.session, held.row.id, held.now)
    after = machine.undo(held.case, CaseState(draft.state_before))
    held.advance(after, EventKind.DECISION_UNDONE, decision=draft.id, why=why)


def drop(session: Session, draft: DraftRow) -> None:
    """Remove a draft's row, and that at once: its case may get another in the same transaction."""
    if draft in session:
        session.delete(draft)
        session.flush()


def close_hold(session: Session, case_id: str, now: datetime) -> None:
    """End the wait for a second opinion on a case."""
    found = samples.open_hold(session, case_id)
    if found is not None:
        found.closed_at = now
        session.add(found)


def publish_due(db: Database, *, case_id: str | None = None, rest: Callable[[float], None] | None = None) -> int:
    """Publish all drafts whose time has come, and let those lapse that nobody looked at; say how many.

    Each is a transaction of its own. Several processes may do this at once.

    Parameters
    ----------
    rest
        Called after each with the seconds that it took, by whom nobody waits for: people's requests come between.
    """
    with db.read() as session:
        due = store.due(session, clock.now(), case_id=case_id)
    published = 0
    for one in due:
        started = time.perf_counter()
        published += _come_due(db, one)
        if rest is not None:
            rest(time.perf_counter() - started)
    return published


def sample(draft: DraftRow, kind: SampleKind, now: datetime) -> SampleRow:
    """Put a decision up for a blind second look."""
    return SampleRow(
        id=f"smp_{secrets.token_hex(16)}",
        kind=kind,
        case_id=draft.case_id,
        screening_id=draft.screening_id,
        policy=draft.policy,
        action=draft.action,
        made_by=draft.drafted_by,
        created_at=now,
    )


def _come_due(db: Database, case_id: str) -> bool:
    with db.write() as session:
        held = lock(session, CLOCK, case_id)
        draft = store.of_case(session, case_id)
        if draft is None:
            return False
        if draft.publish_at is not None and draft.publish_at <= held.now:
            publish(held, draft)
        elif draft.hold_until is not None and draft.hold_until <= held.now:
            discard(held, draft, why="nobody gave a second opinion in time")
        else:
            return False
        return True


def _draft(held: Locked, decision: Decision, rules: ReviewRules, *, note: str, batch_id: str | None) -> DraftRow:
    made = f"dec_{secrets.token_hex(16)}"
    return DraftRow(
        id=made,
        case_id=held.row.id,
        case_version=held.row.version,
        screening_id=held.row.screening_id,
        action=decision.action,
        reason=decision.reason,
        note=plain(note),
        policy=decision.policy,
        statement=decision.statement.model_dump_json() if decision.statement else None,
        drafted_by=decision.decided_by,
        drafted_at=held.now,
        state_before=held.case.state,
        batch_id=batch_id,
        is_sampled=is_sampled(made, rules.sample_share),
    )


def _facts(held: Locked, decision: Decision, screening: Screening) -> HoldFacts:
    named = {flag.signal for flag in screening.flags}
    known = [s.probability for s in screening.heard.signals if s.name in named and s.probability is not None]
    return HoldFacts(
        action=decision.action,
        decisions_made=store.decisions_by(held.session, decision.decided_by),
        probability=max(known, default=None),
        release_cases=case_store.count_release(held.session, held.row),
    )


def _others(held: Locked) -> list[str]:
    """Name who could give a second opinion: without anybody a hold would have no exit."""
    return [name for name in key_store.reviewers(held.session) if name != held.actor.name]


def _hold(held: Locked, draft: DraftRow, decision: Decision, asked: tuple[HoldRule, ...], rules: ReviewRules) -> None:
    after = machine.draft(held.case, decision, is_held=True)
    draft.hold_codes = " ".join(rule.code for rule in asked)
    draft.hold_until = held.now + timedelta(hours=rules.hold_hours)
    held.keep(draft)
    held.session.add(sample(draft, SampleKind.HOLD, held.now))
    titles = [rule.title for rule in asked]
    held.advance(after, EventKind.DECISION_HELD, decision=draft.id, rules=titles, until=draft.hold_until.isoformat())


def _wait(held: Locked, draft: DraftRow, decision: Decision, window: timedelta, more: dict[str, Any]) -> None:
    after = machine.draft(held.case, decision, is_held=False)
    draft.publish_at = held.now + window
    held.keep(draft)
    told: dict[str, Any] = {"decision": draft.id, "action": draft.action, "reason": draft.reason, **more}
    held.advance(after, EventKind.DECISION_DRAFTED, publish_at=draft.publish_at.isoformat(), **told)


def _decision(draft: DraftRow, now: datetime) -> Decision:
    return Decision(
        action=Action(draft.action),
        reason=draft.reason,
        policy=draft.policy,
        decided_by=draft.drafted_by,
        decided_at=now,
        statement=StatementOfReasons.model_validate_json(draft.statement) if draft.statement else None,
    )


def _decision_row(draft: DraftRow, now: datetime) -> DecisionRow:
    kept = draft.model_dump(include={*DecisionRow.model_fields} - {"decided_by", "decided_at"})
    return DecisionRow(**kept, decided_by=draft.drafted_by, decided_at=now)
