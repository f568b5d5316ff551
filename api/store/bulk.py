"""Many rows of one table in one statement, without an object for each.

PostgreSQL gets them as one JSON text, which costs a third of one bind for each row and a fortieth of arrays; SQLite
takes them one by one, in its own loop.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy
from pydantic_core import to_json
from sqlalchemy import ColumnElement, Executable, Text, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col

from api.tables import Table


def insert(session: Session, table: type[Table], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, given as columns; all of them name the same columns.

    Raises
    ------
    sqlalchemy.exc.IntegrityError, sqlalchemy.exc.DataError
        The database refuses one of them; none is kept.
    """
    if not rows:
        return
    made: sqlalchemy.Table = table.__table__  # type: ignore[attr-defined]
    if session.get_bind().dialect.name == "postgresql":
        given = to_json(rows, inf_nan_mode="null").decode()
        session.execute(_recordset(made.name, tuple(rows[0])), {"given": given})
    else:
        session.connection().execute(sqlalchemy.insert(made), rows)


def read(session: Session, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """Read columns, past the layer that makes objects: for what is asked on every page, of statements built once.

    What the session holds and has not sent yet is not seen.
    """
    return session.connection().execute(statement, values).all()


def among(session: Session, column: Any, values: Collection[str]) -> ColumnElement[bool]:
    """Whether a column has one of many values; to PostgreSQL they are one parameter, and one statement to know."""
    if session.get_bind().dialect.name == "postgresql":
        return col(column) == sqlalchemy.any_(sqlalchemy.literal(list(values), ARRAY(Text)))
    return col(column).in_(values)


def any_of(dialect: str, column: Any, name: str) -> ColumnElement[bool]:
    """Whether a column has one of the values that a statement, built once for a dialect, is given under a name."""
    if dialect == "postgresql":
        return col(column) == sqlalchemy.any_(bindparam(name, type_=ARRAY(Text)))
    return col(column).in_(bindparam(name, expanding=True))


def blank(table: type[Table]) -> dict[str, Any]:
    """Give the columns that a new row need not name, with their defaults."""
    return {name: field.default for name, field in table.model_fields.items() if not field.is_required()}


@cache
def _recordset(table: str, columns: tuple[str, ...]) -> TextClause:
    """Write the statement; the names are those of our own tables."""
    listed = ", ".join(f'"{name}"' for name in columns)
    source = f'json_populate_recordset(CAST(NULL AS "{table}"), CAST(:given AS json))'
    return text(f'INSERT INTO "{table}" ({listed}) SELECT {listed} FROM {source}')  # noqa: S608 - no value among them
