"""The moderators' pages: queue, case, and the commands on a case."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from api.console import appeals, chat, creators, media, pages, session, steering, work
from api.console import queues as queue_pages
from api.console.commands import DONE, case_page, command, query, refused
from api.console.forms import DecideForm, FormErrors, read_decide_form, read_reopen_form, read_version
from api.console.pages import page
from api.console.session import Form, Moderator
from api.console.views.message import Notice, done_notice, refusal, signed_out
from api.console.views.queue import asked, page_number, queue_view
from api.console.views.routing import routing_view
from api.deps import Db, Rules
from api.problems import Problem
from api.public import QueuePage
from api.services import cases, clock, flags, oidc, queues
from api.services.access import Actor
from api.services.locking import locked
from api.store.database import Database
from schemas.errors import InvalidFilter, NotFound, ReviewError
from schemas.filters import MAX_LENGTH


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.render_problem = render_problem
    yield


router = APIRouter(include_in_schema=False, lifespan=_lifespan)
OWN_WAY_IN = ("/console/sign-in/", "/console/approve/")  # a refusal there says more than "sign in"


@router.get("/console")
def queue(request: Request, db: Db, actor: Moderator, done: str = "") -> Response:
    """Show the queue, most urgent first."""
    given = dict(request.query_params)
    wanted = asked(given, page_number(given))
    wrong: InvalidFilter | None = None
    now, notice = clock.now(), _done(db, actor, done, given.get("filter", ""))
    with db.reading():
        try:
            found = cases.queue(db, actor, wanted)
        except InvalidFilter as error:
            wrong, found = error, QueuePage(cases=(), total=0, codes={}, next_cursor=None)
        content = {
            "queue": queue_view(
                found, flags.of_cases(db, found.cases), wanted, viewer=actor.name, now=now, wrong=wrong
            ),
            "queues": routing_view(queues.every(db, actor, is_exact=False), now),
            "views": queues.views(db, actor, with_counts=False).views,
            "shown_view": given.get("view", ""),
        }
    return page("queue.html", actor, status=422 if wrong else 200, notice=notice, **content)


@router.get("/console/next")
def next_case(
    db: Db,
    actor: Moderator,
    after: str = "",
    done: str = "",
    filter: str = "",  # noqa: A002 - the parameter's public name
) -> Response:
    """Go to the next case that nobody else holds, or to the queue where there is none."""
    return _to_next(db, actor, after=after, done=done, within=filter[:MAX_LENGTH])


@router.get("/console/cases/{case_id}")
def case(
    db: Db,
    actor: Moderator,
    case_id: str,
    *,
    action: str = "",
    done: str = "",
    did: str = "",
    filter: str = "",  # noqa: A002 - the parameter's public name
) -> Response:
    """Show a case; ``action`` preselects what a link asked for, ``filter`` says within what one works."""
    typed = {"action": action, "filter": filter[:MAX_LENGTH]}
    notice = Notice(DONE[did]) if did in DONE else _done(db, actor, done, typed["filter"])
    return case_page(db, actor, case_id, typed=typed, notice=notice)


@router.post("/console/cases/{case_id}/claim")
def claim(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Take the case."""

    def act() -> object:
        return cases.claim(db, actor, case_id, expected_version=read_version(form))

    return command(db, actor, case_id, form, act, did="claim")


@router.post("/console/cases/{case_id}/release")
def release(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Give the case back."""

    def act() -> object:
        return cases.release(db, actor, case_id, expected_version=read_version(form))

    return command(db, actor, case_id, form, act, did="release")


@router.post("/console/cases/{case_id}/reopen")
def reopen(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Put the case back into the queue."""

    def act() -> object:
        return cases.reopen(db, actor, case_id, reason=read_reopen_form(form), expected_version=read_version(form))

    return command(db, actor, case_id, form, act, did="reopen")


@router.post("/console/cases/{case_id}/decide")
def decide(db: Db, actor: Moderator, rules: Rules, case_id: str, form: Form) -> Response:
    """Decide, and go on to the next case; what was typed is kept where something is wrong."""
    try:
        wanted = _wanted(db, actor, case_id, form)
        cases.decide(
            db,
            actor,
            case_id,
            action=wanted.action,
            reason=wanted.reason,
            rules=rules,
            statement=wanted.statement,
            note=wanted.note,
            expected_version=wanted.version,
        )
    except FormErrors as wrong:
        return case_page(db, actor, case_id, typed=form, errors=wrong.errors, status=422)
    except ReviewError as error:
        return refused(db, actor, case_id, error, typed=form)
    return _to_next(db, actor, after=case_id, done=case_id, within=form.get("filter", "")[:MAX_LENGTH])


def _wanted(db: Database, actor: Actor, case_id: str, form: Mapping[str, str]) -> DecideForm:
    """Read the form; where it is wrong and the case changed besides, the change is told first."""
    try:
        return read_decide_form(form, clock.now())
    except FormErrors:
        with locked(db, actor, case_id, read_version(form)):
            raise


def _to_next(db: Database, actor: Actor, *, after: str, done: str, within: str) -> Response:
    """Go straight to the next case: each further answer on the way is a moment in which nothing is seen."""
    try:
        found = cases.next_case(db, actor, after or None, text=within)
    except InvalidFilter:
        found = None
    told = query(done=done if done.replace("_", "").isalnum() else "", filter=within)
    return _redirect(f"/console/cases/{found}{told}" if found else f"/console{told}")


def _done(db: Database, actor: Actor, case_id: str, within: str) -> Notice | None:
    """Say what was decided on the case before, with the way back to it."""
    if not case_id:
        return None
    try:
        about = cases.view(db, actor, case_id)
    except NotFound:
        return None
    return done_notice(about, clock.now(), within[:MAX_LENGTH])


def _redirect(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


def render_problem(request: Request, problem: Problem) -> Response | None:
    """Show a problem as a page to whoever browses the console; None for all others."""
    if not request.url.path.startswith(("/console", "/portal", "/creator/")):
        return None
    if request.url.path.startswith("/creator/"):  # nobody is signed in: there is no home to go back to
        if request.method not in {"GET", "POST"} or "/uploads" in request.url.path:
            return None  # a script asks, which wants the problem itself
        message = refusal(problem.detail, problem.mend, home="", is_inside=False)
        return page("message.html", None, status=problem.status, message=message)
    home = "/portal" if request.url.path.startswith("/portal") else "/console"
    is_own_way = request.url.path.startswith(OWN_WAY_IN)
    is_out = problem.status == HTTPStatus.UNAUTHORIZED and not is_own_way
    message = (
        signed_out(has_provider=oidc.is_on(request.app.state.settings))
        if is_out
        else refusal(problem.detail, problem.mend, home=home, is_inside=not is_own_way)
    )
    return page("message.html", None, status=problem.status, message=message)


for part in (pages, session, media, work, appeals, creators, queue_pages, steering, chat):
    router.include_router(part.router)
