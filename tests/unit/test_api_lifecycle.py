"""Whatever people, the clock and the pipeline do in whatever order, a case stays a case."""

import tempfile
from datetime import timedelta
from pathlib import Path
from unittest import mock

from fixtures_api import START, make_screening
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from api.public import QueueFilters
from api.public_keys import KeyCreate
from api.services import audit, cases, clock, drafts, keys, second
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record
from api.store.database import open_database
from schemas.cases import Action, CaseState, StatementOfReasons
from schemas.errors import ReviewError
from schemas.review import ReviewRules

NAMES = {"mia": Role.MODERATOR, "ben": Role.MODERATOR, "sue": Role.SENIOR}
PEOPLE = st.sampled_from([Actor(name, role) for name, role in NAMES.items()])
CODES = st.sets(st.sampled_from(["AID-002", "AUD-001", "SPM-001"]), max_size=3).map(sorted)
VERSIONS = st.sampled_from([0, 0, 0, 1, -1])
REASONS = StatementOfReasons(facts="F", ground="G", explanation="E")
CASE = case_id_of("rec_1", "")
MIA = Actor("mia", Role.MODERATOR)
NOVA = Actor("nova", Role.LABEL, account=None, dpids=("PADPIDA2013020802I",))
RULES = ReviewRules.model_validate(
    {
        "undo_s": {"approve": 0, "ask": 60, "label": 60, "demote": 600, "remove": 60},
        "hold_hours": 1,
        "second_review": [{"code": "removal", "title": "Removal", "actions": ["remove", "demote"]}],
    }
)


