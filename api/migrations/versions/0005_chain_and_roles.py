"""Events are chained; drafts, second opinions, batches and an outbox; roles, scopes and rotation of keys."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from api.migrations.checks import replace_check

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

ROLES = "role IN ('label', 'moderator', 'admin', 'service')"
MORE_ROLES = "role IN ('label', 'moderator', 'senior', 'admin', 'auditor', 'service')"
STATES = "state IN ('open', 'waiting', 'decided')"
MORE_STATES = "state IN ('open', 'waiting', 'pending', 'second_review', 'decided')"
ACTIONS = "action IN ('approve', 'ask', 'label', 'demote', 'remove')"
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
GENESIS = "0" * 64
PAGE = 5000


def upgrade() -> None:
    """Change the schema, and chain the events that are there."""
    replace_check("api_key", "ck_api_key_role", ROLES, MORE_ROLES)
    replace_check("case", "ck_case_state", STATES, MORE_STATES)
    for table, column in _new_columns():
        op.add_column(table, column)
    op.create_index("ix_api_key_old_digest", "api_key", ["old_digest"], unique=True)
    op.create_index("ix_case_release_key_account", "case", ["release_key", "account"])
    op.create_index("ix_decision_batch_id", "decision", ["batch_id"])
    _create_outbox()
    _create_drafts()
    _create_samples()
    _create_batches()
    _guard("event", on=False)
    _chain_old_events()
    _guard("event", on=True)


def downgrade() -> None:
    """Change it back: what is not published yet returns to the queue, roles fall back to lesser ones."""
    op.execute("UPDATE \"case\" SET state = 'open' WHERE state IN ('pending', 'second_review')")
    op.execute("UPDATE api_key SET role = 'moderator' WHERE role = 'senior'")
    now = sa.bindparam("now", datetime.now(UTC), TIME)  # an auditor must not become somebody who decides
    keys = sa.text(
        "UPDATE api_key SET role = 'moderator', revoked_at = coalesce(revoked_at, :now) WHERE role = 'auditor'"
    )
    op.get_bind().execute(keys.bindparams(now))
    for table in ("batch_item", "batch", "opinion", "review_sample", "draft", "outbox", "chain_head"):
        op.drop_table(table)
    op.drop_index("ix_decision_batch_id", "decision")
    op.drop_index("ix_case_release_key_account", "case")
    op.drop_index("ix_api_key_old_digest", "api_key")
    for table, column in _new_columns():
        op.drop_column(table, column.name)
    replace_check("case", "ck_case_state", MORE_STATES, STATES)
    replace_check("api_key", "ck_api_key_role", MORE_ROLES, ROLES)


def _new_columns() -> Sequence[tuple[str, sa.Column[Any]]]:
    def empty(name: str) -> sa.Column[Any]:
        return sa.Column(name, sa.Text(), nullable=False, server_default="")

    def word(name: str) -> sa.Column[Any]:
        return sa.Column(name, sa.String(), nullable=True)

    def time(name: str) -> sa.Column[Any]:
        return sa.Column(name, TIME, nullable=True)

    chained = [sa.Column(name, sa.String(), nullable=False, server_default="") for name in ("prev_hash", "hash")]
    parked = [word("parked_by"), time("parked_until"), empty("park_reason")]
    return (
        *(("event", column) for column in chained),
        *(("case", column) for column in (empty("claim_note"), word("claim_given_by"), *parked)),
        *(("decision", word(name)) for name in ("confirmed_by", "batch_id")),
        ("api_key", word("scopes")),
        ("api_key", sa.Column("queues", sa.Text(), nullable=True)),
        ("api_key", word("old_digest")),
        *(("api_key", time(name)) for name in ("old_until", "rotated_at")),
    )


def _create_outbox() -> None:
    op.create_table(
        "chain_head",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_chain_head"),
    )
    op.create_table(
        "outbox",
        sa.Column("event_seq", BIG, nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('waiting', 'done', 'dead')", name="ck_outbox_status"),
        sa.ForeignKeyConstraint(["event_seq"], ["event.seq"], name="fk_outbox_event_seq"),
        sa.PrimaryKeyConstraint("event_seq", "target", name="pk_outbox"),
    )
    op.create_index("ix_outbox_target_status_next_at", "outbox", ["target", "status", "next_at"])


def _create_drafts() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("drafted_by", sa.String(), nullable=False),
        sa.Column("drafted_at", TIME, nullable=False),
        sa.Column("publish_at", TIME, nullable=True),
        sa.Column("hold_codes", sa.String(), nullable=False),
        sa.Column("hold_until", TIME, nullable=True),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("state_before", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=True),
        sa.Column("is_sampled", sa.Boolean(), nullable=False),
        sa.CheckConstraint(ACTIONS, name="ck_draft_action"),
        sa.CheckConstraint(MORE_STATES.replace("state", "state_before", 1), name="ck_draft_state_before"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_draft_case_id"),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name="fk_draft_screening_id"),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.UniqueConstraint("case_id", name="uq_draft_case_id"),
    )
    op.create_index("ix_draft_publish_at", "draft", ["publish_at"])
    op.create_index("ix_draft_batch_id", "draft", ["batch_id"])


def _create_samples() -> None:
    op.create_table(
        "review_sample",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.CheckConstraint("kind IN ('golden', 'double', 'hold')", name="ck_review_sample_kind"),
        sa.CheckConstraint(ACTIONS, name="ck_review_sample_action"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_review_sample_case_id"),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name="fk_review_sample_screening_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review_sample"),
    )
    op.create_index("ix_review_sample_closed_at_created_at_id", "review_sample", ["closed_at", "created_at", "id"])
    op.create_index("ix_review_sample_case_id", "review_sample", ["case_id"])
    op.create_table(
        "opinion",
        sa.Column("sample_id", sa.String(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", TIME, nullable=False),
        sa.CheckConstraint(ACTIONS, name="ck_opinion_action"),
        sa.ForeignKeyConstraint(["sample_id"], ["review_sample.id"], name="fk_opinion_sample_id"),
        sa.PrimaryKeyConstraint("sample_id", "reviewer", name="pk_opinion"),
    )


def _create_batches() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("applied_at", TIME, nullable=True),
        sa.Column("undone_at", TIME, nullable=True),
        sa.CheckConstraint(ACTIONS, name="ck_batch_action"),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
    )
    op.create_index("ix_batch_made_at_id", "batch", ["made_at", "id"])
    op.create_table(
        "batch_item",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('planned', 'excepted', 'refused', 'conflict', 'done', 'undone')", name="ck_batch_item_status"
        ),
        sa.CheckConstraint("action IS NOT NULL OR status = 'excepted'", name="ck_batch_item_excepted"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_batch_item_batch_id"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_batch_item_case_id"),
        sa.PrimaryKeyConstraint("batch_id", "position", name="pk_batch_item"),
    )
    op.create_index("ix_batch_item_case_id", "batch_item", ["case_id"])


def _guard(table: str, *, on: bool) -> None:
    """Let old events get their hashes: the guard against changes is off within this transaction alone."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER {table}_append_only")
    elif on:
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    else:
        op.execute(f"DROP TRIGGER {table}_no_update")


