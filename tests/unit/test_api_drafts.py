"""Between a decision and its effect: undo, hand-over, parking, second opinions, and who sees what."""

from datetime import timedelta

import pytest
from fixtures_api import START, make_screening

from api.public import QueueFilters
from api.public_keys import KeyCreate
from api.services import cases, clock, drafts, keys, second
from api.services.access import PIPELINE, Actor, Permission, Role
from api.services.screenings import case_id_of, record
from api.store import outbox
from schemas.agreement import cohen_kappa, share
from schemas.cases import CLAIM_LEASE, HAND_OVER_LEASE, Action, CaseState, StatementOfReasons
from schemas.errors import InvalidInput, InvalidPolicy, InvalidTransition, NotAllowed, NotClaimHolder, StaleCase
from schemas.review import AT_ONCE, HoldFacts, ReviewRules, is_sampled, load_rules

MIA, BEN = (Actor(name, Role.MODERATOR) for name in ("mia", "ben"))
SUE = Actor("sue", Role.SENIOR)
NOVA = Actor("nova", Role.LABEL, account="nova", dpids=("PADPIDA2013020802I",))
STATEMENT = StatementOfReasons(facts="The vocals are cloned.", ground="Terms 4.2", explanation="No licence.")
CASE = case_id_of("rec_1", "")
UNDO = ReviewRules.model_validate({"undo_s": dict.fromkeys(Action, 60), "batch_undo_s": 300})
HOLD = ReviewRules.model_validate(
    {**UNDO.model_dump(), "second_review": [{"code": "removal", "title": "Removal", "actions": ["remove"]}]}
)


@pytest.fixture
def time(monkeypatch):
    class Time:
        now = START

        def pass_by(self, **by):
            self.now += timedelta(**by)

    made = Time()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def case(db, time):
    record(db, PIPELINE, [make_screening(1, "AID-002").model_dump(mode="json")])
    for who in (MIA, BEN, SUE):
        keys.create(db, keys.TERMINAL, KeyCreate(name=who.name, role=who.role))
    return CASE


def decide(db, actor=MIA, version=1, rules=UNDO, action=Action.APPROVE, **more):
    statement = STATEMENT if action.is_restricting else None
    wanted = {"reason": "Heard it.", "statement": statement, "expected_version": version, **more}
    return cases.decide(db, actor, CASE, action=action, rules=rules, **wanted)


def leaving(db):
    with db.read() as session:
        due = outbox.due(session, outbox.WEBHOOK, clock.now() + timedelta(days=1))
        return [event.kind for _, event in due if event.kind != "case.opened"]


