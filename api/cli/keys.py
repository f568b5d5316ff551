"""The `liner keys` commands: who may use the API and the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from api.services.access import Permission, Role
from api.settings import Settings
from schemas.errors import InvalidInput

if TYPE_CHECKING:
    from api.store.database import Database

HELP = """
Make, list and revoke keys; sign in to the console. Works on the database of LINER_DATABASE_URL.

[bold]Examples[/bold]

  liner keys create mia --role moderator   a key, shown this once

  liner keys list                          who may do what, and when they last did

  liner keys link mia                      a one-time link that signs mia in to the console

  liner keys join mia --subject 00u1a2b3   whom the OpenID provider knows as that is mia

  liner keys rotate scan                   a new token; the old one stays good for a day

  liner keys revoke mia                    the end of a key and its sessions, at once
"""

keys_app = typer.Typer(no_args_is_help=True, help=HELP, short_help="Make, list and revoke keys; sign in.")
Name = Annotated[str, typer.Argument(help="Name of the key's holder, e.g. mia or nova-records.")]


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(keys_app, name="keys")


@keys_app.command("create")
def create(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the key is for.")],
    *,
    account: Annotated[str | None, typer.Option(help="The label's account: a-z, 0-9 and -.")] = None,
    dpid: Annotated[list[str] | None, typer.Option(help="A DPID of the account; repeat for more.")] = None,
    scope: Annotated[list[Permission] | None, typer.Option(help="What of the role the key may do; repeat.")] = None,
    queue: Annotated[list[str] | None, typer.Option(help="A queue that the holder works on; repeat.")] = None,
) -> None:
    """Make a key and print it, this once.

    \b
    liner keys create mia --role moderator
    liner keys create prometheus --role service --scope metrics
    liner keys create nova --role label --account nova --dpid PADPIDA2013020802I
    """
    from pydantic import ValidationError

    from api.public_keys import KeyCreate
    from api.services import keys

    try:
        wanted = KeyCreate(
            name=name,
            role=role,
            account=account,
            dpids=tuple(dpid or ()),
            scopes=tuple(scope) if scope else None,
            queues=tuple(queue) if queue else None,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInput(f"{first['loc'][0]}: {first['msg']}.", mend="See liner keys create --help.") from error
    with _database() as db:
        issued = keys.create(db, keys.TERMINAL, wanted)
    typer.echo(issued.token)
    typer.echo("Keep it safe: it is not shown again.", err=True)


@keys_app.command("join")
def join(
    name: Name,
    subject: Annotated[str, typer.Option(help="The person's id at the provider: the claim `sub`.")],
) -> None:
    """Let a person who signs in through the provider be the holder of a key that there is already.

    \b
    liner keys join mia --subject 00u1a2b3c4
    """
    from api.services import oidc

    with _database() as db:
        oidc.join(db, Settings(), name, subject)
    typer.echo(f"Whoever the provider calls {subject} is {name} from now on.")


@keys_app.command("rotate")
def rotate(
    name: Name,
    overlap_hours: Annotated[float, typer.Option(min=0, max=2160, help="Hours that the old token stays good.")] = 24.0,
) -> None:
    """Print a new token for a key; the old one stays good for a while.

    \b
    liner keys rotate scan
    liner keys rotate mia --overlap-hours 0
    """
    from api.services import keys

    with _database() as db:
        issued = keys.rotate(db, keys.TERMINAL, name, overlap=timedelta(hours=overlap_hours))
    typer.echo(issued.token)
    typer.echo(f"The old token is good until {issued.key.old_until:%Y-%m-%d %H:%M} UTC.", err=True)


@keys_app.command("list")
def show() -> None:
    """List all keys."""
    from rich.console import Console
    from rich.table import Table

    from api.services import keys

    table = Table("Name", "Role", "Account", "Key", "Created", "Last used", "Revoked")
    with _database() as db:
        for key in keys.every(db, keys.TERMINAL):
            times = (key.created_at, key.last_used_at, key.revoked_at)
            shown = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in times)
            table.add_row(key.name, key.role, key.account or "", f"{key.prefix}…", *shown)
    Console().print(table)


@keys_app.command("revoke")
def revoke(name: Name) -> None:
    """End a key at once, and the sessions made from it."""
    from api.services import keys

    with _database() as db:
        keys.revoke(db, keys.TERMINAL, name)
    typer.echo(f"{name} is revoked.")


@keys_app.command("link")
def link(name: Name) -> None:
    """Print a one-time link that signs the key's holder in to the console."""
    from api.security import sign_in_url
    from api.services import sessions

    settings = Settings()
    with _database() as db:
        token = sessions.link_token(db, name, valid_for=timedelta(minutes=settings.sign_in_minutes))
    typer.echo(sign_in_url(settings.public_url, token))


@contextmanager
def _database() -> "Iterator[Database]":
    from api.store.database import open_database

    database = open_database(Settings().database_url)
    try:
        yield database
    finally:
        database.close()
