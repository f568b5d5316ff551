"""Chat and sign in."""

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Change the schema."""


def downgrade() -> None:
    """Change it back."""
