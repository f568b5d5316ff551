"""Several processes at the same work, each with a connection of its own: everything happens once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fixtures_api import START, make_screening
from sqlmodel import select

from api.services import audit, cases, clock, courier, drafts, keys
from api.services.access import PIPELINE, Actor, Role
from api.services.screenings import case_id_of, record
from api.settings import Settings
from api.store.database import Database
from api.tables import DecisionRow, EventRow, WebhookDeliveryRow, WebhookRow
from schemas.cases import Action
from schemas.events import EventKind
from schemas.review import ReviewRules

MIA = Actor("mia", Role.MODERATOR)
UNDO = ReviewRules.model_validate({"undo_s": dict.fromkeys(Action, 60), "batch_undo_s": 300})
NUMBERS = range(1, 6)
PROCESSES = 3


@pytest.fixture
def together(db, database_url):
    """As many databases as processes would have."""
    made = [db, *(Database(database_url) for _ in range(PROCESSES - 1))]
    yield made
    for one in made[1:]:
        one.close()


def at_once(work, databases):
    with ThreadPoolExecutor(len(databases)) as threads:
        return [one.result() for one in [threads.submit(work, db) for db in databases]]


def rows(db, table, *where):
    with db.read() as session:
        return session.exec(select(table).where(*where)).all()


def test_drafts_are_published_once_and_told_once_to_each_address(together, monkeypatch, tmp_path):
    db = together[0]
    record(db, PIPELINE, [make_screening(n, "AID-002").model_dump(mode="json") for n in NUMBERS])
    for number in NUMBERS:
        case_id = case_id_of(f"rec_{number}", "")
        cases.decide(db, MIA, case_id, action=Action.APPROVE, reason="Fine.", expected_version=1, rules=UNDO)
    with db.write() as session:
        hook = {"url": "https://hooks.test/x", "secret": "whsec_x", "made_by": "mia", "made_at": START}
        session.add(WebhookRow(id="whk_1", kinds=EventKind.CASE_DECIDED, **hook))
    later = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)

    published = at_once(drafts.publish_due, together)
    while any(at_once(lambda one: courier.fan_out(one, Settings(home=tmp_path)), together)):
        pass

    assert sum(published) == len(rows(db, DecisionRow)) == len(NUMBERS)
    assert len(rows(db, EventRow, EventRow.kind == EventKind.CASE_DECIDED)) == len(NUMBERS)
    assert len(rows(db, WebhookDeliveryRow)) == len(NUMBERS)
    assert audit.verify(db, keys.TERMINAL).broken == ()


def test_batches_that_come_to_several_processes_at_once_are_stored_once(together):
    batch = [make_screening(n, "AID-002").model_dump(mode="json") for n in range(40)]

    answers = at_once(lambda one: record(one, PIPELINE, batch), together)

    assert sorted(result.status for answer in answers for result in answer) == ["created"] * 40 + ["unchanged"] * 80
    assert audit.verify(together[0], keys.TERMINAL).broken == ()
