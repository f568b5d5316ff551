"""The `liner scan` command."""

import typer


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("scan")(run)


def run() -> None:
    """Not there yet."""
