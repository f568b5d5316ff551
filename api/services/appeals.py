"""Appeals: filed by a label or, through it, by a creator; answered by somebody who did not decide before.

A reversal is a new decision on the case, made in the same transaction as the answer: what the old one
restricted is free again when the appellant reads so. Nothing here touches another recording.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from api.public_appeals import (
    AppealAnswerCreate,
    AppealCreate,
    AppealFilters,
    AppealNotePublic,
    AppealPublic,
    AppealsPage,
    AppealView,
    AttachmentPublic,
)
from api.services import clock, reinstating
from api.services.access import Actor, Role, require, require_reviewer
from api.services.redaction import MODERATION
from api.services.texts import plain
from api.settings import Settings
from api.store import appeals as store
from api.store import cases as case_store
from api.store import events
from api.store.database import Database
from api.tables import AppealNoteRow, AppealRow, CaseRow, DecisionRow
from schemas import appeals as machine
from schemas.appeals import Appeal, AppealState, Outcome, Party, Reinstated
from schemas.cases import Action
from schemas.errors import InvalidInput, InvalidTransition, NotFound, StaleAppeal
from schemas.events import EventKind
from schemas.stems import StemReport


@dataclass
class _Locked:
    """An appeal that nobody else can change until the transaction ends."""

    session: Session
    actor: Actor
    row: AppealRow
    now: datetime

    def advance(self, after: Appeal, kind: EventKind, **payload: Any) -> None:
        """Write the next state and its event."""
        self.row.state, self.row.version = after.state, after.version
        self.row.outcome, self.row.reply = after.outcome, plain(after.reply)
        self.row.updated_by, self.row.updated_at = self.actor.name, self.now
        self.session.add(self.row)
        self.tell(kind, version=after.version, **payload)

    def tell(self, kind: EventKind, **payload: Any) -> None:
        """Append an event to the case's history."""
        about = {"appeal": self.row.id, "decision": self.row.decision_id, **payload}
        events.record(self.session, kind, actor=self.actor.name, at=self.now, case_id=self.row.case_id, **about)

    def view(self) -> AppealView:
        """Show the appeal as it is now."""
        self.session.flush()
        return _view(self.session, self.actor, self.row, self.now)


def file(db: Database, actor: Actor, settings: Settings, wanted: AppealCreate) -> AppealView:
    """Appeal against a decision.

    Raises
    ------
    NotFound
        There is no such decision, or it is not about the label's own recording.
    InvalidTransition, AppealTooLate
        It restricts nothing, the party appealed already, or six months are over.
    """
    require(actor, Role.LABEL)
    if (wanted.party is Party.CREATOR) != bool(wanted.creator.strip()):
        raise InvalidInput("A creator's appeal names the creator, and no other does.", mend="See party and creator.")
    now = clock.now()
    with db.write() as session:
        decision, case = _decision(session, actor, wanted.decision_id)
        machine.refuse_appeal(Action(decision.action), decision.decided_at, now)
        if store.of_decision(session, decision.id, wanted.party) is not None:
            raise InvalidTransition(
                f"The {wanted.party} has appealed against this decision already.", mend="Add to that appeal."
            )
        row = _row(actor, wanted, case, now)
        row.due_at = now + timedelta(days=settings.appeal_days)
        session.add(row)
        session.flush()
        locked = _Locked(session, actor, row, now)
        locked.tell(EventKind.APPEAL_RECEIVED, party=row.party)
        return locked.view()


def every(db: Database, actor: Actor, filters: AppealFilters) -> AppealsPage:
    """List appeals, those due first first; a label sees its own."""
    now = clock.now()
    with db.read() as session:
        rows = store.page(session, actor, filters, now)
        shown = rows[: filters.limit]
        return AppealsPage(
            appeals=_public(session, actor, shown, now),
            total=store.count(session, actor, filters, now),
            next_cursor=shown[-1].id if len(rows) > filters.limit else None,
        )


