"""SQLite refuses to replace events and decisions as well: REPLACE deletes without asking the DELETE trigger."""

from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

SAME = {
    "event": "seq = NEW.seq",
    "decision": "id = NEW.id OR (case_id = NEW.case_id AND case_version = NEW.case_version)",
}


def upgrade() -> None:
    """Change the schema; PostgreSQL has no such statement."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, same in SAME.items():
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of this file
        refuse = f"SELECT RAISE(ABORT, '{table} is append-only');"
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists} BEGIN {refuse} END")


def downgrade() -> None:
    """Change it back."""
    if op.get_bind().dialect.name == "sqlite":
        for table in SAME:
            op.execute(f"DROP TRIGGER {table}_no_replace")
