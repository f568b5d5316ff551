"""What the API takes and gives about appeals and their proofs."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.public import MAX_PAGE, VersionCreate
from schemas.appeals import MAX_TEXT, MIN_TEXT, AppealState, AttachmentKind, Outcome, Party, Reinstated
from schemas.base import Model
from schemas.stems import StemReport

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=MIN_TEXT, max_length=MAX_TEXT)]


class AppealCreate(Model):
    """An appeal; it costs nothing.

    Attributes
    ----------
    party
        ``creator`` where the label passes on the appeal of somebody who made the recording; then ``creator``
        names them.
    text
        Why the decision is wrong.
    """

    decision_id: str = Field(max_length=100)
    text: Words
    party: Party = Party.LABEL
    creator: str = Field(default="", max_length=200)


class AppealAnswerCreate(VersionCreate):
    """What becomes of an appeal, and the reply that the appellant reads."""

    outcome: Outcome
    reply: Words


class AppealNoteCreate(Model):
    """A note for reviewers alone."""

    text: str = Field(min_length=1, max_length=5000)


class AppealNotePublic(Model):
    """A note, by whom and when."""

    author: str
    at: datetime
    text: str


class AttachmentPublic(Model):
    """A proof: its bytes are kept as they came, never opened but for stems."""

    id: str
    kind: AttachmentKind
    name: str
    size: int
    sha256: str
    added_at: datetime


class AppealPublic(Model):
    """An appeal as lists show it.

    Attributes
    ----------
    due_at
        When the appellant is to have an answer; ``is_overdue`` where that has passed and the appeal is open.
    decided_against
        Who took part in the decision; they may not answer. Empty for a label.
    reinstated
        What a reversal gave back, and what other decisions still restrict.
    allowed_actions
        Of ``answer``, ``note``, ``attach`` and ``withdraw``: what the asker may do now.
    """

    id: str
    decision_id: str
    case_id: str
    account: str
    title: str
    artist: str
    isrc: str
    party: Party
    creator: str
    text: str
    state: AppealState
    version: int
    received_by: str
    received_at: datetime
    due_at: datetime
    is_overdue: bool
    decided_against: tuple[str, ...]
    outcome: Outcome | None
    reply: str
    decided_by: str | None
    decided_at: datetime | None
    outcome_decision_id: str | None
    reinstated: Reinstated
    allowed_actions: tuple[str, ...]


class AppealView(Model):
    """An appeal with its proofs and, for reviewers, its notes."""

    appeal: AppealPublic
    attachments: tuple[AttachmentPublic, ...]
    notes: tuple[AppealNotePublic, ...]
    stems: StemReport | None


class AppealFilters(Model):
    """Which appeals to list; an empty field does not filter.

    Attributes
    ----------
    late
        Only open ones whose answer is overdue.
    mine
        Only those that the asker may answer: not decided by themselves.
    cursor
        Continue after the last appeal of a page, as ``next_cursor`` named it.
    """

    state: AppealState | None = None
    outcome: Outcome | None = None
    account: str = Field(default="", max_length=64)
    case_id: str = Field(default="", max_length=100)
    late: bool = False
    mine: bool = False
    order: Literal["due", "newest"] = "due"
    cursor: str = Field(default="", max_length=100)
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)


class AppealsPage(Model):
    """A page of appeals, those due first first."""

    appeals: tuple[AppealPublic, ...]
    total: int
    next_cursor: str | None
