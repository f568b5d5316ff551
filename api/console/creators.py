"""A creator writes to the service: a moderator makes the link by which they read the decision and appeal."""

from fastapi import APIRouter, Response

from api.console.commands import refused
from api.console.pages import page
from api.console.session import Form, Moderator
from api.deps import AppSettings, Db
from api.services import creators
from schemas.errors import InvalidInput, ReviewError

router = APIRouter(include_in_schema=False)


@router.post("/console/cases/{case_id}/creator-link")
def creator_link(db: Db, actor: Moderator, settings: AppSettings, case_id: str, form: Form) -> Response:
    """Make a link for a creator; it is on this page alone."""
    try:
        made = creators.make(db, actor, settings, case_id, form.get("creator", "")[:200])
    except (ReviewError, InvalidInput) as error:
        return refused(db, actor, case_id, error)
    return page("creator_link.html", actor, link=made, case_id=case_id)
