from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from fixtures_api import START, make_screening

from api.public import QueueFilters
from api.services import cases, clock
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record
from schemas.cases import CLAIM_LEASE, Action, CaseState, StatementOfReasons
from schemas.errors import (
    IncompleteStatement,
    InvalidInput,
    InvalidTransition,
    LinerError,
    NotAllowed,
    NotClaimHolder,
    NotFound,
    StaleCase,
)
from schemas.review import AT_ONCE, ReviewRules

MIA = Actor(name="mia", role=Role.MODERATOR)
BEN = Actor(name="ben", role=Role.MODERATOR)
NOVA = Actor(name="nova", role=Role.LABEL, account="nova", dpids=("PADPIDA2013020802I",))
STATEMENT = StatementOfReasons(facts="The vocals are cloned.", ground="Terms 4.2", explanation="No licence.")
CASE = case_id_of("rec_1", "")


@pytest.fixture
def time(monkeypatch):
    """A clock that a test moves."""

    class Time:
        now = START

        def pass_by(self, by):
            self.now += by

    made = Time()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@pytest.fixture
def case(db, time):
    put(db, make_screening(1, "AID-002"))
    return CASE


def put(db, *screenings):
    return record(db, PIPELINE, [one.model_dump(mode="json") for one in screenings])


def approve(db, actor=MIA, version=1, **more):
    wanted = {"action": Action.APPROVE, "reason": "Heard it.", **more}
    return cases.decide(db, actor, CASE, expected_version=version, rules=AT_ONCE, **wanted)


def test_the_queue_shows_the_gravest_first_then_the_oldest(db, time):
    for number, code in enumerate(["SPM-001", "AID-002", "AUD-001", "AID-003"]):
        put(db, make_screening(number, code))
        time.pass_by(timedelta(minutes=1))

    shown = cases.queue(db, MIA, QueueFilters()).cases

    assert [one.codes[0] for one in shown] == ["AID-002", "AID-003", "AUD-001", "SPM-001"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_show_every_case_once_also_when_cases_come_meanwhile(db, time, limit):
    put(db, *(make_screening(n, ["SPM-001", "AID-002", "AUD-001"][n % 3]) for n in range(7)))
    whole = [one.id for one in cases.queue(db, MIA, QueueFilters()).cases]

    seen, cursor = [], ""
    while cursor is not None:
        page = cases.queue(db, MIA, QueueFilters(limit=limit, cursor=cursor))
        seen += [one.id for one in page.cases]
        cursor = page.next_cursor
        time.pass_by(timedelta(seconds=1))
        put(db, make_screening(100 + len(seen), "AID-002", "AID-003"))  # more urgent than all

    assert whole == seen


@pytest.mark.parametrize("cursor", ["x", "e30", "W10", "WzEsMiwzXQ", "W251bGwsIm4iLCJ4Il0"])
def test_a_cursor_that_is_none_of_ours_is_refused(db, cursor):
    with pytest.raises(InvalidInput):
        cases.queue(db, MIA, QueueFilters(cursor=cursor))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {1, 2, 3}),
        ({"code": "AUD-001"}, {2, 3}),
        ({"severity": "high"}, {1, 3}),
        ({"sender": "nova"}, {1, 3}),
        ({"sender": "PADPIDX"}, {2}),
        ({"q": "song 2"}, {2}),
        ({"q": "QZABC2600003"}, {3}),
        ({"q": "%"}, set()),
        ({"q": "\0"}, set()),
        ({"state": "decided"}, set()),
        ({"code": "AUD-001", "severity": "high"}, {3}),
    ],
)
def test_filters(db, filters, found):
    put(
        db,
        make_screening(1, "AID-002"),
        make_screening(2, "AUD-001", sender_id="PADPIDX", sender_name="Other"),
        make_screening(3, "AID-002", "AUD-001"),
        make_screening(4),
    )

    page = cases.queue(db, MIA, QueueFilters.model_validate(filters))

    assert {f"Song {number}" for number in found} == {one.title for one in page.cases}
    assert len(found) == page.total
    if filters.get("state") != "decided":
        assert page.codes == {"AID-002": 2, "AUD-001": 2}


