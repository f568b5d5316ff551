"""Links for creators without an account."""

from fastapi import APIRouter, status

from api.deps import AppSettings, CurrentActor, Db
from api.public_creators import CreatorLink, CreatorLinkCreate
from api.services import creators

router = APIRouter(prefix="/v1/cases", tags=["creators"])


@router.post("/{case_id}/creator-link", status_code=status.HTTP_201_CREATED)
def make(db: Db, actor: CurrentActor, settings: AppSettings, case_id: str, wanted: CreatorLinkCreate) -> CreatorLink:
    """Make a link by which a creator reads the last decision on a recording and appeals."""
    return creators.make(db, actor, settings, case_id, wanted.creator)
