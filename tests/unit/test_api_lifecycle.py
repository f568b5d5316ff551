"""Whatever people and the pipeline do in whatever order, a case stays a case."""

import tempfile
from datetime import timedelta
from pathlib import Path
from unittest import mock

from fixtures_api import START, make_screening
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from api.public import QueueFilters
from api.services import cases, clock
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record
from api.store.database import open_database
from schemas.cases import Action, CaseState, StatementOfReasons
from schemas.errors import ReviewError
from schemas.review import AT_ONCE

PEOPLE = st.sampled_from([Actor(name, Role.MODERATOR) for name in ("mia", "ben")])
CODES = st.sets(st.sampled_from(["AID-002", "AUD-001", "SPM-001"]), max_size=3).map(sorted)
REASONS = StatementOfReasons(facts="F", ground="G", explanation="E")
CASE = case_id_of("rec_1", "")
MIA = Actor("mia", Role.MODERATOR)


class Lifecycle(RuleBasedStateMachine):
    """Every command either moves the case one version on and tells it, or leaves everything as it was."""

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.db = open_database(f"sqlite:///{Path(self.folder.name) / 'review.db'}")
        self.now, self.take, self.decisions = START, 0, 0
        self.clock = mock.patch.object(clock, "now", side_effect=lambda: self.now)
        self.clock.start()
        self.screen(["AID-002"], "bytes-1")
        self.before = self.view()

    def teardown(self):
        if hasattr(self, "db"):
            self.clock.stop()
            self.db.close()
            self.folder.cleanup()

    def view(self):
        return cases.view(self.db, MIA, CASE)

    def attempt(self, command, *, actor, version, allowed):
        before = self.view()
        offered = allowed in cases.view(self.db, actor, CASE).allowed_actions
        try:
            after = command(before.case.version + version)
        except ReviewError:
            assert not offered or version
            assert before == self.view()
            return None
        assert version == 0
        assert offered
        assert before.case.version + 1 == after.case.version
        assert len(before.events) + 1 == len(after.events)
        assert actor.name == after.case.updated_by == after.events[-1].actor
        return after

    @rule(codes=CODES, source=st.sampled_from(["bytes-1", "bytes-2"]))
    def screen(self, codes, source):
        self.take += 1
        screening = make_screening(1, *codes, take=self.take, source=source)
        record(self.db, PIPELINE, [screening.model_dump(mode="json")] * 2)
        assert tuple(codes) == self.view().case.codes

    @rule(minutes=st.integers(1, 30))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(actor=PEOPLE, version=st.sampled_from([0, 0, 0, 1, -1]))
    def claim(self, actor, version):
        self.attempt(
            lambda at: cases.claim(self.db, actor, CASE, expected_version=at),
            actor=actor,
            version=version,
            allowed="claim",
        )

    @rule(actor=PEOPLE)
    def release(self, actor):
        self.attempt(
            lambda at: cases.release(self.db, actor, CASE, expected_version=at),
            actor=actor,
            version=0,
            allowed="release",
        )

    @rule(actor=PEOPLE, action=st.sampled_from(Action), version=st.sampled_from([0, 0, 0, 1, -1]))
    def decide(self, actor, action, version):
        done = self.attempt(
            lambda at: cases.decide(
                self.db,
                actor,
                CASE,
                action=action,
                reason="Why.",
                statement=REASONS,
                expected_version=at,
                rules=AT_ONCE,
            ),
            actor=actor,
            version=version,
            allowed="decide",
        )
        self.decisions += done is not None
        if done:
            assert (CaseState.WAITING if action is Action.ASK else CaseState.DECIDED) is done.case.state

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
        assert now.case.version >= self.before.case.version
        assert self.decisions == len(now.decisions)
        assert now.case.state is CaseState.OPEN or now.case.claim is None
        listed = cases.queue(self.db, MIA, QueueFilters(state=now.case.state)).cases
        assert [case.id for case in listed] == [CASE]
        self.before = now


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=8, stateful_step_count=20, deadline=None, derandomize=True)
