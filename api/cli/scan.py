"""The `liner scan` command: screen a folder or manifest once."""

import contextlib
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from api.cli.counting import many
from api.cli.profiles import ProfileName, SchemasOption, yardstick
from api.settings import Settings
from pipeline.logs import quiet_logs

if TYPE_CHECKING:
    from pipeline.deliver import ClientFactory
    from pipeline.progress import Progress
    from pipeline.scan import Run, Summary
    from schemas.policy import Policy

REFRESH_S = 0.2
STOPPED = 130  # what shells use for a program that an interrupt ended

EXAMPLES = """
Screens every recording at PATH: a landing folder with deliveries, one delivery, a folder of bare audio, one
sound file, or a manifest (CSV or Parquet with a column [bold]path[/bold] or [bold]uri[/bold]).
Results land in the lake as Parquet; flags reach the review queue. A second run skips what the same engine, policy
and models have screened. Stopping it at any moment loses nothing: run it again and it goes on.

[bold]Examples[/bold]

  liner scan landing/                             everything in the landing folder

  liner scan ~/music --no-review                  bare audio, results in the lake alone

  liner scan catalogue.csv --workers 8            one recording per row

  liner scan landing/ --force --policy strict.toml

  liner scan landing/ --xsd ddex/ --profile apple  also beside DDEX's schemas, weighed as Apple would

  liner scan landing/ --review-url https://review.example --review-key KEY

[bold]Exit codes[/bold]  0 done, also where recordings were flagged or unreadable; 2 nothing could be done (the message
says why); 130 stopped, the next run goes on.
"""


class Format(StrEnum):
    """How the outcome is printed."""

    TEXT = "text"
    JSON = "json"


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("scan", help=EXAMPLES, short_help="Screen a folder or manifest once.")(run)


