"""What moderators do with a case besides deciding it: hand over, put aside, undo, look twice, decide many alike."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.console.commands import command
from api.console.forms import read_action, read_reason, read_statement, read_text, read_version
from api.console.pages import page
from api.console.session import Form, Moderator
from api.console.views.batches import batch_filters, batch_form, batch_view
from api.console.views.case import case_view
from api.console.views.decide import decide_view
from api.console.views.message import Notice
from api.deps import Db, Rules
from api.public_batches import BatchCreate, BatchException
from api.services import batches, cases, clock, second
from api.services.access import Actor
from api.store.database import Database
from schemas.errors import InvalidInput

router = APIRouter(include_in_schema=False)
LEAVE = "leave"


@router.post("/console/cases/{case_id}/heartbeat")
def heartbeat(db: Db, actor: Moderator, case_id: str) -> Response:
    """Prolong one's own lease, as the page does by itself."""
    cases.renew(db, actor, case_id)
    return Response(status_code=204)


@router.post("/console/cases/{case_id}/hand-over")
def hand_over(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Give the case to a colleague."""

    def act() -> object:
        to, note = read_text(form, "to", "whom it goes to"), read_text(form, "note", "a note for them")
        return cases.hand_over(db, actor, case_id, to=to, note=note, expected_version=read_version(form))

    return command(db, actor, case_id, form, act, did="hand-over")


@router.post("/console/cases/{case_id}/park")
def park(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Put the case aside."""

    def act() -> object:
        until, reason = _until(form.get("until", "")), read_reason(form)
        return cases.park(db, actor, case_id, until=until, reason=reason, expected_version=read_version(form))

    return command(db, actor, case_id, form, act, did="park")


@router.post("/console/cases/{case_id}/unpark")
def unpark(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Fetch the case back."""

    def act() -> object:
        return cases.unpark(db, actor, case_id, expected_version=read_version(form))

    return command(db, actor, case_id, form, act, did="unpark")


@router.post("/console/cases/{case_id}/undo")
def undo(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Take the decision back that is not published yet."""

    def act() -> object:
        return cases.undo(db, actor, case_id, expected_version=read_version(form))

    return command(db, actor, case_id, form, act, did="undo")


@router.post("/console/cases/{case_id}/settle")
def settle(db: Db, actor: Moderator, rules: Rules, case_id: str, form: Form) -> Response:
    """End a dispute between two opinions."""

    def act() -> object:
        is_release = form.get("action") == "release"
        action = None if is_release else read_action(form)
        statement = read_statement(cases.view(db, actor, case_id).screening, form, action)
        return second.settle(
            db,
            actor,
            case_id,
            release=is_release,
            action=action,
            reason=read_reason(form),
            statement=statement,
            rules=rules,
            expected_version=read_version(form),
        )

    return command(db, actor, case_id, form, act, did="settle")


@router.post("/console/cases/{case_id}/golden")
def golden(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Make the case a golden item."""

    def act() -> object:
        return second.make_golden(db, actor, case_id, action=read_action(form), expected_version=read_version(form))

    return command(db, actor, case_id, form, act, did="golden")


@router.get("/console/samples/next")
def next_sample(db: Db, actor: Moderator, rules: Rules, done: str = "") -> Response:
    """Go to the next case that the moderator is asked about."""
    found = second.next_sample(db, actor).sample
    if found is not None:
        return RedirectResponse(f"/console/samples/{found.id}", status_code=303)
    notice = Notice("Thank you: your opinion is kept.") if done else None
    return page("sample.html", actor, case=None, sample_id="", rules=rules, notice=notice)


@router.get("/console/samples/{sample_id}")
def sample(db: Db, actor: Moderator, sample_id: str) -> Response:
    """Show a case to look at blindly."""
    about = second.blind(db, actor, sample_id)
    form = decide_view(about.screening, about.case.version)
    view = case_view(about, form=form, viewer=actor.name, now=clock.now())
    return page("sample.html", actor, case=view, sample_id=sample_id, outcome=None)  # whoever looks blindly sees none


@router.post("/console/samples/{sample_id}")
def give(db: Db, actor: Moderator, rules: Rules, sample_id: str, form: Form) -> Response:
    """Keep an opinion, and go on to the next."""
    second.give(db, actor, sample_id, action=read_action(form), reason=read_reason(form), rules=rules)
    return RedirectResponse("/console/samples/next?done=1", status_code=303)


@router.get("/console/batches")
def newest(request: Request, db: Db, actor: Moderator) -> Response:
    """Show the form for many cases, and the last batches."""
    query = dict(request.query_params)
    form = batch_form(query, _count(db, actor, query))
    found = [batch_view(one, viewer=actor.name, now=clock.now()) for one in batches.newest(db, actor).batches]
    return page("batches.html", actor, form=form, batches=found)


@router.post("/console/batches")
def preview(db: Db, actor: Moderator, form: Form) -> Response:
    """Plan a batch, and show it case by case."""
    action = read_action(form)
    release_of = form.get("release_of")
    wanted = BatchCreate(
        filters=None if release_of else batch_filters(form).model_copy(update={"offset": 0}),
        release_of=release_of or None,
        action=action,
        reason=read_reason(form),
        statement=read_statement(None, form, action),
    )
    return RedirectResponse(f"/console/batches/{batches.preview(db, actor, wanted).id}", status_code=303)


@router.get("/console/batches/{batch_id}")
def batch(db: Db, actor: Moderator, batch_id: str) -> Response:
    """Show a batch: what is planned, or what became of each case."""
    view = batch_view(batches.view(db, actor, batch_id), viewer=actor.name, now=clock.now())
    return page("batch.html", actor, batch=view)


@router.post("/console/batches/{batch_id}/apply")
def apply(db: Db, actor: Moderator, rules: Rules, batch_id: str, form: Form) -> Response:
    """Decide what was previewed, but for what was chosen otherwise."""
    chosen = {name.removeprefix("item_"): value for name, value in form.items() if name.startswith("item_") and value}
    exceptions = [
        BatchException(case_id=case_id[:64], action=None if value == LEAVE else read_action({"action": value}))
        for case_id, value in chosen.items()
    ]
    batches.apply(db, actor, batch_id, rules=rules, exceptions=exceptions)
    return RedirectResponse(f"/console/batches/{batch_id}", status_code=303)


@router.post("/console/batches/{batch_id}/undo")
def undo_batch(db: Db, actor: Moderator, batch_id: str, form: Form) -> Response:
    """Take back what of a batch is not published yet."""
    del form  # its token was checked
    batches.undo(db, actor, batch_id)
    return RedirectResponse(f"/console/batches/{batch_id}", status_code=303)


def _count(db: Database, actor: Actor, query: dict[str, str]) -> int:
    if query.get("release_of"):
        return len(batches.release_of(db, actor, query["release_of"]).cases)
    return cases.queue(db, actor, batch_filters(query)).total


def _until(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput("Say until when the case is put aside.", mend="Choose a time.") from error
