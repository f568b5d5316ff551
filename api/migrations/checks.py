"""What Alembic has no command for on both databases: other values in a CHECK constraint.

SQLite can only make the whole table anew, which would drop its triggers and break what refers to it. A CHECK is
no part of how rows are stored, so its text may be edited instead ("ALTER TABLE" of SQLite's manual, section 7).
"""

from alembic import op
from sqlalchemy import text


def replace_check(table: str, name: str, old: str, new: str) -> None:
    """Let a CHECK constraint say something else.

    Parameters
    ----------
    name
        The constraint's full name, e.g. ``ck_case_state``.
    old, new
        The condition as it is written now, to the letter, and as it should be.
    """
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, new)
        return
    connection = op.get_bind()
    read = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    made: str = connection.execute(read, {"table": table}).scalar_one()
    if made.count(old) != 1:
        raise ValueError(f"{table} has {made.count(old)} constraints {old}")
    version = connection.execute(text("PRAGMA schema_version")).scalar_one()
    connection.execute(text("PRAGMA writable_schema = ON"))
    write = text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table")
    connection.execute(write, {"sql": made.replace(old, new), "table": table})
    connection.execute(text(f"PRAGMA schema_version = {version + 1}"))  # others read the schema again
    connection.execute(text("PRAGMA writable_schema = OFF"))
