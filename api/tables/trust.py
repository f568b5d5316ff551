"""What trust rests on: the chain's head, the outbox, drafts, second opinions and batches."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from api.tables.base import BIG_KEY, Table, at, one_of
from schemas.cases import Action, CaseState
from schemas.review import ItemStatus, SampleKind

OUTBOX_STATUS = ("waiting", "done", "dead")


class ChainHeadRow(Table, table=True):
    """Where the chain of events ends: who appends locks this row, so that two events never follow the same one."""

    __tablename__ = "chain_head"

    name: str = Field(primary_key=True)
    seq: int = Field(sa_type=BIG_KEY)
    hash: str


class OutboxRow(Table, table=True):
    """An event that has to leave the house, once per kind of target; written with the event."""

    __tablename__ = "outbox"
    __table_args__ = (one_of("status", OUTBOX_STATUS), Index(None, "target", "status", "next_at"))

    event_seq: int = Field(primary_key=True, foreign_key="event.seq", sa_type=BIG_KEY)
    target: str = Field(primary_key=True)
    status: str = "waiting"
    attempts: int = 0
    next_at: datetime = at()
    problem: str = Field(default="", sa_type=Text)


class DraftRow(Table, table=True):
    """A decision that has no effect yet: its time to undo runs, or a second person has to look.

    ``id`` becomes the decision's. ``publish_at`` is None while a second opinion is awaited; ``is_sampled`` says that
    somebody looks at it again when it is published.
    """

    __tablename__ = "draft"
    __table_args__ = (
        one_of("action", Action),
        one_of("state_before", CaseState),
        Index(None, "publish_at"),
        Index(None, "batch_id"),
    )

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="case.id", unique=True)
    case_version: int
    screening_id: str = Field(foreign_key="screening.id")
    action: str
    reason: str = Field(sa_type=Text)
    note: str = Field(default="", sa_type=Text)
    policy: str
    statement: str | None = Field(default=None, sa_type=Text)
    drafted_by: str
    drafted_at: datetime = at()
    publish_at: datetime | None = at(default=None)
    hold_codes: str = ""
    hold_until: datetime | None = at(default=None)
    confirmed_by: str | None = None
    state_before: str
    batch_id: str | None = None
    is_sampled: bool = False


class SampleRow(Table, table=True):
    """A case that somebody looks at blindly: a golden item, a sample of decisions, or one that is held."""

    __tablename__ = "review_sample"
    __table_args__ = (
        one_of("kind", SampleKind),
        one_of("action", Action),
        Index(None, "closed_at", "created_at", "id"),
        Index(None, "case_id"),
    )

    id: str = Field(primary_key=True)
    kind: str
    case_id: str = Field(foreign_key="case.id")
    screening_id: str = Field(foreign_key="screening.id")
    policy: str
    action: str
    made_by: str
    created_at: datetime = at()
    closed_at: datetime | None = at(default=None)


class OpinionRow(Table, table=True):
    """What one person said about a sample, without knowing what others said."""

    __tablename__ = "opinion"
    __table_args__ = (one_of("action", Action),)

    sample_id: str = Field(primary_key=True, foreign_key="review_sample.id")
    reviewer: str = Field(primary_key=True)
    action: str
    reason: str = Field(sa_type=Text)
    given_at: datetime = at()


class BatchRow(Table, table=True):
    """One decision on many cases: previewed, then applied, then for a while undone at once."""

    __tablename__ = "batch"
    __table_args__ = (one_of("action", Action), Index(None, "made_at", "id"))

    id: str = Field(primary_key=True)
    about: str = Field(sa_type=Text)
    action: str
    reason: str = Field(sa_type=Text)
    note: str = Field(default="", sa_type=Text)
    statement: str | None = Field(default=None, sa_type=Text)
    made_by: str
    made_at: datetime = at()
    applied_at: datetime | None = at(default=None)
    undone_at: datetime | None = at(default=None)


class BatchItemRow(Table, table=True):
    """One case of a batch: the version that was previewed, and what became of it."""

    __tablename__ = "batch_item"
    __table_args__ = (
        one_of("status", ItemStatus),
        CheckConstraint("action IS NOT NULL OR status = 'excepted'", name="excepted"),
    )

    batch_id: str = Field(primary_key=True, foreign_key="batch.id")
    position: int = Field(primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    version: int
    action: str | None = None
    reason: str = Field(default="", sa_type=Text)
    status: str
    detail: str = Field(default="", sa_type=Text)
