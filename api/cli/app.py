"""The umbrella command: one module per sub-command, mounted here.

Sub-command modules import heavy packages inside their functions, so that `liner --help` and
`liner check` start quickly.
"""

import gc
import inspect
import os
import sys
from typing import Annotated

import typer

from api.cli import (
    audit,
    backup,
    cases,
    catalogue,
    check,
    demo,
    dsa,
    duplicates,
    evaluate,
    evaluate_duplicates,
    evaluate_spam,
    explain,
    keys,
    labels,
    models,
    rejudge,
    report,
    rules,
    scan,
    senders,
    serve,
    template,
    train,
    watch,
    webhooks,
)
from schemas.errors import LinerError
from schemas.versions import ENGINE

USAGE_ERROR = 2
BUG = 70  # EX_SOFTWARE of sysexits.h
# New objects between two looks for cycles. Messages become many small objects without cycles; at Python's 700
# the collector takes a third of the time that `liner check` needs.
COLLECT_AFTER = 50_000

app = typer.Typer(
    name="liner",
    help="Checks what labels declare about AI in a recording, and puts contradictions and spam before a person.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    check,
    template,
    scan,
    watch,
    duplicates,
    senders,
    catalogue,
    rejudge,
    explain,
    serve,
    keys,
    webhooks,
    audit,
    cases,
    backup,
    dsa,
    rules,
    report,
    demo,
    models,
    labels,
    evaluate,
    evaluate_duplicates,
    evaluate_spam,
    train,
):
    module.mount(app)


def _flowing(text: str) -> str:
    """Join the lines of each paragraph, so that help fits any terminal; examples are indented and stay as they are."""
    joins = ("\b", " ", "[bold]Examples")
    parts = (part if part.startswith(joins) else " ".join(part.split("\n")) for part in text.split("\n\n"))
    return "\n\n".join(parts)


def _let_help_flow(group: typer.Typer) -> None:
    for command in group.registered_commands:
        command.help = _flowing(command.help or inspect.getdoc(command.callback) or "")
    for one in group.registered_groups:
        if one.typer_instance:
            _let_help_flow(one.typer_instance)


_let_help_flow(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(ENGINE)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")] = False,
) -> None:
    del version


def main() -> None:
    """Run the command; a problem that liner names ends with its sentence and exit code 2.

    Anything else is a mistake of liner: exit code 70, one sentence, and the traceback in a file for a report.
    ``LINER_DEBUG=1`` shows the traceback instead.
    """
    gc.set_threshold(COLLECT_AFTER)
    try:
        app()
    except LinerError as error:
        from api.cli.reporting import plain  # it loads more than `liner --help` needs

        typer.secho(f"liner: {plain(error.message)}", err=True, fg=typer.colors.RED)
        if error.mend:
            typer.echo(f"  {plain(error.mend)}", err=True)
        sys.exit(USAGE_ERROR)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        sys.exit(130)
    except Exception as error:
        if os.environ.get("LINER_DEBUG") == "1":
            raise
        from api.cli import crash

        for line in crash.report(error):
            typer.echo(line, err=True)
        sys.exit(BUG)