def view(db: Database, actor: Actor, appeal_id: str) -> AppealView:
    """Read an appeal with its proofs and, for reviewers, its notes."""
    with db.read() as session:
        return _view(session, actor, _seen(actor, store.find(session, appeal_id), appeal_id), clock.now())


def answer(db: Database, actor: Actor, appeal_id: str, wanted: AppealAnswerCreate) -> AppealView:
    """Uphold or reverse a decision; a reversal gives back what it restricted, and lists it.

    Raises
    ------
    StaleAppeal, InvalidTransition, SameReviewer
        The appeal changed, is closed, or the reviewer took part in the decision.
    """
    require_reviewer(actor)
    with _locked(db, actor, appeal_id, wanted.expected_version) as locked:
        row = locked.row
        decision = store.decision(locked.session, row.decision_id)
        if decision is None:
            raise NotFound(f"There is no decision {row.decision_id}.")
        after = machine.answer(_noun(locked.session, row), by=actor.name, outcome=wanted.outcome, reply=wanted.reply)
        if wanted.outcome is Outcome.REVERSED:
            given_back, made = reinstating.reverse(
                locked.session, actor, decision, appeal_id=row.id, reply=wanted.reply, now=locked.now
            )
            row.reinstated, row.outcome_decision_id = given_back.model_dump_json(), made
        row.decided_by, row.decided_at = actor.name, locked.now
        locked.advance(after, EventKind.APPEAL_DECIDED, outcome=wanted.outcome, made=row.outcome_decision_id)
        return locked.view()


def withdraw(db: Database, actor: Actor, appeal_id: str, *, expected_version: int) -> AppealView:
    """Take an appeal back; the party does not get a second one."""
    require(actor, Role.LABEL)
    with _locked(db, actor, appeal_id, expected_version) as locked:
        locked.advance(machine.withdraw(_noun(locked.session, locked.row)), EventKind.APPEAL_WITHDRAWN)
        return locked.view()


def note(db: Database, actor: Actor, appeal_id: str, text: str) -> AppealView:
    """Add a note that only reviewers read; closed appeals take notes, too."""
    require_reviewer(actor)
    with db.write() as session:
        row = _seen(actor, store.find(session, appeal_id), appeal_id)
        now = clock.now()
        made = AppealNoteRow(
            id=f"apn_{secrets.token_hex(16)}", appeal_id=row.id, author=actor.name, at=now, text=plain(text)
        )
        session.add(made)
        locked = _Locked(session, actor, row, now)
        locked.tell(EventKind.APPEAL_NOTED)
        return locked.view()


def keep_stems(db: Database, actor: Actor, appeal_id: str, report: StemReport) -> AppealView:
    """Keep what the stems explain beside the appeal."""
    with db.write() as session:
        row = _seen(actor, store.lock(session, appeal_id), appeal_id)
        row.stems = report.model_dump_json()
        session.add(row)
        session.flush()
        return _view(session, actor, row, clock.now())


def allowed_actions(row: AppealRow, decision: DecisionRow, actor: Actor) -> tuple[str, ...]:
    """Name what the actor may do with an appeal now, so that no client needs rules of its own."""
    is_open = row.state == AppealState.OPEN
    is_label = actor.role is Role.LABEL
    is_reviewer = actor.role.is_reviewer
    offered = (
        ("answer", is_open and is_reviewer and actor.name not in _against(decision)),
        ("note", is_reviewer),
        ("attach", is_open and is_label),
        ("withdraw", is_open and is_label),
    )
    return tuple(name for name, is_allowed in offered if is_allowed)


def _decision(session: Session, actor: Actor, decision_id: str) -> tuple[DecisionRow, CaseRow]:
    decision = store.decision(session, decision_id)
    case = case_store.find(session, decision.case_id) if decision else None
    if decision is None or case is None or not actor.sees(account=case.account, sender_id=case.sender_id):
        raise NotFound(f"There is no decision {decision_id[:80]}.", mend="Look it up in your cases.")
    return decision, case


