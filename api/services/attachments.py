"""Proofs of an appeal: opaque bytes under a name of our own, never executed, unpacked or rendered."""

from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from api.services.access import Actor
from api.settings import Settings
from api.store import appeals as store
from api.store import events
from api.store.database import Database
from api.tables import AttachmentRow
from schemas.appeals import AttachmentKind
from schemas.errors import NotFound
from schemas.events import EventKind

MAX_ATTACHMENTS = 64
MAX_STEMS = 16


@dataclass(frozen=True, slots=True)
class Proof:
    """A stored proof: where its bytes are, and what its sender called it."""

    id: str
    name: str
    path: Path


def place(settings: Settings, appeal_id: str, attachment_id: str) -> Path:
    """Name the file of a proof; nothing in the name comes from its sender."""
    return settings.attachments / appeal_id / attachment_id


def tell(session: Session, actor: Actor, row: AttachmentRow) -> None:
    """Write into the log what came as a proof, with its hash: what is exchanged later is noticed."""
    appeal = store.find(session, row.appeal_id)
    about = {"appeal": row.appeal_id, "attachment": row.id, "what": row.kind, "size": row.size, "sha256": row.sha256}
    case_id = appeal.case_id if appeal else None
    events.record(session, EventKind.APPEAL_ATTACHED, actor=actor.name, at=row.added_at, case_id=case_id, **about)


def open_one(db: Database, actor: Actor, settings: Settings, appeal_id: str, attachment_id: str) -> Proof:
    """Find a proof of an appeal that is the actor's to see."""
    found = next((one for one in _of(db, actor, appeal_id) if one.id == attachment_id), None)
    path = place(settings, appeal_id, attachment_id) if found else None
    if found is None or path is None or not path.is_file():
        raise NotFound(f"There is no attachment {attachment_id[:80]}.")
    return Proof(found.id, found.name, path)


def stems(db: Database, actor: Actor, settings: Settings, appeal_id: str) -> list[Proof]:
    """Find the stems of an appeal, in the order they came."""
    rows = [one for one in _of(db, actor, appeal_id) if one.kind == AttachmentKind.STEM][:MAX_STEMS]
    return [Proof(one.id, one.name, place(settings, appeal_id, one.id)) for one in rows]


def _of(db: Database, actor: Actor, appeal_id: str) -> list[AttachmentRow]:
    with db.read() as session:
        appeal = store.find(session, appeal_id)
        if appeal is None or not actor.sees(account=appeal.account, sender_id=appeal.sender_id):
            raise NotFound(f"There is no appeal {appeal_id[:80]}.")
        return list(store.attachments(session, appeal_id))
