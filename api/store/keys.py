"""Accounts, keys, sign-in tokens and sessions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from api.services.access import Actor, Role
from api.tables import AccountDpidRow, AccountRow, ApiKeyRow, SessionRow, SignInTokenRow


def by_digest(session: Session, digest: str) -> ApiKeyRow | None:
    """Find a key that is still good by its token's hash."""
    return session.exec(
        select(ApiKeyRow).where(col(ApiKeyRow.digest) == digest, col(ApiKeyRow.revoked_at).is_(None))
    ).first()


def by_name(session: Session, name: str) -> ApiKeyRow | None:
    """Find a key, revoked or not, by its name."""
    return session.exec(select(ApiKeyRow).where(col(ApiKeyRow.name) == name)).first()


def by_id(session: Session, key_id: str) -> ApiKeyRow | None:
    """Find a key that is still good."""
    row = session.get(ApiKeyRow, key_id)
    return row if row and row.revoked_at is None else None


def touch(session: Session, key_id: str, now: datetime) -> None:
    """Note that a key was used, and nothing else of it."""
    session.execute(update(ApiKeyRow).where(col(ApiKeyRow.id) == key_id).values(last_used_at=now))


def every(session: Session) -> Sequence[ApiKeyRow]:
    """Read all keys, oldest first."""
    return session.exec(select(ApiKeyRow).order_by(col(ApiKeyRow.created_at), col(ApiKeyRow.name))).all()


def to_actor(session: Session, row: ApiKeyRow, *, csrf_token: str | None = None) -> Actor:
    """Say who the holder of a key is."""
    dpids: tuple[str, ...] = ()
    if row.account:
        found = session.exec(select(AccountDpidRow.dpid).where(col(AccountDpidRow.account) == row.account))
        dpids = tuple(found)
    return Actor(name=row.name, role=Role(row.role), account=row.account, dpids=dpids, csrf_token=csrf_token)


def ensure_account(session: Session, name: str, now: datetime) -> None:
    """Make the account unless it is there."""
    if session.get(AccountRow, name) is None:
        session.add(AccountRow(name=name, created_at=now))
        session.flush()


def owner_of(session: Session, dpid: str) -> str | None:
    """Name the account that a DPID belongs to."""
    row = session.get(AccountDpidRow, dpid)
    return row.account if row else None


def live_session(session: Session, digest: str, now: datetime) -> tuple[SessionRow, ApiKeyRow] | None:
    """Find a console session that still holds, with the key it stands for."""
    query = (
        select(SessionRow, ApiKeyRow)
        .join(ApiKeyRow, col(ApiKeyRow.id) == col(SessionRow.key_id))
        .where(
            col(SessionRow.digest) == digest,
            col(SessionRow.ended_at).is_(None),
            col(SessionRow.expires_at) > now,
            col(ApiKeyRow.revoked_at).is_(None),
        )
    )
    return session.exec(query).first()


def lock_sign_in(session: Session, digest: str) -> SignInTokenRow | None:
    """Read a sign-in token for use: of two uses at once the second sees the first."""
    return session.exec(select(SignInTokenRow).where(col(SignInTokenRow.digest) == digest).with_for_update()).first()
