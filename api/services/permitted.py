"""What somebody may do with a case now, and why not the rest: no client needs rules of its own."""

from collections.abc import Iterator
from datetime import datetime

from api.services.access import Actor, Permission
from schemas.cases import Case, CaseState

NAMES = (
    "claim",
    "release",
    "hand_over",
    "park",
    "unpark",
    "decide",
    "undo",
    "second_opinion",
    "settle",
    "reopen",
    "golden",
)


def refusals(
    case: Case,
    actor: Actor,
    now: datetime,
    *,
    drafted_by: str = "",
    has_opinion: bool = False,
    is_disputed: bool = False,
) -> dict[str, str]:
    """Name every action with the reason why it is refused; an empty reason: it is allowed.

    Parameters
    ----------
    drafted_by
        Who made the decision that is not published yet.
    has_opinion
        Whether the actor gave a second opinion on it.
    is_disputed
        Whether somebody's second opinion was another.
    """
    if not actor.may(Permission.REVIEW):
        return dict.fromkeys(NAMES, "Your role or key does not work on cases.")
    asked = _Asked(case, actor, now, drafted_by=drafted_by, has_opinion=has_opinion, is_disputed=is_disputed)
    return dict(asked.answers())


class _Asked:
    """One question at one moment."""

    def __init__(
        self, case: Case, actor: Actor, now: datetime, *, drafted_by: str, has_opinion: bool, is_disputed: bool
    ) -> None:
        self.state = case.state
        self.actor = actor
        self.drafted_by = drafted_by
        self.has_opinion = has_opinion
        self.is_disputed = is_disputed
        claim = case.claim if case.claim and case.claim.is_live(now) else None
        self.has_claim = claim is not None
        self.foreign = f"{claim.holder} holds this case." if claim and claim.holder != actor.name else ""
        self.is_parked = case.park is not None and case.park.is_live(now)

    def answers(self) -> Iterator[tuple[str, str]]:
        not_open = "" if self.state is CaseState.OPEN else f"The case is {self.state.replace('_', ' ')}, not open."
        for name in ("claim", "hand_over", "park"):
            yield name, not_open or self.foreign
        yield "release", self.foreign or ("" if self.has_claim else "Nobody holds this case.")
        yield "unpark", not_open or ("" if self.is_parked else "The case is not parked.")
        yield "decide", self._decide()
        yield "undo", self._undo()
        yield "second_opinion", self._second_opinion()
        yield "settle", self._settle()
        yield "reopen", self._reopen()
        yield "golden", self._golden()

    def _decide(self) -> str:
        if self.state.has_draft:
            return "The case has a decision that is not published yet."
        return "The case is decided; reopen it first." if self.state is CaseState.DECIDED else self.foreign

    def _undo(self) -> str:
        if not self.state.has_draft:
            return "There is no decision that could still be undone."
        is_own = self.drafted_by == self.actor.name or self.actor.may(Permission.SETTLE)
        return "" if is_own else "Only who decided, or a senior moderator, undoes a decision."

    def _second_opinion(self) -> str:
        if self.state is not CaseState.SECOND_REVIEW:
            return "The case waits for no second opinion."
        if self.drafted_by == self.actor.name:
            return "The second opinion has to be somebody else's."
        return "You gave your opinion already." if self.has_opinion else ""

    def _settle(self) -> str:
        if not self.actor.may(Permission.SETTLE):
            return "Only a senior moderator settles."
        if self.state is not CaseState.SECOND_REVIEW or not self.is_disputed:
            return "There is no disagreement to settle."
        return "Somebody else has to settle it." if self.drafted_by == self.actor.name else ""

    def _reopen(self) -> str:
        if self.state is CaseState.OPEN:
            return "The case is open."
        return "The decision is not published yet; undo it instead." if self.state.has_draft else ""

    def _golden(self) -> str:
        if not self.actor.may(Permission.SETTLE):
            return "Only a senior moderator names golden items."
        return "" if self.state is CaseState.DECIDED else "Only a decided case can be a golden item."
