from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fixtures_api import START, make_screening
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from api.services.access import PIPELINE
from api.services.screenings import record
from api.store.database import Database, open_database
from api.tables import ApiKeyRow, CaseRow, EventRow, Table
from schemas.errors import InvalidInput


def test_the_migrations_make_what_the_tables_say(db):
    def is_everywhere(_thing, name, *_):
        return name != "ix_case_text_words"  # PostgreSQL's alone, and not everywhere

    with db.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": is_everywhere}
        context = MigrationContext.configure(connection, opts=opts)

        assert compare_metadata(context, Table.metadata) == []


def test_the_migrations_make_every_constraint(db):
    inspector = sa.inspect(db.engine)
    for table in Table.metadata.sorted_tables:
        made = {check["name"] for check in inspector.get_check_constraints(table.name)}
        said = {f"ck_{table.name}_{check.name}" for check in table.constraints if isinstance(check, sa.CheckConstraint)}

        assert said == made, table.name


def test_several_processes_may_open_a_new_database_at_once(empty_database_url):
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(open_database, [empty_database_url] * 4))

    assert all("event" in sa.inspect(one.engine).get_table_names() for one in opened)
    for one in opened:
        one.close()


@pytest.mark.parametrize("change", ["UPDATE event SET actor = 'me'", "DELETE FROM event"])
def test_events_are_only_appended(db, change):
    record(db, PIPELINE, [make_screening(1, "AID-002").model_dump(mode="json")])

    with pytest.raises(DBAPIError, match="append-only"), db.write() as session:
        session.execute(sa.text(change))


def test_decisions_are_frozen(db):
    with db.write() as session:
        triggers = "SELECT 1 FROM sqlite_master WHERE type='trigger' AND tbl_name='decision'"
        if not db.is_sqlite:
            triggers = "SELECT 1 FROM pg_trigger WHERE tgrelid = 'decision'::regclass AND NOT tgisinternal"

        assert session.execute(sa.text(triggers)).all()


@pytest.mark.parametrize(
    "wrong", [{"state": "lost"}, {"priority": -1}, {"version": 0}, {"claim_holder": "mia"}, {"kind": "album"}]
)
def test_a_case_that_cannot_be_is_refused_by_the_database(db, wrong):
    record(db, PIPELINE, [make_screening(1).model_dump(mode="json")])
    whole = {"kind": "recording", "state": "open", "priority": 1, "screening_id": "scr_1_0", "updated_by": "x"}
    row = CaseRow(id="cas_1", recording_key="r", opened_at=START, updated_at=START, **{**whole, **wrong})

    with pytest.raises(IntegrityError), db.write() as session:
        session.add(row)


def test_a_labels_key_without_an_account_is_refused_by_the_database(db):
    with pytest.raises(IntegrityError), db.write() as session:
        session.add(ApiKeyRow(id="k", name="n", prefix="p", digest="d", role="label", created_at=START))


def test_times_come_back_in_utc_and_naive_ones_are_refused(db):
    with db.write() as session:
        session.add(EventRow(seq=1, kind="x", actor="y", at=datetime(2026, 7, 1, 12, tzinfo=UTC)))
    with db.read() as session:
        assert datetime(2026, 7, 1, 12, tzinfo=UTC) == session.exec(sa.select(EventRow.at)).scalars().one()

    with pytest.raises(StatementError, match="naive"), db.write() as session:
        session.add(EventRow(kind="x", actor="y", at=datetime(2026, 7, 1)))  # noqa: DTZ001


def test_a_transaction_does_everything_or_nothing(db):
    def half():
        with db.write() as session:
            session.add(EventRow(kind="x", actor="y", at=START))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()

    with db.read() as session:
        assert session.exec(sa.select(sa.func.count()).select_from(EventRow)).scalar() == 0


def test_a_newer_database_is_refused_in_a_sentence(sqlite_db):
    with sqlite_db.write() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(InvalidInput, match="revision 9999"):
        open_database(sqlite_db.url.render_as_string(hide_password=False))


@pytest.mark.parametrize("url", ["sqlite:////dev/null/x/review.db", "postgresql+psycopg://u:hush@127.0.0.1:1/none"])
def test_a_database_that_cannot_be_used_gives_a_sentence(url):
    with pytest.raises(InvalidInput) as caught:
        open_database(url)

    assert caught.value.mend
    assert "hush" not in caught.value.message
    assert not Database(url).is_reachable()
