"""To the provider and back: two addresses that a browser is sent to."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.deps import AppSettings, Db
from api.security import set_session_cookie
from api.services import oidc
from api.services.access import Role
from api.settings import Settings
from schemas.errors import NotSignedIn

router = APIRouter(include_in_schema=False)
Told = Annotated[str, Query(max_length=4000)]


@router.get("/console/sign-in/provider")
def leave(db: Db, settings: AppSettings) -> Response:
    """Send the browser to the provider, with a cookie by which it is known when it comes back."""
    begun = oidc.begin(db, settings)
    answer = RedirectResponse(begun.url, status_code=303)
    seconds = int(oidc.LOGIN_LIFE.total_seconds())
    answer.set_cookie(
        _cookie(settings),
        begun.cookie,
        max_age=seconds,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/console/sign-in/callback")
def come_back(
    request: Request, db: Db, settings: AppSettings, *, state: Told = "", code: Told = "", error: Told = ""
) -> Response:
    """Turn what the provider says into a session, or into a page that says what to do."""
    if error or not code or not state:
        raise NotSignedIn(f"The provider did not sign you in ({_word(error)}).", mend=oidc.TRY_AGAIN)
    cookie = request.cookies.get(_cookie(settings), "")
    started = oidc.finish(db, settings, state=state, code=code, cookie=cookie)
    answer = RedirectResponse("/portal" if started.actor.role is Role.LABEL else "/console", status_code=303)
    set_session_cookie(answer, settings, started)
    answer.delete_cookie(_cookie(settings), path="/", secure=settings.is_secure, httponly=True, samesite="lax")
    return answer


def _cookie(settings: Settings) -> str:
    return "__Host-liner_sign_in" if settings.is_secure else "liner_sign_in"


def _word(error: str) -> str:
    """Keep what an error code of OAuth may look like; the address is anybody's to write."""
    return error if error.replace("_", "").isalnum() and len(error) <= 60 else "it said nothing more"
