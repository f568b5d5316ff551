"""The `liner explain` command: why one file sounds as it does, in words and in one picture."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.scan import PolicyOption, read_policy

EXAMPLES = """
Listens to one file and says what each detector heard, what adds to its score, where in the recording, and which
reasons of the policy that would meet. [bold]--lake[/bold] adds what a screening of the same file in that lake knows:
the sender's past and the signs of spam from all layers. [bold]--picture[/bold] draws it: spectrogram, time line,
spectrum and contributions of the clearest stretch.

[bold]Examples[/bold]

  liner explain song.mp3

  liner explain song.mp3 --picture why.png

  liner explain song.mp3 --lake .liner/lake

  liner explain song.mp3 --format json | jq .synthetic

[bold]Exit codes[/bold]  0 done; 2 the file cannot be heard (the message says why).
"""


class Format(StrEnum):
    """How the outcome is printed."""

    TEXT = "text"
    JSON = "json"


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("explain", help=EXAMPLES, short_help="Why a file sounds as it does, in words and a picture.")(run)


def run(
    file: Annotated[Path, typer.Argument(help="A sound file.")],
    *,
    picture: Annotated[Path | None, typer.Option(help="Write the picture (PNG) here.")] = None,
    lake: Annotated[Path | None, typer.Option(help="A lake in which the same file was screened.")] = None,
    policy: PolicyOption = None,
    output: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Explain what is heard in FILE."""
    from api.cli import explained

    has_json = output is Format.JSON
    for line in explained.told(file, picture=picture, lake=lake, policy=read_policy(policy), as_json=has_json):
        typer.echo(line)
