"""API keys, for administrators, and who the caller is."""

from datetime import timedelta

from fastapi import APIRouter, status

from api.deps import CurrentActor, Db
from api.public_keys import ActorPublic, KeyCreate, KeyIssued, KeyPublic, KeyRotate, KeysPublic
from api.services import keys
from api.services.access import Permission

router = APIRouter(prefix="/v1", tags=["keys"])


@router.get("/me")
def me(actor: CurrentActor) -> ActorPublic:
    """Say who the caller is."""
    return ActorPublic(
        name=actor.name,
        role=actor.role,
        account=actor.account,
        permissions=tuple(one for one in Permission if actor.may(one)),
        queues=None if actor.queues is None else tuple(sorted(actor.queues)),
    )


@router.get("/keys")
def every(db: Db, actor: CurrentActor) -> KeysPublic:
    """List all keys, without their secrets."""
    return KeysPublic(keys=keys.every(db, actor))


@router.post("/keys", status_code=status.HTTP_201_CREATED)
def create(db: Db, actor: CurrentActor, wanted: KeyCreate) -> KeyIssued:
    """Make a key; its token is in this answer and nowhere else."""
    return keys.create(db, actor, wanted)


@router.post("/keys/{name}/rotate", status_code=status.HTTP_201_CREATED)
def rotate(db: Db, actor: CurrentActor, name: str, wanted: KeyRotate) -> KeyIssued:
    """Give a key a new token; the old one stays good for a while, a day unless said otherwise."""
    return keys.rotate(db, actor, name, overlap=timedelta(hours=wanted.overlap_hours))


@router.delete("/keys/{name}")
def revoke(db: Db, actor: CurrentActor, name: str) -> KeyPublic:
    """End a key and the sessions made from it."""
    return keys.revoke(db, actor, name)
