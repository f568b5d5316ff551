"""Pages about queues: the filter while it is typed, saved views, routing with its dry run, a person's own settings."""

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError

from api.console.pages import page
from api.console.session import Form, Moderator
from api.console.views.keys import KEYS, key_views
from api.console.views.message import Notice
from api.console.views.routing import dry_run_view, read_rules, routing_view, write_rules
from api.deps import Db
from api.public_preferences import Preferences
from api.public_queues import QueueSet, RoutingCreate, RoutingDocument, ViewCreate
from api.services import clock, filters, preferences, queues, routing
from api.services.access import Actor, Permission
from api.store.database import Database
from schemas.errors import InvalidFilter, InvalidInput, LinerError
from schemas.filters import MAX_LENGTH

router = APIRouter(include_in_schema=False)


@router.get("/console/filter")
def explain(db: Db, actor: Moderator, text: str = "", cursor: int = MAX_LENGTH) -> Response:
    """Explain a filter while it is typed."""
    found = filters.explain(db, actor, text[: MAX_LENGTH + 1], max(0, cursor))
    return JSONResponse(found.model_dump(mode="json"))


@router.get("/console/views")
def views(db: Db, actor: Moderator) -> Response:
    """List queues and saved views, each with its count."""
    now = clock.now()
    found = routing_view(queues.every(db, actor), now)
    return page("views.html", actor, views=queues.views(db, actor).views, queues=found)


@router.post("/console/views")
def save_view(db: Db, actor: Moderator, form: Form) -> Response:
    """Save a filter, and show what it finds."""
    name = form.get("name", "").strip()[:80]
    if not name:
        raise InvalidInput("A view needs a name.", mend="Go back and give it one.")
    text = form.get("filter", "")[: MAX_LENGTH + 1]
    try:
        wanted = ViewCreate(name=name, filter=text, is_shared=bool(form.get("is_shared")))
    except (InvalidFilter, ValidationError):
        return RedirectResponse(f"/console?{urlencode({'filter': text})}", status_code=303)
    return RedirectResponse(queues.save_view(db, actor, wanted).url, status_code=303)


@router.get("/console/views/{view_id}")
def view(db: Db, actor: Moderator, view_id: str) -> Response:
    """Open a saved view: the queue, filtered."""
    found = queues.view(db, actor, view_id)
    return RedirectResponse(f"/console?{urlencode({'filter': found.filter, 'view': found.id})}", status_code=303)


@router.post("/console/views/{view_id}/remove")
def remove_view(db: Db, actor: Moderator, form: Form, view_id: str) -> Response:
    """Remove a view."""
    del form  # its token was checked
    queues.remove_view(db, actor, view_id)
    return RedirectResponse("/console/views", status_code=303)


@router.post("/console/queues")
def put_queue(db: Db, actor: Moderator, form: Form) -> Response:
    """Make a queue or change its clock."""
    name = form.get("name", "").strip().lower()
    try:
        wanted = QueueSet.model_validate({"title": form.get("title", ""), "sla_hours": form.get("sla_hours", "")})
        RoutingDocument.model_validate({"rules": [{"filter": "late", "queue": name}]})
    except ValidationError:
        text = "A queue needs a name of letters, digits and hyphens, a title, and 1 to 8,760 hours."
        return _routing_page(db, actor, notice=Notice(text, is_problem=True), status=422)
    queues.put(db, actor, name, wanted)
    return RedirectResponse("/console/routing", status_code=303)


@router.get("/console/routing")
def show_routing(db: Db, actor: Moderator) -> Response:
    """Show the rules in force, and what came before."""
    return _routing_page(db, actor)


@router.post("/console/routing")
def put_routing(db: Db, actor: Moderator, form: Form) -> Response:
    """Try rules out, or put them in force."""
    try:
        wanted = read_rules(form)
        if form.get("do") == "save":
            routing.save(db, actor, RoutingCreate(**wanted.model_dump(), **_change(form)))
            return RedirectResponse("/console/routing", status_code=303)
        dry = dry_run_view(routing.dry_run(db, actor, wanted), wanted)
    except LinerError as refused:
        notice = Notice(f"{refused.message} {refused.mend}".rstrip(), is_problem=True)
        return _routing_page(db, actor, form=form, notice=notice, status=422)
    return _routing_page(db, actor, form=form, dry=dry)


@router.get("/console/settings")
def show_settings(actor: Moderator, done: str = "") -> Response:
    """Show what the person set."""
    notice = Notice("Your settings are kept.") if done else None
    return page("settings.html", actor, keys_of=key_views(actor.preferences.keys), notice=notice)


@router.post("/console/settings")
def put_settings(db: Db, actor: Moderator, form: Form) -> Response:
    """Keep what the person set; a key that two actions would have is refused."""
    chosen = {key: form.get(f"key_{number}", "").strip()[:12] for number, (key, _) in enumerate(KEYS)}
    used = {key: value for key, value in chosen.items() if value and value != key}
    taken = [*used.values(), *(key for key, _ in KEYS if key not in used)]
    double = sorted({key for key in taken if taken.count(key) > 1})
    if double:
        notice = Notice(f"Two actions would have the key {double[0]}. Nothing was changed.", is_problem=True)
        return page("settings.html", actor, keys_of=key_views(chosen), notice=notice, status=422)
    preferences.put(db, actor, _read_settings(form, used))
    return RedirectResponse("/console/settings?done=1", status_code=303)


def _read_settings(form: Mapping[str, str], keys: dict[str, str]) -> Preferences:
    try:
        return Preferences.model_validate(
            {
                "keys": keys,
                "volume_cap": form.get("volume_cap", "0.8"),
                "break_minutes": form.get("break_minutes", "45"),
            }
        )
    except ValidationError as error:
        raise InvalidInput("These settings cannot be kept.", mend="Use the fields of the page.") from error


def _change(form: Mapping[str, str]) -> dict[str, object]:
    version = form.get("version", "")
    if not (version.isdecimal() and len(version) < 9):
        raise InvalidInput("The form lost the version of the rules.", mend="Open the page again.")
    return {"note": form.get("note", "").strip()[:500], "expected_version": int(version)}


def _routing_page(
    db: Database, actor: Actor, *, form: Mapping[str, str] | None = None, status: int = 200, **more: object
) -> Response:
    now = clock.now()
    content = {
        "now": routing.current(db, actor),
        "versions": routing.history(db, actor).versions,
        "queues": routing_view(queues.every(db, actor), now),
        "rules": form["rules"] if form and "rules" in form else write_rules(routing.current(db, actor)),
        "typed": form or {},
        "dry": None,
        "may_change": actor.may(Permission.SETTLE),
        **more,
    }
    return page("routing.html", actor, status=status, **content)
