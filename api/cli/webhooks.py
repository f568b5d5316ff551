"""The `liner webhooks` commands: who is told, what was given up, and sending it again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from api.settings import Settings

if TYPE_CHECKING:
    from api.store.database import Database

HELP = """
List webhooks, exchange their secrets, send messages again. Works on the database of LINER_DATABASE_URL.

[bold]Examples[/bold]

  liner webhooks list                                      who is told, what waits, what was given up

  liner webhooks dead whk_3f...                            the messages that were given up

  liner webhooks replay whk_3f... --since 2026-11-22T08:00   send again all made since then

  liner webhooks rotate whk_3f...                          a new secret; the old one signs beside it for a day

  liner webhooks send                                      send what is due, from this process
"""

webhooks_app = typer.Typer(no_args_is_help=True, help=HELP, short_help="List webhooks, send messages again.")
Hook = Annotated[str, typer.Argument(help="A webhook's id, as `liner webhooks list` gives it.")]


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(webhooks_app, name="webhooks")


@webhooks_app.command("list")
def show() -> None:
    """List all webhooks with what waits and what was given up."""
    from rich.console import Console
    from rich.table import Table

    from api.services import keys, webhooks

    table = Table("Id", "Account", "Address", "Tells of", "Waiting", "Given up")
    with _database() as db:
        for hook in webhooks.every(db, keys.TERMINAL).webhooks:
            kinds = ", ".join(hook.kinds) or "everything"
            table.add_row(hook.id, hook.account or "all", hook.url, kinds, str(hook.waiting), str(hook.dead))
    Console().print(table)


@webhooks_app.command("dead")
def dead(hook: Hook) -> None:
    """List the messages to an address that were given up, newest first."""
    from rich.console import Console
    from rich.table import Table

    from api.services import keys, webhooks

    table = Table("Message", "Tells of", "Made", "Attempts", "Last answer")
    with _database() as db:
        found = webhooks.messages(db, keys.TERMINAL, hook, state="dead", cursor=None, limit=200)
        for one in found.deliveries:
            table.add_row(one.message_id, one.kind, f"{one.made_at:%Y-%m-%d %H:%M}", str(one.attempts), one.last_answer)
    Console().print(table)


@webhooks_app.command("replay", epilog="Example: [bold]liner webhooks replay whk_3f... --since 2026-11-22T08:00[/bold]")
def replay(
    hook: Hook,
    since: Annotated[
        datetime | None, typer.Option(help="Send all made since this moment (UTC), not those given up.")
    ] = None,
) -> None:
    """Send again what was given up, or everything since a moment; the server's courier takes it from there."""
    from api.services import keys, webhooks

    with _database() as db:
        moment = since.replace(tzinfo=UTC) if since else None
        queued = webhooks.replay(db, keys.TERMINAL, hook, since=moment).queued
    typer.echo(f"{queued} message(s) will be sent again.")


@webhooks_app.command("rotate")
def rotate(hook: Hook) -> None:
    """Give a webhook a new secret and print it, this once; the old one signs beside it for a day."""
    from api.services import keys, webhooks

    with _database() as db:
        issued = webhooks.rotate(db, keys.TERMINAL, hook)
    typer.echo(issued.secret)


@webhooks_app.command("send")
def send(
    within: Annotated[float, typer.Option(help="Seconds to work at most.", min=0)] = 60.0,
) -> None:
    """Send what is due now, from this process: for a service that is down, or run without its courier."""
    from api.services import courier

    settings = Settings()
    until = datetime.now(UTC) + timedelta(seconds=within)
    tried = 0
    with _database() as db:
        while datetime.now(UTC) < until:
            now = courier.work(db, settings)
            tried += now
            if not now:
                break
    typer.echo(f"{tried} message(s) tried.")


@contextmanager
def _database() -> "Iterator[Database]":
    from api.store.database import open_database

    database = open_database(Settings().database_url)
    try:
        yield database
    finally:
        database.close()
