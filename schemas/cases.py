r"""A Case is a unit of a person's work: states, commands and decisions as pure functions.

::

    open --claim, renew, hand over--> open (held) --draft--> pending --publish--> decided --reopen--> open
      |  \\--park--> open (parked, comes back by the clock)      |  \\--publish(ask)--> waiting --answer--> open
      |                                                          \\--undo, new reasons--> open
      \\--draft (held)--> second_review --agreed or settled--> pending, decided
                              \\--undo, lapse, new reasons--> open

A decision is a draft until it is published: nothing leaves before, and the draft can be undone. A decided case
comes back by itself only where a new screening gives other reasons. A case is about one recording (or one
delivery that could not be read). Nothing here knows a database: each command takes a case and gives the next
one, or raises.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from schemas.base import Model
from schemas.errors import IncompleteStatement, InvalidTransition, NotClaimHolder
from schemas.flags import Flag
from schemas.reasons import REDRESS, unfilled

CLAIM_LEASE = timedelta(minutes=20)  # long enough to listen to a whole track twice
HAND_OVER_LEASE = timedelta(hours=24)  # the person it is for may not be at work
LONGEST_PARK = timedelta(days=30)


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    WAITING = "waiting"
    PENDING = "pending"  # decided, not published yet: the time to undo runs
    SECOND_REVIEW = "second_review"  # decided, not published before another person looked
    DECIDED = "decided"

    @property
    def has_draft(self) -> bool:
        """Whether a decision waits to be published."""
        return self in (CaseState.PENDING, CaseState.SECOND_REVIEW)


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
    source
        (b) whether a notice led to it, or the service's own initiative.
    """

    facts: str = ""
    ground: str = ""
    explanation: str = ""
    is_illegal_content: bool = False
    territories: tuple[str, ...] = ("Worldwide",)
    ends_at: AwareDatetime | None = None
    automated_detection: bool = True
    automated_decision: bool = False
    redress: str = REDRESS
    source: Literal["voluntary", "notice", "trusted_flagger", "other"] = "voluntary"

    def missing(self) -> tuple[str, ...]:
        """Name the parts that are empty, or have a ``{place}`` that nobody filled in, with their letter."""
        parts = (
            ("territories (a)", "".join(self.territories).strip()),
            ("facts (b)", self.facts.strip()),
            ("ground (d, e)", self.ground.strip()),
            ("explanation (d, e)", self.explanation.strip()),
            ("redress (f)", self.redress.strip()),
        )
        empty = [name for name, value in parts if not value]
        return (*empty, *(f"{name}: {{{place}}}" for name, text in parts[1:] for place in unfilled(str(text))))


class Claim(Model):
    """A lease on a case: who works on it, and until when others keep off.

    Attributes
    ----------
    note, given_by
        What a colleague said who handed the case over, and who that was.
    """

    holder: str
    expires_at: AwareDatetime
    note: str = ""
    given_by: str | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether the lease still holds at ``now``."""
        return now < self.expires_at


class Park(Model):
    """A case that is put aside: by whom, why, and until when; then it comes back by itself."""

    by: str
    reason: str
    until: AwareDatetime

    def is_live(self, now: datetime) -> bool:
        """Whether the case is still put aside at ``now``."""
        return now < self.until


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
    park: Park | None = None
    decision: Decision | None = None


def priority(flags: tuple[Flag, ...]) -> int:
    """Order of work, from 0: the sum of the flags' weights, so three medium ones equal one high."""
    return sum(flag.severity.weight for flag in flags)


def claim(case: Case, actor: str, now: datetime) -> Case:
    """Take or renew the lease; another holder's live lease is respected, a parked case is fetched back."""
    _require_open(case, "claimed")
    _refuse_foreign_claim(case, actor, now)
    lease = Claim(holder=actor, expires_at=now.astimezone(UTC) + CLAIM_LEASE)
    return _next(case, claim=lease, park=None)


def renew(case: Case, actor: str, now: datetime) -> Case:
    """Prolong one's own lease, never shorten it: at the same version, since nothing changes for others."""
    if case.claim is None or not case.claim.is_live(now):
        raise InvalidTransition(f"Nobody holds case {case.id}.", mend="Claim it again.")
    _refuse_foreign_claim(case, actor, now)
    until = max(case.claim.expires_at, now.astimezone(UTC) + CLAIM_LEASE)
    return case.model_copy(update={"claim": case.claim.model_copy(update={"expires_at": until})})


def release_claim(case: Case, actor: str, now: datetime) -> Case:
    """Give the lease back, so that others may take the case; one that has run out is given back already."""
    if case.claim is None or not case.claim.is_live(now):
        raise InvalidTransition(f"Nobody holds case {case.id}.")
    _refuse_foreign_claim(case, actor, now)
    return _next(case, claim=None)


def hand_over(case: Case, actor: str, now: datetime, *, to: str, note: str) -> Case:
    """Give the case to a named colleague with a note; the lease is longer, since they may not be at work."""
    _require_open(case, "handed over")
    _refuse_foreign_claim(case, actor, now)
    if to == actor:
        raise InvalidTransition(f"Case {case.id} cannot be handed over to oneself.", mend="Claim it.")
    lease = Claim(holder=to, expires_at=now.astimezone(UTC) + HAND_OVER_LEASE, note=note, given_by=actor)
    return _next(case, claim=lease, park=None)


