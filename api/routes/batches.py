"""Decisions on many cases at once: preview, apply, one page, undo; and the cases of one release."""

from fastapi import APIRouter, status

from api.deps import CurrentActor, Db, Rules
from api.public_batches import BatchApply, BatchCreate, BatchesPublic, BatchPublic, ReleasePublic
from api.services import batches

router = APIRouter(prefix="/v1", tags=["batches"])


@router.get("/cases/{case_id}/release")
def release(db: Db, actor: CurrentActor, case_id: str) -> ReleasePublic:
    """List the cases of the same release, across deliveries."""
    return batches.release_of(db, actor, case_id)


@router.post("/batches", status_code=status.HTTP_201_CREATED)
def preview(db: Db, actor: CurrentActor, wanted: BatchCreate) -> BatchPublic:
    """Plan one decision on many cases, with exceptions; each case says what would become of it. Nothing is decided."""
    return batches.preview(db, actor, wanted)


@router.get("/batches")
def newest(db: Db, actor: CurrentActor) -> BatchesPublic:
    """List the last batches."""
    return batches.newest(db, actor)


@router.get("/batches/{batch_id}")
def view(db: Db, actor: CurrentActor, batch_id: str) -> BatchPublic:
    """Read a batch: what became of each case."""
    return batches.view(db, actor, batch_id)


@router.post("/batches/{batch_id}/apply")
def apply(db: Db, actor: CurrentActor, rules: Rules, batch_id: str, command: BatchApply | None = None) -> BatchPublic:
    """Decide what was previewed, but for exceptions; a case that changed since is left alone."""
    exceptions = command.exceptions if command else ()
    return batches.apply(db, actor, batch_id, rules=rules, exceptions=exceptions)


@router.delete("/batches/{batch_id}")
def undo(db: Db, actor: CurrentActor, batch_id: str) -> BatchPublic:
    """Take back every decision of a batch that is not published yet."""
    return batches.undo(db, actor, batch_id)
