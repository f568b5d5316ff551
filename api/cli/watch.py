"""The `liner watch` command: screen what arrives, until stopped."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.profiles import ProfileName, SchemasOption, yardstick
from api.cli.scan import (
    ForceOption,
    Format,
    FormatOption,
    KeyOption,
    LakeOption,
    NoReviewOption,
    PolicyOption,
    QuietOption,
    UrlOption,
    report,
    review_client,
    run_visibly,
)
from api.settings import Settings
from pipeline.logs import quiet_logs
from schemas.errors import InvalidInput

EXAMPLES = """
Screens each delivery moments after it is complete in PATH, until it is stopped (Ctrl-C or TERM), and shows
its flags in the review queue. A folder is complete when its marker is there, written last:
[bold]BatchComplete_*.xml[/bold] or [bold].complete[/bold] in it, or [bold]NAME.complete[/bold] beside it.
A loose file is complete when it has stopped growing. A restart picks up what came meanwhile; nothing is screened
twice.

[bold]Examples[/bold]

  liner watch                                     the landing folder that liner serve fills

  liner watch /srv/landing --lake /srv/lake

  liner watch landing/ --xsd ddex/ --profile spotify

  liner watch landing/ --review-url https://review.example --review-key KEY

[bold]Exit codes[/bold]  0 stopped and ended cleanly; 2 it could not start or go on (the message says why).
"""


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("watch", help=EXAMPLES, short_help="Screen what arrives in a folder, until stopped.")(run)


def run(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="Landing folder; default LINER_LANDING, .liner/landing.")
    ] = None,
    *,
    lake: LakeOption = None,
    policy: PolicyOption = None,
    profile: ProfileName = None,
    xsd: SchemasOption = None,
    review_url: UrlOption = None,
    review_key: KeyOption = None,
    no_review: NoReviewOption = False,
    force: ForceOption = False,
    output: FormatOption = Format.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Screen what arrives at PATH until stopped."""
    quiet_logs()
    from api.cli.live_policy import policy_of
    from pipeline.scan import Plan, Run
    from pipeline.watch import watch_graph

    settings = Settings()
    zone = path or settings.landing
    if path is None:
        zone.mkdir(parents=True, exist_ok=True)
    if not zone.is_dir():
        raise InvalidInput(f"{zone} is no folder.", mend="Name the landing folder; liner scan takes single files.")
    where = lake or settings.lake
    watch = Run(
        Plan(
            source=zone,
            lake=where,
            policy=policy_of(policy, lake=where, delivers=not no_review, url=review_url, key=review_key),
            force=force,
            review=None if no_review else review_client(settings, review_url, review_key, plays=zone),
            yardstick=yardstick(profile, xsd),
        )
    )
    if output is Format.TEXT:
        typer.echo(f"Watching {zone}; Ctrl-C ends.", err=True)
    summary = run_visibly(watch, watch_graph, quiet=quiet or output is Format.JSON)
    report(summary, output, delivers=not no_review)
