"""Policies and what is learned: versions, shadows, recalls, and counts by day."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, Text, text
from sqlmodel import Field

from api.tables.base import Table, at, one_of
from schemas.steering import Outcome, RecallKind, VersionKind, VersionState


class PolicyRow(Table, table=True):
    """A version of a policy, or of the model in use: its text never changes once it is no draft.

    ``simulation`` is the effect as it was simulated for exactly this text; nothing goes live without one.
    """

    __tablename__ = "policy_version"
    __table_args__ = (
        one_of("kind", VersionKind),
        one_of("state", VersionState),
        CheckConstraint("version >= 1", name="version"),
        Index(None, "kind", "state"),
        Index(
            "ix_policy_version_one_live",
            "kind",
            unique=True,
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
        Index(None, "ref"),
    )

    id: str = Field(primary_key=True)
    kind: str
    ref: str
    text: str = Field(sa_type=Text)
    why: str = Field(default="", sa_type=Text)
    state: str
    version: int = 1
    author: str
    made_at: datetime = at()
    updated_by: str
    updated_at: datetime = at()
    simulation: str | None = Field(default=None, sa_type=Text)
    approved_by: str | None = None
    live_at: datetime | None = at(default=None)
    retired_at: datetime | None = at(default=None)


class ShadowRow(Table, table=True):
    """What a shadowed policy would have flagged: kept apart from flags, and never shown as one."""

    __tablename__ = "shadow_judgement"

    version_id: str = Field(primary_key=True, foreign_key="policy_version.id")
    screening_id: str = Field(primary_key=True, foreign_key="screening.id")
    live_codes: str = ""
    codes: str = ""
    at: datetime = at()


class RecallRow(Table, table=True):
    """A model, rule or policy that is taken back: every decision that it touched is looked at again."""

    __tablename__ = "recall"
    __table_args__ = (one_of("kind", RecallKind), Index(None, "made_at"))

    id: str = Field(primary_key=True)
    kind: str
    subject: str
    reason: str = Field(sa_type=Text)
    made_by: str
    made_at: datetime = at()


class RecallItemRow(Table, table=True):
    """One case of a recall, and what became of it."""

    __tablename__ = "recall_item"
    __table_args__ = (one_of("outcome", Outcome),)

    recall_id: str = Field(primary_key=True, foreign_key="recall.id")
    case_id: str = Field(primary_key=True, foreign_key="case.id")
    decision_id: str
    is_flagged: bool
    outcome: str


class ModelDayRow(Table, table=True):
    """How many screenings a model saw on a day, and how many got a flag that rests on it."""

    __tablename__ = "model_day"
    __table_args__ = (CheckConstraint("flagged <= screenings", name="flagged"),)

    day: date = Field(primary_key=True, sa_type=Date)
    model: str = Field(primary_key=True)
    screenings: int
    flagged: int
