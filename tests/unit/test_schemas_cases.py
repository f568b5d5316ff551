from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.cases import (
    CLAIM_LEASE,
    Action,
    Case,
    CaseState,
    Decision,
    StatementOfReasons,
    claim,
    decide,
    priority,
    release_claim,
    reopen,
)
from schemas.errors import IncompleteStatement, InvalidTransition, NotClaimHolder
from schemas.flags import Flag, FlagSeverity

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ACTORS = ("ana", "bo", "chi")
COMPLETE = StatementOfReasons(facts="Seconds 0-30 are another's.", ground="Terms 4.2", explanation="A copy is barred.")
RESTRICTING = [action for action in Action if action.is_restricting]


def decision(action=Action.APPROVE, by="ana", at=NOW, statement=COMPLETE):
    return Decision(
        action=action, reason="Listened to it.", policy="p@1", decided_by=by, decided_at=at, statement=statement
    )


def flag(severity):
    return Flag(code="AUD-001", severity=severity, title="t", explanation="e", layers=())


# --- single steps


def test_a_claim_keeps_others_off_until_it_runs_out():
    held = claim(Case(id="c"), "ana", NOW)

    with pytest.raises(NotClaimHolder, match="ana holds case c until 09:20 UTC"):
        claim(held, "bo", NOW + CLAIM_LEASE - timedelta(seconds=1))
    with pytest.raises(NotClaimHolder):
        decide(held, decision(by="bo"))
    with pytest.raises(NotClaimHolder):
        release_claim(held, "bo", NOW)

    assert claim(held, "bo", NOW + CLAIM_LEASE).claim.holder == "bo"


def test_a_holder_renews_and_gives_back():
    later = NOW + timedelta(minutes=5)
    held = claim(claim(Case(id="c"), "ana", NOW), "ana", later)

    assert held.claim.expires_at == later + CLAIM_LEASE
    assert release_claim(held, "ana", later).claim is None
    with pytest.raises(InvalidTransition, match="Nobody holds case c"):
        release_claim(held, "ana", later + CLAIM_LEASE)


def test_asking_waits_and_everything_else_decides():
    for action in Action:
        case = decide(Case(id="c"), decision(action))

        assert case.state is (CaseState.WAITING if action is Action.ASK else CaseState.DECIDED)
        assert case.decision.action is action


def test_a_waiting_case_may_be_decided_but_not_claimed():
    waiting = decide(Case(id="c"), decision(Action.ASK))

    assert decide(waiting, decision(Action.APPROVE)).state is CaseState.DECIDED
    with pytest.raises(InvalidTransition):
        claim(waiting, "ana", NOW)


def test_a_decided_case_is_decided_once():
    decided = decide(Case(id="c"), decision())

    with pytest.raises(InvalidTransition, match="reopen it"):
        decide(decided, decision())
    with pytest.raises(InvalidTransition):
        claim(decided, "ana", NOW)


def test_reopening_keeps_nothing_but_the_record():
    case = reopen(decide(claim(Case(id="c"), "ana", NOW), decision()))

    assert (case.state, case.claim, case.version) == (CaseState.OPEN, None, 4)
    with pytest.raises(InvalidTransition, match="open already"):
        reopen(case)


@pytest.mark.parametrize("action", RESTRICTING)
def test_a_restriction_needs_its_whole_statement(action):
    with pytest.raises(IncompleteStatement) as refusal:
        decide(Case(id="c"), decision(action, statement=None))
    assert refusal.value.missing == ("the whole statement (a-f)",)

    with pytest.raises(IncompleteStatement) as refusal:
        decide(Case(id="c"), decision(action, statement=COMPLETE.model_copy(update={"facts": "  ", "ground": ""})))
    assert refusal.value.missing == ("facts (b)", "ground (d, e)")


