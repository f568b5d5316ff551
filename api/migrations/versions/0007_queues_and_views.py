"""Queues and views: where cases go, in which order, and what they are filtered by; also what people set."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import log2, log10
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

AT = sa.DateTime(timezone=True)
BATCH = 500
SLA = timedelta(hours=72)
DAY = timedelta(days=1)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT = 500

INDEXES = (
    ("case", ("state", "rank", "opened_at", "id")),
    ("case", ("queue", "state", "rank", "opened_at", "id")),
    ("decision", ("decided_at",)),
)
TABLES = ("preferences", "sender", "saved_view", "routing", "queue")


def _columns() -> tuple[sa.Column[Any], ...]:
    """Make the new columns of a case; a column belongs to one table, so each use needs its own."""
    return (
        sa.Column("rank", sa.Float(), nullable=False, server_default="0"),
        sa.Column("queue", sa.String(), nullable=False, server_default="main"),
        sa.Column("due_at", AT, nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False, server_default="1"),
        sa.Column("exposure", sa.Float(), nullable=False, server_default="1"),
        sa.Column("level", sa.String(), nullable=False, server_default=""),
        sa.Column("synthetic", sa.Float(), nullable=True),
        sa.Column("label", sa.String(), nullable=False, server_default=""),
        sa.Column("territories", sa.Text(), nullable=False, server_default=""),
        sa.Column("sender_since", AT, nullable=True),
    )


def upgrade() -> None:
    """Change the schema, and work out for the cases of before what the new columns say."""
    for column in _columns():
        op.add_column("case", column)
    for table, columns in INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
    _create_tables()
    _fill_senders()
    for rows in _stored():
        _describe(rows)


def downgrade() -> None:
    """Change it back: queues, rules and views are gone then; cases are in their old order again."""
    for name in TABLES:
        op.drop_table(name)
    for table, columns in INDEXES:
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    for column in reversed(_columns()):
        op.drop_column("case", column.name)


def _create_tables() -> None:
    op.create_table(
        "queue",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("sla_hours", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.CheckConstraint("sla_hours BETWEEN 1 AND 8760", name="ck_queue_sla_hours"),
        sa.PrimaryKeyConstraint("name", name="pk_queue"),
    )
    op.create_table(
        "routing",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.CheckConstraint("version >= 1", name="ck_routing_version"),
        sa.PrimaryKeyConstraint("version", name="pk_routing"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
    )
    op.create_index("ix_saved_view_owner_name", "saved_view", ["owner", "name"], unique=True)
    op.create_index("ix_saved_view_is_shared_name", "saved_view", ["is_shared", "name"])
    op.create_table(
        "sender",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("sender_id", sa.String(), nullable=False),
        sa.Column("first_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("account", "sender_id", name="pk_sender"),
    )
    op.create_table(
        "preferences",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_preferences"),
    )


def _fill_senders() -> None:
    op.execute(
        "INSERT INTO sender (account, sender_id, first_at) "
        "SELECT account, sender_id, MIN(received_at) FROM screening WHERE sender_id <> '' GROUP BY account, sender_id"
    )
    op.execute(
        'UPDATE "case" SET sender_since = (SELECT first_at FROM sender '
        'WHERE sender.account = "case".account AND sender.sender_id = "case".sender_id)'
    )


def _tables() -> tuple[Any, Any]:
    case = sa.table(
        "case", *(sa.column(n) for n in ("id", "screening_id", "priority", *(one.name for one in _columns()))),
        sa.column("opened_at", AT),
    )  # fmt: skip
    return case, sa.table("screening", sa.column("id"), sa.column("document"))


def _stored() -> Iterator[list[dict[str, Any]]]:
    """Read the cases with their screenings, some at a time."""
    case, screening = _tables()
    connection, place = op.get_bind(), ""
    while True:  # by key: an open cursor would hold all of them in memory
        query = (
            sa.select(case.c.id, case.c.priority, case.c.opened_at, screening.c.document)
            .join_from(case, screening, case.c.screening_id == screening.c.id)
            .where(case.c.id > place)
            .order_by(case.c.id)
            .limit(BATCH)
        )
        found = connection.execute(query).mappings().all()
        if not found:
            return
        place = found[-1]["id"]
        yield [dict(one) for one in found]


def _describe(rows: list[dict[str, Any]]) -> None:
    case = sa.table("case", sa.column("id"), *(sa.column(one.name, one.type) for one in _columns()))
    written = [name for name in (one.name for one in _columns()) if name not in {"queue", "sender_since"}]
    update = case.update().where(case.c.id == sa.bindparam("at"))
    op.get_bind().execute(
        update.values({name: sa.bindparam(f"new_{name}") for name in written}), [_row(r) for r in rows]
    )


def _row(row: dict[str, Any]) -> dict[str, Any]:
    document = json.loads(row["document"])
    intake = document.get("intake") or {}
    probabilities = _probabilities(document)
    certain = _confidence(document, probabilities)
    reach = _exposure(intake)
    opened = row["opened_at"].replace(tzinfo=UTC) if row["opened_at"].tzinfo is None else row["opened_at"]
    due = opened + SLA
    return {
        "at": row["id"],
        "new_rank": log2(max(row["priority"], 0.25) * max(certain, 0.05) * max(reach, 0.25)) - (due - EPOCH) / DAY,
        "new_due_at": due,
        "new_confidence": certain,
        "new_exposure": reach,
        "new_level": (document.get("declared") or {}).get("level") or "undeclared",
        "new_synthetic": probabilities.get("synthetic_probability"),
        "new_label": (intake.get("label") or "").replace("\0", "")[:LIMIT],
        "new_territories": "".join(f" {one} " for one in (intake.get("territories") or ())[:300]).replace("\0", ""),
    }


def _probabilities(document: dict[str, Any]) -> dict[str, float]:
    signals = (document.get("heard") or {}).get("signals") or ()
    given = {one["name"]: one.get("probability") for one in signals}
    return {name: value for name, value in given.items() if value is not None}


def _confidence(document: dict[str, Any], probabilities: dict[str, float]) -> float:
    weights = {"low": 1, "medium": 3, "high": 9}
    flags = [
        (weights[one["severity"]], probabilities.get(one.get("signal") or "", 1.0))
        for one in document.get("flags") or ()
    ]
    total = sum(weight for weight, _ in flags)
    return sum(weight * min(max(share, 0.05), 1.0) for weight, share in flags) / total if total else 1.0


def _exposure(intake: dict[str, Any]) -> float:
    territories = intake.get("territories") or ()
    reach = 1.0 if not territories or "Worldwide" in territories else 0.5 + 0.5 * min(len(territories) / 50, 1.0)
    plays = (intake.get("metadata") or {}).get("expected_plays", "").strip()
    expected = int(plays) if plays.isascii() and plays.isdecimal() and len(plays) < 12 else 0
    return float(round(reach * (1 + log10(1 + expected) / 3), 6))
