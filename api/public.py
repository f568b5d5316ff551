"""What the API takes (``*Create``) and gives (``*Public``); table rows never leave `api.store`."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from schemas.base import Model
from schemas.cases import Action, Case, CaseState, StatementOfReasons
from schemas.flags import FlagSeverity
from schemas.screening import Screening, SubjectKind

MAX_SCREENINGS = 500
MAX_PAGE = 200


class CasePublic(Case):
    """A case as lists show it: the state machine's case and what it is about.

    Attributes
    ----------
    account
        The transport account that delivered it; empty where none did.
    codes
        The reason codes of the last screening, in order.
    severity
        The gravest flag's; None where the last screening has no flag.
    updated_by
        Who or what changed the case last.
    queue, due_at
        The queue that it is in, and when it should be decided at the latest; a label sees neither.
    confidence, exposure
        How certain its reasons are, in (0, 1], and how many it reaches: parts of its place in the queue, with
        ``priority`` (the severity) and the due time (docs/queues.md).
    """

    recording_key: str
    account: str
    kind: SubjectKind
    priority: int
    severity: FlagSeverity | None
    codes: tuple[str, ...]
    title: str
    artist: str
    isrc: str
    sender_id: str
    sender_name: str
    release_key: str
    screening_id: str
    opened_at: datetime
    updated_at: datetime
    updated_by: str
    queue: str = ""
    due_at: datetime | None = None
    confidence: float = 1.0
    exposure: float = 1.0


class QueueFilters(Model):
    """What of the queue to show; an empty field does not filter.

    Attributes
    ----------
    sender
        Part of the sender's name, or its DPID.
    q
        Part of title, artist, ISRC or case id.
    filter
        A filter in the language of docs/queues.md, e.g. ``undeclared since:7d -label:"Nova"``; labels have none.
    parked
        Of open cases those that are put aside (true), are not (false), or all (null); a label sees no difference.
    holder
        Cases that this person holds.
    cursor
        Continue after the last case of a page, as ``next_cursor`` named it.
    offset
        Leave out this many cases: numbered pages of the console; ``cursor`` stays quick at depth.
    """

    state: CaseState | None = CaseState.OPEN
    code: str = Field(default="", max_length=40)
    severity: FlagSeverity | None = None
    sender: str = Field(default="", max_length=200)
    q: str = Field(default="", max_length=200)
    filter: str = Field(default="", max_length=1000)
    parked: bool | None = False
    holder: str = Field(default="", max_length=64)
    cursor: str = Field(default="", max_length=500)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)


class QueuePage(Model):
    """A page of the queue, most urgent first, then longest waiting.

    Attributes
    ----------
    total
        Number of cases that match the filters, over all pages; 1,000 where there are that many or more: then this and
        ``codes`` may be a minute old.
    codes
        How many of the 500 most urgent cases of the state carry each reason code.
    """

    cases: tuple[CasePublic, ...]
    total: int
    codes: dict[str, int]
    next_cursor: str | None


class AudioLink(Model):
    """An address that a sound can be played from until it is too old, without a key."""

    url: str
    expires_at: datetime


class DecisionPublic(Model):
    """A decision with what it was made on; ``note`` is for colleagues alone."""

    id: str
    action: Action
    reason: str
    note: str | None
    policy: str
    screening_id: str
    case_version: int
    decided_by: str
    decided_at: datetime
    statement: StatementOfReasons | None
    confirmed_by: str | None = None
    batch_id: str | None = None


class DraftPublic(Model):
    """A decision that has no effect yet.

    Attributes
    ----------
    publish_at
        When it takes effect; None while a second opinion is awaited.
    holds
        The codes of the rules that ask for a second opinion.
    hold_until
        When it lapses if nobody gives one: then the case returns to the queue.
    """

    id: str
    action: Action
    reason: str
    note: str
    statement: StatementOfReasons | None
    drafted_by: str
    drafted_at: datetime
    publish_at: datetime | None
    holds: tuple[str, ...]
    hold_until: datetime | None
    confirmed_by: str | None
    batch_id: str | None


class EventPublic(Model):
    """One audit event; ``seq`` grows."""

    seq: int
    kind: str
    actor: str
    at: datetime
    payload: dict[str, Any]


class EventsPublic(Model):
    """The events of a case, oldest first."""

    events: tuple[EventPublic, ...]


class CaseView(Model):
    """A case with everything that a person needs to decide it.

    Attributes
    ----------
    screening
        The last screening: declared, found, heard and known stand side by side.
    draft
        The decision that is not published yet; None where there is none, or where the asker may still be asked for
        a blind second opinion on it.
    allowed_actions
        What the asker may do now.
    refused_actions
        Every other action, and why it is not possible now.
    """

    case: CasePublic
    screening: Screening
    decisions: tuple[DecisionPublic, ...]
    events: tuple[EventPublic, ...]
    allowed_actions: tuple[str, ...]
    refused_actions: dict[str, str] = Field(default_factory=dict)
    draft: DraftPublic | None = None


class VersionCreate(Model):
    """A command on the case as the caller read it."""

    expected_version: int = Field(ge=1)


class ReopenCreate(VersionCreate):
    """Put a case back into the queue, and why."""

    reason: str = Field(min_length=3, max_length=5000)


class HandOverCreate(VersionCreate):
    """Give a case to a colleague, with a note."""

    to: str = Field(min_length=1, max_length=64)
    note: str = Field(min_length=3, max_length=5000)


class ParkCreate(VersionCreate):
    """Put a case aside until a time, and why."""

    until: AwareDatetime
    reason: str = Field(min_length=3, max_length=5000)


class LeasePublic(Model):
    """A prolonged lease."""

    case_id: str
    holder: str
    expires_at: datetime


class DecisionCreate(VersionCreate):
    """A decision; a restricting action carries its statement of reasons."""

    action: Action
    reason: str = Field(min_length=3, max_length=5000)
    note: str = Field(default="", max_length=5000)
    statement: StatementOfReasons | None = None


class ScreeningsCreate(Model):
    """A batch of screenings; each is validated by itself, so that one bad one refuses no other."""

    screenings: Annotated[list[Screening], Field(max_length=MAX_SCREENINGS)]


class ScreeningList(Model):
    """The same before its items are looked at."""

    screenings: Annotated[list[Any], Field(max_length=MAX_SCREENINGS)]


class ItemProblem(Model):
    """Why an item was refused."""

    code: str
    detail: str


class ScreeningResult(Model):
    """What became of one screening of a batch."""

    id: str | None
    status: Literal["created", "unchanged", "refused"]
    case_id: str | None = None
    problem: ItemProblem | None = None


class ScreeningsResult(Model):
    """What became of a batch, in its order."""

    results: tuple[ScreeningResult, ...]
