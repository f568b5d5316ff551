"""The page of a creator's link: a decision with its statement of reasons, and the way to appeal. No account needed."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.console.session import Form
from api.console.views.decide import decision_view
from api.console.views.message import Notice
from api.deps import AppSettings, Db
from api.portal.pages import KINDS, open_page
from api.portal.views import appeal_sentence, appeal_until, size
from api.services import clock, creators
from api.store.database import Database
from schemas.errors import NotAllowed, NotFound, ReviewError

router = APIRouter(include_in_schema=False)


@router.get("/creator/{token}")
def show(db: Db, token: str) -> Response:
    """Show what was decided and why, and where an appeal stands."""
    return _page(db, token)


@router.post("/creator/{token}")
def appeal(request: Request, db: Db, settings: AppSettings, token: str, form: Form) -> Response:
    """Appeal; what was typed is kept where something is wrong."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise NotAllowed("This form was sent from another site.", mend="Open the link itself.")
    text = form.get("text", "")
    try:
        creators.appeal(db, settings, token, text)
    except ValidationError:
        return _page(db, token, typed=text, problem="Say in 10 to 10,000 characters why it is wrong.")
    except ReviewError as refused:
        if isinstance(refused, NotFound):
            raise
        return _page(db, token, typed=text, problem=f"{refused.message} {refused.mend}".rstrip())
    return RedirectResponse(f"/creator/{token}", status_code=303)


def _page(db: Database, token: str, *, typed: str = "", problem: str = "") -> Response:
    about, now = creators.look(db, token), clock.now()
    return open_page(
        "creator.html",
        status=422 if problem else 200,
        about=about,
        action=f"/creator/{token}",
        decision=decision_view(about.decision, now),
        until=None if about.appeal else appeal_until(about.decision, now),
        sentence=appeal_sentence(about.appeal, now) if about.appeal else "",
        typed=typed,
        kinds=KINDS,
        size=size,
        notice=Notice(problem, is_problem=True) if problem else None,
    )
