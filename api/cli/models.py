"""The `liner models` commands: what ships, from what it was made, and what it is worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.evaluate import Format

if TYPE_CHECKING:
    from classifiers.models.registry import Card

models_app = typer.Typer(no_args_is_help=True, help="List the models that ship, or show a model's card.")
Output = Annotated[Format, typer.Option("--format", help="text or json.")]
Registry = Annotated[Path | None, typer.Option("--registry", help="Another registry folder than the shipped one.")]


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(models_app, name="models")


@models_app.command("list")
def list_models(registry: Registry = None, output: Output = Format.TEXT) -> None:
    """List the models of the registry."""
    from classifiers.models import registry as models

    cards = models.list_models(registry or models.SHIPPED)
    if output is Format.JSON:
        typer.echo("[" + ",\n".join(card.model_dump_json() for card in cards) + "]")
        return
    for card in cards:
        typer.echo(f"{card.id:16}{card.kind:12}{card.weights_sha256[:12]}  {card.title}")


@models_app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="For example synthetic-1.")],
    registry: Registry = None,
    output: Output = Format.TEXT,
) -> None:
    """Show a model's card, after checking its weights against it."""
    from classifiers.models import registry as models

    _, card = models.load_arrays(name, registry or models.SHIPPED)
    if output is Format.JSON:
        typer.echo(card.model_dump_json(indent=1))
    else:
        _print(card)


def _print(card: "Card") -> None:
    typer.echo(f"{card.id}: {card.title}\n")
    for title, text in (("For", card.intended_use), ("Not for", card.not_for), ("Method", card.method)):
        typer.echo(f"{title}: {text}\n")
    typer.echo("Figures on held-out sources (95 % interval):")
    for name, (value, *ends) in card.metrics.items():
        between = f"  {ends[0]} to {ends[1]}" if len(ends) == 2 else ""
        typer.echo(f"  {name:24}{'-' if value is None else value:>8}{between}")
    for group, table in card.groups.items():
        typer.echo(f"\nBy {group}:")
        for name, figures in table.items():
            shown = "  ".join(f"{key} {value:.2f}" for key, value in figures.items() if value is not None)
            typer.echo(f"  {name:16}{shown}")
    for title, lines in (("Protocol", card.protocol), ("Limits", card.limits), ("Patents", card.patents)):
        typer.echo(f"\n{title}:" + "".join(f"\n  - {line}" for line in lines))
    typer.echo(f"\nFitted to {sum(item.files for item in card.data)} files of {len(card.data)} sources and labels.")
    typer.echo(f"Weights {card.weights_sha256}\nCode    {card.code_signature}\nCorpus  {card.corpus_signature}")