def test_claiming_keeps_others_off_until_the_lease_ends(db, case, time):
    held = cases.claim(db, MIA, case, expected_version=1)

    assert held.allowed_actions == ("claim", "hand_over", "park", "release", "decide")
    assert cases.view(db, BEN, case).allowed_actions == ()
    with pytest.raises(NotClaimHolder, match="mia holds"):
        approve(db, BEN, 2)

    time.pass_by(CLAIM_LEASE)
    assert "claim" in cases.view(db, BEN, case).allowed_actions
    assert cases.claim(db, BEN, case, expected_version=2).case.claim.holder == "ben"


def test_releasing_gives_the_case_back(db, case, time):
    cases.claim(db, MIA, case, expected_version=1)

    given = cases.release(db, MIA, case, expected_version=2)

    assert given.case.claim is None
    assert CaseState.DECIDED is approve(db, BEN, 3).case.state


def test_a_decision_is_kept_with_all_it_rests_on(db, case):
    about = approve(db, action=Action.LABEL, statement=STATEMENT, note="Ask legal.")

    (decision,) = about.decisions
    assert (decision.screening_id, decision.case_version, decision.policy) == ("scr_1_0", 1, "house@1+abc")
    assert STATEMENT == decision.statement == about.case.decision.statement
    assert decision.note == "Ask legal."
    assert about.allowed_actions == ("reopen",)
    assert {"decision", "action", "reason", "version", "sha256"} == set(about.events[-1].payload)


def test_a_restriction_without_reasons_is_refused_and_changes_nothing(db, case):
    with pytest.raises(IncompleteStatement) as caught:
        approve(db, action=Action.REMOVE, statement=StatementOfReasons(facts="x"))

    assert caught.value.missing == ("ground (d, e)", "explanation (d, e)")
    assert (cases.view(db, MIA, case).case.version, cases.view(db, MIA, case).decisions) == (1, ())


@pytest.mark.parametrize("reason", ["", "no", "x" * 5001])
def test_a_decision_needs_a_reason(db, case, reason):
    with pytest.raises(InvalidInput):
        approve(db, reason=reason)


def test_a_decided_case_is_decided_again_only_after_it_was_reopened(db, case):
    approve(db)
    with pytest.raises(InvalidTransition):
        approve(db, version=2)

    again = cases.reopen(db, BEN, case, reason="New facts\0", expected_version=2)

    assert CaseState.OPEN is again.case.state
    assert again.case.decision.action == "approve"
    assert len(approve(db, version=3).decisions) == 2


def test_who_is_late_learns_who_changed_what_and_when(db, case):
    approve(db, BEN)

    with pytest.raises(StaleCase) as caught:
        approve(db, MIA)

    assert (
        caught.value.expected,
        caught.value.actual,
        caught.value.changed_by,
        caught.value.changed_at,
    ) == (1, 2, "ben", "2026-11-22 12:00:00 UTC")


def test_new_evidence_makes_a_decision_stale(db, case):
    put(db, make_screening(1, "AID-002", take=1))

    with pytest.raises(StaleCase, match="pipeline changed it"):
        approve(db)


@pytest.mark.parametrize("rules", [AT_ONCE, ReviewRules(undo_s={Action.APPROVE: 60})], ids=["at once", "draft"])
def test_of_twenty_decisions_at_once_exactly_one_wins(db, case, rules):
    together = Barrier(20)

    def attempt(number):
        together.wait()
        try:
            actor = Actor(name=f"m{number}", role=Role.MODERATOR)
            cases.decide(db, actor, CASE, action=Action.APPROVE, reason="Mine.", rules=rules, expected_version=1)
        except LinerError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(20) as threads:
        outcomes = list(threads.map(attempt, range(20)))

    assert outcomes.count(None) == 1
    assert outcomes.count(StaleCase) == 19
    about = cases.view(db, MIA, case)
    assert len(about.decisions) + (about.draft is not None) == 1
    assert [event.kind for event in about.events if event.actor.startswith("m")] == [about.events[-1].kind]


