"""The `liner cases` commands: a moderator's work over HTTP, with a key."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import batching
from api.cli.reviewing import Review
from schemas.cases import Action, CaseState
from schemas.errors import InvalidInput

HELP = """
Work on cases of a review service: LINER_REVIEW_URL names it, LINER_REVIEW_KEY is your key.

[bold]Examples[/bold]

  liner cases next                               take the most urgent case

  liner cases show cas_3f...                     what was declared, found, heard, known

  liner cases tracks cas_3f...                   the other recordings of its release

  liner cases decide cas_3f... approve -r "..."  decide; liner cases undo cas_3f... takes it back for a while

  liner cases claim cas_3f...                    take a case; liner cases release cas_3f... gives it back

  liner cases unpark cas_3f...                   fetch back what was put aside

  liner cases reopen cas_3f... -r "..."          look again at what was decided

  liner cases creator-link cas_3f... --creator "Ada Brandt"   for somebody who has no account

  liner cases golden cas_3f... remove            make a decided case one that others are tested with

  liner cases quality                            agreement and accuracy, per policy

  liner cases batch-apply bat_3f...              decide what a batch previewed; liner cases batch-undo bat_3f...
"""
cases_app = typer.Typer(
    no_args_is_help=True,
    help=HELP,
    short_help="Work on cases of a review service.",
)
CaseId = Annotated[str, typer.Argument(help="Id of the case, e.g. cas_3f….")]
At = Annotated[
    int | None, typer.Option("--at", min=1, help="The version that you read; otherwise the one of now is taken.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the service's answer as JSON.")]
Why = Annotated[str, typer.Option("--reason", "-r", help="Why, in at least 3 characters.")]


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    batching.mount(cases_app)
    app.add_typer(cases_app, name="cases")


@cases_app.command("list")
def every(
    state: Annotated[CaseState, typer.Option(help="Where the cases stand.")] = CaseState.OPEN,
    code: Annotated[str, typer.Option(help="A reason code, e.g. AID-002.")] = "",
    query: Annotated[str, typer.Option("--query", "-q", help="Part of title, artist, ISRC or id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 20,
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Only what you hold.")] = False,
    parked: Annotated[bool, typer.Option("--parked", help="Only what is put aside.")] = False,
    as_json: AsJson = False,
) -> None:
    """List cases, most urgent first.

    \b
    liner cases list
    liner cases list --code AID-002 --limit 5
    liner cases list --mine
    """
    with Review() as review:
        holder = review.get("/v1/me")["name"] if mine else ""
        asked = {"state": state, "code": code, "q": query, "limit": limit, "parked": parked, "holder": holder}
        found = review.get("/v1/cases", **asked)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for case in found["cases"]:
        holder = (case["claim"] or {}).get("holder", "")
        held = f"  held by {holder}" if holder else ""
        typer.echo(
            f"{case['id']}  v{case['version']}  {case['title']} · {case['artist']}  {' '.join(case['codes'])}{held}"
        )
    typer.echo(f"{found['total']:,} in all", err=True)


@cases_app.command("show")
def show(case_id: CaseId, *, as_json: AsJson = False) -> None:
    """Show a case: what it is about, why, what was decided, and what you may do now.

    \b
    liner cases show cas_3f…
    """
    with Review() as review:
        about = review.get(f"/v1/cases/{case_id}")
    typer.echo(json.dumps(about) if as_json else _as_text(about))


@cases_app.command("next")
def following() -> None:
    """Print the id of the most urgent open case that nobody holds."""
    with Review() as review:
        found = review.get("/v1/cases", limit=200)["cases"]
    free = [case["id"] for case in found if case["claim"] is None]
    if not free:
        raise InvalidInput("No open case is free.", mend="Look at all of them: liner cases list")
    typer.echo(free[0])


@cases_app.command("claim")
def claim(case_id: CaseId, at: At = None) -> None:
    """Take a case, so that others keep off for 20 minutes."""
    _command(case_id, "claim", at)


@cases_app.command("release")
def release(case_id: CaseId, at: At = None) -> None:
    """Give a case back."""
    _command(case_id, "release", at)


@cases_app.command("hand-over")
def hand_over(
    case_id: CaseId,
    to: Annotated[str, typer.Option(help="A colleague's name.")],
    note: Annotated[str, typer.Option(help="A note for them.")],
    at: At = None,
) -> None:
    """Give a case to a colleague, with a note.

    \b
    liner cases hand-over cas_3f… --to ben --note "You know her voice."
    """
    _command(case_id, "hand-over", at, to=to, note=note)


@cases_app.command("park")
def park(
    case_id: CaseId,
    reason: Why,
    hours: Annotated[float, typer.Option(min=0.1, max=720, help="For how many hours.")] = 24.0,
    at: At = None,
) -> None:
    """Put a case aside; it comes back by itself.

    \b
    liner cases park cas_3f… --hours 4 -r "The label calls back."
    """
    until = datetime.now(UTC) + timedelta(hours=hours)
    _command(case_id, "park", at, until=until.isoformat(), reason=reason)


@cases_app.command("unpark")
def unpark(case_id: CaseId, at: At = None) -> None:
    """Fetch a case back that was put aside."""
    _command(case_id, "unpark", at)


@cases_app.command("decide")
def decide(
    case_id: CaseId,
    action: Annotated[Action, typer.Argument(help="What to do.")],
    *,
    reason: Why,
    note: Annotated[str, typer.Option(help="For colleagues alone.")] = "",
    statement: Annotated[
        Path | None, typer.Option(help="JSON with the statement of reasons; a restriction needs one.")
    ] = None,
    at: At = None,
) -> None:
    """Decide a case; until it is published it can be undone.

    \b
    liner cases decide cas_3f… approve -r "Checked by ear."
    liner cases decide cas_3f… label -r "Undeclared." --statement reasons.json --at 3
    """
    parts = _read_statement(statement) if statement else None
    _command(case_id, "decide", at, action=action, reason=reason, note=note, statement=parts)


@cases_app.command("undo")
def undo(case_id: CaseId, at: At = None) -> None:
    """Take a decision back that is not published yet."""
    with Review() as review:
        version = at or review.version(case_id)
        _say(review.send("DELETE", f"/v1/cases/{case_id}/decision?expected_version={version}"))


@cases_app.command("reopen")
def reopen(case_id: CaseId, reason: Why, at: At = None) -> None:
    """Put a decided or waiting case back into the queue."""
    _command(case_id, "reopen", at, reason=reason)


@cases_app.command("creator-link")
def creator_link(
    case_id: CaseId, creator: Annotated[str, typer.Option(help="The creator's name, as reviewers will read it.")]
) -> None:
    """Print a link by which a creator without an account reads the last decision and appeals, this once."""
    with Review() as review:
        made = review.send("POST", f"/v1/cases/{case_id}/creator-link", {"creator": creator})
    typer.echo(made["url"])
    typer.echo(f"For {made['creator']}, until {made['expires_at'][:10]}.", err=True)


@cases_app.command("opinion")
def opinion(
    action: Annotated[
        Action | None, typer.Argument(help="What you would decide; leave it out to see the case.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
    sample: Annotated[str, typer.Option(help="Id of the sample that you saw.")] = "",
) -> None:
    """Give a blind second opinion: look at the next case first, then answer it.

    \b
    liner cases opinion
    liner cases opinion label -r "I hear a vocoder." --sample smp_1a…
    """
    with Review() as review:
        if action is None:
            found = review.get("/v1/samples/next")["sample"]
            typer.echo(_sample_text(found) if found else "Nobody asks for your opinion.")
            return
        if not sample:
            raise InvalidInput("Name the sample that you saw.", mend="liner cases opinion shows the next one.")
        given = review.send("POST", f"/v1/samples/{sample}/opinion", {"action": action, "reason": reason})
    typer.echo("You agree." if given["agrees"] else f"The first answer was {given['first']}.")


@cases_app.command("quality")
def quality(*, as_json: AsJson = False) -> None:
    """Show how far people agree (Cohen's kappa) and how often they are right, per policy, each with its interval."""
    with Review() as review:
        found = review.get("/v1/quality")
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found["agreement"]:
        typer.echo(f"{one['policy']}  kappa {_interval(one['kappa'], one)}  of {one['pairs']} pairs")
    for one in found["accuracy"]:
        who = one["reviewer"] or "everybody"
        typer.echo(f"{one['policy']}  {who}: right {_interval(one['share'], one)}  of {one['answers']} golden items")


def _command(case_id: str, name: str, at: int | None, **parts: Any) -> None:
    with Review() as review:
        version = at or review.version(case_id)
        _say(review.send("POST", f"/v1/cases/{case_id}/{name}", {"expected_version": version, **parts}))


def _say(about: dict[str, Any]) -> None:
    case, draft = about["case"], about["draft"]
    words = str(case["state"]).replace("_", " ")
    if draft and draft["publish_at"]:
        words = f"{draft['action']}, published at {draft['publish_at']}; liner cases undo {case['id']}"
    elif draft:
        words = f"{draft['action']}, waits for a second opinion"
    typer.echo(f"{case['id']}  v{case['version']}  {words}")


def _as_text(about: dict[str, Any]) -> str:
    case, screening = about["case"], about["screening"]
    flags = [f"  {flag['severity']:6} {flag['code']}  {flag['explanation']}" for flag in screening["flags"]]
    decisions = [
        f"  {one['decided_at'][:16]} {one['action']} by {one['decided_by']}: {one['reason']}"
        for one in about["decisions"]
    ]
    refused = [f"  {name}: {why}" for name, why in about["refused_actions"].items()]
    parts: list[tuple[str, list[str]]] = [
        (
            f"{case['title']} · {case['artist']} · {case['isrc']}",
            [f"  {case['id']} v{case['version']}, {case['state']}"],
        ),
        ("Reasons to look", flags),
        ("Decisions", decisions),
        (f"You may: {', '.join(about['allowed_actions']) or 'nothing'}", refused),
    ]
    return "\n".join("\n".join([title, *lines]) for title, lines in parts if lines)


def _sample_text(sample: dict[str, Any]) -> str:
    flags = [f"  {flag['code']}  {flag['explanation']}" for flag in sample["screening"]["flags"]]
    return "\n".join([f"{sample['id']}  {sample['title']} · {sample['artist']}", *flags])


def _interval(value: float | None, one: dict[str, Any]) -> str:
    return "not defined" if value is None else f"{value:.2f} ({one['low']:.2f} to {one['high']:.2f})"


def _read_statement(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} is no JSON file.", mend="See docs/api.md for its parts.") from error
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} is no statement of reasons.", mend="See docs/api.md for its parts.")
    return found
