"""Screenings are found by ISRC, too."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

ISRC = {
    "sqlite": "json_extract(document, '$.intake.recording.isrc')",
    "postgresql": "document::json -> 'intake' -> 'recording' ->> 'isrc'",
}


def upgrade() -> None:
    """Change the schema, and look into what is stored already."""
    op.add_column("screening", sa.Column("isrc", sa.String(), nullable=False, server_default=""))
    op.execute(f"UPDATE screening SET isrc = coalesce({ISRC[op.get_bind().dialect.name]}, '')")  # noqa: S608 - no input
    op.create_index("ix_screening_isrc", "screening", ["isrc"])


def downgrade() -> None:
    """Change it back."""
    op.drop_index("ix_screening_isrc", "screening")
    op.drop_column("screening", "isrc")
