"""The `liner audit` commands: prove that nothing in the log was changed, removed or moved."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.settings import Settings
from schemas.errors import InvalidInput

if TYPE_CHECKING:
    from api.store.database import Database
    from schemas.chain import Head

BROKEN = 1
audit_app = typer.Typer(no_args_is_help=True, help="Verify the log of events; export its head.")


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(audit_app, name="audit")


@audit_app.command("head")
def head() -> None:
    """Print the head of the log as JSON, to be kept where nobody who can write the database can write.

    \b
    liner audit head > head-2026-11-22.json
    """
    from api.services import audit, keys

    with _database() as db:
        typer.echo(audit.head(db, keys.TERMINAL).model_dump_json())


@audit_app.command("verify")
def verify(
    kept: Annotated[
        Path | None, typer.Option("--head", help="A head that was exported before; the log has to lead through it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Walk the whole log and find every event that was altered, removed, moved or put in beside it.

    Ends with 0 where the log is whole, with 1 where it is not. Without a head that was kept elsewhere, somebody who
    can write the whole database could write the whole log anew.

    \b
    liner audit verify
    liner audit verify --head head-2026-11-22.json
    """
    from api.services import audit, keys

    with _database() as db:
        found = audit.verify(db, keys.TERMINAL, kept=_read(kept) if kept else None)
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        for one in found.broken:
            typer.secho(f"{one.kind}: {one.detail}", fg=typer.colors.RED)
        verdict = "The log is whole" if not found.broken else "The log is BROKEN"
        typer.echo(f"{verdict}: {found.events:,} events, {found.decisions:,} decisions, head {found.head.hash[:16]}…")
    if found.broken:
        raise typer.Exit(BROKEN)


def _read(path: Path) -> "Head":
    from schemas.chain import Head

    try:
        said = json.loads(path.read_text("utf-8"))
        return Head(seq=said["seq"], hash=said["hash"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path} is no head of a log.", mend="Make one: liner audit head > FILE") from error


@contextmanager
def _database() -> "Iterator[Database]":
    from api.store.database import open_database

    database = open_database(Settings().database_url)
    try:
        yield database
    finally:
        database.close()