class TestUndo:
    def test_a_decision_has_no_effect_before_its_time(self, db, case, time):
        about = decide(db)

        assert (about.case.state, about.draft.publish_at) == (CaseState.PENDING, START + timedelta(seconds=60))
        assert (about.decisions, leaving(db)) == ((), [])
        assert cases.view(db, NOVA, case).case.state is CaseState.OPEN
        assert cases.queue(db, NOVA, QueueFilters()).total == 1
        assert cases.queue(db, NOVA, QueueFilters(state=CaseState.PENDING)).total == 0
        assert cases.view(db, NOVA, case).draft is None

        time.pass_by(seconds=60)
        assert drafts.publish_due(db) == 1

        about = cases.view(db, NOVA, case)
        assert (about.case.state, about.case.decision.action) == (CaseState.DECIDED, Action.APPROVE)
        assert leaving(db) == ["case.decided"]
        assert drafts.publish_due(db) == 0

    def test_publishing_rests_after_each_as_long_as_it_took(self, db, case, time):
        rests = []
        decide(db)

        assert drafts.publish_due(db, rest=rests.append) == 0
        assert rests == []
        time.pass_by(seconds=60)
        assert drafts.publish_due(db, rest=rests.append) == 1
        assert [0 < one < 60 for one in rests] == [True]

    def test_undone_it_never_was(self, db, case, time):
        decide(db)
        time.pass_by(seconds=59)
        about = cases.undo(db, MIA, case, expected_version=2)
        time.pass_by(seconds=10)

        assert drafts.publish_due(db) == 0
        assert (about.case.state, about.case.version, about.decisions) == (CaseState.OPEN, 3, ())
        assert leaving(db) == []
        assert [one.kind for one in cases.history(db, NOVA, case)] == ["case.opened"]

    def test_once_published_it_cannot_be_undone(self, db, case, time):
        decide(db)
        time.pass_by(seconds=60)

        with pytest.raises(StaleCase) as caught:
            cases.undo(db, MIA, case, expected_version=2)
        assert (caught.value.changed_by, caught.value.change) == ("mia", "case.decided")
        with pytest.raises(InvalidTransition, match="no decision that could still be undone"):
            cases.undo(db, MIA, case, expected_version=3)

    def test_a_decision_is_seen_in_time_also_where_nothing_runs_beside(self, db, case, time):
        decide(db)
        time.pass_by(seconds=60)

        assert cases.view(db, MIA, case).case.state is CaseState.DECIDED

    def test_only_who_decided_or_a_senior_undoes(self, db, case):
        decide(db)

        with pytest.raises(NotAllowed):
            cases.undo(db, BEN, case, expected_version=2)
        assert "undo" in cases.view(db, SUE, case).allowed_actions
        assert cases.undo(db, SUE, case, expected_version=2).case.state is CaseState.OPEN

    def test_nobody_decides_over_a_draft(self, db, case):
        decide(db)

        with pytest.raises(InvalidTransition, match="not published yet"):
            decide(db, BEN, version=2)
        with pytest.raises(InvalidTransition, match="not published yet"):
            cases.reopen(db, BEN, case, reason="Why.", expected_version=2)

    def test_new_evidence_voids_a_draft_and_the_same_does_not(self, db, case, time):
        decide(db)
        record(db, PIPELINE, [make_screening(1, "AID-002", take=1).model_dump(mode="json")])
        assert cases.view(db, MIA, case).case.state is CaseState.PENDING
        record(db, PIPELINE, [make_screening(1, "AUD-001", take=2).model_dump(mode="json")])

        about = cases.view(db, MIA, case)
        assert (about.case.state, about.draft) == (CaseState.OPEN, None)
        assert about.events[-1].payload["why"] == "new evidence"

    def test_a_question_waits_and_its_undo_leads_back(self, db, case, time):
        decide(db, action=Action.ASK)
        time.pass_by(seconds=60)
        assert cases.view(db, MIA, case).case.state is CaseState.WAITING
        decide(db, version=3)

        assert cases.undo(db, MIA, case, expected_version=4).case.state is CaseState.WAITING

    def test_batches_can_be_undone_for_longer(self):
        assert UNDO.undo_window(Action.APPROVE, is_batch=True) == timedelta(seconds=300)


