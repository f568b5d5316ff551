"""Appeals and portal."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

AT = sa.DateTime(timezone=True)
TABLES = ("webhook_delivery", "webhook", "upload", "delivery_draft", "appeal_attachment", "appeal_note", "appeal")


def upgrade() -> None:
    """Change the schema."""
    _create_appeals()
    _create_proofs()
    _create_uploads()
    _create_webhooks()


def downgrade() -> None:
    """Change it back; appeals and webhooks are gone then, decisions and events stay."""
    for table in TABLES:
        op.drop_table(table)


def _create_appeals() -> None:
    op.create_table(
        "appeal",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("sender_id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("creator", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("received_by", sa.String(), nullable=False),
        sa.Column("received_at", AT, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("updated_by", sa.String(), nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", AT, nullable=True),
        sa.Column("outcome_decision_id", sa.String(), nullable=True),
        sa.Column("reinstated", sa.Text(), nullable=False),
        sa.Column("stems", sa.Text(), nullable=True),
        sa.CheckConstraint("party IN ('label', 'creator')", name="ck_appeal_party"),
        sa.CheckConstraint("state IN ('open', 'decided', 'withdrawn')", name="ck_appeal_state"),
        sa.CheckConstraint("outcome IN ('upheld', 'reversed')", name="ck_appeal_outcome"),
        sa.CheckConstraint("version >= 1", name="ck_appeal_version"),
        sa.CheckConstraint("(state = 'decided') = (outcome IS NOT NULL)", name="ck_appeal_decided"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_appeal_case_id"),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name="fk_appeal_decision_id"),
        sa.ForeignKeyConstraint(["outcome_decision_id"], ["decision.id"], name="fk_appeal_outcome_decision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
        sa.UniqueConstraint("decision_id", "party", name="uq_appeal_decision_id_party"),
    )
    op.create_index("ix_appeal_case_id", "appeal", ["case_id"])
    op.create_index("ix_appeal_state_due_at_id", "appeal", ["state", "due_at", "id"])
    op.create_index("ix_appeal_account_received_at", "appeal", ["account", "received_at"])


def _create_proofs() -> None:
    op.create_table(
        "appeal_note",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("appeal_id", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name="fk_appeal_note_appeal_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal_note"),
    )
    op.create_index("ix_appeal_note_appeal_id", "appeal_note", ["appeal_id"])
    op.create_table(
        "appeal_attachment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("appeal_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", AT, nullable=False),
        sa.CheckConstraint("kind IN ('stem', 'project', 'statement', 'other')", name="ck_appeal_attachment_kind"),
        sa.CheckConstraint("size >= 0", name="ck_appeal_attachment_size"),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name="fk_appeal_attachment_appeal_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal_attachment"),
    )
    op.create_index("ix_appeal_attachment_appeal_id", "appeal_attachment", ["appeal_id"])


def _create_uploads() -> None:
    op.create_table(
        "delivery_draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("corrects", sa.String(), nullable=True),
        sa.Column("delivery_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_draft"),
    )
    op.create_index("ix_delivery_draft_account_updated_at", "delivery_draft", ["account", "updated_at"])
    op.create_table(
        "upload",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("draft_id", sa.String(), nullable=True),
        sa.Column("appeal_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("finished_at", AT, nullable=True),
        sa.CheckConstraint("(draft_id IS NULL) <> (appeal_id IS NULL)", name="ck_upload_target"),
        sa.CheckConstraint("length >= 0", name="ck_upload_length"),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name="fk_upload_appeal_id"),
        sa.ForeignKeyConstraint(["draft_id"], ["delivery_draft.id"], name="fk_upload_draft_id"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
    )
    op.create_index("ix_upload_draft_id", "upload", ["draft_id"])
    op.create_index("ix_upload_appeal_id", "upload", ["appeal_id"])


def _create_webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("old_secret", sa.String(), nullable=True),
        sa.Column("old_secret_until", AT, nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("removed_at", AT, nullable=True),
        sa.Column("removed_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_webhook_account"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_account", "webhook", ["account"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("next_at", AT, nullable=False),
        sa.Column("leased_until", AT, nullable=True),
        sa.Column("delivered_at", AT, nullable=True),
        sa.Column("last_answer", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'dead')", name="ck_webhook_delivery_state"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_webhook_delivery_webhook_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
        sa.UniqueConstraint("webhook_id", "message_id", name="uq_webhook_delivery_webhook_id_message_id"),
    )
    op.create_index("ix_webhook_delivery_state_next_at", "webhook_delivery", ["state", "next_at"])
