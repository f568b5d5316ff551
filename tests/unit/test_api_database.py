"""The way to the database: pages that read through one connection, and connections that died meanwhile."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, text

from api.store import database
from api.store.database import open_database


class TestWriting:
    def test_threads_take_turns_and_none_has_to_wait_for_sqlite_itself(self, sqlite_template, tmp_path, monkeypatch):
        monkeypatch.setattr(database, "BUSY_MS", 0)  # who meets another writer there fails at once
        copy = tmp_path / "review.db"
        copy.write_bytes(sqlite_template.read_bytes())
        db = open_database(f"sqlite:///{copy}")

        def write(number):
            with db.write() as session:
                session.execute(text("CREATE TABLE IF NOT EXISTS turns (number INTEGER)"))
                session.execute(text("INSERT INTO turns VALUES (:number)"), {"number": number})

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write, range(64)))
        with db.read() as session:
            assert session.execute(text("SELECT count(*) FROM turns")).scalar_one() == 64
        db.close()


class TestReading:
    def test_all_that_is_read_inside_shares_one_session(self, sqlite_db):
        with sqlite_db.reading(), sqlite_db.read() as first, sqlite_db.read() as second:
            assert first is second

        with sqlite_db.read() as third:
            assert third is not first

    def test_another_database_is_not_meant(self, sqlite_db):
        other = database.Database("sqlite://")
        with sqlite_db.reading(), sqlite_db.read() as own, other.read() as foreign:
            assert own is not foreign
        other.close()

    def test_it_ends_with_an_error_too(self, sqlite_db):
        seen = []

        def fail():
            with sqlite_db.reading(), sqlite_db.read() as inside:
                seen.append(inside)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        with sqlite_db.read() as after:
            assert after is not seen[0]

    def test_writing_inside_is_a_transaction_of_its_own(self, sqlite_db):
        with sqlite_db.reading(), sqlite_db.read() as reading, sqlite_db.write() as writing:
            assert writing is not reading


@pytest.mark.postgresql
def test_a_connection_that_died_at_rest_is_replaced(postgresql_migrated, monkeypatch):
    monkeypatch.setattr(database, "RESTED_S", 0.0)
    db = open_database(postgresql_migrated)

    def pid():
        with db.read() as session:
            return session.execute(text("SELECT pg_backend_pid()")).scalar_one()

    before = pid()
    assert pid() == before
    killer = create_engine(postgresql_migrated)
    with killer.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": before})
    killer.dispose()

    assert pid() != before
    db.close()
