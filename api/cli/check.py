"""The `liner check` command: what a compiler would say about a delivery."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.profiles import ProfileName, named_profile

if TYPE_CHECKING:
    from api.cli.reporting import Writer

EXAMPLES = """
Checks messages, submissions, release and batch folders, and sound files, and says what is wrong, why it
matters and how to mend it. Writes nothing, needs no server and no network.

[bold]Examples[/bold]

  liner check release.xml                     one message

  liner check P_20261122093000/               a batch with its sound files

  liner check --severity error deliveries/    errors alone, a whole folder

  liner check --profile spotify deliveries/   as Spotify would weigh it

  liner check --xsd ddex/ release.xml         also beside DDEX's schemas, if you have them

  liner check --format json --no-listen a.xml one JSON object, no listening

  liner check --suggest - a.xml | patch -p0   apply the certain corrections

  liner check --format sarif -o a.sarif a.xml findings beside the line, on a code host

  liner check --format ern-ack -o acks/ P_1/  one acknowledgement for each release

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
    SARIF = "sarif"
    JUNIT = "junit"
    ACKNOWLEDGEMENT = "ern-ack"


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
    *,
    output: Annotated[
        Format, typer.Option("--format", help="Text for people; JSON, SARIF, JUnit or acknowledgements for programs.")
    ] = Format.TEXT,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to a file; acknowledgements: a folder.")
    ] = None,
    profile: ProfileName = None,
    xsd: Annotated[
        Path | None,
        typer.Option("--xsd", envvar="LINER_DDEX_XSD", metavar="DIR", help="Compare messages with DDEX's schemas."),
    ] = None,
    severity: Annotated[
        Threshold, typer.Option("--severity", help="Leave out what is less severe; the exit code does not change.")
    ] = Threshold.INFO,
    listen: Annotated[
        bool, typer.Option("--listen/--no-listen", help="Open sound files for facts, hashes and provenance.")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only one line for each finding, no summary.")] = False,
    patch: Annotated[
        Path | None,
        typer.Option("--suggest", metavar="FILE", help="Write the certain corrections as a patch; - for output."),
    ] = None,
) -> None:
    """Check every path and print what was found."""
    from pipeline.check import check_each
    from schemas.ern.xsd import schema_folder
    from schemas.findings import Severity
    from schemas.report import CheckReport

    writer = _writer(output, target, patch, quiet=quiet)
    shown = Severity(severity.value)
    reports = []
    schemas = schema_folder(xsd) if xsd else None
    for report in check_each(paths, listen=listen, profile=named_profile(profile), xsd=schemas):
        reports.append(report)
        writer.write(report, shown)
    total = CheckReport.join(reports)
    writer.close(total, shown)
    if patch:
        from api.cli.suggesting import write_patch

        write_patch(total, patch)
    raise typer.Exit(total.exit_code)


def _writer(output: Format, target: Path | None, patch: Path | None, *, quiet: bool) -> "Writer":
    """Choose who writes the report; what a choice does not need is not imported."""
    from api.cli.reporting import TextWriter, console
    from schemas.errors import InvalidInput

    patches_output = patch == Path("-")
    if output is Format.TEXT and target is None:
        return TextWriter(quiet=quiet, console=console(stderr=patches_output))
    if output is Format.TEXT:
        raise InvalidInput(
            "Text is written to standard output.", mend="Leave --output out, or choose another --format."
        )
    if patches_output and target is None:
        raise InvalidInput("Two things cannot share standard output.", mend="Name a file: --suggest FILE")
    from api.cli.answering import WRITERS

    return WRITERS[output.value](target)
