"""The `liner evaluate spam` command: what the spam estimate is worth on anybody's labelled files."""

import json
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

MANIFEST = (
    "CSV with path, label (spam or anything else), source; optional title, artist, genre, isrc, duration_s, group."
)


def mount(app: typer.Typer) -> None:
    """Nothing of its own: the command hangs on `liner evaluate`."""
    del app


@evaluate_app.command("spam")
def spam(
    *,
    manifest: Annotated[Path, typer.Option(help=MANIFEST)],
    root: Root,
    attack: Attacks = "",
    view: View = "",
    model: ModelName = None,
    output: Output = Format.TEXT,
) -> None:
    """Score labelled files and what the rows say of them; print ranking, rates, false flags by source.

    [bold]Examples[/bold]

      liner evaluate spam --manifest labels.csv --root music --format json

      liner evaluate spam --manifest labels.csv --root music --attack mp3-64,speed+2
    """
    from api.cli.progress import counted
    from classifiers.listener import Listener
    from classifiers.models import active
    from classifiers.spam.evaluate import evaluate, read_rows
    from classifiers.spam.model import model_named
    from classifiers.synthetic.attacks import parse_attacks

    rows = of_view([(row.get("view", ""), row) for row in read_rows(manifest)], view)
    attacks = parse_attacks(attack)
    tell_missing((row["path"] for row in rows), root)
    name = model or active.read_pointer().names[active.SPAM]
    with Listener() as listener, counted("scored") as progress:
        figures = evaluate(rows, root, model_named(name), listener.listen, attacks=attacks, progress=progress)
    tell_unranked(figures)
    if output is Format.JSON:
        typer.echo(json.dumps(figures, indent=1))
        return
    for line in _lines(figures):
        typer.echo(line)


def _lines(figures: dict[str, Any]) -> list[str]:
    shown = ("auroc", "tpr_at_fpr_1pct", "tpr_at_fpr_5pct", "ece", "brier", "abstained")
    rounds = {"clean": figures, **figures["attacks"]}
    first = [
        f"{name}: " + ", ".join(f"{key} {'-' if one[key] is None else one[key]}" for key in shown)
        for name, one in rounds.items()
    ]
    files = figures["intervals"]["fpr_by_source"]
    rates = [f"  {name:32}{rate:>8} of {files[name]['files']}" for name, rate in figures["fpr_by_source"].items()]
    last = f"{figures['files']} files, {figures['unreadable']} unreadable, {figures['seconds']:.0f} s"
    return [*first, "Flagged although not spam, by source:", *rates, last]
