"""The `liner keys` command."""

import typer


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("keys")(run)


def run() -> None:
    """Not there yet."""
