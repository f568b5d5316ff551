"""Appeals, their notes and proofs: rows in and out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from api.public_appeals import AppealFilters
from api.services.access import Actor
from api.store.cases import visible
from api.tables import AppealNoteRow, AppealRow, AttachmentRow, CaseRow, DecisionRow, ScreeningRow
from schemas.appeals import AppealState
from schemas.cases import Action, CaseState


def find(session: Session, appeal_id: str) -> AppealRow | None:
    """Read an appeal."""
    return session.get(AppealRow, appeal_id)


def lock(session: Session, appeal_id: str) -> AppealRow | None:
    """Read an appeal for change; others who want to change it wait."""
    return session.exec(select(AppealRow).where(col(AppealRow.id) == appeal_id).with_for_update()).first()


def of_decision(session: Session, decision_id: str, party: str) -> AppealRow | None:
    """Find the appeal of a party against a decision."""
    wanted = (col(AppealRow.decision_id) == decision_id, col(AppealRow.party) == party)
    return session.exec(select(AppealRow).where(*wanted)).first()


def decision(session: Session, decision_id: str) -> DecisionRow | None:
    """Read a decision."""
    return session.get(DecisionRow, decision_id)


def last_decision(session: Session, case_id: str) -> DecisionRow | None:
    """Read the last decision on a case."""
    query = select(DecisionRow).where(col(DecisionRow.case_id) == case_id)
    return session.exec(query.order_by(col(DecisionRow.case_version).desc()).limit(1)).first()


def page(session: Session, actor: Actor, filters: AppealFilters, now: datetime) -> list[AppealRow]:
    """Read one more than a page."""
    order, ident = (AppealRow.due_at, AppealRow.id)
    query = select(AppealRow).where(*_conditions(actor, filters, now))
    last = find(session, filters.cursor) if filters.cursor else None
    if filters.order == "newest":
        if last is not None:
            same = and_(col(AppealRow.received_at) == last.received_at, col(ident) < last.id)
            query = query.where(or_(col(AppealRow.received_at) < last.received_at, same))
        query = query.order_by(col(AppealRow.received_at).desc(), col(ident).desc())
    else:
        if last is not None:
            same = and_(col(order) == last.due_at, col(ident) > last.id)
            query = query.where(or_(col(order) > last.due_at, same))
        query = query.order_by(col(order), col(ident))
    return list(session.exec(query.limit(filters.limit + 1)))


def count(session: Session, actor: Actor, filters: AppealFilters, now: datetime) -> int:
    """Count the appeals that match."""
    return session.exec(select(func.count()).select_from(AppealRow).where(*_conditions(actor, filters, now))).one()


def notes(session: Session, appeal_id: str) -> Sequence[AppealNoteRow]:
    """Read the notes, oldest first."""
    query = select(AppealNoteRow).where(col(AppealNoteRow.appeal_id) == appeal_id)
    return session.exec(query.order_by(col(AppealNoteRow.at), col(AppealNoteRow.id))).all()


def attachments(session: Session, appeal_id: str) -> Sequence[AttachmentRow]:
    """Read the proofs, oldest first."""
    query = select(AttachmentRow).where(col(AttachmentRow.appeal_id) == appeal_id)
    return session.exec(query.order_by(col(AttachmentRow.added_at), col(AttachmentRow.id))).all()


def cases_of(session: Session, rows: Sequence[AppealRow]) -> dict[str, CaseRow]:
    """Read the cases that appeals are about, by id."""
    wanted = {row.case_id for row in rows}
    return {row.id: row for row in session.exec(select(CaseRow).where(col(CaseRow.id).in_(wanted)))}


def decisions_of(session: Session, rows: Sequence[AppealRow]) -> dict[str, DecisionRow]:
    """Read the decisions that appeals are against, by id."""
    wanted = {row.decision_id for row in rows}
    return {row.id: row for row in session.exec(select(DecisionRow).where(col(DecisionRow.id).in_(wanted)))}


def deliveries_of(session: Session, case_id: str) -> tuple[str, ...]:
    """Name the deliveries that a case's recording came in."""
    query = select(ScreeningRow.delivery_id).where(
        col(ScreeningRow.case_id) == case_id, col(ScreeningRow.delivery_id).is_not(None)
    )
    return tuple(dict.fromkeys(one for one in session.exec(query.order_by(col(ScreeningRow.received_at))) if one))


def restricted_beside(session: Session, case: CaseRow) -> list[tuple[CaseRow, DecisionRow]]:
    """Find other recordings of the same release and account that a decision restricts."""
    if not case.release_key:
        return []
    query = select(CaseRow).where(
        col(CaseRow.release_key) == case.release_key,
        col(CaseRow.account) == case.account,
        col(CaseRow.sender_id) == case.sender_id,
        col(CaseRow.id) != case.id,
        col(CaseRow.state) == CaseState.DECIDED,
    )
    found = ((one, last_decision(session, one.id)) for one in session.exec(query.order_by(col(CaseRow.id))))
    return [(one, last) for one, last in found if last is not None and Action(last.action).is_restricting]


def _conditions(actor: Actor, filters: AppealFilters, now: datetime) -> list[ColumnElement[bool]]:
    found = [visible(actor, AppealRow.account, AppealRow.sender_id)]
    for column, wanted in (
        (AppealRow.state, filters.state),
        (AppealRow.outcome, filters.outcome),
        (AppealRow.account, filters.account),
        (AppealRow.case_id, filters.case_id),
    ):
        if wanted:
            found.append(col(column) == wanted)
    if filters.late:
        found += [col(AppealRow.state) == AppealState.OPEN, col(AppealRow.due_at) < now]
    if filters.mine:
        own = select(DecisionRow.id).where(col(DecisionRow.decided_by) == actor.name)
        found += [col(AppealRow.state) == AppealState.OPEN, col(AppealRow.decision_id).not_in(own)]
    return found
