"""The `liner backup` and `liner restore` commands: all of the review's database in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from api.settings import Settings
from schemas.errors import InvalidInput
from schemas.versions import ENGINE

BROKEN = 1


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
) -> None:
    """Write the whole review database to one file, while the service runs.

    Cases, decisions, events, keys (as hashes), everything; not the sound files, which lie in the landing zone. The
    file is the same for SQLite and PostgreSQL. It holds people's words: keep it safe.

    \b
    liner backup review-2026-11-22.zip
    """
    from api.services import clock
    from api.store import backup as store
    from api.store.database import open_database

    if file.exists():
        raise InvalidInput(f"{file} exists already.", mend="Choose another name, or remove it.")
    database = open_database(Settings().database_url)
    try:
        made = store.write(database, file, engine=ENGINE, now=clock.now())
    finally:
        database.close()
    rows = sum(table.rows for table in made.tables.values())
    typer.echo(f"{file}: {rows:,} rows of {len(made.tables)} tables, schema {made.revision}")


def restore(file: Annotated[Path, typer.Argument(help="A file that `liner backup` wrote.")]) -> None:
    """Fill the empty database of LINER_DATABASE_URL from a backup, bring it up to date, and verify the log.

    Ends with 1 where the log does not verify: then something was changed before the backup was made.

    \b
    LINER_DATABASE_URL=postgresql://liner@db/review liner restore review-2026-11-22.zip
    """
    from api.services import audit, keys
    from api.store import backup as store
    from api.store.database import Database

    database = Database(Settings().database_url)
    try:
        made = store.restore(database, file)
        found = audit.verify(database, keys.TERMINAL)
    finally:
        database.close()
    rows = sum(table.rows for table in made.tables.values())
    typer.echo(f"Restored {rows:,} rows as of {made.made_at:%Y-%m-%d %H:%M} UTC.")
    verdict = "The log is whole" if not found.broken else "The log is BROKEN; see liner audit verify"
    typer.echo(f"{verdict}: {found.events:,} events, head {found.head.hash[:16]}…")
    if found.broken:
        raise typer.Exit(BROKEN)
