"""The `liner train` commands: fit a model from labelled files."""

from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(no_args_is_help=True, help="Fit a model from labelled files.")


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(train_app, name="train")


@train_app.command("synthetic")
def synthetic(
    manifest: Annotated[Path, typer.Option(help="CSV with path, label, source; optional paired, game, view, licence.")],
    root: Annotated[Path, typer.Option(help="The folder that the paths are relative to.")],
    out: Annotated[Path, typer.Option(help="The registry folder that gets the model.")],
) -> None:
    """Fit the synthetic score; the same files and packages give the same bytes."""
    from api.cli.progress import counted
    from classifiers.synthetic.train import train

    with counted("measured") as progress:
        card = train(manifest, root, out, progress=progress)
    auroc = card.metrics["auroc"][0]
    typer.echo(f"{out / card.id}: held-out AUROC {auroc}, weights {card.weights_sha256[:12]}")
