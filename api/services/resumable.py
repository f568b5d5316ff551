"""Files that come in pieces: an upload goes on where it stopped, after a lost line, a reload or a killed process.

The file itself says how much of it is here; the database knows what it is to become. While somebody writes, the file
is locked, and the system lets go of the lock with the process. A whole file is moved to its place in one step.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from sqlmodel import Session, col, func, select

from api.services import attachments, clock, draft_folder
from api.services.access import Actor, Role, require
from api.services.filenames import safe_name
from api.settings import Settings
from api.store.database import Database
from api.tables import AppealRow, AttachmentRow, UploadRow
from schemas.appeals import AppealState, AttachmentKind
from schemas.errors import InvalidInput, InvalidTransition, LandingUnusable, NotFound, OffsetConflict, TooLarge

MAX_OPEN = 2000  # uploads of an account that are not finished
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that somebody wants to send: for a draft, or for an appeal as a kind of proof."""

    name: str
    length: int
    draft: str = ""
    appeal: str = ""
    kind: str = ""


@dataclass
class Incoming:
    """An upload that is being written."""

    upload: UploadRow
    stream: BinaryIO
    offset: int

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; what is here stays, whatever happens after."""
        if self.offset + len(chunk) > self.upload.length:
            raise TooLarge(f"The file was announced with {self.upload.length:,} bytes.", mend="Begin it again.")
        rest = memoryview(chunk)
        try:
            while rest:  # a disk that is nearly full takes a part, and says so by its count alone
                taken = self.stream.write(rest)
                rest, self.offset = rest[taken:], self.offset + taken
        except OSError as error:
            raise _unwritable(error) from error


def create(db: Database, actor: Actor, settings: Settings, wanted: Announced) -> UploadRow:
    """Announce a file for a draft or an appeal.

    Raises
    ------
    NotFound, InvalidTransition
        There is no such draft or appeal of the actor's, or it takes no more files.
    UnsafePath, TooLarge, InvalidInput
        The name, the size or the number of files is refused.
    """
    require(actor, Role.LABEL, Role.SERVICE, Role.ADMIN)
    with db.write() as session:
        make = _for_draft if wanted.draft else _for_appeal
        row = make(session, actor, settings, wanted)
        if _open_uploads(session, row.account) >= MAX_OPEN:
            raise TooLarge(f"{MAX_OPEN} files are on their way already.", mend="Finish or remove some.")
        session.add(row)
        part = part_of(settings, row)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            part.touch()
        except OSError as error:
            raise _unwritable(error) from error
    if wanted.length == 0:
        finish(db, actor, settings, row)
    return row


def find(db: Database, actor: Actor, upload_id: str) -> UploadRow:
    """Read an upload that is the actor's."""
    with db.read() as session:
        row = session.get(UploadRow, upload_id)
    if row is None or not actor.sees(account=row.account, sender_id=""):
        raise NotFound(f"There is no upload {upload_id[:80]}.", mend="Begin it again.")
    return row


def offset_of(settings: Settings, row: UploadRow) -> int:
    """Say how many bytes are here."""
    if row.finished_at is not None:
        return row.length
    try:
        return part_of(settings, row).stat().st_size
    except FileNotFoundError as error:
        if _is_in_place(settings, row):  # a process died between the move and its note
            return row.length
        raise NotFound("The upload was thrown away.", mend="Begin it again.") from error


@contextmanager
def writing(settings: Settings, row: UploadRow, offset: int) -> Iterator[Incoming]:
    """Go on with an upload at a byte.

    Raises
    ------
    OffsetConflict
        The file goes on at another byte, or somebody else writes it right now.
    """
    have = offset_of(settings, row)
    if row.finished_at is not None or offset != have:
        raise OffsetConflict(f"The file goes on at byte {have:,}.", offset=have, mend="Ask with HEAD, and go on there.")
    with part_of(settings, row).open("r+b", buffering=0) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OffsetConflict("The file is being written.", offset=have, mend="Wait a moment.") from error
        if stream.seek(0, os.SEEK_END) != offset:  # somebody wrote between the look and the lock
            raise OffsetConflict("The file went on meanwhile.", offset=stream.tell(), mend="Ask with HEAD.")
        try:
            yield Incoming(row, stream, offset)
        finally:
            os.fsync(stream.fileno())  # what was accepted survives a power cut


def finish(db: Database, actor: Actor, settings: Settings, row: UploadRow) -> None:
    """Move a whole file to its place; doing it twice changes nothing."""
    part, place = part_of(settings, row), _place(settings, row)
    digest = _digest(part if part.exists() else place) if row.appeal_id and row.finished_at is None else ""
    with db.write() as session:
        fresh = session.get(UploadRow, row.id, with_for_update=True)
        if fresh is None or fresh.finished_at is not None:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        if part.exists():
            part.replace(place)
        fresh.finished_at = clock.now()
        session.add(fresh)
        if fresh.appeal_id:
            made = _attachment(actor, fresh, digest)
            session.add(made)
            attachments.tell(session, actor, made)
        else:
            draft_folder.touch(session, fresh.draft_id or "")


def remove(db: Database, settings: Settings, row: UploadRow) -> None:
    """Give up an upload that is not finished."""
    if row.finished_at is not None:
        raise InvalidTransition("The file is whole already.", mend="Remove it from the delivery.")
    with db.write() as session:
        fresh = session.get(UploadRow, row.id)
        if fresh is not None:
            session.delete(fresh)
    part_of(settings, row).unlink(missing_ok=True)


