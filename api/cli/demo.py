"""The `liner demo` command."""

import typer


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("demo")(run)


def run() -> None:
    """Not there yet."""
