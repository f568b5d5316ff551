"""An Appeal asks for a second look at a decision: who may, until when, and what becomes of it.

Source: DSA Art. 20: free, electronic, at least six months, answered in time and with reasons by another
person, reversed without delay. As in `schemas.cases`, each command takes a noun and gives the next one, or raises.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.base import Model
from schemas.cases import Action
from schemas.errors import AppealTooLate, InvalidTransition, SameReviewer

APPEAL_WINDOW = timedelta(days=184)  # six months are never more than 184 days
MIN_TEXT = 10
MAX_TEXT = 10_000


class Party(StrEnum):
    """On whose behalf an appeal is made."""

    LABEL = "label"
    CREATOR = "creator"


class AppealState(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What an appeal led to: the decision stands, or falls."""

    UPHELD = "upheld"
    REVERSED = "reversed"


class AttachmentKind(StrEnum):
    """What an attachment is to prove authorship with."""

    STEM = "stem"
    PROJECT = "project"
    STATEMENT = "statement"
    OTHER = "other"


class Appeal(Model):
    """An appeal as the state machine sees it.

    Attributes
    ----------
    decided_against
        Who took the decision that is appealed: they may not answer the appeal.
    due_at
        When the appellant is to have an answer.
    """

    id: str
    decision_id: str
    party: Party
    state: AppealState = AppealState.OPEN
    version: int = 1
    decided_against: tuple[str, ...] = ()
    due_at: AwareDatetime
    outcome: Outcome | None = None
    reply: str = Field(default="", max_length=MAX_TEXT)


class Reinstated(Model):
    """What the reversal of a decision gives back, and what still stands in the way.

    Attributes
    ----------
    recordings
        One line for each restriction that ends: title, ISRC, the restriction, where it applied.
    still_restricted
        Other decisions that keep restricting, each for its own recording and reasons.
    """

    recordings: tuple["ReinstatedRecording", ...] = ()
    still_restricted: tuple["ReinstatedRecording", ...] = ()


class ReinstatedRecording(Model):
    """A recording under a decision."""

    case_id: str
    decision_id: str
    title: str
    artist: str = ""
    isrc: str = ""
    action: Action
    territories: tuple[str, ...] = ()
    deliveries: tuple[str, ...] = ()


def open_until(published_at: datetime) -> datetime:
    """Tell until when a decision can be appealed."""
    return published_at + APPEAL_WINDOW


def refuse_appeal(action: Action, published_at: datetime, now: datetime) -> None:
    """Raise where a decision cannot be appealed: it restricts nothing, or six months are over."""
    if not action.is_restricting:
        raise InvalidTransition(f"The decision to {action} restricts nothing; there is nothing to appeal.")
    if now > open_until(published_at):
        until = f"{open_until(published_at):%Y-%m-%d}"
        raise AppealTooLate(
            f"The decision could be appealed until {until}.",
            mend="Ask an out-of-court dispute settlement body, or a court.",
        )


def answer(appeal: Appeal, *, by: str, outcome: Outcome, reply: str) -> Appeal:
    """Uphold or reverse, with the reply that the appellant reads.

    Raises
    ------
    InvalidTransition
        The appeal is answered or withdrawn already.
    SameReviewer
        Whoever took the decision would judge it a second time.
    """
    _refuse_closed(appeal)
    if by in appeal.decided_against:
        raise SameReviewer(
            f"{by} took part in the decision that is appealed.", mend="Another reviewer answers this appeal."
        )
    return appeal.model_copy(
        update={"state": AppealState.DECIDED, "outcome": outcome, "reply": reply, "version": appeal.version + 1}
    )


def withdraw(appeal: Appeal) -> Appeal:
    """Take an open appeal back."""
    _refuse_closed(appeal)
    return appeal.model_copy(update={"state": AppealState.WITHDRAWN, "version": appeal.version + 1})


def _refuse_closed(appeal: Appeal) -> None:
    if appeal.state is not AppealState.OPEN:
        raise InvalidTransition(f"Appeal {appeal.id} is {appeal.state} already.")
