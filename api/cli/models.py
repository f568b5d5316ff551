"""The `liner models` commands: what there is, from what it was made, what it is worth, and which is in use."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.evaluating import Format
from schemas.errors import InvalidInput
from schemas.steering import RecallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifiers.models.registry import Card
    from classifiers.synthetic.calibrate import Track
    from classifiers.synthetic.calibration import Calibration

EXAMPLES = """
The models that ship, and those of your own in the folder [bold]LINER_REGISTRY[/bold] (default LINER_HOME/models).

[bold]Examples[/bold]

  liner models list                                    what there is, and what is in use

  liner models show synthetic-4                        the card: data, figures, limits, patents

  liner models calibrate --root ~/catalogue --promote  count false positives on your own human tracks

  liner models promote mine-1                          use another model from the next run on

  liner models rollback                                back to what was in use before

  liner models recall synthetic-4 --reason "..."       every decision that a model touched, looked at again
"""
RATES = (0.01, 0.02, 0.05)  # false-positive rates that a calibration states thresholds for

models_app = typer.Typer(no_args_is_help=True, help=EXAMPLES, short_help="List, show, calibrate and promote models.")
Output = Annotated[Format, typer.Option("--format", help="text or json.")]
Registry = Annotated[Path | None, typer.Option("--registry", help="Your own models; default LINER_REGISTRY.")]
Name = Annotated[str, typer.Argument(help="A model or calibration, for example synthetic-4.")]


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(models_app, name="models")


@models_app.command("list")
def list_models(registry: Registry = None, output: Output = Format.TEXT) -> None:
    """List the models that ship and your own, and say which are in use."""
    from classifiers.models import active
    from classifiers.models import registry as models

    own = registry or active.registry_folder()
    cards = (*models.list_models(), *models.list_models(own))
    if output is Format.JSON:
        typer.echo("[" + ",\n".join(card.model_dump_json() for card in cards) + "]")
        return
    names = active.read_pointer(own).names
    for card in cards:
        mark = "*" if names.get(card.kind) == card.id else " "
        typer.echo(f"{mark} {card.id:18}{card.kind:12}{card.weights_sha256[:12]}  {card.title}")
    for path in sorted((own / active.CALIBRATIONS).glob("cal-*.json")):
        mark = "*" if names.get(active.CALIBRATION) == path.stem else " "
        typer.echo(f"{mark} {path.stem:18}calibration")


@models_app.command("show")
def show(name: Name, registry: Registry = None, output: Output = Format.TEXT) -> None:
    """Show a model's card, after checking its weights against it, or what a calibration counts."""
    from classifiers.models import active
    from classifiers.models import registry as models

    if name.startswith("cal-"):
        from classifiers.synthetic.calibration import read_calibration

        calibration = read_calibration(name, registry)
        typer.echo(calibration.model_dump_json(indent=1) if output is Format.JSON else _calibrated(calibration))
        return
    _, card = models.load_arrays(name, active.model_folder(name, registry))
    if output is Format.JSON:
        typer.echo(card.model_dump_json(indent=1))
    else:
        _print(card)


@models_app.command("calibrate")
def calibrate(
    *,
    root: Annotated[Path, typer.Option(help="Folder of about 200 tracks of your catalogue that people made.")],
    manifest: Annotated[Path | None, typer.Option(help="CSV with path, label, source: its human tracks.")] = None,
    model: Annotated[str | None, typer.Option(help="Default: the model in use.")] = None,
    registry: Registry = None,
    promoted: Annotated[bool, typer.Option("--promote", help="Use it from the next run on.")] = False,
    output: Output = Format.TEXT,
) -> None:
    """Count how often the model is wrong on your own human tracks, by codec and texture, and write that down.

    Screenings that use the calibration state false positives as counted on your tracks. Name only tracks that you
    know to be made by people: generated ones among them make the model blind.
    """
    from api.cli.progress import counted
    from classifiers.listener import Listener
    from classifiers.models import active
    from classifiers.synthetic import calibrate as calibrating

    own = registry or active.registry_folder()
    name = model or active.read_pointer(own).names[active.SYNTHETIC]
    with Listener() as listener, counted("heard") as progress:
        made, tracks = calibrating.calibrate(
            _tracks(root, manifest), root, name, listener.listen, registry=own, progress=progress
        )
    path = calibrating.save_calibration(made, own)
    if promoted:
        active.promote({**active.read_pointer(own).names, active.SYNTHETIC: name, active.CALIBRATION: made.id}, own)
    if output is Format.JSON:
        typer.echo(made.model_dump_json(indent=1))
        return
    typer.echo(f"{path}\n{_calibrated(made)}\n{_compared(tracks)}")
    typer.echo("In use from the next run on." if promoted else f"Use it: liner models promote {made.id}")


@models_app.command("promote")
def promote(name: Name, registry: Registry = None) -> None:
    """Use a model or a calibration from the next run on; screenings pin its name."""
    from classifiers.models import active

    own = registry or active.registry_folder()
    before = active.read_pointer(own).names
    names = _with(name, before, own)
    if names == before:
        typer.echo(f"{name} is in use already.")
        return
    active.promote(names, own)
    _say_in_use(own)


@models_app.command("rollback")
def rollback(registry: Registry = None) -> None:
    """Use again what was in use before the last promotion."""
    from classifiers.models import active

    own = registry or active.registry_folder()
    active.rollback(own)
    _say_in_use(own)