class TestClaims:
    def test_renewing_prolongs_and_changes_nothing_else(self, db, case, time):
        cases.claim(db, MIA, case, expected_version=1)
        time.pass_by(minutes=15)
        lease = cases.renew(db, MIA, case)

        about = cases.view(db, MIA, case)
        assert lease.expires_at == about.case.claim.expires_at == time.now + CLAIM_LEASE
        assert (about.case.version, len(about.events)) == (2, 3)

    def test_nobody_renews_what_is_not_theirs(self, db, case, time):
        with pytest.raises(InvalidTransition, match="Nobody holds"):
            cases.renew(db, MIA, case)
        cases.claim(db, MIA, case, expected_version=1)
        with pytest.raises(NotClaimHolder):
            cases.renew(db, BEN, case)

    def test_a_hand_over_names_who_from_whom_and_why(self, db, case, time):
        about = cases.hand_over(db, MIA, case, to="ben", note="You know the artist.", expected_version=1)

        claim = about.case.claim
        assert (claim.holder, claim.given_by, claim.note) == ("ben", "mia", "You know the artist.")
        assert claim.expires_at == START + HAND_OVER_LEASE
        assert "decide" not in cases.view(db, MIA, case).allowed_actions
        assert cases.queue(db, BEN, QueueFilters(holder="ben")).total == 1
        assert cases.renew(db, BEN, case).expires_at == claim.expires_at

    @pytest.mark.parametrize("to", ["nobody", "nova", "mia"])
    def test_a_hand_over_to_nobody_is_refused(self, db, case, to):
        with pytest.raises((InvalidInput, InvalidTransition)):
            cases.hand_over(db, MIA, case, to=to, note="Please.", expected_version=1)

    def test_a_parked_case_comes_back_by_itself(self, db, case, time):
        until = START + timedelta(hours=2)
        about = cases.park(db, MIA, case, until=until, reason="The label is asleep.", expected_version=1)

        assert (about.case.park.by, about.case.park.until) == ("mia", until)
        assert cases.queue(db, BEN, QueueFilters()).total == 0
        assert cases.next_case(db, BEN) is None
        assert cases.queue(db, BEN, QueueFilters(parked=True)).total == 1
        assert cases.queue(db, NOVA, QueueFilters()).total == 1
        time.pass_by(hours=2)
        assert case == cases.next_case(db, BEN)

    def test_a_parked_case_is_fetched_back(self, db, case, time):
        until = START + timedelta(hours=2)
        cases.park(db, MIA, case, until=until, reason="Later.", expected_version=1)
        about = cases.unpark(db, BEN, case, expected_version=2)
        assert about.case.park is None
        cases.park(db, MIA, case, until=until, reason="Later.", expected_version=3)
        assert cases.claim(db, BEN, case, expected_version=4).case.park is None

    @pytest.mark.parametrize("hours", [0, -1, 24 * 31])
    def test_nobody_parks_into_the_past_or_for_ever(self, db, case, hours):
        with pytest.raises(InvalidTransition):
            cases.park(db, MIA, case, until=START + timedelta(hours=hours), reason="Why.", expected_version=1)


