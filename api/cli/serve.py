"""The `liner serve` command: the review API and the console, until stopped."""

import os
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from api.settings import Settings
from schemas.errors import InvalidInput

if TYPE_CHECKING:
    from fastapi import FastAPI

ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to
GRACE_S = 10  # for answers that are being given when the service is told to stop


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("serve", epilog="Example: [bold]liner serve --host 0.0.0.0 --port 8000[/bold]")(run)


def run(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")] = 8000,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the console in the browser.")] = False,
) -> None:
    """Serve the review API and the console; Ctrl-C ends it."""
    settings = Settings()
    listening = bind(host, port)
    serve(settings, listening, greet=lambda address, app: _greet(address, app, open_browser=open_browser))
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
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise InvalidInput(
            f"Cannot listen on {host}, port {port}: {os.strerror(error.errno) if error.errno else error}.",
            mend="Stop what uses the port, or choose another: liner serve --port 8001",
        ) from error


def serve(settings: Settings, listening: socket.socket, *, greet: "Callable[[str, FastAPI], None]") -> None:
    """Serve until told to stop by Ctrl-C or TERM; requests under way are answered first.

    Parameters
    ----------
    listening
        A socket from `bind`.
    greet
        Called with the address and the app once it listens.
    """
    import uvicorn

    from api.main import create_app

    address = public_address(settings, listening)
    app = create_app(settings.model_copy(update={"public_url": address}))
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_S
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            greet(address, app)

    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them again when it has ended; that is enough
        signal.signal(number, lambda _number, _frame: None)
    Server(config).run(sockets=[listening])


def public_address(settings: Settings, listening: socket.socket) -> str:
    """Give the address people use: the setting if there is one, else where the socket listens."""
    if "public_url" in settings.model_fields_set:
        return settings.public_url
    host, port = listening.getsockname()[:2]
    shown = "127.0.0.1" if host in ANYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _greet(address: str, app: "FastAPI", *, open_browser: bool) -> None:
    from api.services import keys

    typer.echo(f"Console  {address}/console\nAPI      {address}/docs\nStop     Ctrl-C")
    if not keys.has_people(app.state.database):
        typer.echo(
            "Nobody can sign in yet:\n  liner keys create YOUR-NAME --role moderator\n  liner keys link YOUR-NAME"
        )
    if open_browser:
        typer.launch(f"{address}/console")
