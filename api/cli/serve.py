"""The `liner serve` command: the review API and the console, until stopped."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.workers import listen, open_port, serve_alone, serve_together
from api.settings import Settings
from schemas.errors import InvalidInput

if TYPE_CHECKING:
    from fastapi import FastAPI

    from api.store.database import Database

ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("serve", epilog="Example: [bold]liner serve --host 0.0.0.0 --port 8000 --workers 2[/bold]")(run)


def run(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")] = 8000,
    workers: Annotated[
        int,
        typer.Option(min=1, max=64, help="Processes that answer; as many as there are processors for a large review."),
    ] = 1,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the console in the browser.")] = False,
) -> None:
    """Serve the review API and the console; Ctrl-C ends it."""
    settings = Settings()
    if workers > 1:
        _serve_together(settings, host, port, workers, open_browser=open_browser)
    else:
        listening = bind(host, port)
        serve(
            settings,
            listening,
            greet=lambda address, app: _greet(address, app.state.database, open_browser=open_browser),
        )
    typer.echo("Stopped.")


def bind(host: str, port: int) -> socket.socket:
    """Take the port, or say in a sentence why it cannot be had.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes any free one.

    Raises
    ------
    InvalidInput
        The port is taken, not allowed, or the host is none of this machine's.
    """
    with _binding(host, port):
        return open_port(host, port)


def serve(settings: Settings, listening: socket.socket, *, greet: "Callable[[str, FastAPI], None]") -> None:
    """Serve until told to stop by Ctrl-C or TERM; requests under way are answered first.

    Parameters
    ----------
    listening
        A socket from `bind`.
    greet
        Called with the address and the app once it listens.
    """
    address = public_address(settings, listening)
    told = settings.model_copy(update={"public_url": address})
    serve_alone(told, listening, greet=lambda app: greet(address, app))


def public_address(settings: Settings, listening: socket.socket) -> str:
    """Give the address people use: the setting if there is one, else where the socket listens."""
    if "public_url" in settings.model_fields_set:
        return settings.public_url
    host, port = listening.getsockname()[:2]
    shown = "127.0.0.1" if host in ANYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _serve_together(settings: Settings, host: str, port: int, number: int, *, open_browser: bool) -> None:
    with _binding(host, port):
        sockets = listen(host, port, number)
    address = public_address(settings, sockets[0])
    from api.store.database import open_database

    database = open_database(settings.database_url)  # what is wrong with it is said once, before any worker starts
    serve_together(
        settings.model_copy(update={"public_url": address}),
        sockets,
        greet=lambda: _greet(address, database, open_browser=open_browser),
    )
    database.close()


@contextmanager
def _binding(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInput(
            f"Cannot listen on {host}, port {port}: {os.strerror(error.errno) if error.errno else error}.",
            mend="Stop what uses the port, or choose another: liner serve --port 8001",
        ) from error


def _greet(address: str, database: "Database", *, open_browser: bool) -> None:
    from api.services import keys

    typer.echo(f"Console  {address}/console\nAPI      {address}/docs\nStop     Ctrl-C")
    if not keys.has_people(database):
        typer.echo(
            "Nobody can sign in yet:\n  liner keys create YOUR-NAME --role moderator\n  liner keys link YOUR-NAME"
        )
    if open_browser:
        typer.launch(f"{address}/console")
