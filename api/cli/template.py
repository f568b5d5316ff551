"""The `liner template` command: the form for labels that deliver without DDEX."""

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Writes the table that a label without DDEX fills in, empty or with an example: as CSV, or as an XLSX workbook
with the allowed values to choose from. What each column means: docs/submission.md.

[bold]Examples[/bold]

  liner template labels.xlsx                  an empty workbook

  liner template --example labels.csv         a table with an example

  liner template - | head -1                  the columns alone, as CSV
"""


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("template", help=EXAMPLES, short_help="Write the form for labels without DDEX: CSV or XLSX.")(run)


def run(
    target: Annotated[
        Path, typer.Argument(metavar="FILE", help="Ends in .csv or .xlsx; - for CSV on standard output.")
    ],
    *,
    example: Annotated[bool, typer.Option("--example", help="With a release of two recordings filled in.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the form."""
    from schemas.errors import InvalidInput
    from schemas.submission.template import template_csv, template_xlsx

    if target == Path("-"):
        sys.stdout.buffer.write(template_csv(example=example))
        sys.stdout.flush()
        return
    writers = {".csv": template_csv, ".xlsx": template_xlsx}
    writer = writers.get(target.suffix.lower())
    if writer is None:
        raise InvalidInput(f"{target} ends neither in .csv nor in .xlsx.", mend="Choose one of the two.")
    try:
        with target.open("wb" if force else "xb") as file:
            file.write(writer(example=example))
    except FileExistsError as error:
        raise InvalidInput(f"{target} is there already.", mend="Choose another name, or add --force.") from error
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written: {error.strerror}.", mend="Choose another place.") from error
