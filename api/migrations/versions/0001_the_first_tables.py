"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


APPEND_ONLY = ("decision", "event")
TABLES = (
    "event",
    "decision",
    "case",
    "flag",
    "screening",
    "delivery",
    "audio_root",
    "session",
    "sign_in_token",
    "api_key",
    "account_dpid",
    "account",
)


def upgrade() -> None:
    """Change the schema."""
    _create_accounts()
    _create_screenings()
    _create_cases()
    _create_decisions()
    _create_events()
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "sqlite":
            _guard_on_sqlite(table)
        else:
            _guard_on_postgresql(table)


def downgrade() -> None:
    """Leave nothing."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for table in APPEND_ONLY:
            op.execute(f"DROP FUNCTION refuse_{table}_change()")


def _guard_on_sqlite(table: str) -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _guard_on_postgresql(table: str) -> None:
    op.execute(
        f"CREATE FUNCTION refuse_{table}_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_{table}_change()"
    )


def _create_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 64", name="ck_account_name"),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )
    op.create_table(
        "account_dpid",
        sa.Column("dpid", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_account_dpid_account"),
        sa.PrimaryKeyConstraint("dpid", name="pk_account_dpid"),
    )
    op.create_index("ix_account_dpid_account", "account_dpid", ["account"])
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role <> 'label' OR account IS NOT NULL", name="ck_api_key_label_has_account"),
        sa.CheckConstraint("role IN ('label', 'moderator', 'admin', 'service')", name="ck_api_key_role"),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_api_key_account"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
        sa.UniqueConstraint("name", name="uq_api_key_name"),
    )
    op.create_table(
        "sign_in_token",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_sign_in_token_key_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_token"),
    )
    op.create_table(
        "session",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("csrf_token", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_session_key_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_session"),
    )
    op.create_table(
        "audio_root",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_audio_root"),
    )


def _create_screenings() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("folder", name="uq_delivery_folder"),
    )
    op.create_index("ix_delivery_account_received_at_id", "delivery", ["account", "received_at", "id"])
    op.create_table(
        "screening",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recording_key", sa.String(), nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("sender_id", sa.String(), nullable=False),
        sa.Column("audio_uri", sa.Text(), nullable=True),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("codes", sa.String(), nullable=False),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('recording', 'delivery')", name="ck_screening_kind"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_screening_delivery_id"),
        sa.PrimaryKeyConstraint("id", name="pk_screening"),
    )
    op.create_index("ix_screening_case_id", "screening", ["case_id"])
    op.create_index("ix_screening_delivery_id", "screening", ["delivery_id"])
    op.create_index("ix_screening_recording_key", "screening", ["recording_key"])
    op.create_table(
        "flag",
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.CheckConstraint("severity IN ('low', 'medium', 'high')", name="ck_flag_severity"),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name="fk_flag_screening_id"),
        sa.PrimaryKeyConstraint("screening_id", "position", name="pk_flag"),
    )
    op.create_index("ix_flag_code", "flag", ["code"])


def _create_cases() -> None:
    op.create_table(
        "case",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recording_key", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("claim_holder", sa.String(), nullable=True),
        sa.Column("claim_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("codes", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("artist", sa.String(), nullable=False),
        sa.Column("isrc", sa.String(), nullable=False),
        sa.Column("sender_id", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("release_key", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('recording', 'delivery')", name="ck_case_kind"),
        sa.CheckConstraint("state IN ('open', 'waiting', 'decided')", name="ck_case_state"),
        sa.CheckConstraint("(claim_holder IS NULL) = (claim_expires_at IS NULL)", name="ck_case_claim"),
        sa.CheckConstraint("priority >= 0", name="ck_case_priority"),
        sa.CheckConstraint("version >= 1", name="ck_case_version"),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name="fk_case_screening_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case"),
        sa.UniqueConstraint("recording_key", "account", name="uq_case_recording_key_account"),
    )
    op.create_index("ix_case_account_sender_id", "case", ["account", "sender_id"])
    op.create_index("ix_case_state_priority_opened_at_id", "case", ["state", "priority", "opened_at", "id"])


def _create_decisions() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.CheckConstraint("action IN ('approve', 'ask', 'label', 'demote', 'remove')", name="ck_decision_action"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_decision_case_id"),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name="fk_decision_screening_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.UniqueConstraint("case_id", "case_version", name="uq_decision_case_id_case_version"),
    )


def _create_events() -> None:
    op.create_table(
        "event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
    )
    op.create_index("ix_event_case_id_seq", "event", ["case_id", "seq"])
