"""Deliveries on the labels' pages: put together, check, correct, send, follow."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.console.session import Form
from api.console.views.message import Notice
from api.deps import AppSettings, Db
from api.portal import appeals, creator, creator_proofs, disclosure, pages, webhooks
from api.portal.pages import Label, page, redirect
from api.portal.views import STEPS, delivery_view, draft_view, size
from api.public import CaseView
from api.services import cases, clock, deliveries, draft_folder, drafting, precheck, screenings
from api.services.access import Actor
from api.settings import Settings
from api.store.database import Database
from schemas.errors import InvalidInput, NotFound, ReviewError
from schemas.screening import Screening
from schemas.suggest import suggest

router = APIRouter(include_in_schema=False)
MAX_FOLLOWED = 500  # recordings of one delivery whose state is shown
PAGE = 25


@router.get("/portal")
def home(
    db: Db, actor: Label, settings: AppSettings, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """Show what is being put together and what was delivered."""
    found = deliveries.every(db, actor, cursor=cursor, limit=PAGE)
    drafts = drafting.every(db, actor, settings).drafts
    return page("home.html", actor, drafts=drafts, found=found, now=clock.now(), size=size)


@router.post("/portal/drafts")
def begin(db: Db, actor: Label, settings: AppSettings) -> Response:
    """Begin a delivery."""
    return redirect(f"/portal/drafts/{drafting.create(db, actor, settings, None).id}")


@router.get("/portal/drafts/{draft_id}")
def draft(db: Db, actor: Label, settings: AppSettings, draft_id: str) -> Response:
    """Show a delivery that is being put together, with what is wrong with it."""
    return _draft_page("draft.html", db, actor, settings, draft_id)


@router.get("/portal/drafts/{draft_id}/state")
def draft_state(db: Db, actor: Label, settings: AppSettings, draft_id: str) -> Response:
    """Give the part of the page that changes while files arrive."""
    return _draft_page("draft_state.html", db, actor, settings, draft_id)


@router.get("/portal/drafts/{draft_id}/message")
def message(
    db: Db, actor: Label, settings: AppSettings, draft_id: str, name: Annotated[str, Query(max_length=500)] = ""
) -> Response:
    """Show a message to correct it here."""
    text = drafting.read_text(db, actor, settings, draft_id, name)
    return _editor(db, actor, settings, draft_id, name=name, text=text)


@router.post("/portal/drafts/{draft_id}/message")
def save_message(db: Db, actor: Label, settings: AppSettings, draft_id: str, form: Form) -> Response:
    """Save a message; whatever is wrong with it is said beside it."""
    name, text = form.get("name", ""), form.get("text", "").replace("\r\n", "\n")
    drafting.write_text(db, actor, settings, draft_id, name=name, text=text)
    if form.get("then") == "back":
        return redirect(f"/portal/drafts/{draft_id}")
    return _editor(db, actor, settings, draft_id, name=name, text=text, notice=Notice("Saved and checked."))


@router.post("/portal/drafts/{draft_id}/mend")
def mend(db: Db, actor: Label, settings: AppSettings, draft_id: str, form: Form) -> Response:
    """Make the corrections that are certain; the label sees the text before it is saved."""
    name = form.get("name", "")
    text = drafting.read_text(db, actor, settings, draft_id, name)
    made = suggest(text.encode(), name)
    told = "; ".join(f"line {one.line}: {one.what}" for one in made.corrections[:10])
    notice = Notice(f"Corrected, not saved yet: {told}" if told else "Nothing can be corrected for certain.")
    return _editor(db, actor, settings, draft_id, name=name, text=made.data.decode(), notice=notice)


@router.post("/portal/drafts/{draft_id}/remove")
def remove(db: Db, actor: Label, settings: AppSettings, draft_id: str, form: Form) -> Response:
    """Take a file out."""
    drafting.remove_file(db, actor, settings, draft_id, form.get("name", ""))
    return redirect(f"/portal/drafts/{draft_id}")


@router.post("/portal/drafts/{draft_id}/send")
def send(db: Db, actor: Label, settings: AppSettings, draft_id: str) -> Response:
    """Send: the draft becomes a delivery."""
    try:
        sent = drafting.send(db, actor, settings, draft_id)
    except ReviewError as refused:
        if isinstance(refused, NotFound):
            raise
        notice = Notice(f"{refused.message} {refused.mend}".rstrip(), is_problem=True)
        return _draft_page("draft.html", db, actor, settings, draft_id, notice=notice)
    return redirect(f"/portal/deliveries/{sent.id}")


@router.post("/portal/drafts/{draft_id}/discard")
def discard(db: Db, actor: Label, settings: AppSettings, draft_id: str) -> Response:
    """Throw a draft away."""
    drafting.discard(db, actor, settings, draft_id)
    return redirect("/portal")


@router.get("/portal/deliveries/{delivery_id}")
def delivery(db: Db, actor: Label, settings: AppSettings, delivery_id: str) -> Response:
    """Follow a delivery: where each recording stands, and what the rules found."""
    found = deliveries.view(db, actor, delivery_id)
    folder = settings.landing / found.folder
    names = [file.name for file in draft_folder.files_of(folder)] if folder.is_dir() else []
    findings, items = precheck.findings_of(folder, names, found.id)
    heard = _heard(db, actor, [one.id for one in found.screenings[:MAX_FOLLOWED]])
    view = delivery_view(found, items, findings, heard, clock.now())
    return page("delivery.html", actor, delivery=view, steps=STEPS)


@router.post("/portal/deliveries/{delivery_id}/correct")
def correct(db: Db, actor: Label, settings: AppSettings, delivery_id: str) -> Response:
    """Begin a corrected delivery with the files of this one."""
    return redirect(f"/portal/drafts/{drafting.correct(db, actor, settings, delivery_id).id}")


def _heard(db: Database, actor: Actor, ids: list[str]) -> dict[tuple[str, str], tuple[Screening, CaseView | None]]:
    """Read screenings and their cases; of several of one recording the newest counts."""
    known: dict[tuple[str, str], tuple[Screening, CaseView | None]] = {}
    for screening_id in ids:
        screening = screenings.view(db, actor, screening_id)
        intake = screening.intake
        case_id = screenings.case_id_of(intake.recording_key, intake.account or "")
        try:
            case: CaseView | None = cases.view(db, actor, case_id)
        except NotFound:
            case = None
        if intake.recording is not None:
            key = (intake.message_path or "", intake.recording.reference)
            if key not in known or known[key][0].screened_at <= screening.screened_at:
                known[key] = (screening, case)
    return known


def _draft_page(
    template: str, db: Database, actor: Actor, settings: Settings, draft_id: str, *, notice: Notice | None = None
) -> Response:
    found = drafting.view(db, actor, settings, draft_id)
    check = drafting.check(db, actor, settings, draft_id)
    view = draft_view(found, check, clock.now(), max_files=settings.max_delivery_files)
    return page(template, actor, draft=view, notice=notice, status=409 if notice else 200)


def _editor(
    db: Database, actor: Actor, settings: Settings, draft_id: str, *, name: str, text: str, notice: Notice | None = None
) -> Response:
    check = drafting.check(db, actor, settings, draft_id)
    if name not in check.messages:
        raise InvalidInput(f"{name[:80]} is no message of this delivery.", mend="Choose one of its messages.")
    view = draft_view(drafting.view(db, actor, settings, draft_id), check, clock.now(), max_files=0)
    return page("message_editor.html", actor, draft=view, name=name, text=text, notice=notice)


for part in (pages, appeals, creator, creator_proofs, disclosure, webhooks):
    router.include_router(part.router)
