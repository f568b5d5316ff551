"""What the API takes and gives about decisions on many cases: batches by filter or by release."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from api.public import CasePublic, QueueFilters
from schemas.base import Model
from schemas.cases import Action, StatementOfReasons
from schemas.review import ItemStatus

MAX_ITEMS = 500


class BatchException(Model):
    """One case of a batch that is decided otherwise; without an action it is left alone."""

    case_id: str = Field(max_length=64)
    action: Action | None = None
    reason: str = Field(default="", max_length=5000)


class BatchCreate(Model):
    """Decide many cases alike: those that filters name, or those of one release.

    Attributes
    ----------
    filters
        As in the queue; the first 500 cases are taken, most urgent first.
    release_of
        A case: its whole release is taken.
    statement
        Where the action restricts. Empty facts and an empty ground are filled in for each case from its own flags.
    """

    filters: QueueFilters | None = None
    release_of: str | None = Field(default=None, max_length=64)
    action: Action
    reason: str = Field(min_length=3, max_length=5000)
    note: str = Field(default="", max_length=5000)
    statement: StatementOfReasons | None = None
    exceptions: tuple[BatchException, ...] = Field(default=(), max_length=MAX_ITEMS)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.filters is None) == (self.release_of is None):
            raise ValueError("give either filters or release_of")
        return self


class BatchApply(Model):
    """Decide what was previewed; exceptions are decided otherwise, or left alone."""

    exceptions: tuple[BatchException, ...] = Field(default=(), max_length=MAX_ITEMS)


class BatchItemPublic(Model):
    """One case of a batch.

    Attributes
    ----------
    version
        The version that was previewed: the case is left alone if it changed since.
    detail
        Why it was refused, who changed it, or what became of it.
    """

    case_id: str
    title: str
    artist: str
    codes: tuple[str, ...]
    version: int
    action: Action | None
    status: ItemStatus
    detail: str


class BatchPublic(Model):
    """A batch: what is planned, or what became of each case.

    Attributes
    ----------
    about
        Which cases, in words.
    counts
        How many cases are where.
    is_undoable
        Whether any of its decisions can still be undone.
    """

    id: str
    about: str
    action: Action
    reason: str
    note: str
    made_by: str
    made_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    counts: dict[str, int]
    is_undoable: bool
    items: tuple[BatchItemPublic, ...]


class BatchesPublic(Model):
    """Batches without their items, newest first."""

    batches: tuple[BatchPublic, ...]


class ReleasePublic(Model):
    """The cases of one release that are yours to see, by title; each is decided by itself or as part of a batch."""

    release_key: str
    cases: tuple[CasePublic, ...]
