"""Links by which a creator without an account reads a decision and appeals."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "creator_link",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("creator", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name="fk_creator_link_decision_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_creator_link"),
    )
    op.create_index("ix_creator_link_decision_id", "creator_link", ["decision_id"])


def downgrade() -> None:
    """Change it back; links work no more, appeals that were made by them stay."""
    op.drop_table("creator_link")
