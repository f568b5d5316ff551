"""The `liner cases` commands of seniors, and for many cases: settle, golden, batch, apply, undo-batch."""

import json
from typing import Annotated, Any

import typer

from api.cli.reviewing import Review
from schemas.cases import Action

CaseId = Annotated[str, typer.Argument(help="Id of the case, e.g. cas_3f….")]
Why = Annotated[str, typer.Option("--reason", "-r", help="Why, in at least 3 characters.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the service's answer as JSON.")]


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner cases`."""
    for command in (settle, golden, tracks, batch):
        app.command()(command)
    app.command("batch-apply")(apply)
    app.command("batch-undo")(undo)


def settle(
    case_id: CaseId,
    reason: Why,
    action: Annotated[
        Action | None, typer.Option(help="What to put in its place; without it the first goes on.")
    ] = None,
    explanation: Annotated[str, typer.Option(help="Why the facts fall under the ground, where it restricts.")] = "",
) -> None:
    """End a dispute between two opinions (seniors).

    \b
    liner cases settle cas_3f… -r "The first is right."
    liner cases settle cas_3f… -r "Too hard." --action approve
    """
    with Review() as review:
        body = {"expected_version": review.version(case_id), "release": action is None, "reason": reason}
        if action is not None:
            body |= {"action": action, "statement": _statement(review, case_id, action, explanation)}
        about = review.send("POST", f"/v1/cases/{case_id}/settle", body)
    typer.echo(f"{case_id}  v{about['case']['version']}  {about['case']['state']}")


def golden(case_id: CaseId, action: Annotated[Action, typer.Argument(help="What is right here.")]) -> None:
    """Make a decided case a golden item, which others are tested with (seniors)."""
    with Review() as review:
        body = {"expected_version": review.version(case_id), "action": action}
        typer.echo(review.send("POST", f"/v1/cases/{case_id}/golden", body)["sample_id"])


def tracks(case_id: CaseId, *, as_json: AsJson = False) -> None:
    """List the cases of a case's release."""
    with Review() as review:
        found = review.get(f"/v1/cases/{case_id}/release")
    if as_json:
        typer.echo(json.dumps(found))
        return
    for case in found["cases"]:
        typer.echo(f"{case['id']}  v{case['version']}  {case['state']}  {case['title']}  {' '.join(case['codes'])}")


def batch(
    action: Annotated[Action, typer.Argument(help="What to do with all of them.")],
    *,
    reason: Why,
    release_of: Annotated[str, typer.Option("--release-of", help="A case: its whole release.")] = "",
    code: Annotated[str, typer.Option(help="Open cases with this reason code.")] = "",
    query: Annotated[str, typer.Option("--query", "-q", help="Open cases by title, artist, ISRC.")] = "",
    explanation: Annotated[str, typer.Option(help="Why the facts fall under the ground, where it restricts.")] = "",
    leave: Annotated[list[str] | None, typer.Option(help="A case to leave alone; repeat.")] = None,
) -> None:
    """Preview one decision on many cases; nothing is decided before `liner cases batch-apply`.

    \b
    liner cases batch approve -r "Heard them all." --code SPM-004
    liner cases batch label -r "Undeclared." --release-of cas_3f… --explanation "Generated vocals." --leave cas_9a…
    """
    body: dict[str, Any] = {"action": action, "reason": reason}
    body |= {"release_of": release_of} if release_of else {"filters": {"code": code, "q": query}}
    body |= {"exceptions": [{"case_id": case_id} for case_id in leave or ()]}
    if action.is_restricting:
        body["statement"] = {"explanation": explanation}
    with Review() as review:
        _show(review.send("POST", "/v1/batches", body))


def apply(batch_id: Annotated[str, typer.Argument(help="Id of the batch that you previewed.")]) -> None:
    """Decide what was previewed; a case that changed since is left alone."""
    with Review() as review:
        _show(review.send("POST", f"/v1/batches/{batch_id}/apply"))


def undo(batch_id: Annotated[str, typer.Argument(help="Id of the batch.")]) -> None:
    """Take back every decision of a batch that is not published yet."""
    with Review() as review:
        _show(review.send("DELETE", f"/v1/batches/{batch_id}"))


def _statement(review: Review, case_id: str, action: Action, explanation: str) -> dict[str, str] | None:
    if not action.is_restricting:
        return None
    drafted = review.get(f"/v1/dsa/cases/{case_id}/draft")
    return {"facts": drafted["facts"], "ground": drafted["reason"], "explanation": explanation}


def _show(batch: dict[str, Any]) -> None:
    for item in batch["items"]:
        detail = f"  {item['detail']}" if item["detail"] else ""
        typer.echo(f"{item['status']:9} {item['action'] or '-':8} {item['case_id']}  {item['title']}{detail}")
    counts = ", ".join(f"{number} {status}" for status, number in sorted(batch["counts"].items()))
    typer.echo(f"{batch['id']}  {counts}")