@models_app.command("recall")
def recall(
    subject: Annotated[
        str, typer.Argument(help="A model; with --kind a rule (AUD-006) or a policy (house@2026-11-22).")
    ],
    *,
    reason: Annotated[str, typer.Option(help="Why; colleagues and labels read it.")],
    kind: Annotated[RecallKind, typer.Option(help="model, rule or policy.")] = RecallKind.MODEL,
    only_flagged: Annotated[
        bool, typer.Option("--only-flagged", help="Only decisions whose flags rest on it, not all it was heard for.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would happen.")] = False,
    output: Output = Format.TEXT,
) -> None:
    """Find every decision that something touched, reopen the cases and tell the labels; without --yes a dry run.

    Nothing is reversed by machine: each case returns to the queue and a person decides anew. The service is called
    that LINER_REVIEW_URL and LINER_REVIEW_KEY name; the key belongs to a senior moderator or an administrator.
    """
    from api.cli.reporting import plain
    from api.cli.reviewing import Review

    body = {"kind": kind, "subject": subject, "reason": reason, "only_flagged": only_flagged, "dry_run": not yes}
    with Review() as review:
        found = review.send("POST", "/v1/recalls", body)
    if output is Format.JSON:
        typer.echo(json.dumps(found, indent=1))
        return
    for one in found["cases"]:
        rests = "a flag rests on it" if one["is_flagged"] else "it was heard"
        typer.echo(f"{one['case_id']}  {one['action']:8}{one['outcome']:14}{rests:20}{plain(one['title'])[:40]}")
    counts = ", ".join(f"{number} {outcome}" for outcome, number in found["counts"].items()) or "none"
    typer.echo(f"{found['decisions']} decisions: {counts}." + ("" if yes else " Nothing was done: add --yes."))


def _with(name: str, before: dict[str, str], own: Path) -> dict[str, str]:
    """Put one name among those in use; a calibration and its model go together."""
    from classifiers.models import active
    from classifiers.models import registry as models

    if name.startswith("cal-"):
        from classifiers.synthetic.model import SyntheticModel

        names = {**before, active.CALIBRATION: name}
        SyntheticModel.in_use(names, own)  # refuses a calibration of another model
        return names
    _, card = models.load_arrays(name, active.model_folder(name, own))
    if card.kind == active.SYNTHETIC:
        from classifiers.synthetic.model import SyntheticModel

        SyntheticModel.load(name, active.model_folder(name, own))
        before = {kind: one for kind, one in before.items() if kind != active.CALIBRATION}
    return {**before, card.kind: name}


def _say_in_use(own: Path) -> None:
    from classifiers.models import active

    pointer = active.read_pointer(own)
    typer.echo("In use: " + ", ".join(f"{kind} {name}" for kind, name in sorted(pointer.names.items())))
    typer.echo(f"{len(pointer.history)} changes in {own / active.POINTER}")
    typer.echo("Open cases keep the scores that they have. liner rejudge LAKE --dry-run counts what would change.")


def _tracks(root: Path, manifest: Path | None) -> list[Path]:
    """List the human tracks of a manifest, or every sound file of a folder."""
    if not root.is_dir():
        raise InvalidInput(f"{root} is no folder.")
    if manifest is not None:
        from classifiers.synthetic.corpus import for_fitting, read_manifest

        files = for_fitting([file for file in read_manifest(manifest) if file.label == "human"])
        return [root / file.path for file in files]
    from schemas.package import SOUND_SUFFIXES

    return sorted(path for path in root.rglob("*") if path.suffix.lower() in SOUND_SUFFIXES and path.is_file())


def _calibrated(calibration: "Calibration") -> str:
    lines = [f"{calibration.id}: {calibration.tracks} tracks scored by {calibration.model}"]
    lines += [f"  left out: {number} {reason.replace('_', ' ')}" for reason, number in calibration.left_out.items()]
    lines.append("Score that human tracks exceed with a probability of at most")
    lines.append(f"  {'':28}{'tracks':>8}" + "".join(f"{rate:>9.0%}" for rate in RATES))
    for group, logits in calibration.logits.items():
        cells = "".join(f"{_number(calibration.threshold(rate, group)):>9}" for rate in RATES)
        lines.append(f"  {group or 'all':28}{len(logits):>8}{cells}")
    return "\n".join(lines)


def _compared(tracks: "tuple[Track, ...]") -> str:
    """Say what the model's own counts would have promised for these tracks, and what came."""
    shares = {rate: sum(track.shipped_rate <= rate for track in tracks) / len(tracks) for rate in RATES}
    parts = ", ".join(f"{rate:.0%} came out as {share:.1%}" for rate, share in shares.items())
    return f"Without it, on these tracks: {parts}."


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _print(card: "Card") -> None:
    for line in _lines(card):
        typer.echo(line)


def _lines(card: "Card") -> "Iterator[str]":
    yield f"{card.id}: {card.title}\n"
    for title, text in (("For", card.intended_use), ("Not for", card.not_for), ("Method", card.method)):
        yield f"{title}: {text}\n"
    yield "Figures on held-out sources (95 % interval):"
    for name, (value, *ends) in card.metrics.items():
        between = f"  {ends[0]} to {ends[1]}" if len(ends) == 2 else ""
        yield f"  {name:24}{'-' if value is None else value:>8}{between}"
    for group, table in card.groups.items():
        yield f"\nBy {group}:"
        for name, figures in table.items():
            shown = "  ".join(f"{key} {value:.2f}" for key, value in figures.items() if value is not None)
            yield f"  {name:16}{shown}"
    for title, texts in (("Protocol", card.protocol), ("Limits", card.limits), ("Patents", card.patents)):
        yield f"\n{title}:" + "".join(f"\n  - {text}" for text in texts)
    yield "\nFitted to (files):"
    for item in card.data:
        yield f"  {item.label:10}{item.source:32}{item.files:>5}  {item.licence}"
    yield f"\nWeights {card.weights_sha256}\nCode    {card.code_signature}\nCorpus  {card.corpus_signature}"