PathArgument = Annotated[
    Path, typer.Argument(metavar="PATH", help="Landing folder, delivery, sound files or manifest.")
]
LakeOption = Annotated[Path | None, typer.Option(help="Folder of the results; default LINER_LAKE, .liner/lake.")]
PolicyOption = Annotated[
    Path | None,
    typer.Option(
        help="Policy file (TOML); `live`: what the review approved last; `house`: the one that comes with liner. "
        "Default: live where flags go to a review, else house."
    ),
]
UrlOption = Annotated[str | None, typer.Option(help="Review API to deliver to; default is this machine's own.")]
KeyOption = Annotated[str | None, typer.Option(help="API key for --review-url; better in LINER_REVIEW_KEY.")]
NoReviewOption = Annotated[bool, typer.Option("--no-review", help="Deliver nothing; results stay in the lake.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Screen again what the lake already holds.")]
WorkersOption = Annotated[int | None, typer.Option(min=1, max=64, help="Recordings at once; default one per core.")]
FormatOption = Annotated[Format, typer.Option("--format", help="text, or json: one object at the end.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]


def run(
    path: PathArgument,
    *,
    lake: LakeOption = None,
    policy: PolicyOption = None,
    profile: ProfileName = None,
    xsd: SchemasOption = None,
    review_url: UrlOption = None,
    review_key: KeyOption = None,
    no_review: NoReviewOption = False,
    force: ForceOption = False,
    workers: WorkersOption = None,
    output: FormatOption = Format.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Screen everything at PATH that the lake does not hold yet."""
    quiet_logs()
    from api.cli.live_policy import policy_of
    from pipeline.scan import Plan, Run, scan_graph

    settings = Settings()
    where = lake or settings.lake
    scan = Run(
        Plan(
            source=path,
            lake=where,
            policy=policy_of(policy, lake=where, delivers=not no_review, url=review_url, key=review_key),
            workers=workers or os.cpu_count() or 1,
            force=force,
            review=None if no_review else review_client(settings, review_url, review_key, plays=path),
            yardstick=yardstick(profile, xsd),
        )
    )
    summary = run_visibly(scan, scan_graph, quiet=quiet or output is Format.JSON)
    report(summary, output, delivers=not no_review)
    if summary.was_stopped:
        raise typer.Exit(STOPPED)


def read_policy(path: Path | None) -> "Policy | None":
    """Read a policy file, or what `live` and `house` mean; None for nothing."""
    from api.cli.live_policy import policy_of

    return policy_of(path, lake=Settings().lake) if path is not None else None


def review_client(
    settings: Settings, url: str | None, key: str | None, *, plays: Path | None = None
) -> "ClientFactory":
    """Choose the review API: an address, else this machine's own without a network.

    Parameters
    ----------
    plays
        What is screened; this machine's own review lets people hear what lies there. Another one has its own folders.
    """
    from pipeline.deliver import OverHttp

    address = url or settings.review_url
    if address:
        return OverHttp(address.rstrip("/"), key or settings.review_key.get_secret_value())
    from api.inprocess import client

    if plays is not None and plays.exists():
        _let_play(settings, plays if plays.is_dir() else plays.absolute().parent)
    return partial(client, settings)


def _let_play(settings: Settings, folder: Path) -> None:
    from api.services.audio import register_root
    from api.store.database import open_database

    with contextlib.closing(open_database(settings.database_url)) as db:
        register_root(db, folder)


def run_visibly(run: "Run", graph: "Callable[[Run], None]", *, quiet: bool) -> "Summary":
    """Run a graph beside a progress line; INT and TERM ask it to end, a second one ends it at once."""
    outcome: dict[str, Any] = {}

    def work() -> None:
        try:
            outcome["summary"] = run(graph)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            outcome["error"] = error

    counters = run.progress  # of this run, also once it has ended
    thread = threading.Thread(target=work, name="liner-run", daemon=True)
    with _stopping(run), _shown(counters, quiet=quiet) as show:
        thread.start()
        while thread.is_alive():
            thread.join(REFRESH_S)
            show()
    if "error" in outcome:
        raise outcome["error"]
    summary: Summary = outcome["summary"]
    return summary


@contextmanager
def _stopping(run: "Run") -> Iterator[None]:
    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        run.stop()
        signal.signal(number, signal.SIG_DFL)  # whoever asks twice does not want to wait
        typer.echo("Stopping after the recordings in work; once more to stop at once.", err=True)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _shown(counters: "Progress", *, quiet: bool) -> Iterator[Callable[[], None]]:
    console = Console(stderr=True, highlight=False)
    if quiet or not console.is_terminal:
        yield lambda: None
        return
    columns = (BarColumn(24), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def show() -> None:
            totals = counters.totals()
            bar.update(task, description=describe(counters), completed=totals.read, total=totals.named or None)

        yield show


def describe(counters: "Progress") -> str:
    """Say in one line what a run has done."""
    totals, seconds = counters.totals(), counters.seconds or 1.0
    parts = [
        f"{totals.screened} screened",
        f"{totals.screened / seconds:.1f}/s",
        f"{totals.heard_s / seconds:.0f}x real time",
        f"{totals.skipped} skipped" if totals.skipped else "",
        f"{totals.flagged} flagged" if totals.flagged else "",
        f"{totals.unreadable} unreadable" if totals.unreadable else "",
        many(totals.dead_letters, "dead letter") if totals.dead_letters else "",
    ]
    return ", ".join(part for part in parts if part)


def report(summary: "Summary", output: Format, *, delivers: bool) -> None:
    """Print what a run did: one JSON object, or lines for a person."""
    if output is Format.JSON:
        typer.echo(json.dumps(summary.as_dict()))
        return
    for line in _lines(summary, delivers=delivers):
        typer.echo(line)


def _lines(summary: "Summary", *, delivers: bool) -> Iterator[str]:
    totals, versions = summary.totals, summary.versions
    seconds = summary.seconds or 1.0
    speed = f"{totals.screened / seconds:.1f}/s, {totals.heard_s / seconds:.0f}x real time"
    yield f"Screened {totals.screened} of {many(totals.recordings, 'recording')} in {seconds:.1f} s ({speed})."
    if totals.skipped:
        yield f"Skipped {totals.skipped} that {versions.engine}, policy {versions.policy} and its models have screened."
    if totals.unreadable:
        yield f"{totals.unreadable} could not be heard; findings PKG-015 and PKG-016 say why."
    if totals.not_audio:
        from api.cli.reporting import plain

        names = plain(", ".join(totals.not_audio_names))
        more = ", ..." if totals.not_audio > len(totals.not_audio_names) else ""
        yield f"Left alone {many(totals.not_audio, 'file that is', 'files that are')} no sound: {names}{more}."
    if totals.flags:
        counts = ", ".join(f"{code} {number}" for code, number in sorted(totals.flags.items()))
        yield f"Flagged {totals.flagged}: {counts}."
    if totals.judged_again:
        yield f"Judged again, as more of the catalogue was known: {many(totals.judged_again, 'screening')}."
    if totals.dead_letters:
        yield f"{many(totals.dead_letters, 'dead letter')} with stage and cause: {summary.lake}/dead_letters/*.parquet"
    if delivers:
        yield from _delivery_lines(summary)
    yield f"Results: {summary.lake}/screenings/*.parquet"
    if summary.was_stopped:
        yield "Stopped; run the same command again to go on."


def _delivery_lines(summary: "Summary") -> Iterator[str]:
    done = summary.totals.delivered
    if done:
        counts = ", ".join(f"{number} {status}" for status, number in sorted(done.items()))
        yield f"Review, by screening: {counts}."
    if summary.waiting:
        waiting = many(summary.waiting, "screening waits", "screenings wait")
        yield f"{waiting} for the review API; the next run delivers what waits."
