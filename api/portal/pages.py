"""The labels' pages, made of the portal's templates and the console's, and the portal's static files."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.assets import Assets
from api.console.pages import ASSETS as CONSOLE
from api.deps import CurrentActor
from api.services.access import Actor, Role, require
from schemas.appeals import AttachmentKind

ASSETS = Assets(Path(__file__).parent, "/portal/static", below=CONSOLE)
KINDS = {
    AttachmentKind.STEM: "Stem: one part of the recording as sound",
    AttachmentKind.PROJECT: "Project file of the program it was made with",
    AttachmentKind.STATEMENT: "Signed statement",
    AttachmentKind.OTHER: "Something else",
}

router = APIRouter(include_in_schema=False)


def get_label(actor: CurrentActor) -> Actor:
    """Let labels in; moderators have the console."""
    require(actor, Role.LABEL)
    return actor


Label = Annotated[Actor, Depends(get_label)]


def page(template: str, actor: Actor, *, status: int = 200, **content: Any) -> HTMLResponse:
    """Render a page, or a part of one, for a label."""
    context = {
        "static": CONSOLE.address,
        "portal": ASSETS.address,
        "viewer": actor.name,
        "csrf": actor.csrf_token or "",
        "notice": None,
        **content,
    }
    return ASSETS.page(template, status=status, **context)


def open_page(template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    """Render a page for whoever has its address; nobody is signed in."""
    context = {"static": CONSOLE.address, "portal": ASSETS.address, "viewer": "", "csrf": "", "notice": None, **content}
    return ASSETS.page(template, status=status, **context)


def redirect(address: str) -> Response:
    """Go on to a page after a form."""
    return RedirectResponse(address, status_code=303)


@router.get("/portal/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """Give a file of the portal."""
    return ASSETS.file(version, name)
