"""What the reversal of a decision gives back: the one recording it was about, and a list of what stays."""

import json
import secrets
from datetime import datetime

from sqlmodel import Session

from api.services.access import Actor
from api.services.texts import plain
from api.store import appeals as store
from api.store import cases as case_store
from api.store import events
from api.tables import CaseRow, DecisionRow
from schemas import cases as machine
from schemas.appeals import Reinstated, ReinstatedRecording
from schemas.cases import Action, CaseState, Decision
from schemas.errors import NotFound
from schemas.events import EventKind

MAX_REASON = 5000


def reverse(
    session: Session, actor: Actor, decision: DecisionRow, *, appeal_id: str, reply: str, now: datetime
) -> tuple[Reinstated, str | None]:
    """End what a decision restricts.

    Where the decision is the case's last word, a new one that approves takes its place at once. Where somebody
    decided again since, or the case is open, that stands for reasons of its own and is listed as such.

    Returns
    -------
    tuple
        What is given back and what still restricts; the id of the new decision, if one was needed.
    """
    case = case_store.lock(session, decision.case_id)
    if case is None:
        raise NotFound(f"There is no case {decision.case_id}.")
    last = store.last_decision(session, case.id)
    is_last_word = last is not None and last.id == decision.id and case.state == CaseState.DECIDED
    made = _approve(session, actor, case, appeal_id=appeal_id, reply=reply, now=now) if is_last_word else None
    beside = [_recording(session, one, its) for one, its in store.restricted_beside(session, case)]
    if last is not None and last.id != decision.id and _restricts(case, last):
        beside.insert(0, _recording(session, case, last))
    given_back = () if beside and beside[0].case_id == case.id else (_recording(session, case, decision),)
    return Reinstated(recordings=given_back, still_restricted=tuple(beside)), made


def _restricts(case: CaseRow, decision: DecisionRow) -> bool:
    return case.state == CaseState.DECIDED and Action(decision.action).is_restricting


def _approve(session: Session, actor: Actor, case: CaseRow, *, appeal_id: str, reply: str, now: datetime) -> str:
    reopened = machine.reopen(case_store.to_case(case))
    version = reopened.version
    decision = Decision(
        action=Action.APPROVE,
        reason=plain(f"On appeal: {reply}", MAX_REASON),
        policy=_policy(session, case),
        decided_by=actor.name,
        decided_at=now,
    )
    after = machine.decide(reopened, decision)
    row = DecisionRow(
        id=f"dec_{secrets.token_hex(16)}",
        case_id=case.id,
        case_version=version,
        screening_id=case.screening_id,
        action=decision.action,
        reason=decision.reason,
        note=f"Appeal {appeal_id}",
        policy=decision.policy,
        decided_by=actor.name,
        decided_at=now,
    )
    case_store.add_decision(session, row)
    case_store.put(case, after, by=actor.name, at=now)
    session.add(case)
    session.flush()
    about = {"version": after.version, "decision": row.id, "action": row.action, "reason": row.reason}
    events.record(session, EventKind.CASE_DECIDED, actor=actor.name, at=now, case_id=case.id, appeal=appeal_id, **about)
    return row.id


def _policy(session: Session, case: CaseRow) -> str:
    last = store.last_decision(session, case.id)
    return last.policy if last else ""


def _recording(session: Session, case: CaseRow, decision: DecisionRow) -> ReinstatedRecording:
    statement = json.loads(decision.statement) if decision.statement else {}
    return ReinstatedRecording(
        case_id=case.id,
        decision_id=decision.id,
        title=case.title,
        artist=case.artist,
        isrc=case.isrc,
        action=Action(decision.action),
        territories=tuple(statement.get("territories", ())),
        deliveries=store.deliveries_of(session, case.id),
    )
