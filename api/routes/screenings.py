"""Screenings come in from the pipeline."""

from fastapi import APIRouter

from api.deps import CurrentActor, Db
from api.public import ScreeningsCreate, ScreeningsResult
from api.services import screenings
from schemas.screening import Screening

router = APIRouter(prefix="/v1/screenings", tags=["screenings"])


@router.post("")
def record(db: Db, actor: CurrentActor, batch: ScreeningsCreate) -> ScreeningsResult:
    """Store a batch of screenings; one that is stored already changes nothing."""
    return ScreeningsResult(results=screenings.record(db, actor, batch.screenings))


@router.get("/{screening_id}")
def view(db: Db, actor: CurrentActor, screening_id: str) -> Screening:
    """Read a screening."""
    return screenings.view(db, actor, screening_id)
