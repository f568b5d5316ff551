"""What was decided on a label's recordings, and its appeals."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from api.console.session import Form
from api.console.views.decide import decision_view
from api.console.views.flags import flag_views
from api.console.views.message import Notice
from api.deps import AppSettings, Db
from api.portal.pages import KINDS, Label, page, redirect
from api.portal.views import appeal_sentence, appeal_until, finding_lines, size, standing
from api.public_appeals import AppealCreate, AppealFilters
from api.public_creators import CreatorLink
from api.services import appeals, cases, clock, creators
from api.services.access import Actor
from api.store.database import Database
from schemas.appeals import Party
from schemas.errors import NotFound, ReviewError

router = APIRouter(include_in_schema=False)


@router.get("/portal/cases/{case_id}")
def case(db: Db, actor: Label, case_id: str) -> Response:
    """Show what stood out about a recording, what was decided and why, and the way to appeal."""
    return _case_page(db, actor, case_id)


@router.post("/portal/cases/{case_id}/appeal")
def appeal(db: Db, actor: Label, settings: AppSettings, case_id: str, form: Form) -> Response:
    """Appeal; what was typed is kept where something is wrong."""
    try:
        wanted = AppealCreate(
            decision_id=form.get("decision", ""),
            text=form.get("text", ""),
            party=Party(form.get("party", Party.LABEL)),
            creator=form.get("creator", "").strip(),
        )
        filed = appeals.file(db, actor, settings, wanted)
    except ValidationError:
        return _case_page(db, actor, case_id, typed=form, problem="Say in 10 to 10,000 characters why it is wrong.")
    except ReviewError as refused:
        if isinstance(refused, NotFound):
            raise
        return _case_page(db, actor, case_id, typed=form, problem=f"{refused.message} {refused.mend}".rstrip())
    return redirect(f"/portal/appeals/{filed.appeal.id}")


@router.post("/portal/cases/{case_id}/creator-link")
def creator_link(db: Db, actor: Label, settings: AppSettings, case_id: str, form: Form) -> Response:
    """Make a link for a creator; it is on this page alone."""
    try:
        made = creators.make(db, actor, settings, case_id, form.get("creator", "")[:200])
    except ReviewError as refused:
        if isinstance(refused, NotFound):
            raise
        return _case_page(db, actor, case_id, problem=f"{refused.message} {refused.mend}".rstrip())
    return _case_page(db, actor, case_id, link=made)


@router.get("/portal/appeals")
def every(db: Db, actor: Label, cursor: Annotated[str, Query(max_length=100)] = "") -> Response:
    """List the label's appeals, newest first."""
    found = appeals.every(db, actor, AppealFilters(order="newest", cursor=cursor))
    now = clock.now()
    lines = [(one, appeal_sentence(one, now)) for one in found.appeals]
    return page("appeals_own.html", actor, lines=lines, next_cursor=found.next_cursor)


@router.get("/portal/appeals/{appeal_id}")
def view(db: Db, actor: Label, appeal_id: str) -> Response:
    """Show an appeal with its proofs, and the answer."""
    found = appeals.view(db, actor, appeal_id)
    sentence = appeal_sentence(found.appeal, clock.now())
    return page("appeal_own.html", actor, about=found, sentence=sentence, kinds=KINDS, size=size)


@router.post("/portal/appeals/{appeal_id}/withdraw")
def withdraw(db: Db, actor: Label, appeal_id: str, form: Form) -> Response:
    """Take an appeal back."""
    version = form.get("version", "")
    appeals.withdraw(db, actor, appeal_id, expected_version=int(version) if version.isdecimal() else 0)
    return redirect(f"/portal/appeals/{appeal_id}")


def _case_page(
    db: Database,
    actor: Actor,
    case_id: str,
    *,
    typed: Form | None = None,
    problem: str = "",
    link: CreatorLink | None = None,
) -> Response:
    about, now = cases.view(db, actor, case_id), clock.now()
    last = about.decisions[-1] if about.decisions else None
    own = appeals.every(db, actor, AppealFilters(case_id=case_id, order="newest")).appeals
    return page(
        "case_own.html",
        actor,
        status=422 if problem else 200,
        about=about,
        state=standing(about, now),
        flags=flag_views(about.screening.flags),
        findings=finding_lines(about.screening.findings),
        decision=decision_view(last, now) if last else None,
        decision_id=last.id if last else "",
        until=appeal_until(last, now) if last else None,
        has_appealed=any(one.party is Party.LABEL and last and one.decision_id == last.id for one in own),
        appeals=[(one, appeal_sentence(one, now)) for one in own],
        typed=typed or {},
        creator_link=link,
        notice=Notice(problem, is_problem=True) if problem else None,
    )