def _chain_old_events() -> None:
    connection = op.get_bind()
    event = sa.table(
        "event",
        *(sa.column(name) for name in ("seq", "case_id", "kind", "actor")),
        sa.column("at", TIME),
        *(sa.column(name) for name in ("payload", "prev_hash", "hash")),
    )
    read = sa.select(event).order_by(event.c.seq).limit(PAGE)
    write = event.update().where(event.c.seq == sa.bindparam("this"))
    last, prev = 0, GENESIS
    while rows := connection.execute(read.where(event.c.seq > last)).mappings().all():
        changes = []
        for row in rows:
            digest = _digest(row, prev)
            changes.append({"this": row["seq"], "prev_hash": prev, "hash": digest})
            last, prev = row["seq"], digest
        connection.execute(write, changes)
    if last:
        head = sa.table("chain_head", sa.column("name"), sa.column("seq"), sa.column("hash"))
        connection.execute(head.insert(), {"name": "event", "seq": last, "hash": prev})


def _digest(row: sa.RowMapping, prev: str) -> str:
    """Hash an old event; written out here, since a migration may not change when the code does."""
    at: datetime = row["at"]
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    members = {
        **{name: row[name] for name in ("seq", "case_id", "kind", "actor", "payload")},
        "at": at.isoformat(timespec="microseconds"),
        "prev_hash": prev,
    }
    return hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
