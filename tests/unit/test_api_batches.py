"""Many cases decided alike: nothing reaches a case that was not previewed as it is."""

from datetime import timedelta

import pytest
from fixtures_api import START, make_screening
from pydantic import ValidationError

from api.public import QueueFilters
from api.public_batches import BatchCreate, BatchException
from api.services import batches, cases, clock, drafts
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record
from schemas.cases import Action, CaseState, StatementOfReasons
from schemas.errors import InvalidTransition, NotAllowed, NotFound
from schemas.review import AT_ONCE, ReviewRules

MIA, BEN = (Actor(name, Role.MODERATOR) for name in ("mia", "ben"))
SUE = Actor("sue", Role.SENIOR)
NOVA = Actor("nova", Role.LABEL, account="nova")
MOLE = Actor("mole", Role.LABEL, account="mole")
UNDO = ReviewRules(undo_s={Action.APPROVE: 60}, batch_undo_s=300)
RELEASE = {"release_key": "0123456789012", "account": "nova"}
SHARED = StatementOfReasons(explanation="No licence was shown.")


@pytest.fixture
def time(monkeypatch):
    class Time:
        now = START

    made = Time()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def album(db, time):
    """Three flagged tracks of one release, one of another, and an equal release of somebody else."""
    own = [make_screening(n, "AID-002", **RELEASE) for n in (1, 2, 3)]
    beside = make_screening(4, "AUD-001", account="nova", release_key="9")
    foreign = make_screening(5, "AID-002", account="mole", release_key=RELEASE["release_key"])
    record(db, PIPELINE, [one.model_dump(mode="json") for one in (*own, beside, foreign)])
    return [case_id_of(f"rec_{n}", "nova") for n in (1, 2, 3)]


def plan(db, actor=MIA, **wanted):
    whole = {"action": "approve", "reason": "Heard them all.", **wanted}
    return batches.preview(db, actor, BatchCreate.model_validate(whole))


def statuses(batch):
    return [str(item.status) for item in batch.items]


def states(db):
    return [cases.view(db, MIA, case_id_of(f"rec_{n}", "mole" if n == 5 else "nova")).case.state for n in range(1, 6)]


def test_a_release_is_its_cases_of_the_same_account(db, album):
    assert album == [case.id for case in batches.release_of(db, NOVA, album[0]).cases]
    with pytest.raises(NotFound):
        batches.release_of(db, MOLE, album[0])


def test_a_preview_decides_nothing(db, album):
    batch = plan(db, release_of=album[0])

    assert statuses(batch) == ["planned"] * 3
    assert set(states(db)) == {CaseState.OPEN}


def test_one_decision_with_exceptions_per_track_and_nothing_beside(db, album, time):
    exceptions = [
        BatchException(case_id=album[1], action=Action.ASK, reason="Who sings here?"),
        BatchException(case_id=album[2]),
    ]
    batch = plan(db, release_of=album[0], exceptions=exceptions)
    assert statuses(batch) == ["planned", "planned", "excepted"]

    done = batches.apply(db, MIA, batch.id, rules=AT_ONCE)

    assert statuses(done) == ["done", "done", "excepted"]
    assert states(db) == [CaseState.DECIDED, CaseState.WAITING, CaseState.OPEN, CaseState.OPEN, CaseState.OPEN]
    assert cases.view(db, MIA, album[1]).decisions[0].reason == "Who sings here?"


def test_each_restriction_states_its_own_facts(db, album):
    batch = plan(db, release_of=album[0], action="label", statement=SHARED)
    batches.apply(db, MIA, batch.id, rules=AT_ONCE)

    facts = [cases.view(db, MIA, one).decisions[0].statement.facts for one in album]
    assert [f"Song {n}" in text for n, text in enumerate(facts, 1)] == [True] * 3
    assert len(set(facts)) == 3


