"""The `liner rejudge` command: a lake under another policy or model, without decoding."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.scan import KeyOption, NoReviewOption, PolicyOption, UrlOption, review_client
from api.settings import Settings
from pipeline.logs import quiet_logs
from schemas.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.rejudge import Changes

EXAMPLES = """
Judges every recording of a lake again, from what its screening kept: another policy, or another model or calibration
of the same features, with nothing decoded. New screenings pin what made them; the old ones stay in the lake's history
until they are replaced. [bold]--dry-run[/bold] only counts what would change.

[bold]Examples[/bold]

  liner rejudge .liner/lake --policy strict.toml --dry-run   which flags a policy would raise

  liner rejudge .liner/lake                                  the live policy and the models in use now

  liner rejudge .liner/lake --model mine-1                   another model; other signals stay as measured

[bold]Exit codes[/bold]  0 done; 2 nothing could be done (the message says why).
"""


class Format(StrEnum):
    """How the outcome is printed."""

    TEXT = "text"
    JSON = "json"


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("rejudge", help=EXAMPLES, short_help="Judge a lake again, without decoding.")(run)


def run(
    lake: Annotated[Path, typer.Argument(help="The lake's folder.")],
    *,
    policy: PolicyOption = None,
    model: Annotated[str | None, typer.Option(help="A model; default is what is in use.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and write nothing.")] = False,
    review_url: UrlOption = None,
    review_key: KeyOption = None,
    no_review: NoReviewOption = False,
    output: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
) -> None:
    """Judge the recordings of a lake again."""
    quiet_logs()
    from api.cli.live_policy import policy_of
    from classifiers.models import active
    from pipeline.rejudge import Verdict, rejudge

    if not (lake / "lake.json").is_file():
        raise InvalidInput(f"{lake} is no lake.", mend="Name the folder that `liner scan` writes to.")
    names = active.read_pointer().names
    if model:
        names = _with_model(names, model)
    active.pins(names)  # refuses what is not there before anything is written
    chosen = policy_of(policy, lake=lake, delivers=not no_review, url=review_url, key=review_key)
    verdict = Verdict(chosen, names)
    review = None if no_review or dry_run else review_client(Settings(), review_url, review_key)
    changes = rejudge(lake, verdict, review=review, keeps=not dry_run)
    if output is Format.JSON:
        typer.echo(json.dumps(_as_dict(changes, verdict.policy.ref, active.pins(names))))
        return
    for line in _lines(changes, verdict.policy.ref, active.pins(names), dry_run=dry_run):
        typer.echo(line)


def _with_model(names: dict[str, str], model: str) -> dict[str, str]:
    """Put a model in the place of the one of its kind; a calibration belongs to what it was made for."""
    from classifiers.models import active
    from classifiers.models.registry import read_card

    if read_card(model, active.model_folder(model)).kind == active.SPAM:
        return {**names, active.SPAM: model}
    return {active.SYNTHETIC: model, active.SPAM: names[active.SPAM]}


def _as_dict(changes: "Changes", policy: str, models: tuple[str, ...]) -> dict[str, object]:
    return {
        "policy": policy,
        "models": list(models),
        "seen": changes.seen,
        "changed": changes.changed,
        "scored": changes.scored,
        "unscored": changes.unscored,
        "before": dict(sorted(changes.before.items())),
        "after": dict(sorted(changes.after.items())),
        "delivered": dict(sorted(changes.delivered.items())),
    }


def _lines(changes: "Changes", policy: str, models: tuple[str, ...], *, dry_run: bool) -> "Iterator[str]":
    would = "would change" if dry_run else "changed"
    yield f"{changes.seen} recordings judged by {policy} with {', '.join(models)}: flags {would} for {changes.changed}."
    if changes.unscored:
        yield f"{changes.unscored} keep no windows to score (no music, or not heard): their signals stay."
    for code in sorted({*changes.before, *changes.after}):
        before, after = changes.before[code], changes.after[code]
        if before != after:
            yield f"  {code:16}{before:>7} -> {after}"
    if changes.delivered:
        yield "Review: " + ", ".join(f"{number} {status}" for status, number in sorted(changes.delivered.items())) + "."
