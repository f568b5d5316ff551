"""The `liner evaluate` commands: what a model is worth on anybody's labelled files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.evaluating import (
    Attacks,
    Format,
    ModelName,
    Output,
    Root,
    View,
    evaluate_app,
    of_view,
    tell_missing,
    tell_unranked,
)

MANIFEST = "CSV with the columns path, label, source; optional song, group, view."


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(evaluate_app, name="evaluate")


@evaluate_app.command("synthetic")
def synthetic(
    *,
    manifest: Annotated[Path, typer.Option(help=MANIFEST)],
    root: Root,
    attack: Attacks = "",
    view: View = "",
    model: ModelName = None,
    output: Output = Format.TEXT,
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
    files = of_view([(file.view, file) for file in read_manifest(manifest)], view)
    tell_missing((file.path for file in files), root)
    with counted("scored") as progress:
        names = {active.SYNTHETIC: model} if model else active.read_pointer().names
        figures = evaluate(files, root, SyntheticModel.in_use(names), attacks, progress)
    _write(figures, output)
    tell_unranked(figures)


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
