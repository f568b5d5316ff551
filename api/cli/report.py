"""The `liner report` command: how the recordings of a lake or folder are declared, in figures."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Counts recordings by what they declare: undeclared, none, partly, all; by sender, ERN version, territory and month, and
the contradictions by rule. PATH is a lake that [bold]liner scan[/bold] wrote, or a folder of messages as they came:
those are read and checked, nothing is listened to and nothing is written. Of each recording the newest message
counts; what is taken down is left out; a recording with several territories counts in each.

[bold]Examples[/bold]

  liner report .liner/lake                       tables for a terminal

  liner report deliveries/ --format csv          every figure, from messages alone

  liner report lake/ --format html -o page.html  one page with charts, to send on

[bold]Exit codes[/bold]  0 done; 2 the path holds neither a lake nor a message (the message says why).
"""


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    short = "Count what a catalogue declares, and where it contradicts itself."
    app.command("report", help=EXAMPLES, short_help=short)(run)


def run(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A lake, a folder of messages, or one message.")],
    output: Annotated[Format, typer.Option("--format", help="text, csv, json, or html: one page with charts.")] = (
        Format.TEXT
    ),
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead of the terminal.")
    ] = None,
) -> None:
    """Count the recordings of a lake or folder by what they declare."""
    from api.cli.figures import WRITERS
    from api.cli.shares import shares_of
    from schemas.errors import InvalidInput

    text = WRITERS[output.value](shares_of(path))
    if target is None:
        typer.echo(text, nl=False)
        return
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written: {error.strerror}.", mend="Name another file.") from error