def _row(actor: Actor, wanted: AppealCreate, case: CaseRow, now: datetime) -> AppealRow:
    return AppealRow(
        id=f"apl_{secrets.token_hex(16)}",
        decision_id=wanted.decision_id,
        case_id=case.id,
        account=case.account,
        sender_id=case.sender_id,
        party=wanted.party,
        creator=plain(wanted.creator.strip()),
        text=plain(wanted.text),
        state=AppealState.OPEN,
        received_by=actor.name,
        received_at=now,
        due_at=now,
        updated_by=actor.name,
        updated_at=now,
    )


@contextmanager
def _locked(db: Database, actor: Actor, appeal_id: str, expected: int) -> Iterator[_Locked]:
    with db.write() as session:
        row = _seen(actor, store.lock(session, appeal_id), appeal_id)
        if row.version != expected:
            raise StaleAppeal(
                appeal_id,
                expected=expected,
                actual=row.version,
                changed_by=MODERATION if actor.role is Role.LABEL else row.updated_by,
                changed_at=f"{row.updated_at:%Y-%m-%d %H:%M:%S} UTC",
            )
        yield _Locked(session=session, actor=actor, row=row, now=clock.now())


def _seen(actor: Actor, row: AppealRow | None, appeal_id: str) -> AppealRow:
    if row is None or not actor.sees(account=row.account, sender_id=row.sender_id):
        raise NotFound(f"There is no appeal {appeal_id[:80]}.", mend="Look it up in the list of appeals.")
    return row


def _against(decision: DecisionRow) -> tuple[str, ...]:
    return tuple(name for name in (decision.decided_by, decision.confirmed_by) if name)


def _noun(session: Session, row: AppealRow) -> Appeal:
    decision = store.decision(session, row.decision_id)
    return Appeal(
        id=row.id,
        decision_id=row.decision_id,
        party=Party(row.party),
        state=AppealState(row.state),
        version=row.version,
        decided_against=_against(decision) if decision else (),
        due_at=row.due_at,
    )


def _view(session: Session, actor: Actor, row: AppealRow, now: datetime) -> AppealView:
    is_label = actor.role is Role.LABEL
    notes = () if is_label else store.notes(session, row.id)
    return AppealView(
        appeal=_public(session, actor, [row], now)[0],
        attachments=tuple(
            AttachmentPublic.model_validate(one.model_dump(exclude={"appeal_id", "added_by"}))
            for one in store.attachments(session, row.id)
        ),
        notes=tuple(AppealNotePublic(author=one.author, at=one.at, text=one.text) for one in notes),
        stems=StemReport.model_validate_json(row.stems) if row.stems and not is_label else None,
    )


def _public(session: Session, actor: Actor, rows: list[AppealRow], now: datetime) -> tuple[AppealPublic, ...]:
    cases, decisions = store.cases_of(session, rows), store.decisions_of(session, rows)
    return tuple(_one(row, cases[row.case_id], decisions[row.decision_id], actor, now) for row in rows)


def _one(row: AppealRow, case: CaseRow, decision: DecisionRow, actor: Actor, now: datetime) -> AppealPublic:
    is_label = actor.role is Role.LABEL
    kept = row.model_dump(exclude={"sender_id", "reinstated", "stems", "updated_by", "updated_at"})
    hidden = {"decided_by": row.decided_by and MODERATION} if is_label else {}
    return AppealPublic.model_validate(
        {
            **kept,
            **hidden,
            "title": case.title,
            "artist": case.artist,
            "isrc": case.isrc,
            "is_overdue": row.state == AppealState.OPEN and row.due_at < now,
            "decided_against": () if is_label else _against(decision),
            "reinstated": Reinstated.model_validate_json(row.reinstated),
            "allowed_actions": allowed_actions(row, decision, actor),
        }
    )
