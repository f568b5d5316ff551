"""The `liner evaluate duplicates` command: what the search for copies is worth on anybody's tracks."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.evaluating import Format, evaluate_app

if TYPE_CHECKING:
    from classifiers.matching_evaluate import Answer


def mount(app: typer.Typer) -> None:
    """Add the command to `liner evaluate`, which is mounted before."""
    del app
    evaluate_app.command("duplicates")(duplicates)


def duplicates(
    *,
    manifest: Annotated[Path, typer.Option(help="CSV with the column path; optional group: tracks with equal sound.")],
    root: Annotated[Path, typer.Option(help="The folder that the paths are relative to.")],
    transform: Annotated[str, typer.Option(help="For example mp3-64,speed+10,cut-30; all if empty.")] = "",
    tracks: Annotated[int, typer.Option(min=1, help="Of how many tracks copies are made; the others stay in.")] = 100,
    seed: Annotated[int, typer.Option(help="Chooses the tracks and the stretches.")] = 0,
    excerpt: Annotated[float, typer.Option(min=0, help="Seconds of each copy; 0 for the whole track.")] = 0.0,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps fingerprints, of the copies too.")] = None,
    answers: Annotated[Path | None, typer.Option(help="File for each answer as it comes, in lines of JSON.")] = None,
    pairs: Annotated[bool, typer.Option(help="Compare all tracks with each other, too.")] = True,
    output: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Change tracks, look for them among all, and compare every pair of different tracks.

    Copies are made of the half of the tracks on which no threshold was set. A copy is found when its track is
    named, by the index that `liner scan` asks or by the join of `liner duplicates`, and the comparison agrees.
    False matches are counted over all pairs, none left out: a thousand tracks are half a million pairs, some
    milliseconds each. With --cache, an evaluation that was broken off goes on where it was.

    [bold]Examples[/bold]

      liner evaluate duplicates --manifest manifest.csv --root music --format json

      liner evaluate duplicates --manifest manifest.csv --root music --transform speed+10,pitch-2 --tracks 20
    """
    from api.cli.evaluate_index import finder_over
    from api.cli.progress import counted
    from classifiers.matching_changes import parse_changes
    from classifiers.matching_evaluate import Trial, evaluate
    from classifiers.matching_material import read_manifest

    changes, known = parse_changes(transform), read_manifest(manifest, root)
    with counted("compared") as progress, _teller(answers) as tell:
        trial = Trial(changes, tracks, seed, excerpt, cache, pairs, tell)
        figures = evaluate(known, trial, finder_over, progress)
    typer.echo(json.dumps(figures, indent=1) if output is Format.JSON else "\n".join(_lines(figures)))


@contextmanager
def _teller(path: Path | None) -> "Iterator[Callable[[Answer], None] | None]":
    """Write answers into a file, each at once: whoever waits, or breaks off, has those that are there."""
    if path is None:
        yield None
        return
    with path.open("w", encoding="utf-8", buffering=1) as file:
        yield lambda answer: print(json.dumps({**asdict(answer), "track": answer.track.name}), file=file)


def _lines(figures: dict[str, Any]) -> list[str]:
    lines = [f"{'':14}{'asked':>12}{'recall':>9}{'95 % interval':>18}{'joined':>12}{'bar':>7}{'right':>8}"]
    for name, one in figures["recall"].items():
        recall = "-" if one["recall"] is None else f"{one['recall']:.3f}"
        low, high = one["interval_95"]
        bar = "" if one["bar"] is None else f"{one['bar']:.2f}"
        found = f"{one['found']} of {one['queries']}"
        joined = f"{one['joined']} of {one['queries']}"
        within = f"{low:.3f} - {high:.3f}"
        lines.append(f"{name:14}{found:>12}{recall:>9}{within:>18}{joined:>12}{bar:>7}{one['right']:>8}")
    if pairs := figures["pairs"]:
        lines.append(f"{pairs['false_matches']['all']} matches among {pairs['tried']['all']} pairs of different tracks")
        lines += [f"  {match['tracks'][0]} | {match['tracks'][1]}: {match['votes']} votes" for match in pairs["worst"]]
    return [*lines, f"{figures['tracks']} tracks, {figures['seconds']:.0f} s"]
