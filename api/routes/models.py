"""Recalls of models, rules and policies."""

from fastapi import APIRouter

from api.deps import CurrentActor, Db
from api.public_policies import RecallCreate, RecallPublic, RecallsPublic
from api.services import recall

router = APIRouter(prefix="/v1/recalls", tags=["recalls"])


@router.post("")
def make(db: Db, actor: CurrentActor, wanted: RecallCreate) -> RecallPublic:
    """Find every decision that something touched; without `dry_run` reopen the cases and tell the labels."""
    return recall.recall(db, actor, wanted)


@router.get("")
def newest(db: Db, actor: CurrentActor) -> RecallsPublic:
    """List recalls, newest first."""
    return recall.newest(db, actor)


@router.get("/{recall_id}")
def view(db: Db, actor: CurrentActor, recall_id: str) -> RecallPublic:
    """Read a recall: what became of each case."""
    return recall.view(db, actor, recall_id)
