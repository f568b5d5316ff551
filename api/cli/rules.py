"""The `liner rules` command."""

import typer


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("rules")(run)


def run() -> None:
    """Not there yet."""
