"""Filters against the database, routing with its dry run, queues with their clocks, views, and who sees which."""

from datetime import UTC, datetime, timedelta

import pytest
from fixtures_api import make_screening

from api.public import QueueFilters
from api.public_queues import QueueSet, RoutingCreate, RoutingDocument, ViewCreate
from api.services import cases, clock, filters, outcomes, queues, routing, screenings
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of
from schemas.cases import Action, StatementOfReasons
from schemas.disclosure import Disclosure, Level
from schemas.errors import InvalidInput, NotFound, StaleCase
from schemas.review import load_rules
from schemas.screening import Heard, Screening, Signal

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIA = Actor(name="mia", role=Role.MODERATOR)
SUE = Actor(name="sue", role=Role.SENIOR)
STATEMENT = StatementOfReasons(facts="It is a copy.", ground="Terms 4.2", explanation="No licence.")
SENTENCE = "undeclared, synthetic over 0.9, new senders, last week, Brazil"


def screening(number: int, *codes: str, synthetic: float | None = None, level=Level.UNDECLARED, **intake) -> Screening:
    made = make_screening(number, *(codes or ("AID-002",)), **intake)
    signal = Signal(name="synthetic_probability", value=0.5, probability=synthetic, model="m")
    heard = Heard(signals=(signal,)) if synthetic is not None else Heard()
    return made.model_copy(update={"heard": heard, "declared": Disclosure(level=level, can_declare=True)})


def record(db, *found):
    results = screenings.record(db, PIPELINE, [one.model_dump(mode="json") for one in found])
    assert [one.status for one in results] == ["created"] * len(found), results


def numbers(db, text, actor=MIA):
    page = cases.queue(db, actor, QueueFilters(filter=text, limit=200))
    assert page.total == len(page.cases)
    return sorted(int(one.recording_key.removeprefix("rec_")) for one in page.cases)


@pytest.fixture
def at(monkeypatch):
    """Set the time."""

    def go(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    go(NOW)
    return go


@pytest.fixture
def filled(db, at):
    """Five cases: the first alone is all that the sentence says."""
    at(NOW - timedelta(days=60))
    record(db, screening(9, "SPM-001", synthetic=0.95, territories=("BR",), sender_id="PADPIDAOLD1"))
    at(NOW - timedelta(days=2))
    record(
        db,
        screening(1, synthetic=0.95, territories=("AR", "BR"), sender_id="PADPIDANEW1", label="Saltmarsh"),
        screening(2, synthetic=0.95, territories=("DE",), sender_id="PADPIDANEW1"),
        screening(3, synthetic=0.5, territories=("BR",), sender_id="PADPIDANEW1"),
        screening(4, synthetic=0.95, level=Level.NONE, territories=("BR",), sender_id="PADPIDANEW1"),
        screening(5, "SPM-001", synthetic=0.95, territories=("BR",), sender_id="PADPIDAOLD1"),
        screening(6, "AUD-001", sender_id="PADPIDANEW1", sender_name="Harbour Music"),
    )
    at(NOW)
    return db


def test_the_sentence_of_a_moderator_gets_its_cases(filled):
    assert numbers(filled, SENTENCE) == [1]
    saved = queues.save_view(filled, MIA, ViewCreate(name="Brazil, new", filter=SENTENCE))
    assert (saved.count, saved.filter) == (1, "undeclared synthetic>0.9 new-sender since:7d territory:BR")
    shared = queues.view(filled, Actor(name="ben", role=Role.MODERATOR), saved.id)
    assert (shared.url, shared.count) == (f"/console/views/{saved.id}", 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [1, 2, 3, 4, 5, 6, 9]),
        ("synthetic>0.9", [1, 2, 4, 5, 9]),
        ("-synthetic>0.9", [3, 6]),  # what was not measured is not over 0.9
        ("synthetic<=0.5", [3]),
        ("undeclared -new-sender", [5, 9]),
        ("new-sender:1d", []),
        ("before:7d", [9]),
        ("since:2026-11-20 severity:high", [1, 2, 3, 4]),
        ("territory:Germany", [2]),
        ("-territory:BR", [2, 6]),
        ("rule:SPM", [5, 9]),
        ("rule:AID-002,AUD-001 sender:padpidanew1", [1, 2, 3, 4, 6]),
        ('sender:"harbour m"', [6]),
        ("label:SALT", [1]),
        ('"song 4"', [4]),
        ("isrc:QZABC2600003", [3]),
        ("queue:main late", [9]),
        ("due:24h", [1, 2, 3, 4, 5, 6, 9]),
        ("held", []),
        ("state:any kind:recording -state:decided", [1, 2, 3, 4, 5, 6, 9]),
        ("state:decided,waiting", []),
        ('title:"%" ', []),
        ("parked", []),
        ("confidence<1", []),
    ],
)
def test_every_field_finds_what_it_says(filled, text, found):
    assert numbers(filled, text) == found


