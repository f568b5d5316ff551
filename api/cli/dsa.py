"""The `liner dsa` commands: what the Digital Services Act wants to be told."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.settings import Settings
from schemas.errors import InvalidInput

dsa_app = typer.Typer(no_args_is_help=True, help="Export statements of reasons and the tables of the yearly report.")


class Form(StrEnum):
    """Which of the two exports."""

    JSON = "json"
    CSV = "csv"


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(dsa_app, name="dsa")


@dsa_app.command(
    "export",
    epilog="Example: [bold]liner dsa export --since 2026-01-01 --until 2027-01-01 --form csv --to report/[/bold]",
)
def export(
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC).")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day after the last.")],
    to: Annotated[Path, typer.Option(help="File for JSON (- for the terminal), folder for CSV.")] = Path("-"),
    form: Annotated[
        Form, typer.Option(help="json: records for the transparency database; csv: tables of (EU) 2024/2835.")
    ] = Form.JSON,
) -> None:
    """Export the statements of reasons of a period, without anybody's name."""
    from api.services import dsa, keys
    from api.store.database import open_database

    settings = Settings()
    period = (since.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
    database = open_database(settings.database_url)
    try:
        if form is Form.JSON:
            _write_json(to, dsa.records(database, keys.TERMINAL, *period))
        else:
            _write_tables(to, dsa.report(database, keys.TERMINAL, settings, *period))
    finally:
        database.close()


def _write_json(to: Path, records: list[dict[str, object]]) -> None:
    text = json.dumps({"statements": records}, indent=2, ensure_ascii=False) + "\n"
    if str(to) == "-":
        typer.echo(text, nl=False)
        return
    _try(lambda: to.write_text(text, "utf-8"), to)
    typer.echo(f"{len(records)} statement(s) in {to}", err=True)


def _write_tables(to: Path, files: dict[str, str]) -> None:
    if str(to) == "-":
        raise InvalidInput("The tables are several files.", mend="Name a folder: --to report/")

    def write() -> None:
        to.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (to / name).write_bytes(text.encode())

    _try(write, to)
    typer.echo(f"{len(files)} tables in {to}", err=True)


def _try(write: Callable[[], object], to: Path) -> None:
    try:
        write()
    except OSError as error:
        raise InvalidInput(f"{to} cannot be written: {error.strerror}.", mend="Name another place.") from error
