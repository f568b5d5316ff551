"""Alembic's entry: the connection is the caller's (`api.store.database`), which holds the lock."""

from alembic import context

from api.tables import Table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Table.metadata, render_as_batch=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
