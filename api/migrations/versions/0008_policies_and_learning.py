"""Policies as versions, shadows, recalls; which model a flag rests on, and its counts by day."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None

AT = sa.DateTime(timezone=True)
TABLES = ("model_day", "recall_item", "recall", "shadow_judgement", "policy_version")
STATES = "state IN ('draft', 'shadow', 'live', 'retired', 'discarded')"
OUTCOMES = "outcome IN ('reopened', 'undone', 'open', 'decided anew')"
PAGE = 1000


def upgrade() -> None:
    """Change the schema; old screenings say which models their flags rest on."""
    op.add_column("flag", sa.Column("model", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_flag_model", "flag", ["model"])
    op.create_index("ix_case_opened_at", "case", ["opened_at"])
    _create_policies()
    _create_recalls()
    op.create_table(
        "model_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("screenings", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.CheckConstraint("flagged <= screenings", name="ck_model_day_flagged"),
        sa.PrimaryKeyConstraint("day", "model", name="pk_model_day"),
    )
    _fill()


def downgrade() -> None:
    """Change it back; versions and recalls are gone then, reopened cases stay open."""
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_case_opened_at", "case")
    op.drop_index("ix_flag_model", "flag")
    op.drop_column("flag", "model")


def _create_policies() -> None:
    op.create_table(
        "policy_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("simulation", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("live_at", AT, nullable=True),
        sa.Column("retired_at", AT, nullable=True),
        sa.CheckConstraint("kind IN ('policy', 'model')", name="ck_policy_version_kind"),
        sa.CheckConstraint(STATES, name="ck_policy_version_state"),
        sa.CheckConstraint("version >= 1", name="ck_policy_version_version"),
        sa.PrimaryKeyConstraint("id", name="pk_policy_version"),
    )
    live = sa.text("state = 'live'")
    op.create_index("ix_policy_version_kind_state", "policy_version", ["kind", "state"])
    op.create_index("ix_policy_version_ref", "policy_version", ["ref"])
    op.create_index(
        "ix_policy_version_one_live",
        "policy_version",
        ["kind"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_table(
        "shadow_judgement",
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("live_codes", sa.String(), nullable=False),
        sa.Column("codes", sa.String(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["policy_version.id"], name="fk_shadow_judgement_version_id"),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name="fk_shadow_judgement_screening_id"),
        sa.PrimaryKeyConstraint("version_id", "screening_id", name="pk_shadow_judgement"),
    )


def _create_recalls() -> None:
    op.create_table(
        "recall",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.CheckConstraint("kind IN ('model', 'rule', 'policy')", name="ck_recall_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_recall"),
    )
    op.create_index("ix_recall_made_at", "recall", ["made_at"])
    op.create_table(
        "recall_item",
        sa.Column("recall_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("is_flagged", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.CheckConstraint(OUTCOMES, name="ck_recall_item_outcome"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_recall_item_case_id"),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name="fk_recall_item_recall_id"),
        sa.PrimaryKeyConstraint("recall_id", "case_id", name="pk_recall_item"),
    )


def _fill() -> None:
    """Read from old screenings which model each flag rests on, and count them by day."""
    connection = op.get_bind()
    flag = sa.table("flag", sa.column("screening_id"), sa.column("position"), sa.column("model"))
    write = (
        flag.update()
        .where(flag.c.screening_id == sa.bindparam("of"), flag.c.position == sa.bindparam("at_position"))
        .values(model=sa.bindparam("by"))
    )
    seen: Counter[tuple[date, str]] = Counter()
    flagged: Counter[tuple[date, str]] = Counter()
    for row in _screenings(connection):
        document = json.loads(row["document"])
        models = set(document.get("versions", {}).get("models", ()))
        by = {one["name"]: one["model"] for one in document.get("heard", {}).get("signals", ())}
        rests = [by.get(one.get("signal") or "", "") for one in document.get("flags", ())]
        day = _utc(row["received_at"]).date()
        seen.update((day, model) for model in models)
        flagged.update((day, model) for model in models & set(rests))
        changes = [{"of": row["id"], "at_position": n, "by": model} for n, model in enumerate(rests) if model]
        if changes:
            connection.execute(write, changes)
    days = sa.table(
        "model_day", *(sa.column(name) for name in ("model", "screenings", "flagged")), sa.column("day", sa.Date())
    )
    rows = [
        {"day": key[0], "model": key[1], "screenings": count, "flagged": flagged[key]} for key, count in seen.items()
    ]
    if rows:
        connection.execute(days.insert(), rows)


def _screenings(connection: sa.Connection) -> Iterator[sa.RowMapping]:
    table = sa.table("screening", sa.column("id"), sa.column("received_at", AT), sa.column("document"))
    read, last = sa.select(table).order_by(table.c.id).limit(PAGE), ""
    while rows := connection.execute(read.where(table.c.id > last)).mappings().all():
        yield from rows
        last = rows[-1]["id"]


def _utc(moment: Any) -> datetime:
    at: datetime = moment
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
