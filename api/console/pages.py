"""Templates to responses, refusals to pages, static files under their digest."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.public_queues import Preferences
from api.services.access import Actor
from schemas.errors import NotFound

HERE = Path(__file__).parent
STATIC = HERE / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}

router = APIRouter(include_in_schema=False)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _files() -> Mapping[str, Path]:
    return {path.name: path for path in sorted(STATIC.iterdir()) if path.suffix in _KINDS}


@cache
def static_version() -> str:
    """Digest all static files: a changed file gets another address, so browsers may keep them for ever."""
    digest = hashlib.sha256()
    for path in _files().values():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def page(template: str, actor: Actor | None, *, status: int = 200, **content: Any) -> HTMLResponse:
    """Render a page for its reader; ``actor`` is None where nobody is signed in."""
    context = {
        "static": f"/console/static/{static_version()}",
        "viewer": actor.name if actor else "",
        "csrf": (actor.csrf_token or "") if actor else "",
        "notice": None,
        "set": actor.preferences if actor else Preferences(),
        "keys": json.dumps(actor.preferences.keys) if actor else "{}",
        **content,
    }
    text = _environment().get_template(template).render(context)
    return HTMLResponse(text, status_code=status)


@router.get("/console/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """Give a file of the console; only names that exist can be asked for."""
    path = _files().get(name)
    if path is None:
        raise NotFound("The console has no such file.")
    caching = _FOR_EVER if version == static_version() else {"Cache-Control": "no-cache"}
    return FileResponse(path, media_type=_KINDS[path.suffix], headers=caching)