def test_decisions_and_screenings_at_once_lose_nothing(db):
    put(db, *(make_screening(number, "AID-002") for number in range(10)))

    def screen(take):
        put(db, *(make_screening(number, "AID-002", take=take) for number in range(10)))

    def decide(number):
        case = cases.view(db, MIA, case_id_of(f"rec_{number}", "")).case
        try:
            cases.decide(
                db,
                MIA,
                case.id,
                action=Action.APPROVE,
                reason="Heard it.",
                expected_version=case.version,
                rules=AT_ONCE,
            )
        except StaleCase:
            return 0
        return 1

    with ThreadPoolExecutor(6) as threads:
        screened = [threads.submit(screen, take) for take in range(1, 5)]
        decided = sum(threads.map(decide, range(10)))
        for one in screened:
            one.result()

    page = cases.queue(db, MIA, QueueFilters(state=CaseState.DECIDED))
    assert decided == page.total
    events = [e.kind for n in range(10) for e in cases.history(db, MIA, case_id_of(f"rec_{n}", ""))]
    assert (50, decided) == (events.count("screening.recorded"), events.count("case.decided"))


def test_the_next_case_is_the_first_that_nobody_else_holds(db, time):
    put(db, make_screening(1, "AID-002"), make_screening(2, "AUD-001"), make_screening(3, "SPM-001"))
    first, second, third = (one.id for one in cases.queue(db, MIA, QueueFilters()).cases)
    cases.claim(db, BEN, second, expected_version=1)

    assert first == cases.next_case(db, MIA)
    assert third == cases.next_case(db, MIA, after=first)
    assert first == cases.next_case(db, MIA, after=third)
    assert second == cases.next_case(db, BEN, after=first)


def test_there_is_no_next_case_after_the_only_one(db, case):
    assert cases.next_case(db, MIA, after=case) is None


def test_a_label_sees_its_own_without_the_colleagues_business(db):
    matches = [{"kind": "fingerprint", "recording_key": "rec_9", "title": "Other", "audio_uri": "/landing/other.wav"}]
    spans = {"own": {"start_s": 0, "end_s": 1}, "other": {"start_s": 0, "end_s": 1}, "score": 5, "sender_id": "PADPIDX"}
    screening = make_screening(1, "AID-002", account="nova", audio_uri="/landing/accounts/nova/x.wav")
    document = screening.model_dump(mode="json") | {"known": {"matches": [matches[0] | spans]}}
    record(db, PIPELINE, [document])
    own = case_id_of("rec_1", "nova")
    cases.claim(db, MIA, own, expected_version=1)
    cases.decide(db, MIA, own, action=Action.APPROVE, reason="Fine.", note="Secret.", expected_version=2, rules=AT_ONCE)

    about = cases.view(db, NOVA, own)

    text = about.model_dump_json()
    assert not [hidden for hidden in ("mia", "Secret", "/landing", "PADPIDX", "rec_9") if hidden in text]
    assert "Fine." in text
    assert about.allowed_actions == ()
    assert [event.kind for event in cases.history(db, NOVA, own)] == ["case.opened", "case.decided"]


@pytest.mark.parametrize(
    ("intake", "is_seen"),
    [
        ({"account": "nova"}, True),
        ({"account": "nova", "sender_id": "PADPIDX"}, True),
        ({"account": None}, True),
        ({"account": None, "sender_id": "pa-dpida-2013020802-i"}, True),
        ({"account": None, "sender_id": "PADPIDX"}, False),
        ({"account": None, "sender_id": None}, False),
        ({"account": "mole"}, False),
    ],
)
def test_the_account_that_delivered_counts_and_the_stated_sender_only_without_one(db, intake, is_seen):
    put(db, make_screening(1, "AID-002", **intake))
    case = case_id_of("rec_1", intake["account"] or "")

    assert is_seen == bool(cases.queue(db, NOVA, QueueFilters()).total)
    if is_seen:
        assert case == cases.view(db, NOVA, case).case.id
    else:
        with pytest.raises(NotFound):
            cases.view(db, NOVA, case)
        with pytest.raises(NotFound):
            cases.history(db, NOVA, case)


def test_a_label_decides_nothing(db, case):
    with pytest.raises(NotAllowed):
        approve(db, NOVA)
    with pytest.raises(NotAllowed):
        cases.next_case(db, NOVA)
