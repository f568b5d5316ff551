"""A private PostgreSQL of Debian's packages for the tests, on a socket in a folder of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from api.store.database import open_database
from api.tables import Table

BINARIES = Path("/usr/lib/postgresql")
SETTINGS = "-c listen_addresses='' -c fsync=off -c shared_buffers=16MB -c max_connections=60"
NUMBERS = count()
ROOM_BYTES = 4_000_000_000


def _newest_binaries() -> Path | None:
    found = sorted(BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _memory() -> str | None:
    """A file system in memory, where there is room for some databases; deleting them on a disk takes seconds."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > ROOM_BYTES else None


def _as_postgres(*command: str) -> None:
    """PostgreSQL refuses to run as root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*prefix, *command], check=False, capture_output=True, text=True, cwd="/")
    if done.returncode:
        pytest.skip(f"PostgreSQL does not start here: {(done.stderr or done.stdout).strip()[-200:]}")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a server, up to the database's name; skips where there is no PostgreSQL."""
    binaries = _newest_binaries()
    if binaries is None:
        pytest.skip("needs PostgreSQL's server programs (Debian: apt-get install postgresql)")
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        pytest.skip("needs runuser: PostgreSQL refuses to run as root")
    folder = Path(tempfile.mkdtemp(prefix="liner-pg-", dir=_memory()))
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    data, log = str(folder / "data"), str(folder / "log")
    _as_postgres(
        str(binaries / "initdb"), "-D", data, "-U", "liner", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8"
    )
    _as_postgres(str(binaries / "pg_ctl"), "-D", data, "-l", log, "-w", "-o", f"{SETTINGS} -k {folder}", "start")
    yield f"postgresql+psycopg://liner@/{{name}}?host={folder}"
    _as_postgres(str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_migrated(postgresql: str) -> str:
    """The address of a migrated database, which every test finds empty."""
    url = postgresql.format(name="migrated")
    _create(postgresql, "migrated")
    open_database(url).close()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file that others are copied from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An own migrated database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "review.db")
        return f"sqlite:///{copy}"
    url = str(request.getfixturevalue("postgresql_migrated"))
    _empty(url)
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An own database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server = request.getfixturevalue("postgresql")
    name = f"test_{next(NUMBERS)}"
    _create(server, name)
    return str(server.format(name=name))


def _create(server: str, name: str) -> None:
    engine = create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()


def _empty(url: str) -> None:
    """Delete all rows; the role of a replica has no triggers, which would refuse that."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in Table.metadata.sorted_tables:
            connection.execute(table.delete())
    engine.dispose()
