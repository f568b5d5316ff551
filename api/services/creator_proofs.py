"""Proofs that a creator without an account attaches, by their link, to the appeal that they filed by it.

The link is the key: to its holder's own open appeal, and there to the uploads begun by such a link alone. Neither what
the label attached, nor any other appeal or draft of the label's, can be reached by it.
"""

from dataclasses import replace

from api.services import creators, resumable
from api.services.access import Actor
from api.services.resumable import Announced
from api.settings import Settings
from api.store.database import Database
from api.tables import UploadRow
from schemas.errors import NotFound


def create(db: Database, settings: Settings, token: str, wanted: Announced) -> UploadRow:
    """Announce a proof for the creator's appeal, whatever the sender names as its target.

    Raises
    ------
    NotFound, InvalidTransition
        The link is none that works; it has no open appeal.
    UnsafePath, TooLarge, InvalidInput
        The name, the kind, the size or the number of proofs is refused.
    """
    actor, appeal_id = creators.own_appeal(db, token)
    return resumable.create(db, actor, settings, replace(wanted, draft="", appeal=appeal_id))


def find(db: Database, token: str, upload_id: str) -> tuple[Actor, UploadRow]:
    """Read an upload that was begun by such a link for the appeal of its holder."""
    actor, appeal_id = creators.own_appeal(db, token)
    with db.read() as session:
        row = session.get(UploadRow, upload_id)
    if row is None or row.appeal_id != appeal_id or row.made_by != creators.NAME:
        raise NotFound(f"There is no upload {upload_id[:80]}.", mend="Begin it again.")
    return actor, row
