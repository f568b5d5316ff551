"""The `liner demo` command: an invented catalogue, screened and served."""

import contextlib
import socket
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.cli.scan import STOPPED, Format, report, run_visibly
from api.cli.serve import bind, serve
from api.settings import Settings
from pipeline.logs import quiet_logs
from schemas.errors import InvalidInput

if TYPE_CHECKING:
    from fastapi import FastAPI

    from api.store.database import Database
    from pipeline.scan import Summary

HOST = "127.0.0.1"
PORTS = 20  # how many are tried before any free one is taken
MODERATOR = "demo-moderator"
WORKERS = 2  # the catalogue is small; a second listener pays, a third would not


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("demo", epilog="Example: [bold]liner demo --no-serve[/bold]")(run)


def run(
    home: Annotated[Path, typer.Option(help="Folder for catalogue, lake and database.")] = Path(".demo"),
    port: Annotated[
        int, typer.Option(min=1, max=65535 - PORTS, help="Port to serve on; the next free one where it is taken.")
    ] = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the table.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove an earlier demonstration first.")] = False,
) -> None:
    """Write a small catalogue, screen it, show what was flagged and why, and serve the console."""
    quiet_logs()
    from api.demo.folder import prepare

    prepare(home, fresh=fresh)
    _write(home)
    settings = _settings(home)
    summary = _screen(home, settings)
    _show(summary, settings)
    if not no_serve:
        _serve(settings, port)


def _settings(home: Path) -> Settings:
    """Everything lies in the demonstration's folder, whatever the environment says."""
    return Settings(
        home=home,
        landing=home / "landing",
        lake=home / "lake",
        database_url=f"sqlite:///{home / 'review.db'}",
        review_url="",
    )


def _write(home: Path) -> None:
    from api.demo.catalogue import is_written, tracks, write_catalogue

    if is_written(home):
        typer.echo(f"The catalogue lies in {home / 'landing'} already; --fresh makes it anew.")
        return
    columns = (TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Making the recordings", total=len(list(tracks())))
        write_catalogue(home, on_track=lambda _: bar.advance(task))


def _screen(home: Path, settings: Settings) -> "Summary":
    from api.demo.catalogue import trust_anchor
    from api.inprocess import client
    from classifiers.listener import Listener
    from pipeline.scan import Plan, Run, scan_graph

    plan = Plan(
        source=settings.landing,
        lake=settings.lake,
        workers=WORKERS,
        review=partial(client, settings),
        ears=partial(Listener, trust_anchors=trust_anchor(home)),
    )
    summary = run_visibly(Run(plan), scan_graph, quiet=False)
    if summary.was_stopped:
        raise typer.Exit(STOPPED)
    return summary


def _show(summary: "Summary", settings: Settings) -> None:
    from api.demo.report import flag_table, read_screenings, totals

    console = Console(highlight=False)
    screenings = read_screenings(settings.lake)
    console.print(flag_table(screenings, console.width))
    console.print(totals(screenings), style="bold")
    report(summary, Format.TEXT, delivers=True)


def _serve(settings: Settings, port: int) -> None:
    from api.security import sign_in_url

    def greet(address: str, app: "FastAPI") -> None:
        link = sign_in_url(address, _one_time_token(app.state.database, settings))
        typer.echo(f"\nConsole  {address}/console\nAPI      {address}/docs\nStop     Ctrl-C")
        typer.secho(f"\nSign in, once, within {settings.sign_in_minutes} minutes:", bold=True)
        typer.echo(link)

    serve(settings, _listen(port), greet=greet)
    typer.echo("Stopped; the next start goes on from here.")


def _listen(port: int) -> socket.socket:
    """Take the port, or the next free one: a demonstration does not ask anybody to stop a service."""
    for candidate in range(port, port + PORTS):
        with contextlib.suppress(InvalidInput):
            return bind(HOST, candidate)
    return bind(HOST, 0)


def _one_time_token(db: "Database", settings: Settings) -> str:
    from api.public_keys import KeyCreate
    from api.services import keys, sessions
    from api.services.access import Role

    if all(key.name != MODERATOR for key in keys.every(db, keys.TERMINAL)):
        keys.create(db, keys.TERMINAL, KeyCreate(name=MODERATOR, role=Role.MODERATOR))
    return sessions.link_token(db, MODERATOR, valid_for=timedelta(minutes=settings.sign_in_minutes))