def park(case: Case, actor: str, now: datetime, *, until: datetime, reason: str) -> Case:
    """Put the case aside until a time, with a reason; it comes back by itself."""
    _require_open(case, "parked")
    _refuse_foreign_claim(case, actor, now)
    if not now < until <= now + LONGEST_PARK:
        raise InvalidTransition(
            f"Case {case.id} can be parked for up to {LONGEST_PARK.days} days.", mend="Name a time in the future."
        )
    return _next(case, claim=None, park=Park(by=actor, reason=reason, until=until.astimezone(UTC)))


def unpark(case: Case, now: datetime) -> Case:
    """Fetch a parked case back before its time."""
    if case.park is None or not case.park.is_live(now):
        raise InvalidTransition(f"Case {case.id} is not parked.")
    return _next(case, park=None)


def decide(case: Case, decision: Decision) -> Case:
    """Close an open case, or let it wait for an answer from the label, with effect at once.

    Raises
    ------
    InvalidTransition
        The case is decided already.
    NotClaimHolder
        Somebody else's lease is live.
    IncompleteStatement
        The action restricts and a part of its statement of reasons is missing.
    """
    _refuse_decision(case, decision)
    return _decided(case, decision)


def draft(case: Case, decision: Decision, *, is_held: bool) -> Case:
    """Decide without effect: until the time to undo has passed, or until a second person looked.

    Raises as `decide` does.
    """
    _refuse_decision(case, decision)
    state = CaseState.SECOND_REVIEW if is_held else CaseState.PENDING
    return _next(case, state=state, claim=None, park=None)


def confirm(case: Case) -> Case:
    """Let a held decision go on: the time to undo runs from now."""
    if case.state is not CaseState.SECOND_REVIEW:
        raise InvalidTransition(f"Case {case.id} does not wait for a second opinion.")
    return _next(case, state=CaseState.PENDING)


def publish(case: Case, decision: Decision) -> Case:
    """Let a drafted decision have its effect."""
    if not case.state.has_draft:
        raise InvalidTransition(f"Case {case.id} has no decision that waits to be published.")
    return _decided(case, decision)


def undo(case: Case, before: CaseState) -> Case:
    """Take a decision back that has had no effect yet; the case is what it was ``before``."""
    if not case.state.has_draft:
        raise InvalidTransition(
            f"Case {case.id} has no decision that could still be undone.",
            mend="A published decision stays; reopen the case and decide again.",
        )
    return _next(case, state=before)


def reopen(case: Case) -> Case:
    """Put a decided or waiting case back into the queue; its decision stays in the events."""
    if case.state is CaseState.OPEN:
        raise InvalidTransition(f"Case {case.id} is open already.")
    if case.state.has_draft:
        raise InvalidTransition(f"The decision on case {case.id} is not published yet.", mend="Undo it instead.")
    return _next(case, state=CaseState.OPEN, claim=None, park=None)


def screen_again(case: Case, *, has_new_reasons: bool, has_flags: bool, is_answer: bool) -> Case:
    """Take a newer screening of the same recording into account.

    Parameters
    ----------
    case
        The case as it stands.
    has_new_reasons
        Whether the reason codes differ from those of the screening before; a draft made on the old ones is void.
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
        CaseState.PENDING: has_new_reasons,
        CaseState.SECOND_REVIEW: has_new_reasons,
        CaseState.DECIDED: has_new_reasons and has_flags,
    }
    if returns[case.state]:
        return _next(case, state=CaseState.OPEN, claim=None, park=None)
    return _next(case, park=None if has_new_reasons else case.park)


def _next(case: Case, **changes: object) -> Case:
    return case.model_copy(update={**changes, "version": case.version + 1})


def _decided(case: Case, decision: Decision) -> Case:
    state = CaseState.WAITING if decision.action is Action.ASK else CaseState.DECIDED
    return _next(case, state=state, claim=None, park=None, decision=decision)


def _require_open(case: Case, done: str) -> None:
    if case.state is not CaseState.OPEN:
        state = str(case.state).replace("_", " ")
        raise InvalidTransition(f"Case {case.id} is {state}; only an open case can be {done}.")


def _refuse_decision(case: Case, decision: Decision) -> None:
    if case.state is CaseState.DECIDED:
        raise InvalidTransition(f"Case {case.id} is decided already; reopen it to decide again.")
    if case.state.has_draft:
        raise InvalidTransition(
            f"Case {case.id} has a decision that is not published yet.", mend="Undo it, or give a second opinion."
        )
    _refuse_foreign_claim(case, decision.decided_by, decision.decided_at)
    if decision.action.is_restricting:
        missing = decision.statement.missing() if decision.statement else ("the whole statement (a-f)",)
        if missing:
            raise IncompleteStatement(missing)


def _refuse_foreign_claim(case: Case, actor: str, now: datetime) -> None:
    if case.claim and case.claim.is_live(now) and case.claim.holder != actor:
        until = case.claim.expires_at.strftime("%H:%M UTC")
        raise NotClaimHolder(
            f"{case.claim.holder} holds case {case.id} until {until}.",
            mend="Take another case, or ask for a hand-over.",
        )
