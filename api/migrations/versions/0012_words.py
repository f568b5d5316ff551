"""Words that cases are found by, and their index of three letters where PostgreSQL has it."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0012"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None

BATCH = 2000
CASE = sa.table("case", *map(sa.column, ("id", "title", "artist", "isrc")))


def upgrade() -> None:
    """Make the table, and fill it from the cases that there are."""
    table = op.create_table(
        "case_text",
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_case_text_case_id"),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_text"),
    )
    for rows in _words():
        _insert(table, rows)
    if op.get_bind().dialect.name == "postgresql" and _has_trigrams():
        op.execute("CREATE INDEX ix_case_text_words ON case_text USING gin (words gin_trgm_ops)")


def downgrade() -> None:
    """Forget the words; the extension stays, since others may use it."""
    op.drop_table("case_text")


def _insert(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows; PostgreSQL takes many as one text, in a tenth of the time: there may be a million."""
    if op.get_bind().dialect.name != "postgresql":
        op.bulk_insert(table, rows)
        return
    given = sa.text(
        "INSERT INTO case_text (case_id, words) SELECT case_id, words "
        "FROM json_to_recordset(CAST(:rows AS json)) AS given (case_id text, words text)"
    )
    op.get_bind().execute(given, {"rows": json.dumps(rows)})


def _has_trigrams() -> bool:
    """Make the extension, which its owner may do in a database of their own; without it there is no index."""
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DBAPIError:
        return False
    return True


def _words() -> Iterator[list[dict[str, Any]]]:
    after = ""
    query = sa.select(CASE).order_by(CASE.c.id).limit(BATCH)
    while rows := op.get_bind().execute(query.where(CASE.c.id > after)).all():
        after = rows[-1].id
        yield [{"case_id": row.id, "words": _folded(f"{row.title}\n{row.artist}\n{row.isrc}")} for row in rows]


def _folded(text: str) -> str:
    """Write a text as searches compared it when this version was made; what the app does later is another version's."""
    plain = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    apart = unicodedata.normalize("NFKD", plain)
    return "".join(one for one in apart if not unicodedata.combining(one)).casefold()
