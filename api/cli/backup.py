"""The `liner backup` and `liner restore` commands: all of the review in one file, and back."""

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
    """Write the whole review to one file, while the service runs.

    Cases, decisions, events, keys (as hashes), everything, and what labels attached to appeals; not the recordings,
    which lie in the landing zone. The file is the same for SQLite and PostgreSQL. It holds people's words and work:
    keep it safe. Ends with 1 where an attachment's bytes are gone or changed; all else is in the file all the same.

    \b
    liner backup review-2026-11-22.zip
    """
    from api.services import clock
    from api.store import backup as store
    from api.store.database import open_database

    if file.exists():
        raise InvalidInput(f"{file} exists already.", mend="Choose another name, or remove it.")
    settings = Settings()
    database = open_database(settings.database_url)
    try:
        made = store.write(database, file, attachments=settings.attachments, engine=ENGINE, now=clock.now())
    finally:
        database.close()
    rows = sum(table.rows for table in made.tables.values())
    size = sum(one.size for one in made.files.values())
    typer.echo(f"{file}: {rows:,} rows of {len(made.tables)} tables, schema {made.revision}")
    typer.echo(f"{len(made.files)} attachments, {size:,} bytes")
    if made.lost:
        typer.echo(f"NOT WHOLE in {settings.attachments}: {', '.join(made.lost)}", err=True)
        raise typer.Exit(BROKEN)


def restore(file: Annotated[Path, typer.Argument(help="A file that `liner backup` wrote.")]) -> None:
    """Fill the empty database of LINER_DATABASE_URL from a backup, bring it up to date, and verify the log.

    What was attached goes to the folder LINER_ATTACHMENTS. Every table and file is compared with its hash first. Ends
    with 1 where the log does not verify: then something was changed before the backup was made.

    \b
    LINER_DATABASE_URL=postgresql://liner@db/review liner restore review-2026-11-22.zip
    """
    from api.services import audit, keys
    from api.store import backup as store
    from api.store.database import Database

    settings = Settings()
    database = Database(settings.database_url)
    try:
        made = store.restore(database, file, attachments=settings.attachments)
        found = audit.verify(database, keys.TERMINAL)
    finally:
        database.close()
    rows = sum(table.rows for table in made.tables.values())
    typer.echo(f"Restored {rows:,} rows and {len(made.files)} attachments as of {made.made_at:%Y-%m-%d %H:%M} UTC.")
    verdict = "The log is whole" if not found.broken else "The log is BROKEN; see liner audit verify"
    typer.echo(f"{verdict}: {found.events:,} events, head {found.head.hash[:16]}…")
    if found.broken:
        raise typer.Exit(BROKEN)
