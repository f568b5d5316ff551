"""Approvals from chat and mail, who a chat user is, signing in through a provider, and channels."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

AT = sa.DateTime(timezone=True)
TABLES = ("oidc_identity", "oidc_login", "chat_request", "chat_code", "chat_link", "approval", "channel")
GONE = "cards and links to approve need a newer liner"


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "channel",
        sa.Column("webhook_id", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.CheckConstraint("form IN ('slack', 'mail')", name="ck_channel_form"),
        sa.CheckConstraint("(form = 'mail') = (holder IS NOT NULL)", name="ck_channel_holder"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_channel_webhook_id"),
        sa.PrimaryKeyConstraint("webhook_id", name="pk_channel"),
    )
    _create_chat()
    _create_sign_in()


def downgrade() -> None:
    """Change it back; links and identities are gone then, cards and approvals are told to nobody any more."""
    removed = sa.text(
        "UPDATE webhook SET removed_at = CURRENT_TIMESTAMP, removed_why = :why "
        "WHERE id IN (SELECT webhook_id FROM channel) AND removed_at IS NULL"
    )
    op.execute(removed.bindparams(why=GONE))
    for table in TABLES:
        op.drop_table(table)


def _create_chat() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("webhook_id", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("used_at", AT, nullable=True),
        sa.Column("used_by", sa.String(), nullable=False),
        sa.CheckConstraint("subject IN ('case', 'policy')", name="ck_approval_subject"),
        sa.CheckConstraint("version >= 1", name="ck_approval_version"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_approval_webhook_id"),
        sa.PrimaryKeyConstraint("id", name="pk_approval"),
    )
    op.create_index("ix_approval_webhook_id", "approval", ["webhook_id"])
    op.create_table(
        "chat_link",
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("linked_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_chat_link_key_id"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_chat_link"),
    )
    op.create_index("ix_chat_link_key_id", "chat_link", ["key_id"])
    op.create_table(
        "chat_code",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("used_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_chat_code_key_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_chat_code"),
    )
    op.create_index("ix_chat_code_key_id", "chat_code", ["key_id"])
    op.create_table(
        "chat_request",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("received_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_chat_request"),
    )
    op.create_index("ix_chat_request_received_at", "chat_request", ["received_at"])


def _create_sign_in() -> None:
    op.create_table(
        "oidc_login",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("state", name="pk_oidc_login"),
    )
    op.create_index("ix_oidc_login_expires_at", "oidc_login", ["expires_at"])
    op.create_table(
        "oidc_identity",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("seen_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_oidc_identity_key_id"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_oidc_identity"),
    )
    op.create_index("ix_oidc_identity_key_id", "oidc_identity", ["key_id"])
