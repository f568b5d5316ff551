"""Deliveries, screenings, cases, decisions and events."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field

from api.tables.base import BIG_KEY, Table, at, one_of
from schemas.cases import Action, CaseState
from schemas.flags import FlagSeverity
from schemas.screening import SubjectKind

MAIN_QUEUE = "main"


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
    received_at: datetime = at()


class ScreeningRow(Table, table=True):
    """A screening: its document as received, and what is searched for as columns."""

    __tablename__ = "screening"
    __table_args__ = (one_of("kind", SubjectKind),)

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
    screened_at: datetime = at()
    received_at: datetime = at()
    document: str = Field(sa_type=Text)


class FlagRow(Table, table=True):
    """A flag of a screening, for filters; the screening's document holds all of it.

    ``model`` is what measured or estimated what the flag rests on; empty where it rests on no sound.
    """

    __tablename__ = "flag"
    __table_args__ = (one_of("severity", FlagSeverity), Index(None, "code"), Index(None, "model"))

    screening_id: str = Field(primary_key=True, foreign_key="screening.id")
    position: int = Field(primary_key=True)
    code: str
    severity: str
    title: str
    model: str = ""


class CaseRow(Table, table=True):
    """A case: one per recording and transport account.

    The account is part of the identity because a message's sender is a claim: a delivery by another
    account that names the same sender and ISRC must not touch, nor see, the first account's case.
    """

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("recording_key", "account"),
        one_of("kind", SubjectKind),
        one_of("state", CaseState),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("priority >= 0", name="priority"),
        CheckConstraint("(claim_holder IS NULL) = (claim_expires_at IS NULL)", name="claim"),
        Index(None, "release_key", "account"),
        Index(None, "account", "sender_id"),
        Index(None, "opened_at"),
        Index(None, "state", "rank", "opened_at", "id"),
        Index(None, "queue", "state", "rank", "opened_at", "id"),
        Index(None, "queue", "state", "due_at"),
        Index(None, "account", "rank", "opened_at", "id"),
        Index(None, "claim_holder"),
    )

    id: str = Field(primary_key=True)
    recording_key: str
    account: str = ""
    kind: str
    state: str
    priority: int
    rank: float = 0.0
    queue: str = MAIN_QUEUE
    due_at: datetime | None = at(default=None)
    confidence: float = 1.0
    exposure: float = 1.0
    level: str = ""
    synthetic: float | None = None
    label: str = ""
    territories: str = Field(default="", sa_type=Text)
    sender_since: datetime | None = at(default=None)
    severity: str | None = None
    version: int = 1
    claim_holder: str | None = None
    claim_expires_at: datetime | None = at(default=None)
    claim_note: str = Field(default="", sa_type=Text)
    claim_given_by: str | None = None
    parked_by: str | None = None
    parked_until: datetime | None = at(default=None)
    park_reason: str = Field(default="", sa_type=Text)
    screening_id: str = Field(foreign_key="screening.id")
    codes: str = ""
    title: str = ""
    artist: str = ""
    isrc: str = ""
    sender_id: str = ""
    sender_name: str = ""
    release_key: str = ""
    opened_at: datetime = at()
    updated_at: datetime = at()
    updated_by: str


class CaseTextRow(Table, table=True):
    """What a case is found by: its words as `api.services.texts.folded` writes them.

    A table of its own, since cases change often and their words hardly ever: their index is costly to change.
    PostgreSQL has one of three letters (``ix_case_text_words``) where pg_trgm can be had; elsewhere all words are read.
    """

    __tablename__ = "case_text"

    case_id: str = Field(primary_key=True, foreign_key="case.id")
    words: str = Field(sa_type=Text)


class DecisionRow(Table, table=True):
    """A published decision, frozen with its statement of reasons: triggers refuse changes."""

    __tablename__ = "decision"
    __table_args__ = (
        one_of("action", Action),
        UniqueConstraint("case_id", "case_version"),
        Index(None, "decided_at"),
        Index(None, "decided_by"),
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case.id")
    case_version: int
    screening_id: str = Field(foreign_key="screening.id")
    action: str
    reason: str = Field(sa_type=Text)
    note: str = Field(default="", sa_type=Text)
    policy: str
    decided_by: str
    decided_at: datetime = at()
    statement: str | None = Field(default=None, sa_type=Text)
    confirmed_by: str | None = None
    batch_id: str | None = Field(default=None, index=True)


class EventRow(Table, table=True):
    """What happened, in order: triggers refuse every change but an addition, and each names the one before it."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "case_id", "seq"),)

    seq: int | None = Field(default=None, primary_key=True, sa_type=BIG_KEY)
    case_id: str | None = None
    kind: str
    actor: str
    at: datetime = at()
    payload: str = Field(default="{}", sa_type=Text)
    prev_hash: str = ""
    hash: str = ""


class AudioRootRow(Table, table=True):
    """A folder that audio may be played from, named by a command on this machine."""

    __tablename__ = "audio_root"

    path: str = Field(primary_key=True)
    added_at: datetime = at()
