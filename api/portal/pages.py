"""Templates to responses and static files; the look is the console's, whose style sheet and macros are used."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.console import pages as console
from api.deps import CurrentActor
from api.services.access import Actor, Role, require
from schemas.errors import NotFound

HERE = Path(__file__).parent
STATIC = HERE / "static"
KINDS = {".css": "text/css", ".js": "text/javascript"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}

router = APIRouter(include_in_schema=False)


def get_label(actor: CurrentActor) -> Actor:
    """Let labels in; moderators have the console."""
    require(actor, Role.LABEL)
    return actor


Label = Annotated[Actor, Depends(get_label)]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader([HERE / "templates", console.HERE / "templates"]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _files() -> Mapping[str, Path]:
    return {path.name: path for path in sorted(STATIC.iterdir()) if path.suffix in KINDS}


@cache
def static_version() -> str:
    """Digest all static files: a changed file gets another address, so browsers may keep them for ever."""
    digest = hashlib.sha256()
    for path in _files().values():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def page(template: str, actor: Actor, *, status: int = 200, **content: Any) -> HTMLResponse:
    """Render a page, or a part of one, for a label."""
    context = {
        "static": f"/console/static/{console.static_version()}",
        "portal": f"/portal/static/{static_version()}",
        "viewer": actor.name,
        "csrf": actor.csrf_token or "",
        "notice": None,
        **content,
    }
    return HTMLResponse(_environment().get_template(template).render(context), status_code=status)


def redirect(address: str) -> Response:
    """Go on to a page after a form."""
    return RedirectResponse(address, status_code=303)


@router.get("/portal/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """Give a file of the portal; only names that exist can be asked for."""
    path = _files().get(name)
    if path is None:
        raise NotFound("The portal has no such file.")
    caching = FOR_EVER if version == static_version() else {"Cache-Control": "no-cache"}
    return FileResponse(path, media_type=KINDS[path.suffix], headers=caching)
