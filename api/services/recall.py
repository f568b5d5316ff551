"""Take back a model, a rule or a policy: find every decision that it touched, look at each again, tell the labels.

Nothing is reversed by machine: a case is reopened and a person decides anew. A decision that is not published yet is
undone; a case whose last decision rests on other evidence is left alone and listed. Open appeals stay open: their
answer finds the case wherever it then stands. Each case is a transaction of its own, so that a large recall that is
stopped can be made again and goes on where it ended.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from api.public_policies import RecallCreate, RecalledCase, RecallPublic, RecallsPublic
from api.services import clock, drafts
from api.services.access import Actor, Permission, require_permission
from api.services.locking import lock
from api.services.texts import plain
from api.store import drafts as draft_store
from api.store import events
from api.store import recalls as store
from api.store.database import Database
from api.store.recalls import Touched
from api.tables import RecallItemRow, RecallRow
from schemas import cases as machine
from schemas.cases import CaseState
from schemas.errors import NotFound
from schemas.events import EventKind
from schemas.steering import Outcome, RecallKind

LISTED = 1000
NEWEST = 100


def recall(db: Database, actor: Actor, wanted: RecallCreate) -> RecallPublic:
    """Reopen every case whose last decision rests on the subject; a dry run only says what would become of each."""
    require_permission(actor, Permission.STEER)
    drafts.publish_due(db)
    with db.snapshot() as session:
        found = [
            one
            for one in _last_of_case(session, store.touched(session, wanted.kind, wanted.subject))
            if one.is_flagged or not wanted.only_flagged
        ]
        if wanted.dry_run:
            return _planned(session, actor, wanted, found)
    row = _begin(db, actor, wanted)
    outcomes = Counter(_take_back(db, actor, row, one) for one in found)
    with db.write() as session:
        told = {"recall": row.id, "what": row.kind, "subject": row.subject, "reason": row.reason}
        events.record(session, EventKind.RECALLED, actor=actor.name, at=clock.now(), **told, cases=dict(outcomes))
    return view(db, actor, row.id)


def view(db: Database, actor: Actor, recall_id: str) -> RecallPublic:
    """Read a recall: what became of each case."""
    require_permission(actor, Permission.OVERSEE)
    with db.read() as session:
        row = store.find(session, recall_id)
        if row is None:
            raise NotFound(f"There is no recall {recall_id[:80]}.")
        items = store.items(session, recall_id, LISTED)
        listed = [(Touched(i.case_id, i.decision_id, "", i.is_flagged), Outcome(i.outcome)) for i in items]
        return _public(session, row, store.counts(session, recall_id), listed)


def newest(db: Database, actor: Actor) -> RecallsPublic:
    """List recalls, newest first."""
    require_permission(actor, Permission.OVERSEE)
    with db.read() as session:
        rows = store.newest(session, NEWEST)
        return RecallsPublic(recalls=tuple(_public(session, row, store.counts(session, row.id), ()) for row in rows))


def _last_of_case(session: Session, found: Sequence[Touched]) -> list[Touched]:
    """Keep one decision of each case: its draft, or its last that is touched."""
    last = store.last_decisions(session, [one.case_id for one in found])
    by_case: dict[str, Touched] = {}
    for one in found:
        if one.case_id not in by_case or one.decision_id == last.get(one.case_id):
            by_case[one.case_id] = one
    return list(by_case.values())


def _begin(db: Database, actor: Actor, wanted: RecallCreate) -> RecallRow:
    with db.write() as session:
        row = RecallRow(
            id=f"rcl_{secrets.token_hex(16)}",
            kind=wanted.kind,
            subject=plain(wanted.subject),
            reason=plain(wanted.reason),
            made_by=actor.name,
            made_at=clock.now(),
        )
        session.add(row)
    return row


def _take_back(db: Database, actor: Actor, row: RecallRow, one: Touched) -> Outcome:
    with db.write() as session:
        held = lock(session, actor, one.case_id)
        outcome = _outcome(session, held.case.state, one)
        why = plain(f"Recall of {row.kind} {row.subject}: {row.reason}")
        if outcome is Outcome.UNDONE:
            draft = draft_store.of_case(session, one.case_id)
            if draft is not None:
                drafts.discard(held, draft, why=why)
        elif outcome is Outcome.REOPENED:
            held.advance(machine.reopen(held.case), EventKind.CASE_REOPENED, reason=why, recall=row.id)
        session.add(
            RecallItemRow(
                recall_id=row.id,
                case_id=one.case_id,
                decision_id=one.decision_id,
                is_flagged=one.is_flagged,
                outcome=outcome,
            )
        )
        return outcome


def _outcome(session: Session, state: CaseState, one: Touched) -> Outcome:
    if state is CaseState.OPEN:
        return Outcome.OPEN
    if state.has_draft:
        draft = draft_store.of_case(session, one.case_id)
        return Outcome.UNDONE if draft is not None and draft.id == one.decision_id else Outcome.DECIDED_ANEW
    is_last = store.last_decisions(session, [one.case_id]).get(one.case_id) == one.decision_id
    return Outcome.REOPENED if is_last else Outcome.DECIDED_ANEW


def _planned(session: Session, actor: Actor, wanted: RecallCreate, found: Sequence[Touched]) -> RecallPublic:
    cases = store.described(session, [one.case_id for one in found])
    planned = [(one, _outcome(session, CaseState(cases[one.case_id].state), one)) for one in found]
    row = RecallRow(
        id="", kind=wanted.kind, subject=wanted.subject, reason=wanted.reason, made_by=actor.name, made_at=clock.now()
    )
    return _public(session, row, Counter(str(outcome) for _, outcome in planned), planned[:LISTED])


def _public(
    session: Session, row: RecallRow, counts: dict[str, int], listed: Sequence[tuple[Touched, Outcome]]
) -> RecallPublic:
    cases = store.described(session, [one.case_id for one, _ in listed])
    actions = store.actions(session, [one.decision_id for one, _ in listed])
    made_at: datetime = row.made_at
    return RecallPublic(
        id=row.id,
        kind=RecallKind(row.kind),
        subject=row.subject,
        reason=row.reason,
        made_by=row.made_by,
        made_at=made_at,
        counts={str(outcome): number for outcome, number in sorted(counts.items())},
        decisions=sum(counts.values()),
        cases=tuple(
            RecalledCase(
                case_id=one.case_id,
                decision_id=one.decision_id,
                title=cases[one.case_id].title,
                artist=cases[one.case_id].artist,
                action=actions.get(one.decision_id, "undone"),
                is_flagged=one.is_flagged,
                outcome=outcome,
            )
            for one, outcome in listed
        ),
    )
