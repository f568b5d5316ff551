"""The tables. They never leave this package: routes take ``*Create`` and give ``*Public`` models.

A ``table=True`` model does not validate, so every closed set of values is a CHECK constraint too.
Long-lived documents (screenings, event payloads, statements) are JSON text as pydantic writes it.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from api.services.access import Role
from schemas.cases import Action, CaseState
from schemas.flags import FlagSeverity
from schemas.screening import SubjectKind

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


BIG_KEY = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what it calls INTEGER


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC: SQLite forgets the zone, PostgreSQL answers in the session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a naive time is a mistake in the caller."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError(f"naive datetime {value}")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(column: str, values: type[Role | Action | CaseState | FlagSeverity | SubjectKind]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _at(**more: Any) -> Any:
    return Field(sa_type=UtcDateTime, **more)


class Table(SQLModel):
    """Base of all tables: constraints have predictable names, so that migrations can name them."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


class AccountRow(Table, table=True):
    """A label's account: what transport delivered through, and whose cases it may see."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 64", name="name"),)

    name: str = Field(primary_key=True)
    created_at: datetime = _at()


class AccountDpidRow(Table, table=True):
    """A DPID that belongs to one account alone."""

    __tablename__ = "account_dpid"

    dpid: str = Field(primary_key=True)
    account: str = Field(foreign_key="account.name", index=True)


class ApiKeyRow(Table, table=True):
    """A key: its SHA-256 alone is kept, the token is 256 random bits."""

    __tablename__ = "api_key"
    __table_args__ = (
        _one_of("role", Role),
        CheckConstraint("role <> 'label' OR account IS NOT NULL", name="label_has_account"),
    )

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    prefix: str
    digest: str = Field(unique=True)
    role: str
    account: str | None = Field(default=None, foreign_key="account.name")
    created_at: datetime = _at()
    revoked_at: datetime | None = _at(default=None)
    last_used_at: datetime | None = _at(default=None)


class SignInTokenRow(Table, table=True):
    """A one-time sign-in link."""

    __tablename__ = "sign_in_token"

    digest: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="api_key.id")
    created_at: datetime = _at()
    expires_at: datetime = _at()
    used_at: datetime | None = _at(default=None)


class SessionRow(Table, table=True):
    """A console session of the person who holds a key."""

    __tablename__ = "session"

    digest: str = Field(primary_key=True)
    key_id: str = Field(foreign_key="api_key.id")
    csrf_token: str
    created_at: datetime = _at()
    expires_at: datetime = _at()
    ended_at: datetime | None = _at(default=None)


class DeliveryRow(Table, table=True):
    """A delivery that came in over HTTP; ``folder`` is relative to the landing zone."""

    __tablename__ = "delivery"
    __table_args__ = (Index(None, "account", "received_at", "id"),)

    id: str = Field(primary_key=True)
    account: str
    folder: str = Field(unique=True)
    message: str
    files: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    received_by: str
    received_at: datetime = _at()


class ScreeningRow(Table, table=True):
    """A screening: its document as received, and what is searched for as columns."""

    __tablename__ = "screening"
    __table_args__ = (_one_of("kind", SubjectKind),)

    id: str = Field(primary_key=True)
    recording_key: str = Field(index=True)
    source_key: str
    kind: str
    delivery_id: str | None = Field(default=None, foreign_key="delivery.id", index=True)
    account: str = ""
    sender_id: str = ""
    audio_uri: str | None = Field(default=None, sa_type=Text)
    isrc: str = Field(default="", index=True)
    case_id: str | None = Field(default=None, index=True)
    codes: str = ""
    screened_at: datetime = _at()
    received_at: datetime = _at()
    document: str = Field(sa_type=Text)


class FlagRow(Table, table=True):
    """A flag of a screening, for filters; the screening's document holds all of it."""

    __tablename__ = "flag"
    __table_args__ = (_one_of("severity", FlagSeverity), Index(None, "code"))

    screening_id: str = Field(primary_key=True, foreign_key="screening.id")
    position: int = Field(primary_key=True)
    code: str
    severity: str
    title: str


class CaseRow(Table, table=True):
    """A case: one per recording and transport account.

    The account is part of the identity because a message's sender is a claim: a delivery by another
    account that names the same sender and ISRC must not touch, nor see, the first account's case.
    """

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("recording_key", "account"),
        _one_of("kind", SubjectKind),
        _one_of("state", CaseState),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("priority >= 0", name="priority"),
        CheckConstraint("(claim_holder IS NULL) = (claim_expires_at IS NULL)", name="claim"),
        Index(None, "state", "priority", "opened_at", "id"),
        Index(None, "account", "sender_id"),
    )

    id: str = Field(primary_key=True)
    recording_key: str
    account: str = ""
    kind: str
    state: str
    priority: int
    severity: str | None = None
    version: int = 1
    claim_holder: str | None = None
    claim_expires_at: datetime | None = _at(default=None)
    screening_id: str = Field(foreign_key="screening.id")
    codes: str = ""
    title: str = ""
    artist: str = ""
    isrc: str = ""
    sender_id: str = ""
    sender_name: str = ""
    release_key: str = ""
    opened_at: datetime = _at()
    updated_at: datetime = _at()
    updated_by: str


class DecisionRow(Table, table=True):
    """A decision, frozen with its statement of reasons: triggers refuse changes."""

    __tablename__ = "decision"
    __table_args__ = (_one_of("action", Action), UniqueConstraint("case_id", "case_version"))

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case.id")
    case_version: int
    screening_id: str = Field(foreign_key="screening.id")
    action: str
    reason: str = Field(sa_type=Text)
    note: str = Field(default="", sa_type=Text)
    policy: str
    decided_by: str
    decided_at: datetime = _at()
    statement: str | None = Field(default=None, sa_type=Text)


class EventRow(Table, table=True):
    """What happened, in order: triggers refuse every change but an addition."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "case_id", "seq"),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=BIG_KEY)
    case_id: str | None = None
    kind: str
    actor: str
    at: datetime = _at()
    payload: str = Field(default="{}", sa_type=Text)


class AudioRootRow(Table, table=True):
    """A folder that audio may be played from, named by a command on this machine."""

    __tablename__ = "audio_root"

    path: str = Field(primary_key=True)
    added_at: datetime = _at()
