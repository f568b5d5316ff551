"""The `liner train` commands: fit a model from labelled files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.logs import quiet_logs

if TYPE_CHECKING:
    from classifiers.spam.cases import Cases

SHIPPED = "synthetic-4"
train_app = typer.Typer(no_args_is_help=True, help="Fit a model from labelled files.")


@train_app.command("spam")
def spam(
    out: Annotated[Path | None, typer.Option(help="The registry folder; default LINER_REGISTRY.")] = None,
    name: Annotated[
        str, typer.Option(help="The model's name; your own needs another than the shipped one.")
    ] = "spam-1",
    labels: Annotated[
        Path | None, typer.Option(help="What moderators decided: the Parquet of `liner labels export`.")
    ] = None,
    lake: Annotated[Path, typer.Option(help="The lake that holds what they decided on.")] = Path(".liner/lake"),
) -> None:
    """Construct the labelled cases and fit the spam estimate; the same packages give the same bytes.

    With --labels, what moderators decided is fitted beside the constructed cases, and measured on senders that were
    left out. Under 20 of each label from 5 senders nothing is fitted.

    [bold]Examples[/bold]

      liner train spam --out registry

      liner labels export labels.parquet

      liner train spam --labels labels.parquet --lake .liner/lake --name mine-1
    """
    from classifiers.models.active import registry_folder
    from classifiers.spam.train import train

    lessons = _lessons(labels, lake) if labels else None
    folder = out or registry_folder()
    card = train(folder, name=name, lessons=lessons)
    auroc = card.metrics["auroc"][0]
    typer.echo(f"{folder / card.id}: AUROC on recipes left out {auroc}, weights {card.weights_sha256[:12]}")
    if lessons is not None:
        new, before = (card.metrics[key][0] for key in ("labels_auroc", "labels_auroc_without"))
        typer.echo(f"AUROC on senders left out {new}, without their decisions {before}")


def _lessons(labels: Path, lake: Path) -> "Cases":
    quiet_logs()
    from pipeline.lessons import read_lessons

    lessons, left_out = read_lessons(labels, lake)
    typer.echo(f"{labels}: {lessons.labels.sum()} spam, {(~lessons.labels).sum()} honest", err=True)
    for why, number in sorted(left_out.items()):
        typer.echo(f"  left out: {number:,} {why}", err=True)
    return lessons


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
