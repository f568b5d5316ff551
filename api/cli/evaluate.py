"""The `liner evaluate` commands: what a model is worth on anybody's labelled files."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemas.errors import InvalidInput

if TYPE_CHECKING:
    from classifiers.synthetic.corpus import LabelledFile

evaluate_app = typer.Typer(no_args_is_help=True, help="Measure a model on labelled files.")


class Format(StrEnum):
    """How figures are written."""

    TEXT = "text"
    JSON = "json"


Manifest = Annotated[Path, typer.Option(help="CSV with the columns path, label, source; optional song, group, view.")]
Root = Annotated[Path, typer.Option(help="The folder that the paths are relative to.")]
Attacks = Annotated[str, typer.Option("--attack", help="For example mp3-64,opus-48,speed+2,pitch-1,noise-20.")]


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(evaluate_app, name="evaluate")


@evaluate_app.command("synthetic")
def synthetic(
    *,
    manifest: Manifest,
    root: Root,
    attack: Attacks = "",
    view: Annotated[str, typer.Option(help="Only rows of this view.")] = "",
    model: Annotated[str | None, typer.Option(help="A model of `liner models list`; default: what is in use.")] = None,
    output: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Score labelled files, clean and under attack, and print ranking, rates and calibration.

    [bold]Examples[/bold]

      liner evaluate synthetic --manifest labels.csv --root music --format json

      liner evaluate synthetic --manifest labels.csv --root music --attack mp3-64,opus-48,speed+2,pitch+1
    """
    from api.cli.progress import counted
    from classifiers.models import active
    from classifiers.synthetic.attacks import parse_attacks
    from classifiers.synthetic.corpus import read_manifest
    from classifiers.synthetic.evaluate import evaluate
    from classifiers.synthetic.model import SyntheticModel

    attacks = parse_attacks(attack)
    files = _of_view(read_manifest(manifest), view)
    with counted("scored") as progress:
        names = {active.SYNTHETIC: model} if model else active.read_pointer().names
        figures = evaluate(files, root, SyntheticModel.in_use(names), attacks, progress)
    _write(figures, output)


def _of_view(files: "tuple[LabelledFile, ...]", view: str) -> "tuple[LabelledFile, ...]":
    chosen = tuple(file for file in files if not view or file.view == view)
    if not chosen:
        raise InvalidInput(f"The manifest has no row of the view {view!r}.")
    return chosen


def _write(figures: dict[str, Any], output: Format) -> None:
    if output is Format.JSON:
        import json

        typer.echo(json.dumps(figures, indent=1))
        return
    rounds = {"clean": figures, **figures["attacks"]}
    keys = ("auroc", "tpr_at_fpr_1pct", "tpr_at_fpr_5pct", "fpr", "ece", "abstained")
    typer.echo(f"{'':14}" + "".join(f"{key:>17}" for key in keys))
    for name, one in rounds.items():
        cells = "".join(f"{'-' if one[key] is None else format(one[key], '.3f'):>17}" for key in keys)
        typer.echo(f"{name:14}{cells}")
    typer.echo(f"{figures['files']} files, {figures['unreadable']} unreadable, {figures['seconds']:.0f} s")
