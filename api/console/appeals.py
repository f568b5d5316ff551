"""Appeals in the console: the list, the appeal with its proofs and stems, and the answer."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.console.forms import read_version
from api.console.media import Ears, Second
from api.console.pages import page
from api.console.session import Form, Moderator
from api.console.views.appeals import appeal_line, appeal_page
from api.console.views.message import Notice
from api.deps import AppSettings, Db
from api.public_appeals import AppealAnswerCreate, AppealFilters
from api.services import appeals, cases, clock, stem_evidence
from api.services.access import Actor
from api.store.database import Database
from schemas.appeals import AppealState
from schemas.errors import LinerError, NotFound, StaleAppeal

router = APIRouter(include_in_schema=False)
VIEWS: dict[str, tuple[str, dict[str, object]]] = {
    "mine": ("For you to answer", {"state": AppealState.OPEN, "mine": True}),
    "open": ("Open", {"state": AppealState.OPEN}),
    "late": ("Overdue", {"late": True}),
    "decided": ("Answered", {"state": AppealState.DECIDED, "order": "newest"}),
    "all": ("All", {"order": "newest"}),
}


@router.get("/console/appeals")
def every(
    db: Db,
    actor: Moderator,
    show: Annotated[str, Query(max_length=20)] = "mine",
    cursor: Annotated[str, Query(max_length=100)] = "",
    account: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """List appeals, those due first first."""
    chosen = show if show in VIEWS else "mine"
    filters = AppealFilters.model_validate({**VIEWS[chosen][1], "cursor": cursor, "account": account.strip()})
    found = appeals.every(db, actor, filters)
    lines = [appeal_line(one, clock.now()) for one in found.appeals]
    names = [(name, label) for name, (label, _) in VIEWS.items()]
    return page(
        "appeals.html",
        actor,
        lines=lines,
        total=found.total,
        views=names,
        chosen=chosen,
        account=account,
        next_cursor=found.next_cursor,
    )


@router.get("/console/appeals/{appeal_id}")
def view(db: Db, actor: Moderator, appeal_id: str) -> Response:
    """Show an appeal."""
    return _page(db, actor, appeal_id)


@router.post("/console/appeals/{appeal_id}/answer")
def answer(db: Db, actor: Moderator, appeal_id: str, form: Form) -> Response:
    """Uphold or reverse; what was typed is kept where something is wrong."""
    try:
        wanted = AppealAnswerCreate.model_validate(
            {"outcome": form.get("outcome"), "reply": form.get("reply", ""), "expected_version": read_version(form)}
        )
        appeals.answer(db, actor, appeal_id, wanted)
    except ValidationError:
        problem = "Choose an outcome, and give a reply of at least 10 characters."
        return _page(db, actor, appeal_id, typed=form, problem=problem, status=422)
    except NotFound:
        raise
    except LinerError as refused:
        status = 409 if isinstance(refused, StaleAppeal) else 403
        return _page(db, actor, appeal_id, typed=form, problem=f"{refused.message} {refused.mend}", status=status)
    return _redirect(appeal_id)


@router.post("/console/appeals/{appeal_id}/notes")
def note(db: Db, actor: Moderator, appeal_id: str, form: Form) -> Response:
    """Add a note for colleagues."""
    text = form.get("text", "").strip()[:5000]
    if text:
        appeals.note(db, actor, appeal_id, text)
    return _redirect(appeal_id)


@router.post("/console/appeals/{appeal_id}/stems")
def measure(db: Db, actor: Moderator, settings: AppSettings, ears: Ears, appeal_id: str) -> Response:
    """Measure how much of the recording the stems explain."""
    try:
        stem_evidence.measure(db, actor, settings, ears, appeal_id)
    except NotFound:
        raise
    except LinerError as refused:
        return _page(db, actor, appeal_id, problem=f"{refused.message} {refused.mend}", status=422)
    return _redirect(appeal_id)


@router.get("/console/appeals/{appeal_id}/stems/{part}")
def play(
    *,
    db: Db,
    actor: Moderator,
    settings: AppSettings,
    ears: Ears,
    appeal_id: str,
    part: str,
    start_s: Second = 0.0,
    end_s: Second = 30.0,
) -> Response:
    """Play what the stems explain of a stretch, or what they leave."""
    sound = stem_evidence.excerpt(
        db, actor, settings, ears, appeal_id=appeal_id, part=part, start_s=start_s, end_s=end_s
    )
    return Response(sound, media_type="audio/wav", headers={"Cache-Control": "private, max-age=600"})


def _page(
    db: Database,
    actor: Actor,
    appeal_id: str,
    *,
    typed: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    found = appeals.view(db, actor, appeal_id)
    about = cases.view(db, actor, found.appeal.case_id)
    notice = Notice(problem.rstrip(), is_problem=True) if problem else None
    shown = appeal_page(found, about, clock.now())
    return page("appeal.html", actor, status=status, appeal=shown, typed=typed or {}, notice=notice)


def _redirect(appeal_id: str) -> Response:
    return RedirectResponse(f"/console/appeals/{appeal_id}", status_code=303)
