"""Appeals with their proofs, uploads on their way, and webhooks with what they are owed."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field

from api.tables.base import Table, at, one_of
from schemas.appeals import AppealState, AttachmentKind, Outcome, Party

DELIVERY_STATES = ("pending", "delivered", "dead")


class AppealRow(Table, table=True):
    """An appeal against a decision: one for each party, whatever became of it."""

    __tablename__ = "appeal"
    __table_args__ = (
        UniqueConstraint("decision_id", "party"),
        one_of("party", Party),
        one_of("state", AppealState),
        one_of("outcome", Outcome),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("(state = 'decided') = (outcome IS NOT NULL)", name="decided"),
        Index(None, "state", "due_at", "id"),
        Index(None, "account", "received_at"),
    )

    id: str = Field(primary_key=True)
    decision_id: str = Field(foreign_key="decision.id")
    case_id: str = Field(foreign_key="case.id", index=True)
    account: str = ""
    sender_id: str = ""
    party: str
    creator: str = ""
    text: str = Field(sa_type=Text)
    state: str
    version: int = 1
    received_by: str
    received_at: datetime = at()
    due_at: datetime = at()
    updated_by: str
    updated_at: datetime = at()
    outcome: str | None = None
    reply: str = Field(default="", sa_type=Text)
    decided_by: str | None = None
    decided_at: datetime | None = at(default=None)
    outcome_decision_id: str | None = Field(default=None, foreign_key="decision.id")
    reinstated: str = Field(default="{}", sa_type=Text)
    stems: str | None = Field(default=None, sa_type=Text)


class AppealNoteRow(Table, table=True):
    """A reviewer's note on an appeal; the appellant never reads it."""

    __tablename__ = "appeal_note"

    id: str = Field(primary_key=True)
    appeal_id: str = Field(foreign_key="appeal.id", index=True)
    author: str
    at: datetime = at()
    text: str = Field(sa_type=Text)


class CreatorLinkRow(Table, table=True):
    """A link by which a creator without an account reads one decision and appeals; its token's hash alone is kept."""

    __tablename__ = "creator_link"

    digest: str = Field(primary_key=True)
    decision_id: str = Field(foreign_key="decision.id", index=True)
    creator: str
    made_by: str
    made_at: datetime = at()
    expires_at: datetime = at()
    ended_at: datetime | None = at(default=None)


class AttachmentRow(Table, table=True):
    """A proof: its bytes lie in a folder under the row's id, never under the sender's name."""

    __tablename__ = "appeal_attachment"
    __table_args__ = (one_of("kind", AttachmentKind), CheckConstraint("size >= 0", name="size"))

    id: str = Field(primary_key=True)
    appeal_id: str = Field(foreign_key="appeal.id", index=True)
    kind: str
    name: str
    size: int = Field(sa_type=BigInteger)
    sha256: str
    added_by: str
    added_at: datetime = at()


class DeliveryDraftRow(Table, table=True):
    """A delivery that a label is putting together; ``delivery_id`` once it is sent."""

    __tablename__ = "delivery_draft"
    __table_args__ = (Index(None, "account", "updated_at"),)

    id: str = Field(primary_key=True)
    account: str
    made_by: str
    made_at: datetime = at()
    updated_at: datetime = at()
    corrects: str | None = None
    delivery_id: str | None = None


class UploadRow(Table, table=True):
    """A file on its way: how much of it is here, the file itself says."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("(draft_id IS NULL) <> (appeal_id IS NULL)", name="target"),
        CheckConstraint("length >= 0", name="length"),
    )

    id: str = Field(primary_key=True)
    account: str
    draft_id: str | None = Field(default=None, foreign_key="delivery_draft.id", index=True)
    appeal_id: str | None = Field(default=None, foreign_key="appeal.id", index=True)
    name: str
    kind: str = ""
    length: int = Field(sa_type=BigInteger)
    made_by: str
    made_at: datetime = at()
    finished_at: datetime | None = at(default=None)


class WebhookRow(Table, table=True):
    """An address that is told what happens: https, or mailto.

    The secret is kept as it is, since every delivery is signed with it.
    """

    __tablename__ = "webhook"

    id: str = Field(primary_key=True)
    account: str | None = Field(default=None, foreign_key="account.name", index=True)
    url: str = Field(sa_type=Text)
    kinds: str = ""
    secret: str
    old_secret: str | None = None
    old_secret_until: datetime | None = at(default=None)
    made_by: str
    made_at: datetime = at()
    removed_at: datetime | None = at(default=None)
    removed_why: str = ""


class WebhookDeliveryRow(Table, table=True):
    """One message owed to one address; of several with one ``message_id`` each is for another address."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        one_of("state", DELIVERY_STATES),
        UniqueConstraint("webhook_id", "message_id"),
        Index(None, "state", "next_at"),
    )

    id: str = Field(primary_key=True)
    webhook_id: str = Field(foreign_key="webhook.id")
    message_id: str
    kind: str
    body: str = Field(sa_type=Text)
    state: str = "pending"
    attempts: int = 0
    made_at: datetime = at()
    next_at: datetime = at()
    leased_until: datetime | None = at(default=None)
    delivered_at: datetime | None = at(default=None)
    last_answer: str = Field(default="", sa_type=Text)