def test_a_filter_is_explained_while_it_is_typed(filled):
    told = filters.explain(filled, MIA, "synthetic over 0.9")
    assert (told.canonical, told.count, told.problem) == ("synthetic>0.9", 5, None)
    wrong = filters.explain(filled, MIA, "late undeclred")
    assert (wrong.problem.column, wrong.problem.suggestion, wrong.count) == (6, "undeclared", None)
    assert [one.insert for one in filters.explain(filled, MIA, "late sev").suggestions] == ["severity:"]
    assert filters.explain(filled, MIA, "late sev").start == 5
    assert [one.insert for one in filters.explain(filled, MIA, "severity:low,h").suggestions] == ["severity:low,high"]
    assert "territory:BR" in [one.insert for one in filters.explain(filled, MIA, "territory:bra").suggestions]
    assert "rule:AID-004" in [one.insert for one in filters.explain(filled, MIA, "rule:AID-00").suggestions]


def test_what_waits_long_enough_comes_first(db, at):
    at(NOW - timedelta(days=30))
    record(db, screening(1, "SPM-001"))
    at(NOW)
    record(db, screening(2, "AID-002"), screening(3, "SPM-001"))
    assert [one.recording_key for one in cases.queue(db, MIA, QueueFilters()).cases] == ["rec_1", "rec_2", "rec_3"]


RULES = RoutingDocument.model_validate(
    {"rules": [{"filter": "rule:AID", "queue": "urgent"}, {"filter": "high, Brazil", "queue": "spam"}]}
)


def make_queues(db):
    queues.put(db, SUE, "urgent", QueueSet(title="Urgent", sla_hours=4))
    queues.put(db, SUE, "spam", QueueSet(title="Spam", sla_hours=240))


def test_a_dry_run_says_where_cases_would_go_and_changes_nothing(filled):
    make_queues(filled)
    told = routing.dry_run(filled, SUE, RULES)
    assert (told.cases, told.moved, told.by_rule) == (7, 4, (4, 0, 3))  # the first match decides
    assert {(one.now, one.then): one.cases for one in told.flows} == {("main", "main"): 3, ("main", "urgent"): 4}
    assert told.examples[0].then == "urgent"
    assert numbers(filled, "queue:urgent") == []


def test_rules_move_cases_set_the_clock_and_are_kept(filled):
    make_queues(filled)
    saved = routing.save(filled, SUE, RoutingCreate(**RULES.model_dump(), note="First", expected_version=0))
    assert numbers(filled, "queue:urgent") == [1, 2, 3, 4]
    record(filled, screening(20, "AID-009"), screening(21, "SPM-001"))
    assert numbers(filled, "queue:urgent -late") == [20]
    urgent = next(one for one in queues.every(filled, MIA).queues if one.name == "urgent")
    assert (urgent.open, urgent.late, urgent.oldest_at) == (5, 4, NOW - timedelta(days=2))
    assert urgent.next_due_at == NOW - timedelta(days=2) + timedelta(hours=4)

    queues.put(filled, SUE, "urgent", QueueSet(title="Urgent", sla_hours=72))
    assert numbers(filled, "queue:urgent late") == []
    with pytest.raises(StaleCase, match="sue changed it"):
        routing.save(filled, SUE, RoutingCreate(expected_version=0))
    routing.save(filled, SUE, RoutingCreate(expected_version=saved.version))
    assert numbers(filled, "queue:urgent") == []
    assert [one.version for one in routing.history(filled, MIA).versions] == [2, 1]
    with pytest.raises(InvalidInput, match="no queue lost"):
        routing.dry_run(filled, SUE, RoutingDocument.model_validate({"rules": [{"filter": "late", "queue": "lost"}]}))


def test_a_share_of_what_has_no_flag_is_looked_at(db, at):
    routing.save(db, SUE, RoutingCreate(sample_share=0.5, expected_version=0))
    record(db, *(make_screening(number) for number in range(200)))
    drawn = cases.queue(db, MIA, QueueFilters()).total
    assert 70 <= drawn <= 130


def test_a_key_for_some_queues_sees_no_others(filled):
    make_queues(filled)
    routing.save(filled, SUE, RoutingCreate(**RULES.model_dump(), expected_version=0))
    pat = Actor(name="pat", role=Role.MODERATOR, queues=frozenset({"urgent"}))
    assert numbers(filled, "", pat) == [1, 2, 3, 4]
    assert [one.name for one in queues.every(filled, pat).queues] == ["urgent"]
    with pytest.raises(NotFound):
        cases.view(filled, pat, case_id_of("rec_5", ""))
    with pytest.raises(NotFound):
        cases.claim(filled, pat, case_id_of("rec_5", ""), expected_version=1)


def test_a_score_in_words_comes_from_own_decisions_alone(sqlite_db, at):
    db = sqlite_db
    record(db, *(screening(number, "SPM-001") for number in range(6)))
    wanted = screening(99, "SPM-001")
    assert outcomes.of_screening(db, MIA, wanted, case_id="", now=NOW).decided == 0
    ends = [Action.REMOVE, Action.REMOVE, Action.APPROVE, Action.ASK]
    for number, action in enumerate(ends):
        statement = STATEMENT if action.is_restricting else None
        cases.decide(
            db, MIA, case_id_of(f"rec_{number}", ""), action=action, reason="Heard it.", statement=statement,
            rules=load_rules("at-once"), expected_version=1,
        )  # fmt: skip
    found = outcomes.of_screening(db, MIA, wanted, case_id="", now=NOW + timedelta(hours=1))
    assert (found.decided, found.upheld) == (3, 2)
    assert found.low < 2 / 3 < found.high
    other = screening(98, "AID-001")
    assert outcomes.of_screening(db, MIA, other, case_id="", now=NOW + timedelta(hours=1)).decided == 0
