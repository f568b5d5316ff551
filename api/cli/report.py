"""The `liner report` command: how the recordings of a lake are declared, in figures."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("report", short_help="Count what a catalogue declares, and where it contradicts itself.")(run)


def run(
    lake: Annotated[Path, typer.Argument(metavar="LAKE", help="The folder that `liner scan --lake` wrote.")],
    output: Annotated[Format, typer.Option("--format", help="text, csv, json, or html: one page with charts.")] = (
        Format.TEXT
    ),
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead of the terminal.")
    ] = None,
) -> None:
    """Count the recordings of a lake by what they declare: undeclared, none, partly, all.

    By sender, ERN version, territory and month, and the contradictions by rule. Of each recording the newest
    screening counts; a recording with several territories counts in each.
    """
    from api.cli.figures import WRITERS
    from api.cli.shares import shares_of
    from schemas.errors import InvalidInput

    text = WRITERS[output.value](shares_of(lake))
    if target is None:
        typer.echo(text, nl=False)
        return
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written: {error.strerror}.", mend="Name another file.") from error
