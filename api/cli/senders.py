"""The `liner senders` command: what every sender of a lake did in its last month, beside its own past."""

import csv
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import InvalidInput

EXAMPLES = """
For each sender of a lake: releases of its last month beside its own usual month, new artists, sounds, covers and titles
used again, 30-second tracks, share flagged and (with [bold]--labels[/bold]) share upheld by moderators. Rates are
relative to the sender's own past: size is no offence. A dash is not measured, which is not zero.

[bold]Examples[/bold]

  liner senders .liner/lake

  liner senders .liner/lake --format csv > senders.csv

  liner senders .liner/lake --labels labels.parquet     takes moderators' decisions in (liner labels export)

[bold]Exit codes[/bold]  0 done; 2 nothing could be done (the message says why).
"""
COLUMNS = ("releases", "usual_releases", "burst_ratio", "new_artist_share", "sound_reuse_share", "cover_reuse_share",
           "permuted_title_share", "short_stack_share", "flagged_share", "upheld_share")  # fmt: skip
HEADS = ("releases", "usual", "burst", "new art.", "sounds", "covers", "titles", "30 s", "flagged", "upheld")


class Format(StrEnum):
    """How the table is printed."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("senders", help=EXAMPLES, short_help="What every sender of a lake did, beside its own past.")(run)


def run(
    lake: Annotated[Path, typer.Argument(metavar="LAKE", help="The folder that `liner scan --lake` wrote.")],
    labels: Annotated[Path | None, typer.Option(help="Parquet of `liner labels export`.")] = None,
    output: Annotated[Format, typer.Option("--format", help="text, csv or json.")] = Format.TEXT,
) -> None:
    """Show every sender's record."""
    import contextlib

    from api.cli.reporting import inert, plain
    from pipeline.senders import SenderIndex, verdicts_of
    from schemas.senders import SenderRecord

    if not (lake / "lake.json").is_file():
        raise InvalidInput(f"{lake} is no lake.", mend="Name the folder that `liner scan` writes to.")
    SenderIndex.ensure(lake)
    with contextlib.closing(SenderIndex(lake)) as index:
        if labels:
            index.told(verdicts_of(labels))
        records = sorted(index.senders(), key=lambda one: (-(one.burst_ratio or 0), one.sender))
    if output is Format.JSON:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in records], indent=1))
    elif output is Format.CSV:
        table = csv.DictWriter(sys.stdout, fieldnames=list(SenderRecord.model_fields))
        table.writeheader()
        table.writerows({**one.model_dump(mode="json"), "sender": inert(one.sender)} for one in records)
    else:
        typer.echo(f"{'Sender':28}{'until':>12}" + "".join(f"{head:>10}" for head in HEADS))
        for one in records:
            cells = "".join(f"{_number(getattr(one, name)):>10}" for name in COLUMNS)
            typer.echo(f"{plain(one.sender)[:27]:28}{one.until:>12}{cells}")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.2f}"