def test_a_track_without_evidence_of_its_own_is_not_taken_along(db, album):
    cleared = make_screening(2, take=1, **RELEASE)
    record(db, PIPELINE, [cleared.model_dump(mode="json")])
    batch = plan(db, release_of=album[0], action="remove", statement=SHARED)

    assert statuses(batch) == ["planned", "refused", "planned"]
    assert "evidence of its own" in batch.items[1].detail
    batches.apply(db, MIA, batch.id, rules=AT_ONCE)
    assert states(db)[:3] == [CaseState.DECIDED, CaseState.OPEN, CaseState.DECIDED]


def test_a_restriction_without_reasons_is_refused_item_by_item(db, album):
    batch = plan(db, release_of=album[0], action="remove")

    assert statuses(batch) == ["refused"] * 3
    assert "explanation" in batch.items[0].detail


def test_what_changed_since_the_preview_is_left_alone(db, album):
    batch = plan(db, filters={"code": "AID-002"})
    assert len(batch.items) == 4
    cases.claim(db, MIA, album[0], expected_version=1)
    record(db, PIPELINE, [make_screening(2, "AID-002", take=1, **RELEASE).model_dump(mode="json")])

    done = batches.apply(db, MIA, batch.id, rules=AT_ONCE)

    assert done.counts == {"done": 2, "conflict": 2}
    conflicts = [item.detail for item in done.items if item.status == "conflict"]
    assert any("mia changed it" in text and "case.claimed" in text for text in conflicts)
    assert any("pipeline changed it" in text for text in conflicts)


def test_what_is_held_by_others_or_comes_later_is_not_taken(db, album):
    cases.claim(db, BEN, album[0], expected_version=1)
    batch = plan(db, filters={"q": "Song"})
    assert sorted(statuses(batch)) == ["planned"] * 4 + ["refused"]
    record(db, PIPELINE, [make_screening(9, "AID-002", account="nova").model_dump(mode="json")])
    batches.apply(db, MIA, batch.id, rules=AT_ONCE)

    assert [case.title for case in cases.queue(db, MIA, QueueFilters()).cases] == ["Song 1", "Song 9"]


def test_a_batch_is_undone_as_one(db, album, time):
    batch = plan(db, release_of=album[0])
    done = batches.apply(db, MIA, batch.id, rules=UNDO)
    assert done.is_undoable
    time.now += timedelta(seconds=299)

    undone = batches.undo(db, MIA, batch.id)

    assert (statuses(undone), undone.is_undoable) == (["undone"] * 3, False)
    assert set(states(db)) == {CaseState.OPEN}
    time.now += timedelta(hours=1)
    assert drafts.publish_due(db) == 0


def test_what_is_published_stays(db, album, time):
    batch = plan(db, release_of=album[0])
    batches.apply(db, MIA, batch.id, rules=UNDO)
    time.now += timedelta(seconds=300)

    drafts.publish_due(db)
    with pytest.raises(InvalidTransition):
        batches.undo(db, MIA, batch.id)
    assert states(db)[:3] == [CaseState.DECIDED] * 3


def test_a_batch_is_applied_once_and_by_who_previewed_it(db, album):
    batch = plan(db, release_of=album[0])
    with pytest.raises(NotAllowed):
        batches.apply(db, BEN, batch.id, rules=UNDO)
    batches.apply(db, MIA, batch.id, rules=UNDO)
    with pytest.raises(InvalidTransition):
        batches.apply(db, MIA, batch.id, rules=UNDO)
    with pytest.raises(NotAllowed):
        batches.undo(db, BEN, batch.id)
    assert batches.undo(db, SUE, batch.id).counts == {"undone": 3}
    assert [one.id for one in batches.newest(db, MIA).batches] == [batch.id]


def test_a_label_makes_no_batches(db, album):
    with pytest.raises(NotAllowed):
        plan(db, NOVA, release_of=album[0])


@pytest.mark.parametrize("wrong", [{}, {"filters": {}, "release_of": "x"}])
def test_a_batch_has_one_source(wrong):
    with pytest.raises(ValidationError):
        BatchCreate.model_validate({"action": "approve", "reason": "Why.", **wrong})
