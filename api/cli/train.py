"""The `liner train` commands: fit a model from labelled files."""

from pathlib import Path
from typing import Annotated

import typer

SHIPPED = "synthetic-1"
train_app = typer.Typer(no_args_is_help=True, help="Fit a model from labelled files.")


@train_app.command("spam")
def spam(
    out: Annotated[Path | None, typer.Option(help="The registry folder; default LINER_REGISTRY.")] = None,
    name: Annotated[
        str, typer.Option(help="The model's name; your own needs another than the shipped one.")
    ] = "spam-1",
) -> None:
    """Construct the labelled cases and fit the spam estimate; the same packages give the same bytes.

    [bold]Examples[/bold]

      liner train spam --out registry
    """
    from classifiers.models.active import registry_folder
    from classifiers.spam.train import train

    folder = out or registry_folder()
    card = train(folder, name=name)
    auroc = card.metrics["auroc"][0]
    typer.echo(f"{folder / card.id}: AUROC on recipes left out {auroc}, weights {card.weights_sha256[:12]}")


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(train_app, name="train")


@train_app.command("synthetic")
def synthetic(
    manifest: Annotated[Path, typer.Option(help="CSV with path, label, source; optional paired, game, view, licence.")],
    root: Annotated[Path, typer.Option(help="The folder that the paths are relative to.")],
    out: Annotated[Path | None, typer.Option(help="The registry folder; default LINER_REGISTRY.")] = None,
    name: Annotated[str, typer.Option(help="The model's name; your own needs another than the shipped one.")] = SHIPPED,
) -> None:
    """Fit the synthetic score; the same files and packages give the same bytes.

    [bold]Examples[/bold]

      liner train synthetic --manifest labels.csv --root music --name mine-1

      liner models promote mine-1
    """
    from api.cli.progress import counted
    from classifiers.models.active import registry_folder
    from classifiers.synthetic.train import train

    folder = out or registry_folder()
    with counted("measured") as progress:
        card = train(manifest, root, folder, name=name, progress=progress)
    auroc = card.metrics["auroc"][0]
    typer.echo(f"{folder / card.id}: held-out AUROC {auroc}, weights {card.weights_sha256[:12]}")