@pytest.mark.parametrize("action", [Action.APPROVE, Action.ASK])
def test_an_approval_and_a_question_need_none(action):
    assert decide(Case(id="c"), decision(action, statement=None)).decision


def test_three_of_a_kind_weigh_as_one_of_the_next():
    low, medium, high = (flag(severity) for severity in FlagSeverity)

    assert priority(()) == 0
    assert priority((low,) * 3) == priority((medium,))
    assert priority((medium,) * 3) == priority((high,))


# --- any steps


class CaseMachine(RuleBasedStateMachine):
    """Any commands by anybody at any time, against a model that fits into three fields."""

    @initialize()
    def start(self):
        self.case, self.now = Case(id="c"), NOW
        self.state, self.holder, self.until = CaseState.OPEN, None, NOW

    def may(self, actor):
        return self.holder in (None, actor) or self.now >= self.until

    def attempt(self, command, *, refusal):
        """Run a command: it must succeed or be refused as the model says, and never change the old case."""
        before = self.case.model_copy(deep=True)
        if refusal:
            with pytest.raises(refusal):
                command()
        else:
            after = command()
            assert after.version == before.version + 1
            assert self.case == before
            self.case = after
        return refusal is None

    @rule(seconds=st.integers(1, 1500))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(actor=st.sampled_from(ACTORS))
    def someone_claims(self, actor):
        refusal = None if self.may(actor) else NotClaimHolder
        if self.state is not CaseState.OPEN:
            refusal = InvalidTransition
        if self.attempt(lambda: claim(self.case, actor, self.now), refusal=refusal):
            self.holder, self.until = actor, self.now + CLAIM_LEASE

    @rule(actor=st.sampled_from(ACTORS))
    def someone_gives_back(self, actor):
        refusal = None if self.holder == actor else NotClaimHolder
        if self.holder is None or self.now >= self.until:
            refusal = InvalidTransition
        if self.attempt(lambda: release_claim(self.case, actor, self.now), refusal=refusal):
            self.holder = None

    @rule(actor=st.sampled_from(ACTORS), action=st.sampled_from(Action), complete=st.booleans())
    def someone_decides(self, actor, action, complete):
        refusal = None if complete or not action.is_restricting else IncompleteStatement
        if not self.may(actor):
            refusal = NotClaimHolder
        if self.state is CaseState.DECIDED:
            refusal = InvalidTransition
        taken = decision(action, actor, self.now, COMPLETE if complete else None)
        if self.attempt(lambda: decide(self.case, taken), refusal=refusal):
            self.holder = None
            self.state = CaseState.WAITING if action is Action.ASK else CaseState.DECIDED

    @precondition(lambda self: self.state is not CaseState.OPEN)
    @rule()
    def someone_reopens(self):
        self.attempt(lambda: reopen(self.case), refusal=None)
        self.state, self.holder = CaseState.OPEN, None

    @precondition(lambda self: self.state is CaseState.OPEN)
    @rule()
    def an_open_case_is_not_reopened(self):
        self.attempt(lambda: reopen(self.case), refusal=InvalidTransition)

    @invariant()
    def case_is_what_the_model_says(self):
        assert self.case.state is self.state
        assert (self.case.claim.holder if self.case.claim else None) == self.holder
        assert self.case.claim is None or self.state is CaseState.OPEN
        assert self.state is CaseState.OPEN or self.case.decision is not None

    @invariant()
    def every_restriction_has_its_reasons(self):
        taken = self.case.decision
        assert not taken or not taken.action.is_restricting or not taken.statement.missing()


CaseMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, derandomize=True, database=None
)
TestCaseMachine = CaseMachine.TestCase


@given(st.lists(st.sampled_from(FlagSeverity)))
@settings(deadline=None, derandomize=True, database=None)
def test_another_flag_never_lowers_the_priority(severities):
    flags = tuple(flag(severity) for severity in severities)

    assert priority((*flags, flag(FlagSeverity.LOW))) > priority(flags)
