"""Accounts, keys, sign-in tokens and sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import sqlalchemy
from sqlalchemy import and_, bindparam, or_, update
from sqlmodel import Session, col, select

from api.services.access import PERMISSIONS, Actor, Permission, Role
from api.store.bulk import read
from api.tables import AccountDpidRow, AccountRow, ApiKeyRow, PreferencesRow, SessionRow, SignInTokenRow


class Holder(Protocol):
    """What a key says of its holder."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def role(self) -> str: ...  # noqa: D102
    @property
    def account(self) -> str | None: ...  # noqa: D102
    @property
    def scopes(self) -> str | None: ...  # noqa: D102
    @property
    def queues(self) -> str | None: ...  # noqa: D102


class LiveSession(NamedTuple):
    """A session that still holds: its key's holder, its token against forged forms, what the person set."""

    name: str
    role: str
    account: str | None
    scopes: str | None
    queues: str | None
    csrf_token: str
    preferences: str | None


# Built once: each page asks for these, and building a statement takes as long as sending it.
_LIVE = (
    sqlalchemy.select(
        *map(col, (ApiKeyRow.name, ApiKeyRow.role, ApiKeyRow.account, ApiKeyRow.scopes, ApiKeyRow.queues)),
        col(SessionRow.csrf_token),
        col(PreferencesRow.document),
    )
    .select_from(SessionRow)
    .join(ApiKeyRow, col(ApiKeyRow.id) == col(SessionRow.key_id))
    .join(PreferencesRow, col(PreferencesRow.name) == col(ApiKeyRow.name), isouter=True)
    .where(
        col(SessionRow.digest) == bindparam("digest"),
        col(SessionRow.ended_at).is_(None),
        col(SessionRow.expires_at) > bindparam("now"),
        col(ApiKeyRow.revoked_at).is_(None),
    )
)
_REVIEWERS = (
    sqlalchemy.select(*map(col, (ApiKeyRow.name, ApiKeyRow.role, ApiKeyRow.scopes)))
    .where(col(ApiKeyRow.role).in_([role for role in Role if role.is_reviewer]), col(ApiKeyRow.revoked_at).is_(None))
    .order_by(col(ApiKeyRow.name))
)


def by_digest(session: Session, digest: str, now: datetime) -> ApiKeyRow | None:
    """Find a key that is still good by its token's hash, or by that of the token before its rotation."""
    is_old = and_(col(ApiKeyRow.old_digest) == digest, col(ApiKeyRow.old_until) > now)
    is_ours = or_(col(ApiKeyRow.digest) == digest, is_old)
    return session.exec(select(ApiKeyRow).where(is_ours, col(ApiKeyRow.revoked_at).is_(None))).first()


def reviewers(session: Session) -> list[str]:
    """Name all who may work on cases now."""
    return [name for name, role, scopes in read(session, _REVIEWERS) if _may(role, scopes, Permission.REVIEW)]


def may(row: ApiKeyRow, permission: Permission) -> bool:
    """Whether a key's role and scopes allow something."""
    return _may(row.role, row.scopes, permission)


def _may(role: str, scopes: str | None, permission: Permission) -> bool:
    is_in_scope = scopes is None or permission in scopes.split()
    return is_in_scope and permission in PERMISSIONS[Role(role)]


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


def to_actor(session: Session, row: Holder, *, csrf_token: str | None = None) -> Actor:
    """Say who the holder of a key is."""
    dpids: tuple[str, ...] = ()
    if row.account:
        found = session.exec(select(AccountDpidRow.dpid).where(col(AccountDpidRow.account) == row.account))
        dpids = tuple(found)
    return Actor(
        name=row.name,
        role=Role(row.role),
        account=row.account,
        dpids=dpids,
        csrf_token=csrf_token,
        scopes=None if row.scopes is None else frozenset(map(Permission, row.scopes.split())),
        queues=None if row.queues is None else frozenset(row.queues.split()),
    )


def ensure_account(session: Session, name: str, now: datetime) -> None:
    """Make the account unless it is there."""
    if session.get(AccountRow, name) is None:
        session.add(AccountRow(name=name, created_at=now))
        session.flush()


def owner_of(session: Session, dpid: str) -> str | None:
    """Name the account that a DPID belongs to."""
    row = session.get(AccountDpidRow, dpid)
    return row.account if row else None


def live_session(session: Session, digest: str, now: datetime) -> LiveSession | None:
    """Find a console session that still holds: whose it is, and what that person set."""
    found = read(session, _LIVE, {"digest": digest, "now": now})
    return LiveSession(*found[0]) if found else None


def lock_sign_in(session: Session, digest: str) -> SignInTokenRow | None:
    """Read a sign-in token for use: of two uses at once the second sees the first."""
    return session.exec(select(SignInTokenRow).where(col(SignInTokenRow.digest) == digest).with_for_update()).first()
