"""Accounts, keys and sessions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from api.services.access import Role
from api.tables.base import Table, at, one_of


class AccountRow(Table, table=True):
    """A label's account: what transport delivered through, and whose cases it may see."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 64", name="name"),)

    name: str = Field(primary_key=True)
    created_at: datetime = at()


class AccountDpidRow(Table, table=True):
    """A DPID that belongs to one account alone."""

    __tablename__ = "account_dpid"

    dpid: str = Field(primary_key=True)
    account: str = Field(foreign_key="account.name", index=True)


class ApiKeyRow(Table, table=True):
    """A key: its SHA-256 alone is kept, the token is 256 random bits.

    ``scopes`` and ``queues`` narrow what the role may do and see; NULL leaves both alone. After a rotation the old
    token is good until ``old_until``.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint("role <> 'label' OR account IS NOT NULL", name="label_has_account"),
        Index(None, "old_digest", unique=True),
    )

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    prefix: str
    digest: str = Field(unique=True)
    role: str
    account: str | None = Field(default=None, foreign_key="account.name")
    created_at: datetime = at()
    revoked_at: datetime | None = at(default=None)
    last_used_at: datetime | None = at(default=None)
    scopes: str | None = None
    queues: str | None = Field(default=None, sa_type=Text)
    old_digest: str | None = None
    old_until: datetime | None = at(default=None)
    rotated_at: datetime | None = at(default=None)


class SignInTokenRow(Table, table=True):
    """A one-time sign-in link."""

    __tablename__ = "sign_in_token"

    digest: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="api_key.id")
    created_at: datetime = at()
    expires_at: datetime = at()
    used_at: datetime | None = at(default=None)


class SessionRow(Table, table=True):
    """A console session of the person who holds a key."""

    __tablename__ = "session"

    digest: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="api_key.id")
    csrf_token: str
    created_at: datetime = at()
    expires_at: datetime = at()
    ended_at: datetime | None = at(default=None)
