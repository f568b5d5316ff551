"""The `liner catalogue` commands: what recordings are compared with, and the lists that a user brings."""

import contextlib
import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.counting import many
from api.settings import Settings
from pipeline.logs import quiet_logs

HELP = """
What a new recording is compared with: the sounds of a lake, and lists that you bring.

A list is CSV, JSON or Parquet; each row has a fingerprint, a signal_hash or a sha256, and may have title, artist,
isrc, reason and duration. Recordings on a list are flagged with its name (SPM-010).

[bold]Examples[/bold]

  liner catalogue add-list known-spam spam.csv

  liner catalogue add-list takedowns other-lake/fingerprints/data-1.parquet --lake /data/lake

  liner catalogue drop-list known-spam

  liner catalogue show --format json
"""
LakeOption = Annotated[Path | None, typer.Option(help="The lake; default LINER_LAKE, .liner/lake.")]
JsonOption = Annotated[str, typer.Option("--format", metavar="text|json", help="text, or json: one object.")]

catalogue_app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(
        catalogue_app, name="catalogue", help=HELP, short_help="What recordings are compared with; lists you bring."
    )


@catalogue_app.command("add-list")
def add_list(
    name: Annotated[str, typer.Argument(help="Its name, as flags will show it: small letters, digits, - and _.")],
    file: Annotated[Path, typer.Argument(help="CSV, JSON, JSON lines or Parquet.")],
    *,
    lake: LakeOption = None,
) -> None:
    """Bring a list, or replace the one of that name; recordings that were screened before are not looked at again."""
    quiet_logs()
    from pipeline import indexing
    from pipeline.catalogue import Catalogue
    from pipeline.lake import Lake
    from pipeline.lists import listed_sounds, save_list

    folder = _folder(lake)
    Lake(folder)  # refuses a folder that holds something else
    count = save_list(folder, name, file)
    indexing.ensure(folder)
    with contextlib.closing(Catalogue(folder)) as catalogue:
        catalogue.forget_list(name)
        for sound in listed_sounds(folder, name):
            catalogue.add(sound)
    entries = many(count, "entry", "entries")
    typer.echo(f"The list {name} has {entries}. liner scan and liner watch compare with it from now on.")


@catalogue_app.command("drop-list")
def drop_list(
    name: Annotated[str, typer.Argument(help="The list's name.")],
    *,
    lake: LakeOption = None,
) -> None:
    """Take a list out; screenings that name it stay as they are."""
    quiet_logs()
    from pipeline import lists
    from pipeline.catalogue import Catalogue

    folder = _folder(lake)
    lists.drop_list(folder, name)
    with contextlib.closing(Catalogue(folder)) as catalogue:
        count = catalogue.forget_list(name)
    typer.echo(f"The list {name} with {many(count, 'entry', 'entries')} is gone.")


@catalogue_app.command("show")
def show(*, lake: LakeOption = None, output: JsonOption = "text") -> None:
    """Say what a recording is compared with: sounds, keys, lists, bytes on disk."""
    quiet_logs()
    from pipeline import indexing
    from pipeline.catalogue import Catalogue
    from schemas.errors import InvalidInput

    folder = _folder(lake)
    if not (folder / "lake.json").exists():
        raise InvalidInput(f"{folder} is no lake.", mend="Name the folder that `liner scan --lake` wrote.")
    indexing.ensure(folder)
    with contextlib.closing(Catalogue(folder)) as catalogue:
        held = catalogue.contents()
    if output == "json":
        typer.echo(json.dumps(held.as_dict()))
        return
    typer.echo(f"{many(held.sounds, 'recording')}, {many(held.keys, 'key')}, {held.size / 1e6:.1f} MB.")
    for name, entries in held.lists.items():
        typer.echo(f"List {name}: {many(entries, 'entry', 'entries')}.")
    if held.waiting:
        typer.echo(
            f"{many(held.waiting, 'recording waits', 'recordings wait')} to be looked at again by the next scan."
        )


def _folder(lake: Path | None) -> Path:
    return lake or Settings().lake
