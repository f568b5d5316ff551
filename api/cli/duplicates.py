"""The `liner duplicates` command: every copy in a lake at once."""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.counting import many
from api.cli.scan import KeyOption, NoReviewOption, PolicyOption, UrlOption, review_client
from api.settings import Settings
from pipeline.logs import quiet_logs

EXAMPLES = """
Compares every recording of a lake with every other, also where speed, pitch, codec or length differ, and writes
[bold]LAKE/duplicates/[/bold]: clusters (one row for each, with the earliest release and at most one flag), members,
links (who shares which seconds with whom), and namesakes (one ISRC, another sound). Nobody listens again: it reads
fingerprints. Screenings that say something else are judged again and go to the review service, with one flag for each
cluster.

[bold]Examples[/bold]

  liner duplicates .liner/lake

  liner duplicates /data/lake --workers 8 --scratch /fast/disk

  liner duplicates .liner/lake --policy strict.toml --format json

  liner duplicates .liner/lake --no-review                 deliver nothing

[bold]Exit codes[/bold]  0 done; 2 nothing could be done (the message says why).
"""


class Format(StrEnum):
    """How the outcome is printed."""

    TEXT = "text"
    JSON = "json"


def mount(app: typer.Typer) -> None:
    """Add the command to `liner`."""
    app.command("duplicates", help=EXAMPLES, short_help="Find every copy in a lake, and the clusters they form.")(run)


def run(
    lake: Annotated[Path, typer.Argument(metavar="LAKE", help="The folder that `liner scan --lake` wrote.")],
    scratch: Annotated[
        Path | None, typer.Option(help="Folder for what is in work, some 12 kB a recording; default in the lake.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Steps at once; default one per core.")] = None,
    *,
    policy: PolicyOption = None,
    profile: Annotated[
        str | None, typer.Option(help="Profile file (TOML) that the lake was screened with; shipped ones are known.")
    ] = None,
    review_url: UrlOption = None,
    review_key: KeyOption = None,
    no_review: NoReviewOption = False,
    output: Annotated[Format, typer.Option("--format", help="text, or json: one object.")] = Format.TEXT,
) -> None:
    """Find every copy in a lake."""
    quiet_logs()
    from api.cli.live_policy import policy_of
    from api.cli.profiles import named_profile
    from pipeline.duplicates.flow import Plan, find_duplicates
    from pipeline.duplicates.outcome import take_into
    from pipeline.duplicates.shares import shares_of

    shares_of(lake)  # a folder that is no lake is refused before anybody is asked for a policy
    chosen = policy_of(policy, lake=lake, delivers=not no_review, url=review_url, key=review_key)
    count = workers or os.cpu_count() or 1
    summary = find_duplicates(Plan(lake, scratch=scratch, workers=count, policy=chosen))
    review = None if no_review else review_client(Settings(), review_url, review_key)
    judged_again, delivered = take_into(lake, chosen, review, named_profile(profile))
    summary |= {"judged_again": judged_again, "delivered": dict(sorted(delivered.items()))}
    if output is Format.JSON:
        typer.echo(json.dumps({**summary, "lake": str(lake)}))
        return
    for line in lines(summary):
        typer.echo(line)
    typer.echo(f"Results: {lake}/duplicates/clusters/*.parquet, members, links, namesakes")


def lines(summary: dict[str, Any]) -> list[str]:
    """Say what was done, for a person."""
    compared, recordings = summary["compared"], many(summary["recordings"], "recording")
    found = [f"Compared {compared} of {recordings} in {summary['seconds']:.1f} s."]
    if compared < summary["recordings"]:
        found.append("The others are silent, last a moment or have no fingerprint: they are copies of nothing.")
    if summary["unusable"]:
        unusable = many(summary["unusable"], "fingerprint is", "fingerprints are")
        found.append(f"{unusable} of another version: screen those recordings again.")
    in_clusters = many(summary["in_clusters"], "recording")
    clusters, flagged = many(summary["clusters"], "cluster"), summary["flagged"]
    found.append(f"{clusters} of {in_clusters}, the largest of {summary['largest_cluster']}; {flagged} flagged.")
    pairs = many(summary["links"], "pair shares", "pairs share")
    found.append(f"{pairs} sound, of {summary['compared_pairs']} compared in full.")
    if summary["two_sounds"]:
        bear = many(summary["two_sounds"], "recording bears", "recordings bear")
        found.append(f"{bear} the ISRC of an earlier one that has another sound.")
    if summary["judged_again"]:
        found.append(f"{many(summary['judged_again'], 'screening says', 'screenings say')} so now.")
    if summary["delivered"]:
        answers = ", ".join(f"{number} {status}" for status, number in summary["delivered"].items())
        found.append(f"Review: {answers}.")
    if summary["hot_keys"]:
        hot = many(summary["hot_keys"], "key is", "keys are")
        found.append(f"{hot} in too many recordings to tell them apart: compared with the earliest of those alone.")
    return found
