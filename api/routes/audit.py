"""The audit log for whoever keeps a copy of it: events with their hashes, and the head."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CurrentActor, Db
from api.services import audit
from api.services.audit import AuditPage, ExportedHead

router = APIRouter(prefix="/v1/audit", tags=["audit"])
MAX_EVENTS = 1000


@router.get("/head")
def head(db: Db, actor: CurrentActor) -> ExportedHead:
    """Export the head of the log: kept elsewhere, it proves that nothing before it was changed."""
    return audit.head(db, actor)


@router.get("/events")
def events(
    db: Db,
    actor: CurrentActor,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_EVENTS)] = 200,
) -> AuditPage:
    """List events with their hashes, in the order of the chain; ``seq`` has no gaps, so nothing can be missed."""
    return audit.page(db, actor, after=after, limit=limit)