class TestSecondReview:
    def hold(self, db):
        about = decide(db, rules=HOLD, action=Action.REMOVE)
        assert (about.case.state, about.draft.holds) == (CaseState.SECOND_REVIEW, ("removal",))
        return second.next_sample(db, BEN).sample.id

    def test_the_second_look_is_blind(self, db, case):
        sample = self.hold(db)

        seen = second.view(db, BEN, sample).model_dump_json() + cases.view(db, BEN, case).model_dump_json()
        assert "Heard it." not in seen
        assert "Terms 4.2" not in seen
        assert '"remove"' not in seen
        assert cases.view(db, SUE, case).draft is None
        assert cases.view(db, MIA, case).draft.action is Action.REMOVE
        assert second.next_sample(db, MIA).sample is None
        with pytest.raises(NotAllowed):
            second.give(db, MIA, sample, action=Action.REMOVE, reason="Mine.", rules=HOLD)

    def test_agreement_lets_it_go_on(self, db, case, time):
        result = second.give(db, BEN, self.hold(db), action=Action.REMOVE, reason="Same.", rules=HOLD)

        assert result.agrees
        about = cases.view(db, BEN, case)
        assert (about.case.state, about.draft.confirmed_by) == (CaseState.PENDING, "ben")
        time.pass_by(seconds=60)
        about = cases.view(db, BEN, case)
        assert (about.decisions[0].decided_by, about.decisions[0].confirmed_by) == ("mia", "ben")
        assert cases.view(db, NOVA, case).decisions[0].confirmed_by is None

    def test_a_dispute_is_a_seniors_to_settle(self, db, case, time):
        result = second.give(db, BEN, self.hold(db), action=Action.LABEL, reason="Too hard.", rules=HOLD)
        assert (result.agrees, result.first) == (False, Action.REMOVE)
        about = cases.view(db, SUE, case)
        assert ("settle" in about.allowed_actions, about.draft.action) == (True, Action.REMOVE)
        wanted = {"reason": "A label is enough.", "rules": HOLD, "expected_version": 2}
        with pytest.raises(NotAllowed):
            second.settle(db, BEN, case, release=False, action=Action.LABEL, statement=STATEMENT, **wanted)
        with pytest.raises(InvalidInput):
            second.settle(db, SUE, case, release=False, action=None, **wanted)

        second.settle(db, SUE, case, release=False, action=Action.LABEL, statement=STATEMENT, **wanted)
        time.pass_by(seconds=60)

        (decision,) = cases.view(db, MIA, case).decisions
        assert (decision.action, decision.decided_by) == (Action.LABEL, "sue")

    def test_a_senior_releases_the_first_decision(self, db, case, time):
        second.give(db, BEN, self.hold(db), action=Action.LABEL, reason="Too hard.", rules=HOLD)
        second.settle(db, SUE, case, release=True, action=None, reason="It stands.", rules=HOLD, expected_version=2)
        time.pass_by(seconds=60)

        assert cases.view(db, MIA, case).decisions[0].action is Action.REMOVE

    def test_there_is_nothing_to_settle_before_somebody_disagrees(self, db, case):
        self.hold(db)
        with pytest.raises(InvalidTransition, match="no disagreement"):
            second.settle(db, SUE, case, release=True, action=None, reason="So.", rules=HOLD, expected_version=2)

    def test_a_hold_always_has_an_exit(self, db, case, time):
        self.hold(db)
        time.pass_by(hours=HOLD.hold_hours)
        drafts.publish_due(db)

        about = cases.view(db, MIA, case)
        assert (about.case.state, about.decisions) == (CaseState.OPEN, ())
        assert "nobody gave a second opinion" in about.events[-1].payload["why"]
        assert second.next_sample(db, BEN).sample is None

    def test_where_nobody_else_is_there_nothing_is_held(self, db, case, time):
        for name in ("ben", "sue"):
            keys.revoke(db, keys.TERMINAL, name)
        about = decide(db, rules=HOLD, action=Action.REMOVE)

        assert about.case.state is CaseState.PENDING
        assert about.events[-1].payload["waived"] == ["removal"]

    def test_what_is_answered_is_not_answered_again(self, db, case):
        sample = self.hold(db)
        second.give(db, BEN, sample, action=Action.LABEL, reason="Too hard.", rules=HOLD)
        with pytest.raises(InvalidTransition, match="answered already"):
            second.give(db, BEN, sample, action=Action.REMOVE, reason="No.", rules=HOLD)

    def test_the_first_person_can_still_undo(self, db, case):
        self.hold(db)
        assert cases.undo(db, MIA, case, expected_version=2).case.state is CaseState.OPEN
        assert second.next_sample(db, BEN).sample is None