def sweep(db: Database, settings: Settings) -> int:
    """Give up proofs of appeals that stopped on their way a while ago, and say how many; drafts go as a whole."""
    before = clock.now() - timedelta(days=settings.draft_days)
    old = (col(UploadRow.appeal_id).is_not(None), col(UploadRow.finished_at).is_(None), col(UploadRow.made_at) < before)
    with db.write() as session:
        rows = session.exec(select(UploadRow).where(*old)).all()
        for row in rows:
            session.delete(row)
    for row in rows:
        part_of(settings, row).unlink(missing_ok=True)
    return len(rows)


def part_of(settings: Settings, row: UploadRow) -> Path:
    """Name the file that grows."""
    if row.draft_id:
        return draft_folder.folder_of(settings, row.account, row.draft_id) / draft_folder.PARTS / row.id
    return settings.attachments / (row.appeal_id or "") / draft_folder.PARTS / row.id


def _is_in_place(settings: Settings, row: UploadRow) -> bool:
    place = _place(settings, row)
    return place.is_file() and place.stat().st_size == row.length


def _place(settings: Settings, row: UploadRow) -> Path:
    if row.draft_id:
        return draft_folder.folder_of(settings, row.account, row.draft_id) / row.name
    return attachments.place(settings, row.appeal_id or "", _attachment_id(row))


def _attachment_id(row: UploadRow) -> str:
    return row.id.replace("upl_", "att_")


def _attachment(actor: Actor, row: UploadRow, digest: str) -> AttachmentRow:
    return AttachmentRow(
        id=_attachment_id(row),
        appeal_id=row.appeal_id or "",
        kind=row.kind,
        name=row.name,
        size=row.length,
        sha256=digest,
        added_by=actor.name,
        added_at=clock.now(),
    )


def _for_draft(session: Session, actor: Actor, settings: Settings, wanted: Announced) -> UploadRow:
    draft, length = draft_folder.locked(session, actor, wanted.draft), wanted.length
    place = draft_folder.place_name(wanted.name)
    _refuse_size(length, settings.max_message_bytes if draft_folder.is_small(place) else settings.max_file_bytes)
    taken = list(session.exec(select(UploadRow).where(col(UploadRow.draft_id) == draft.id)))
    for old in (one for one in taken if one.name == place and one.finished_at is None):
        session.delete(old)  # begun again: what came of it before counts no more
        part_of(settings, old).unlink(missing_ok=True)
    others = draft_folder.files_of(draft_folder.folder_of(settings, draft.account, draft.id))
    on_the_way = {one.name: one.length for one in taken if one.finished_at is None and one.name != place}
    sizes = {**{file.name: file.size for file in others}, **on_the_way, place: length}
    if len(sizes) > settings.max_delivery_files:
        raise TooLarge(f"A delivery has at most {settings.max_delivery_files} files.")
    if sum(sizes.values()) > settings.max_delivery_bytes:
        raise TooLarge(f"A delivery has at most {settings.max_delivery_bytes:,} bytes.")
    return _row(actor, draft.account, replace(wanted, name=place), draft_id=draft.id)


def _for_appeal(session: Session, actor: Actor, settings: Settings, wanted: Announced) -> UploadRow:
    appeal, kind, length = session.get(AppealRow, wanted.appeal), wanted.kind, wanted.length
    if appeal is None or not actor.sees(account=appeal.account, sender_id=appeal.sender_id):
        raise NotFound(f"There is no appeal {wanted.appeal[:80]}.", mend="Look it up in the list of appeals.")
    if appeal.state != AppealState.OPEN or actor.role is not Role.LABEL:
        raise InvalidTransition(f"Appeal {appeal.id} takes no more proofs.")
    if kind not in set(AttachmentKind):
        raise InvalidInput("What is it to prove?", mend="kind is stem, project, statement or other.")
    _refuse_size(length, settings.max_file_bytes)
    taken = select(func.count(), func.coalesce(func.sum(UploadRow.length), 0))
    number, size = session.exec(taken.where(col(UploadRow.appeal_id) == appeal.id)).one()
    if number >= attachments.MAX_ATTACHMENTS or int(size) + length > settings.max_delivery_bytes:
        raise TooLarge(f"An appeal has at most {attachments.MAX_ATTACHMENTS} proofs.", mend="Pack some together.")
    account = actor.account or appeal.account
    return _row(actor, account, replace(wanted, name=safe_name(wanted.name)), appeal_id=appeal.id)


def _row(
    actor: Actor, account: str, wanted: Announced, *, draft_id: str | None = None, appeal_id: str | None = None
) -> UploadRow:
    return UploadRow(
        id=f"upl_{secrets.token_hex(16)}",
        account=account,
        draft_id=draft_id,
        appeal_id=appeal_id,
        name=wanted.name,
        kind=wanted.kind,
        length=wanted.length,
        made_by=actor.name,
        made_at=clock.now(),
    )


def _refuse_size(length: int, most: int) -> None:
    if not 0 <= length <= most:
        raise TooLarge(f"The file has {length:,} bytes; at most {most:,} are taken.", mend="Send a smaller file.")


def _open_uploads(session: Session, account: str) -> int:
    query = select(func.count()).select_from(UploadRow)
    return session.exec(query.where(col(UploadRow.account) == account, col(UploadRow.finished_at).is_(None))).one()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _unwritable(error: OSError) -> LandingUnusable:
    return LandingUnusable(f"The landing zone cannot be written: {error.strerror}.", mend="Try later.")
