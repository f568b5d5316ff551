"""The moderators' pages, made of the console's templates, and its static files."""

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from api.assets import Assets
from api.public_preferences import Preferences
from api.services.access import Actor, Permission

ASSETS = Assets(Path(__file__).parent, "/console/static")

router = APIRouter(include_in_schema=False)


def page(template: str, actor: Actor | None, *, status: int = 200, **content: Any) -> HTMLResponse:
    """Render a page for its reader; ``actor`` is None where nobody is signed in."""
    context = {
        "static": ASSETS.address,
        "viewer": actor.name if actor else "",
        "may": frozenset(str(one) for one in Permission if actor and actor.may(one)),  # no link leads to a refusal
        "csrf": (actor.csrf_token or "") if actor else "",
        "notice": None,
        "set": actor.preferences if actor else Preferences(),
        "keys": json.dumps(actor.preferences.keys) if actor else "{}",
        **content,
    }
    return ASSETS.page(template, status=status, **context)


@router.get("/console/static/{version}/{name}")
def static_file(version: str, name: str) -> Response:
    """Give a file of the console."""
    return ASSETS.file(version, name)
