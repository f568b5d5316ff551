"""Indexes for a million cases: the clock of a queue, a label's own, a person's decisions."""

from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None

NEW = (
    ("case", ("queue", "state", "due_at")),
    ("case", ("account", "rank", "opened_at", "id")),
    ("case", ("claim_holder",)),
    ("decision", ("decided_by",)),
)
OLD = ("case", ("state", "priority", "opened_at", "id"))  # nobody sorts by the bare priority any more


def upgrade() -> None:
    """Make what queries look for, and drop what none does."""
    for table, columns in NEW:
        op.create_index(_name(table, columns), table, list(columns))
    op.drop_index(_name(*OLD), OLD[0])


def downgrade() -> None:
    """Change it back."""
    op.create_index(_name(*OLD), OLD[0], list(OLD[1]))
    for table, columns in NEW:
        op.drop_index(_name(table, columns), table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
