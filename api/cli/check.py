"""The `liner check` command."""

import typer


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("check")(run)


def run() -> None:
    """Not there yet."""
