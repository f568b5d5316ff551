"""The one way to the database: engines, transactions, and bringing the schema up to date."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from api.store import events
from schemas.errors import InvalidInput

MIGRATIONS = Path(__file__).parents[1] / "migrations"
BUSY_MS = 30_000  # longer than any of our transactions: writers wait for each other, they do not fail
ADVISORY_LOCK = 0x6C696E6572  # "liner": one migration at a time on PostgreSQL
WRITES = "liner_writes"
USED_AT = "liner_used_at"
RESTED_S = 1.0

_JOINED: ContextVar[tuple["Database", Session] | None] = ContextVar("liner_read", default=None)


class Database:
    """A database with its connection pool; safe to share between threads, not between processes."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(**{WRITES: True})
        self._turn: AbstractContextManager[object] = threading.RLock() if self.is_sqlite else nullcontext()
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Look; nothing is kept.

        On PostgreSQL each statement sees a state of its own, as it would within a transaction (READ COMMITTED), which
        is therefore neither begun nor ended: that is two round trips less for each look. `snapshot` is one state.
        """
        joined = _JOINED.get()
        if joined is not None and joined[0] is self:
            yield joined[1]
            return
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let every `read` inside share one connection and transaction: a page of many parts takes one, not ten.

        For what only looks: what is written inside, by another transaction, is not seen again here.
        """
        with self.read() as session:
            token = _JOINED.set((self, session))
            try:
                yield
            finally:
                _JOINED.reset(token)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Do everything or nothing; the events that were recorded join the chain at the end.

        On SQLite the transaction takes the write lock at once: one that starts with a read could
        not be upgraded after another writer's commit, whatever the timeout. Threads take turns here
        first: SQLite lets those who wait sleep ever longer, up to a tenth of a second at a time.
        """
        with self._turn, Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session
            events.settle(session)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Read as `read` does, but through many statements one and the same moment."""
        engine = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        with Session(engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def counting(self) -> Iterator[Session]:
        """Read as `snapshot` does what nobody waits for: on one processor, so that those who wait have the others."""
        with self.snapshot() as session:
            if not self.is_sqlite:
                session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
            yield session

    def is_reachable(self) -> bool:
        """Whether the database answers."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Connect and bring the schema up to date.

    Raises
    ------
    InvalidInput
        The database cannot be reached, or is of a newer liner.
    """
    database = Database(url)
    try:
        _migrate(database)
    except InvalidInput:
        database.close()
        raise
    except DBAPIError as error:
        database.close()
        shown = database.url.render_as_string(hide_password=True)
        raise InvalidInput(
            f"The database {shown} cannot be used: {str(error.orig).strip().splitlines()[0]}",
            mend="Check LINER_DATABASE_URL, and that the database is running and writable.",
        ) from error
    return database


def migrate(database: Database, to: str) -> None:
    """Bring the schema to a version, or ``head``; `InvalidInput` where this liner does not know the version."""
    config = alembic_config()
    if to != "head" and to not in {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}:
        raise _too_new(to)
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def revision(connection: Connection) -> str | None:
    """Name the version of the schema."""
    return MigrationContext.configure(connection).get_current_revision()


def alembic_config() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _engine(url: str) -> Engine:
    # Parameters are hidden, since errors go to the log: they hold session tokens and people's words.
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    pool = {"pool_use_lifo": True, "pool_size": 10, "max_overflow": 20}
    engine = create_engine(url, hide_parameters=True, skip_autocommit_rollback=True, **pool)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_check_rested, engine.dialect))
    return engine


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[USED_AT] = time.monotonic()


def _check_rested(dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask whether a connection still lives, as ``pool_pre_ping`` does, but not one that was used a moment ago."""
    if time.monotonic() - record.info.get(USED_AT, time.monotonic()) < RESTED_S:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error  # all of them are renewed, and the caller gets a new one


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(database: Database) -> None:
    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    with _one_at_a_time(database), database.engine.connect() as connection:
        current = revision(connection)
        if current == script.get_current_head():
            return
        if current is not None and current not in {one.revision for one in script.walk_revisions()}:
            raise _too_new(current)
        connection.rollback()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _too_new(version: str) -> InvalidInput:
    return InvalidInput(
        f"The database is at revision {version}, which this version does not know.",
        mend="Run the newer liner that wrote it, or name another database in LINER_DATABASE_URL.",
    )


def file_of(database: Database) -> Path | None:
    """Name the file of an SQLite database, and make its folder; None where there is no file.

    Raises
    ------
    InvalidInput
        The folder cannot be made.
    """
    name = database.url.database
    if not database.is_sqlite or name in (None, "", ":memory:"):
        return None
    path = Path(str(name))
    with _writable(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput(
            f"The folder {folder} cannot be written: {error.strerror}.", mend="Set LINER_HOME to another folder."
        ) from error


@contextmanager
def _one_at_a_time(database: Database) -> Iterator[None]:
    """Let one process migrate while others wait: every worker opens the database when it starts."""
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            yield
        return
    path = file_of(database)
    if path is None:  # nobody else can open it
        yield
        return
    with _writable(path.parent):
        lock = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    with os.fdopen(lock) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
