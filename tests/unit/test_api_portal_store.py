"""Appeals and webhooks on both databases; the migration forward and back on data."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from fixtures_api import Api, make_screening
from sqlalchemy.exc import IntegrityError

from api.public_appeals import AppealAnswerCreate, AppealCreate, AppealFilters
from api.public_keys import KeyCreate
from api.public_webhooks import WebhookCreate
from api.services import appeals, cases, courier, keys, screenings, webhooks
from api.services.access import PIPELINE, Actor, Role
from api.settings import Settings
from api.store.database import Database, alembic_config
from api.tables import AppealRow, WebhookDeliveryRow
from schemas.cases import Action, StatementOfReasons
from schemas.review import load_rules

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LABEL = Actor("nova", Role.LABEL, "nova")
SETTINGS = Settings(webhook_private=True)
STATEMENT = StatementOfReasons(facts="Cloned.", ground="Terms 4.2", explanation="No licence.")
TABLES = {"appeal", "appeal_note", "appeal_attachment", "delivery_draft", "upload", "webhook", "webhook_delivery"}


def decide(db):
    keys.create(db, keys.TERMINAL, KeyCreate(name="nova", role=Role.LABEL, account="nova"))
    screenings.record(db, PIPELINE, [make_screening(1, "AID-002", account="nova").model_dump(mode="json")])
    mia = Actor("mia", Role.MODERATOR)
    (case,) = cases.queue(db, mia, cases.QueueFilters()).cases
    about = cases.decide(
        db, mia, case.id, action=Action.REMOVE, reason="Cloned.", statement=STATEMENT, expected_version=1,
        rules=load_rules("at-once"),
    )  # fmt: skip
    return about.decisions[-1].id


def test_an_appeal_is_filed_listed_and_reversed(db):
    decision = decide(db)
    filed = appeals.file(db, LABEL, SETTINGS, AppealCreate(decision_id=decision, text="I sang this myself.")).appeal
    ben = Actor("ben", Role.MODERATOR)
    assert appeals.every(db, ben, AppealFilters(mine=True)).total == 1
    assert appeals.every(db, Actor("mia", Role.MODERATOR), AppealFilters(mine=True)).total == 0

    wanted = AppealAnswerCreate(outcome="reversed", reply="The stems show it.", expected_version=1)
    answered = appeals.answer(db, ben, filed.id, wanted).appeal

    assert [one.title for one in answered.reinstated.recordings] == ["Song 1"]
    assert cases.view(db, ben, answered.case_id).decisions[-1].action is Action.APPROVE


def test_messages_are_owed_once_and_leased_once(db):
    keys.create(db, keys.TERMINAL, KeyCreate(name="nova", role=Role.LABEL, account="nova"))
    webhooks.register(db, LABEL, SETTINGS, WebhookCreate(url="http://127.0.0.1:9/"))
    screenings.record(db, PIPELINE, [make_screening(1, "AID-002", account="nova").model_dump(mode="json")])

    assert (courier.fan_out(db, SETTINGS), courier.fan_out(db, SETTINGS)) == (1, 0)
    assert courier.send_due(db, SETTINGS) == 1  # nobody listens there
    with db.read() as session:
        (row,) = session.scalars(sa.select(WebhookDeliveryRow)).all()
        assert (row.state, row.attempts, row.leased_until) == ("pending", 1, None)
        assert "ConnectError" in row.last_answer


@pytest.mark.parametrize("wrong", [{"state": "lost"}, {"party": "robot"}, {"outcome": "maybe"}, {"state": "decided"}])
def test_an_appeal_that_cannot_be_is_refused_by_the_database(db, wrong):
    decision = decide(db)
    (case,) = cases.queue(db, PIPELINE, cases.QueueFilters(state=None)).cases
    facts = {
        "id": "apl_1", "decision_id": decision, "case_id": case.id, "party": "label", "text": "x", "state": "open",
        "received_by": "nova", "received_at": NOW, "due_at": NOW + timedelta(days=1), "updated_by": "nova",
        "updated_at": NOW,
    }  # fmt: skip
    with pytest.raises(IntegrityError), db.write() as session:
        session.add(AppealRow(**{**facts, **wrong}))


def test_the_migration_goes_forward_and_back_on_data(empty_database_url):
    database = Database(empty_database_url)
    config = alembic_config()
    try:
        _migrate(database, config, command.upgrade, "0006")
        with database.engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO account (name, created_at) VALUES ('nova', '2026-11-22 12:00:00')"))
            connection.execute(
                sa.text(
                    "INSERT INTO webhook (id, account, url, kinds, secret, made_by, made_at, removed_why) "
                    "VALUES ('w', 'nova', 'https://x.example', '', 's', 'nova', '2026-11-22 12:00:00', '')"
                )
            )
        assert set(sa.inspect(database.engine).get_table_names()) >= TABLES
        _migrate(database, config, command.downgrade, "0005")
        assert not TABLES & set(sa.inspect(database.engine).get_table_names())
        with database.engine.begin() as connection:
            assert connection.execute(sa.text("SELECT name FROM account")).scalars().all() == ["nova"]
        _migrate(database, config, command.upgrade, "0006")
        assert set(sa.inspect(database.engine).get_table_names()) >= TABLES
    finally:
        database.close()


def _migrate(database, config, move, revision):
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        move(config, revision)
        connection.commit()


@pytest.mark.parametrize(
    "path", ["/v1/appeals/a%00b", "/v1/drafts/a%00b", "/v1/appeals?case_id=%00", "/v1/deliveries/%00"]
)
def test_what_no_database_can_hold_is_refused_in_words(database_url, tmp_path, path):
    api = Api(Settings(home=tmp_path, database_url=database_url))

    assert api.label.get(path).status_code in {200, 404, 422}
    api.db.close()


def test_a_time_beyond_the_calendar_is_refused_in_words(api):
    period = {"since": "0001-01-01T00:00:00+14:00", "until": "9999-12-31T23:59:59-14:00"}

    assert api.admin.get("/v1/dsa/statements", params=period).json()["code"] == "invalid-input"
