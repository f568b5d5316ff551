"""A backup: every row of every table as JSON lines in one archive, and what was attached, with a hash of each.

It is the same for both databases, so that a backup of one is restored into the other, and it names the version of
the schema that it was made at: restoring makes that version, fills it, and brings it up to date.
"""

import base64
import hashlib
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy import Connection, MetaData, Table

from api.store import backup_files
from api.store.backup_files import FileBackup
from api.store.database import Database, file_of, migrate, revision
from schemas.base import Model
from schemas.errors import InvalidInput

FORMAT = 2
READABLE = {1, FORMAT}  # 1 had no files
MANIFEST = "manifest.json"
CHUNK = 1000
UNSAVED = {"alembic_version"}


class TableBackup(Model):
    """One table of a backup: number of rows, and the SHA-256 of its lines."""

    rows: int
    sha256: str


class Manifest(Model):
    """What a backup holds.

    Attributes
    ----------
    files
        What labels attached to appeals, by ``APPEAL/ATTACHMENT``.
    lost
        Attachments that the tables name, but whose bytes are gone or not what they were.
    """

    format: int = FORMAT
    engine: str
    revision: str
    made_at: datetime
    tables: dict[str, TableBackup]
    files: dict[str, FileBackup] = Field(default_factory=dict)
    lost: tuple[str, ...] = ()


def write(database: Database, path: Path, *, attachments: Path, engine: str, now: datetime) -> Manifest:
    """Write a backup of one moment; the review goes on meanwhile. The file appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        with _still(database) as still, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            tables = {table.name: _save(archive, still, table) for table in _tables(still)}
            files, lost = backup_files.save(archive, still, attachments)
            revised = _revision(still)
            made = Manifest(engine=engine, revision=revised, made_at=now, tables=tables, files=files, lost=lost)
            archive.writestr(MANIFEST, made.model_dump_json(indent=1))
        part.rename(path)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.", mend="Choose another place.") from error
    finally:
        part.unlink(missing_ok=True)
    return made


def restore(database: Database, path: Path, *, attachments: Path) -> Manifest:
    """Fill an empty database from a backup and bring it up to date; put what was attached into its folder.

    Raises
    ------
    InvalidInput
        The file is no backup, is damaged, is of a newer liner, or the database is not empty.
    """
    with _opened(path) as archive:
        made = _checked(archive, path)
        file_of(database)  # a machine that is new has no folder for it yet
        if sa.inspect(database.engine).get_table_names():
            raise InvalidInput("The database is not empty.", mend="Name an empty one in LINER_DATABASE_URL.")
        backup_files.restore(archive, made.files, attachments)
        migrate(database, made.revision)
        with database.engine.begin() as connection:
            for table in _tables(connection):
                _load(archive, connection, table)
                _count_on(connection, table)
    migrate(database, "head")
    return made


@contextmanager
def _still(database: Database) -> Iterator[Connection]:
    """Look at one moment of the database: on SQLite a copy of it, so that no reader holds the log back."""
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        source, target = sqlite3.connect(str(database.url.database)), sqlite3.connect(copy)
        source.backup(target, pages=1000)
        source.close()
        target.close()
        still = Database(f"sqlite:///{copy}")
        with still.engine.connect() as connection:
            yield connection
        still.close()


def _tables(connection: Connection) -> list[Table]:
    """Name the tables in an order in which rows refer to earlier ones alone."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in UNSAVED]


def _revision(connection: Connection) -> str:
    found = revision(connection)
    if found is None:
        raise InvalidInput("The database holds nothing yet.", mend="Name another in LINER_DATABASE_URL.")
    return found


def _save(archive: zipfile.ZipFile, connection: Connection, table: Table) -> TableBackup:
    rows, digest = 0, hashlib.sha256()
    query = table.select().order_by(*table.primary_key)
    with archive.open(_name(table), "w", force_zip64=True) as file:
        for row in connection.execute(query.execution_options(yield_per=CHUNK)).mappings():
            line = json.dumps({name: _plain(value) for name, value in row.items()}).encode() + b"\n"
            file.write(line)
            digest.update(line)
            rows += 1
    return TableBackup(rows=rows, sha256=digest.hexdigest())


def _load(archive: zipfile.ZipFile, connection: Connection, table: Table) -> None:
    if _name(table) not in archive.namelist():
        return
    with archive.open(_name(table)) as file:
        rows = ({name: _typed(table, name, value) for name, value in json.loads(line).items()} for line in file)
        while chunk := list(islice(rows, CHUNK)):
            connection.execute(table.insert(), chunk)


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after the restored ones."""
    if connection.dialect.name != "postgresql":
        return
    for column in table.primary_key:
        if isinstance(column.type, sa.Integer):
            last = connection.execute(sa.select(sa.func.max(column))).scalar()
            name = connection.execute(
                sa.select(sa.func.pg_get_serial_sequence(f'"{table.name}"', column.name))
            ).scalar()
            if last and name:
                connection.execute(sa.select(sa.func.setval(name, last)))


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (OSError, zipfile.BadZipFile) as error:
        raise InvalidInput(f"{path} is no backup.", mend="Make one: liner backup FILE") from error


def _checked(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        made = Manifest.model_validate_json(archive.read(MANIFEST))
        intact = all(_digest(archive.open(f"tables/{name}.jsonl")) == one.sha256 for name, one in made.tables.items())
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InvalidInput(f"{path} is no backup, or damaged.", mend="Take another copy of it.") from error
    if not intact:
        raise InvalidInput(f"{path} was changed after it was made.", mend="Take another copy of it.")
    if made.format not in READABLE:
        raise InvalidInput(f"{path} is of a newer liner.", mend="Restore it with that one.")
    backup_files.refuse_damage(archive, made.files, path)
    return made


def _digest(lines: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def _name(table: Table) -> str:
    return f"tables/{table.name}.jsonl"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _typed(table: Table, name: str, value: Any) -> Any:
    kind = table.columns[name].type
    if value is None:
        return None
    if isinstance(kind, sa.DateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, sa.Date):
        return date.fromisoformat(value)
    if isinstance(kind, sa.LargeBinary):
        return base64.b64decode(value)
    return bool(value) if isinstance(kind, sa.Boolean) else value