class TestQuality:
    def test_samples_become_agreement(self, db, case):
        rules = ReviewRules(sample_share=1)
        decide(db, rules=rules)
        sample = second.next_sample(db, BEN).sample
        second.give(db, BEN, sample.id, action=Action.LABEL, reason="I hear AI.", rules=rules)

        (agreement,) = second.quality(db, SUE).agreement
        assert (agreement.policy, agreement.pairs, agreement.observed) == ("house@1+abc", 1, 0.0)
        assert cases.view(db, MIA, case).case.state is CaseState.DECIDED
        assert second.next_sample(db, BEN).sample is None

    def test_golden_items_become_accuracy_of_each(self, db, case):
        decide(db, rules=AT_ONCE)
        golden = second.make_golden(db, SUE, case, action=Action.APPROVE, expected_version=2)
        assert golden == second.next_sample(db, BEN).sample.id
        second.give(db, BEN, golden, action=Action.APPROVE, reason="Human.", rules=AT_ONCE)
        second.give(db, MIA, golden, action=Action.LABEL, reason="AI.", rules=AT_ONCE)

        found = second.quality(db, SUE).accuracy
        assert [(one.reviewer, one.right, one.answers) for one in found] == [("", 1, 2), ("ben", 1, 1), ("mia", 0, 1)]
        with pytest.raises(NotAllowed):
            second.quality(db, BEN)

    def test_kappa_is_that_of_scikit_learn(self):
        from sklearn.metrics import cohen_kappa_score

        pairs = [("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15 + [("c", "a")]
        found = cohen_kappa(pairs)
        assert cohen_kappa_score(*zip(*pairs, strict=True)) == pytest.approx(found.value)
        assert found.low < found.value < found.high

    def test_the_interval_of_kappa_is_the_published_one(self):
        # Fleiss, Levin and Paik, Statistical Methods, 3rd edition, table 18.3: kappa 0.68, standard error 0.087
        rows = {("p", "p"): 75, ("p", "n"): 1, ("p", "o"): 4, ("n", "p"): 5, ("n", "n"): 4, ("n", "o"): 1}
        rows |= {("o", "n"): 0, ("o", "p"): 0, ("o", "o"): 10}
        found = cohen_kappa([pair for pair, count in rows.items() for _ in range(count)])
        assert found.value == pytest.approx(0.676, abs=1e-3)
        assert (found.high - found.value) / 1.959964 == pytest.approx(0.0877, abs=5e-4)

    @pytest.mark.parametrize("pairs", [[], [("a", "a")] * 9])
    def test_where_kappa_is_not_defined_it_is_none(self, pairs):
        assert cohen_kappa(pairs).value is None

    def test_a_share_of_nothing_is_none(self):
        assert share(0, 0).value is None
        assert (share(0, 10).low, share(10, 10).high) == (0.0, 1.0)


class TestRules:
    def test_the_share_that_is_drawn_is_the_share_that_is_set(self):
        drawn = sum(is_sampled(f"dec_{n}", 0.05) for n in range(20_000))
        assert 900 < drawn < 1100
        assert drawn == sum(is_sampled(f"dec_{n}", 0.05) for n in range(20_000))

    def test_the_house_rules(self):
        house = load_rules("house")
        old_hand = {"decisions_made": 100, "probability": 0.9, "release_cases": 1}

        def codes(**facts):
            return [rule.code for rule in house.holds(HoldFacts.model_validate({**old_hand, **facts}))]

        assert codes(action="approve", decisions_made=0) == []
        assert codes(action="remove") == ["removal"]
        assert codes(action="label", decisions_made=3) == ["new-moderator"]
        assert codes(action="demote", probability=0.5) == ["low-confidence"]
        assert codes(action="demote", probability=None) == []
        assert codes(action="label", release_cases=8) == ["big-release"]
        assert house.undo_window(Action.REMOVE) > house.undo_window(Action.APPROVE) > timedelta(0)

    @pytest.mark.parametrize("text", ["x", "undo_s = {approve = -1}", "undo = 3", "second_review = [{code = 'A'}]"])
    def test_rules_that_cannot_be_applied_are_refused_in_a_sentence(self, tmp_path, text):
        path = tmp_path / "rules.toml"
        path.write_text(text)
        with pytest.raises(InvalidPolicy, match="review rules"):
            load_rules(str(path))
        with pytest.raises(InvalidPolicy, match="cannot be read"):
            load_rules("none.toml")

    def test_scopes_narrow_a_role(self):
        reader = Actor("mia", Role.MODERATOR, scopes=frozenset({Permission.READ}))
        assert (reader.may(Permission.READ), reader.may(Permission.REVIEW)) == (True, False)
