"""The `liner check` command: what a compiler would say about a delivery."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Checks messages, submissions, release and batch folders, and sound files, and says what is wrong, why it
matters and how to mend it. Writes nothing, needs no server and no network.

[bold]Examples[/bold]

  liner check release.xml                     one message

  liner check P_20261122093000/               a batch with its sound files

  liner check --severity error deliveries/    errors alone, a whole folder

  liner check --format json --no-listen a.xml one JSON object, no listening

[bold]Exit code[/bold]

  0  no finding of severity error

  1  at least one finding of severity error

  2  a path is not there or holds nothing to check, or wrong usage

Every rule: [bold]liner rules[/bold]. The output in detail: docs/check.md.
"""


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


class Threshold(StrEnum):
    """The least severity that is shown."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("check", help=EXAMPLES, short_help="Check deliveries before or without sending them.")(run)


def run(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Messages, folders or sound files.")],
    output: Annotated[Format, typer.Option("--format", help="Text for people, JSON for programs.")] = Format.TEXT,
    severity: Annotated[
        Threshold, typer.Option("--severity", help="Leave out what is less severe; the exit code does not change.")
    ] = Threshold.INFO,
    listen: Annotated[
        bool, typer.Option("--listen/--no-listen", help="Open sound files for facts, hashes and provenance.")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only one line for each finding, no summary.")] = False,
) -> None:
    """Check every path and print what was found."""
    from api.cli.reporting import JsonWriter, TextWriter
    from pipeline.check import check_each
    from schemas.findings import Severity
    from schemas.report import CheckReport

    writer = JsonWriter() if output is Format.JSON else TextWriter(quiet=quiet)
    shown = Severity(severity.value)
    reports = []
    for report in check_each(paths, listen=listen):
        reports.append(report)
        writer.write(report, shown)
    total = CheckReport.join(reports)
    writer.close(total, shown)
    raise typer.Exit(total.exit_code)
