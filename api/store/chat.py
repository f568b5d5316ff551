"""Channels, approvals, linked chat users and requests that were taken."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from api.store.filters import conditions
from api.tables import (
    ApiKeyRow,
    ApprovalRow,
    CaseRow,
    ChannelRow,
    ChatCodeRow,
    ChatLinkRow,
    ChatRequestRow,
)
from schemas.filters import parse


def channels(session: Session) -> dict[str, ChannelRow]:
    """Read all channels by their webhook."""
    return {row.webhook_id: row for row in session.exec(select(ChannelRow))}


def matches(session: Session, case_id: str, text: str, now: datetime) -> bool:
    """Whether a case matches a channel's filter."""
    query = select(CaseRow.id).where(col(CaseRow.id) == case_id, *conditions(parse(text), viewer="", now=now))
    return session.exec(query).first() is not None


def approval(session: Session, approval_id: str) -> ApprovalRow | None:
    """Read an approval as the database has it now."""
    query = select(ApprovalRow).where(col(ApprovalRow.id) == approval_id)
    return session.exec(query.execution_options(populate_existing=True)).first()


def spend(session: Session, approval_id: str, by: str, now: datetime) -> bool:
    """Use an approval up; of two who do so at once one hears False."""
    fresh = (col(ApprovalRow.used_at).is_(None), col(ApprovalRow.expires_at) > now)
    wanted = update(ApprovalRow).where(col(ApprovalRow.id) == approval_id, *fresh)
    found = session.execute(wanted.values(used_at=now, used_by=by).returning(col(ApprovalRow.id)))
    return found.first() is not None


def give_back(session: Session, approval_id: str) -> None:
    """Let an approval be used after all: what it was spent on was refused."""
    wanted = update(ApprovalRow).where(col(ApprovalRow.id) == approval_id)
    session.execute(wanted.values(used_at=None, used_by=""))


def link(session: Session, team_id: str, user_id: str) -> tuple[ChatLinkRow, ApiKeyRow] | None:
    """Find whose key stands for a chat user; None where nobody's does, or it is revoked."""
    query = (
        select(ChatLinkRow, ApiKeyRow)
        .join(ApiKeyRow, col(ApiKeyRow.id) == col(ChatLinkRow.key_id))
        .where(
            col(ChatLinkRow.team_id) == team_id,
            col(ChatLinkRow.user_id) == user_id,
            col(ApiKeyRow.revoked_at).is_(None),
        )
    )
    return session.exec(query).first()


def links_of(session: Session, key_id: str) -> Sequence[ChatLinkRow]:
    """Read the chat users that a key stands for."""
    query = select(ChatLinkRow).where(col(ChatLinkRow.key_id) == key_id)
    return session.exec(query.order_by(col(ChatLinkRow.linked_at), col(ChatLinkRow.user_id))).all()


def code(session: Session, digest: str) -> ChatCodeRow | None:
    """Read a code for use: of two uses at once the second sees the first."""
    return session.exec(select(ChatCodeRow).where(col(ChatCodeRow.digest) == digest).with_for_update()).first()


def take(session: Session, digest: str, now: datetime, *, forget_before: datetime) -> bool:
    """Note a request; False where the same one was taken before."""
    session.execute(delete(ChatRequestRow).where(col(ChatRequestRow.received_at) < forget_before))
    session.add(ChatRequestRow(digest=digest, received_at=now))
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        return False
    return True
