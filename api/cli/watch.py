"""The `liner watch` command."""

import typer


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("watch")(run)


def run() -> None:
    """Not there yet."""
