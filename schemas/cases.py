r"""A Case is a unit of a person's work: states, commands and decisions as pure functions.

::

    open --claim--> open (held) --decide--> decided --reopen--> open
      \\--decide(ask)--> waiting --answer, new reasons or reopen--> open

A decided case comes back by itself only where a new screening gives other reasons. A case is
about one recording (or one delivery that could not be read). Nothing here knows a database:
each command takes a case and gives the next one, or raises.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.base import Model
from schemas.errors import IncompleteStatement, InvalidTransition, NotClaimHolder
from schemas.flags import Flag

CLAIM_LEASE = timedelta(minutes=20)  # long enough to listen to a whole track twice


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    WAITING = "waiting"
    DECIDED = "decided"


class Action(StrEnum):
    """What a decision does to the recording."""

    APPROVE = "approve"
    ASK = "ask"
    LABEL = "label"
    DEMOTE = "demote"
    REMOVE = "remove"

    @property
    def is_restricting(self) -> bool:
        """Whether DSA Art. 17 asks for a statement of reasons."""
        return self in (Action.LABEL, Action.DEMOTE, Action.REMOVE)


class StatementOfReasons(Model):
    """What a restricted party is told, part by part as DSA Art. 17(3) lists them.

    Attributes
    ----------
    facts
        (b) facts and circumstances relied on.
    ground
        (e) the clause of the terms, or (d) the legal ground.
    explanation
        (d, e) why the facts fall under the ground.
    is_illegal_content
        True where the ground is a law, False where it is the terms.
    territories
        (a) where the restriction applies.
    ends_at
        (a) until when; None for an open end.
    automated_detection, automated_decision
        (c) whether automated means found it, and decided it.
    redress
        (f) how to complain or appeal.
    """

    facts: str = ""
    ground: str = ""
    explanation: str = ""
    is_illegal_content: bool = False
    territories: tuple[str, ...] = ("Worldwide",)
    ends_at: AwareDatetime | None = None
    automated_detection: bool = True
    automated_decision: bool = False
    redress: str = "You can appeal free of charge within six months; another person will decide."

    def missing(self) -> tuple[str, ...]:
        """Name the parts that are empty, with their letter."""
        parts = (
            ("territories (a)", self.territories),
            ("facts (b)", self.facts.strip()),
            ("ground (d, e)", self.ground.strip()),
            ("explanation (d, e)", self.explanation.strip()),
            ("redress (f)", self.redress.strip()),
        )
        return tuple(name for name, value in parts if not value)


class Claim(Model):
    """A lease on a case: who works on it, and until when others keep off."""

    holder: str
    expires_at: AwareDatetime

    def is_live(self, now: datetime) -> bool:
        """Whether the lease still holds at ``now``."""
        return now < self.expires_at


class Decision(Model):
    """The outcome of a case."""

    action: Action
    reason: str = Field(min_length=3, max_length=5000)
    policy: str
    decided_by: str
    decided_at: AwareDatetime
    statement: StatementOfReasons | None = None


class Case(Model):
    """A case as the state machine sees it."""

    id: str
    state: CaseState = CaseState.OPEN
    version: int = 1
    claim: Claim | None = None
    decision: Decision | None = None


def priority(flags: tuple[Flag, ...]) -> int:
    """Order of work, from 0: the sum of the flags' weights, so three medium ones equal one high."""
    return sum(flag.severity.weight for flag in flags)


def claim(case: Case, actor: str, now: datetime) -> Case:
    """Take or renew the lease; another holder's live lease is respected."""
    if case.state is not CaseState.OPEN:
        raise InvalidTransition(f"Case {case.id} is {case.state}; only an open case can be claimed.")
    _refuse_foreign_claim(case, actor, now)
    lease = Claim(holder=actor, expires_at=now.astimezone(UTC) + CLAIM_LEASE)
    return case.model_copy(update={"claim": lease, "version": case.version + 1})


def release_claim(case: Case, actor: str, now: datetime) -> Case:
    """Give the lease back, so that others may take the case; one that has run out is given back already."""
    if case.claim is None or not case.claim.is_live(now):
        raise InvalidTransition(f"Nobody holds case {case.id}.")
    _refuse_foreign_claim(case, actor, now)
    return case.model_copy(update={"claim": None, "version": case.version + 1})


def decide(case: Case, decision: Decision) -> Case:
    """Close an open case, or let it wait for an answer from the label.

    Raises
    ------
    InvalidTransition
        The case is decided already.
    NotClaimHolder
        Somebody else's lease is live.
    IncompleteStatement
        The action restricts and a part of its statement of reasons is missing.
    """
    if case.state is CaseState.DECIDED:
        raise InvalidTransition(f"Case {case.id} is decided already; reopen it to decide again.")
    _refuse_foreign_claim(case, decision.decided_by, decision.decided_at)
    if decision.action.is_restricting:
        missing = decision.statement.missing() if decision.statement else ("the whole statement (a-f)",)
        if missing:
            raise IncompleteStatement(missing)
    state = CaseState.WAITING if decision.action is Action.ASK else CaseState.DECIDED
    return case.model_copy(update={"state": state, "claim": None, "decision": decision, "version": case.version + 1})


def reopen(case: Case) -> Case:
    """Put a decided or waiting case back into the queue; its decision stays in the events."""
    if case.state is CaseState.OPEN:
        raise InvalidTransition(f"Case {case.id} is open already.")
    return case.model_copy(update={"state": CaseState.OPEN, "claim": None, "version": case.version + 1})


def screen_again(case: Case, *, has_new_reasons: bool, has_flags: bool, is_answer: bool) -> Case:
    """Take a newer screening of the same recording into account.

    Parameters
    ----------
    case
        The case as it stands.
    has_new_reasons
        Whether the reason codes differ from those of the screening before.
    has_flags
        Whether there is any flag; one without never brings a decided case back.
    is_answer
        Whether the bytes changed, which is how a label answers a question.

    Returns
    -------
    Case
        Always at the next version: whoever decides must have seen the newest evidence.
    """
    returns = {
        CaseState.OPEN: False,
        CaseState.WAITING: has_new_reasons or is_answer,
        CaseState.DECIDED: has_new_reasons and has_flags,
    }
    if returns[case.state]:
        return reopen(case)
    return case.model_copy(update={"version": case.version + 1})


def _refuse_foreign_claim(case: Case, actor: str, now: datetime) -> None:
    if case.claim and case.claim.is_live(now) and case.claim.holder != actor:
        until = case.claim.expires_at.strftime("%H:%M UTC")
        raise NotClaimHolder(
            f"{case.claim.holder} holds case {case.id} until {until}.",
            mend="Take another case, or ask for a hand-over.",
        )