class Lifecycle(RuleBasedStateMachine):
    """Every command either moves the case on by a step of its own and tells it, or leaves everything as it was."""

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.db = open_database(f"sqlite:///{Path(self.folder.name) / 'review.db'}")
        self.now, self.take = START, 0
        self.clock = mock.patch.object(clock, "now", side_effect=lambda: self.now)
        self.clock.start()
        for name, role in NAMES.items():
            keys.create(self.db, keys.TERMINAL, KeyCreate(name=name, role=role))
        self.screen(["AID-002"], "bytes-1")
        self.before = self.view()

    def teardown(self):
        if hasattr(self, "db"):
            assert audit.verify(self.db, keys.TERMINAL).broken == ()
            self.clock.stop()
            self.db.close()
            self.folder.cleanup()

    def view(self, actor=MIA):
        return cases.view(self.db, actor, CASE)

    def attempt(self, command, *, actor, version, allowed, events=1):
        """Try a command; what is offered succeeds, and nothing else does."""
        before = self.view(actor)
        offered = allowed in before.allowed_actions
        assert offered or before.refused_actions[allowed]
        try:
            after = command(before.case.version + version)
        except ReviewError:
            assert not offered or version
            assert before == self.view(actor)
            return None
        assert version == 0
        assert offered
        assert before.case.version < after.case.version
        assert len(before.events) + events <= len(after.events)
        assert actor.name == after.events[-1].actor or after.events[-1].kind == "case.decided"
        return after

    def simple(self, command, actor, version, allowed):
        return self.attempt(
            lambda at: command(self.db, actor, CASE, expected_version=at), actor=actor, version=version, allowed=allowed
        )

    @rule(codes=CODES, source=st.sampled_from(["bytes-1", "bytes-2"]))
    def screen(self, codes, source):
        self.take += 1
        screening = make_screening(1, *codes, take=self.take, source=source)
        record(self.db, PIPELINE, [screening.model_dump(mode="json")] * 2)
        assert tuple(codes) == self.view().case.codes

    @rule(minutes=st.sampled_from([1, 5, 25, 90]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self):
        drafts.publish_due(self.db)
        assert drafts.publish_due(self.db) == 0

    @rule(actor=PEOPLE, version=VERSIONS)
    def claim(self, actor, version):
        self.simple(cases.claim, actor, version, "claim")

    @rule(actor=PEOPLE)
    def release(self, actor):
        self.simple(cases.release, actor, 0, "release")

    @rule(actor=PEOPLE)
    def renew(self, actor):
        before = self.view()
        try:
            lease = cases.renew(self.db, actor, CASE)
        except ReviewError:
            assert before == self.view()
            return
        assert before.case.claim.holder == actor.name
        assert before.case.claim.expires_at <= lease.expires_at
        assert (before.case.version, before.events) == (self.view().case.version, self.view().events)

    @rule(actor=PEOPLE, to=st.sampled_from(sorted(NAMES)), version=VERSIONS)
    def hand_over(self, actor, to, version):
        if to == actor.name:
            return
        done = self.attempt(
            lambda at: cases.hand_over(self.db, actor, CASE, to=to, note="Yours.", expected_version=at),
            actor=actor,
            version=version,
            allowed="hand_over",
        )
        assert done is None or done.case.claim.holder == to

    @rule(actor=PEOPLE, minutes=st.integers(1, 120), version=VERSIONS)
    def park(self, actor, minutes, version):
        until = self.now + timedelta(minutes=minutes)
        done = self.attempt(
            lambda at: cases.park(self.db, actor, CASE, until=until, reason="Later.", expected_version=at),
            actor=actor,
            version=version,
            allowed="park",
        )
        assert done is None or done.case.park.is_live(self.now)

    @rule(actor=PEOPLE)
    def unpark(self, actor):
        self.simple(cases.unpark, actor, 0, "unpark")

    @rule(actor=PEOPLE, action=st.sampled_from(Action), version=VERSIONS)
    def decide(self, actor, action, version):
        done = self.attempt(
            lambda at: cases.decide(
                self.db, actor, CASE, action=action, reason="Why.", statement=REASONS, expected_version=at, rules=RULES
            ),
            actor=actor,
            version=version,
            allowed="decide",
        )
        if done:
            held = action in {Action.REMOVE, Action.DEMOTE}
            expected = CaseState.SECOND_REVIEW if held else CaseState.PENDING
            assert done.case.state is (CaseState.DECIDED if action is Action.APPROVE else expected)
            assert action is Action.APPROVE or done.decisions == self.before_decisions()

    def before_decisions(self):
        return self.view().decisions

    @rule(actor=PEOPLE, version=VERSIONS)
    def undo(self, actor, version):
        done = self.simple(cases.undo, actor, version, "undo")
        assert done is None or done.case.state in {CaseState.OPEN, CaseState.WAITING}

    @rule(actor=PEOPLE, action=st.sampled_from([Action.REMOVE, Action.DEMOTE, Action.APPROVE]))
    def second_opinion(self, actor, action):
        allowed = "second_opinion" in self.view(actor).allowed_actions
        sample = second.next_sample(self.db, actor).sample
        assert allowed == (sample is not None)
        if sample:
            result = second.give(self.db, actor, sample.id, action=action, reason="Heard.", rules=RULES)
            assert result.agrees == (self.view().case.state is not CaseState.SECOND_REVIEW)

    @rule(actor=PEOPLE, release=st.booleans(), version=VERSIONS)
    def settle(self, actor, release, version):
        if actor.role is not Role.SENIOR:
            return
        done = self.attempt(
            lambda at: second.settle(
                self.db,
                actor,
                CASE,
                release=release,
                action=None if release else Action.LABEL,
                reason="So it is.",
                statement=REASONS,
                rules=RULES,
                expected_version=at,
            ),
            actor=actor,
            version=version,
            allowed="settle",
        )
        assert done is None or done.case.state is CaseState.PENDING

    @rule(actor=PEOPLE)
    def reopen(self, actor):
        self.attempt(
            lambda at: cases.reopen(self.db, actor, CASE, reason="Why.", expected_version=at),
            actor=actor,
            version=0,
            allowed="reopen",
        )

    @invariant()
    def holds_together(self):
        if not hasattr(self, "before"):
            return
        now = self.view()
        assert now.events[: len(self.before.events)] == self.before.events
        assert now.decisions[: len(self.before.decisions)] == self.before.decisions
        assert now.case.version >= self.before.case.version
        assert [one.payload["decision"] for one in now.events if one.kind == "case.decided"] == [
            one.id for one in now.decisions
        ]
        assert now.case.state is CaseState.OPEN or (now.case.claim is None and now.case.park is None)
        assert now.case.state is not CaseState.PENDING or now.draft.publish_at > self.now
        self.is_somewhere(now)
        self.is_hidden_from_the_label(now)
        self.before = now

    def is_somewhere(self, now):
        """Nothing is stuck: whatever its state, somebody can do something, or the clock will."""
        is_parked = now.case.park is not None and now.case.park.is_live(self.now)
        filters = QueueFilters(state=now.case.state, parked=is_parked)
        assert [case.id for case in cases.queue(self.db, MIA, filters).cases] == [CASE]
        allowed = {name for who, role in NAMES.items() for name in self.view(Actor(who, role)).allowed_actions}
        assert allowed & {"decide", "undo", "reopen", "release"}

    def is_hidden_from_the_label(self, now):
        seen = self.view(NOVA)
        assert (seen.draft, seen.case.claim, seen.case.park) == (None, None, None)
        assert seen.case.state in {CaseState.OPEN, CaseState.WAITING, CaseState.DECIDED}
        assert len(seen.decisions) == len(now.decisions)


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=10, stateful_step_count=25, deadline=None, derandomize=True)
