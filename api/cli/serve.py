"""The `liner serve` command."""

import typer


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("serve")(run)


def run() -> None:
    """Not there yet."""
