"""Appeals: labels file them and attach proofs, reviewers answer them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status
from fastapi.responses import FileResponse

from api.deps import AppSettings, CurrentActor, Db
from api.public import VersionCreate
from api.public_appeals import (
    AppealAnswerCreate,
    AppealCreate,
    AppealFilters,
    AppealNoteCreate,
    AppealsPage,
    AppealView,
)
from api.services import appeals, attachments, stem_evidence
from classifiers.listener import Listener
from schemas.stems import StemReport

router = APIRouter(prefix="/v1/appeals", tags=["appeals"])
OPAQUE = "application/octet-stream"
WAV = "audio/wav"
Second = Annotated[float, Query(ge=0, le=24 * 3600)]


@router.post("", status_code=status.HTTP_201_CREATED)
def file(db: Db, actor: CurrentActor, settings: AppSettings, wanted: AppealCreate, response: Response) -> AppealView:
    """Appeal against a decision, free of charge, within six months."""
    filed = appeals.file(db, actor, settings, wanted)
    response.headers["Location"] = f"/v1/appeals/{filed.appeal.id}"
    return filed


@router.get("")
def every(db: Db, actor: CurrentActor, filters: Annotated[AppealFilters, Query()]) -> AppealsPage:
    """List appeals, those due first first; a label sees its own."""
    return appeals.every(db, actor, filters)


@router.get("/{appeal_id}")
def view(db: Db, actor: CurrentActor, appeal_id: str) -> AppealView:
    """Read an appeal with its proofs and, for reviewers, its notes."""
    return appeals.view(db, actor, appeal_id)


@router.post("/{appeal_id}/answer")
def answer(db: Db, actor: CurrentActor, appeal_id: str, command: AppealAnswerCreate) -> AppealView:
    """Uphold or reverse; whoever took part in the decision is refused."""
    return appeals.answer(db, actor, appeal_id, command)


@router.post("/{appeal_id}/withdraw")
def withdraw(db: Db, actor: CurrentActor, appeal_id: str, command: VersionCreate) -> AppealView:
    """Take an appeal back."""
    return appeals.withdraw(db, actor, appeal_id, expected_version=command.expected_version)


@router.post("/{appeal_id}/notes", status_code=status.HTTP_201_CREATED)
def note(db: Db, actor: CurrentActor, appeal_id: str, wanted: AppealNoteCreate) -> AppealView:
    """Add a note for reviewers alone."""
    return appeals.note(db, actor, appeal_id, wanted.text)


@router.post("/{appeal_id}/stems")
def measure(db: Db, actor: CurrentActor, settings: AppSettings, appeal_id: str) -> StemReport:
    """Measure how much of the recording the attached stems explain: evidence, never a verdict."""
    with Listener() as ears:
        return stem_evidence.measure(db, actor, settings, ears, appeal_id)


@router.get("/{appeal_id}/stems/{part}", responses={200: {"content": {WAV: {}}}}, response_class=Response)
def play(
    *, db: Db, actor: CurrentActor, settings: AppSettings, appeal_id: str, part: str, start_s: Second, end_s: Second
) -> Response:
    """Play a stretch of what the stems explain (``explained``) or leave (``residual``), at most a minute."""
    with Listener() as ears:
        sound = stem_evidence.excerpt(
            db, actor, settings, ears, appeal_id=appeal_id, part=part, start_s=start_s, end_s=end_s
        )
    return Response(sound, media_type=WAV)


@router.get("/{appeal_id}/attachments/{attachment_id}", response_class=FileResponse)
def attachment(db: Db, actor: CurrentActor, settings: AppSettings, appeal_id: str, attachment_id: str) -> FileResponse:
    """Download a proof as the bytes that came; no browser is told to show it."""
    found = attachments.open_one(db, actor, settings, appeal_id, attachment_id)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
    return FileResponse(found.path, media_type=OPAQUE, filename=found.name, headers=headers)
