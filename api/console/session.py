"""Who looks: signing in with a one-time link, signing out, and the forms of a session."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from api.console.pages import page
from api.console.views.message import sign_in, signed_out
from api.deps import AppSettings, CurrentActor, Db
from api.security import clear_session_cookie, cookie_name, set_session_cookie
from api.services import oidc, preferences, sessions
from api.services.access import Actor, Permission, Role, require_permission
from schemas.errors import NotAllowed

router = APIRouter(include_in_schema=False)


async def get_moderator(db: Db, actor: CurrentActor) -> Actor:
    """Let those in who work on cases or may watch; what they may do there, each route's row says."""
    require_permission(actor, Permission.CONSOLE)
    if actor.csrf_token is not None:  # a session brings along what its person set
        return actor
    return dataclasses.replace(actor, preferences=await run_in_threadpool(preferences.of, db, actor))


async def read_form(request: Request) -> Mapping[str, str]:
    """Read a sent form as plain text fields; files have no place here."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Moderator = Annotated[Actor, Depends(get_moderator)]
Form = Annotated[Mapping[str, str], Depends(read_form)]


@router.get("/console/sign-in")
def show_sign_in(settings: AppSettings, token: str = "", out: str = "") -> Response:
    """Ask for a click; looking at the link uses nothing up, so a link preview cannot burn it."""
    if token:
        return page("message.html", None, message=sign_in(token))
    leave = oidc.sign_out_url(settings) if out else ""
    return page("message.html", None, message=signed_out(has_provider=oidc.is_on(settings), leave=leave))


@router.post("/console/sign-in")
def do_sign_in(request: Request, db: Db, settings: AppSettings, form: Form) -> Response:
    """Use the link up and start a session."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise NotAllowed("This form was sent from another site.", mend="Open the sign-in link itself.")
    started = sessions.start(db, form.get("token", ""), valid_for=timedelta(hours=settings.session_hours))
    home = "/portal" if started.actor.role is Role.LABEL else "/console"
    answer = RedirectResponse(home, status_code=303)
    set_session_cookie(answer, settings, started)
    return answer


@router.post("/console/sign-out")
def do_sign_out(request: Request, db: Db, settings: AppSettings, actor: CurrentActor) -> Response:
    """End the session here and in the database."""
    del actor  # asked for so that the form's token is checked
    sessions.end(db, request.cookies.get(cookie_name(settings), ""))
    answer = RedirectResponse("/console/sign-in?out=1", status_code=303)
    clear_session_cookie(answer, settings)
    return answer
