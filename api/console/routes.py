"""The moderators' pages: queue, case, and the commands on a case."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from api.console import media, pages, session
from api.console.forms import FormErrors, read_decide_form, read_reopen_form, read_version
from api.console.pages import page
from api.console.session import Form, Moderator
from api.console.views.case import case_view
from api.console.views.decide import action_label, decide_view
from api.console.views.history import declaration_views
from api.console.views.message import Notice, refusal, signed_out
from api.console.views.queue import asked, page_number, queue_view
from api.deps import Db, Rules
from api.problems import STATUS, Problem
from api.services import cases, clock, declarations, flags
from api.services.access import Actor
from api.store.database import Database
from schemas.cases import CaseState
from schemas.errors import NotFound, ReviewError


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.render_problem = render_problem
    yield


router = APIRouter(include_in_schema=False, lifespan=_lifespan)


@router.get("/console")
def queue(request: Request, db: Db, actor: Moderator, done: str = "") -> Response:
    """Show the queue, most urgent first."""
    query = dict(request.query_params)
    wanted = asked(query, page_number(query))
    found = cases.queue(db, actor, wanted)
    view = queue_view(found, flags.of_cases(db, found.cases), wanted, viewer=actor.name, now=clock.now())
    return page("queue.html", actor, queue=view, notice=_done(db, actor, done))


@router.get("/console/next")
def next_case(db: Db, actor: Moderator, after: str = "", done: str = "") -> Response:
    """Go to the next case that nobody else holds, or to the queue where there is none."""
    found = cases.next_case(db, actor, after or None)
    told = f"?done={done}" if done.isalnum() or done.replace("_", "").isalnum() else ""
    return _redirect(f"/console/cases/{found}{told}" if found else f"/console{told}")


@router.get("/console/cases/{case_id}")
def case(db: Db, actor: Moderator, case_id: str, action: str = "", done: str = "") -> Response:
    """Show a case; ``action`` preselects what a link at the bottom of a phone's screen asked for."""
    return _case_page(db, actor, case_id, typed={"action": action}, notice=_done(db, actor, done))


@router.post("/console/cases/{case_id}/claim")
def claim(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Take the case."""
    return _command(db, actor, case_id, lambda: cases.claim(db, actor, case_id, expected_version=read_version(form)))


@router.post("/console/cases/{case_id}/release")
def release(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Give the case back."""
    return _command(db, actor, case_id, lambda: cases.release(db, actor, case_id, expected_version=read_version(form)))


@router.post("/console/cases/{case_id}/reopen")
def reopen(db: Db, actor: Moderator, case_id: str, form: Form) -> Response:
    """Put the case back into the queue."""

    def act() -> object:
        return cases.reopen(db, actor, case_id, reason=read_reopen_form(form), expected_version=read_version(form))

    return _command(db, actor, case_id, act)


@router.post("/console/cases/{case_id}/decide")
def decide(db: Db, actor: Moderator, rules: Rules, case_id: str, form: Form) -> Response:
    """Decide, and go on to the next case; what was typed is kept where something is wrong."""
    try:
        wanted = read_decide_form(form, clock.now())
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
        return _case_page(db, actor, case_id, typed=form, errors=wrong.errors, status=422)
    except ReviewError as refused:
        return _refused(db, actor, case_id, refused, typed=form)
    return _redirect(f"/console/next?after={case_id}&done={case_id}")


def _command(db: Database, actor: Actor, case_id: str, act: Callable[[], object]) -> Response:
    try:
        act()
    except ReviewError as refused:
        return _refused(db, actor, case_id, refused)
    return _redirect(f"/console/cases/{case_id}")


def _refused(
    db: Database, actor: Actor, case_id: str, error: ReviewError, typed: Mapping[str, str] | None = None
) -> Response:
    """Show the case as it is now, what stood in the way, and all that was typed."""
    if isinstance(error, NotFound):
        raise error
    notice = Notice(f"{error.message} {error.mend}".rstrip(), is_problem=True)
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return _case_page(db, actor, case_id, typed=typed, notice=notice, status=status)


def _case_page(
    db: Database,
    actor: Actor,
    case_id: str,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    notice: Notice | None = None,
    status: int = 200,
) -> Response:
    about = cases.view(db, actor, case_id)
    form = decide_view(about.screening, about.case.version, typed, errors)
    view = case_view(about, form=form, viewer=actor.name, now=clock.now())
    past = declaration_views(declarations.beside(db, actor, about.screening), clock.now())
    return page("case.html", actor, status=status, case=view, declarations=past, notice=notice)


def _done(db: Database, actor: Actor, case_id: str) -> Notice | None:
    """Say what was decided on the case before, with the way back to it."""
    if not case_id:
        return None
    try:
        done = cases.view(db, actor, case_id).case
    except NotFound:
        return None
    if done.state is CaseState.OPEN or done.decision is None:
        return None
    text = f"{action_label(done.decision.action)}: “{done.title}”."
    return Notice(text, href=f"/console/cases/{case_id}", link="Look again")


def _redirect(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


def render_problem(request: Request, problem: Problem) -> Response | None:
    """Show a problem as a page to whoever browses the console; None for all others."""
    if not request.url.path.startswith("/console"):
        return None
    message = signed_out() if problem.status == HTTPStatus.UNAUTHORIZED else refusal(problem.detail, problem.mend)
    return page("message.html", None, status=problem.status, message=message)


for part in (pages, session, media):
    router.include_router(part.router)
