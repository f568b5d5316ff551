"""A delivery that a label puts together: files arrive in any order, are checked at once, and are sent together.

The draft is a hidden folder beside the account's deliveries, so that sending is one rename and the pipeline never sees
half of it. What is sent goes the way of every delivery.
"""

import os
import secrets
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete
from sqlmodel import Session, col, select

from api.public_deliveries import DeliveryFile, DeliveryPublic
from api.public_uploads import CheckPublic, DraftFile, DraftPublic, DraftsPublic
from api.services import clock, deliveries, precheck, resumable
from api.services.access import Actor
from api.services.draft_folder import PARTS, files_of, folder_of, locked, place_name
from api.services.filenames import folded
from api.settings import Settings
from api.store import deliveries as delivery_store
from api.store.database import Database
from api.tables import DeliveryDraftRow, UploadRow
from schemas.errors import InvalidInput, InvalidTransition, NotFound, TooLarge

MAX_DRAFTS = 50  # of an account
MAX_TEXT = 8 * 2**20  # bytes of a message that is edited in a browser


def create(db: Database, actor: Actor, settings: Settings, account: str | None) -> DraftPublic:
    """Begin a delivery."""
    owner = deliveries.account_of(actor, account, db)
    row = _row(actor, owner)
    with db.write() as session:
        _refuse_many(session, owner)
        session.add(row)
    _make_folder(settings, row)
    return _public(settings, row, [])


def correct(db: Database, actor: Actor, settings: Settings, delivery_id: str) -> DraftPublic:
    """Begin a delivery with the files of an earlier one: nothing has to be sent twice."""
    with db.write() as session:
        old = delivery_store.find(session, delivery_id)
        if old is None or not actor.sees(account=old.account, sender_id=""):
            raise NotFound(f"There is no delivery {delivery_id[:80]}.")
        deliveries.account_of(actor, old.account, db)
        _refuse_many(session, old.account)
        row = _row(actor, old.account)
        row.corrects = old.id
        session.add(row)
    folder = _make_folder(settings, row)
    source = settings.landing / old.folder
    for file in files_of(source):
        if not precheck.is_marker(file.name):
            _link(source / file.name, folder / file.name)
    return view(db, actor, settings, row.id)


def every(db: Database, actor: Actor, settings: Settings) -> DraftsPublic:
    """List the actor's drafts, the one changed last first."""
    with db.read() as session:
        query = select(DeliveryDraftRow).where(col(DeliveryDraftRow.delivery_id).is_(None))
        rows = session.exec(query.order_by(col(DeliveryDraftRow.updated_at).desc()).limit(MAX_DRAFTS * 4)).all()
        own = [row for row in rows if actor.sees(account=row.account, sender_id="")]
        return DraftsPublic(drafts=tuple(_public(settings, row, _uploads(session, row.id)) for row in own))


def view(db: Database, actor: Actor, settings: Settings, draft_id: str) -> DraftPublic:
    """Read a draft with its files, whole ones and those on their way."""
    with db.read() as session:
        row = locked(session, actor, draft_id)
        uploads = _uploads(session, draft_id)
    return _public(settings, row, uploads)


def check(db: Database, actor: Actor, settings: Settings, draft_id: str) -> CheckPublic:
    """Say what is wrong with a draft's messages, before anybody has listened."""
    draft = view(db, actor, settings, draft_id)
    whole = [file.name for file in draft.files if file.upload is None]
    folder = folder_of(settings, draft.account, draft.id)
    findings, items = precheck.findings_of(folder, whole, draft.id)
    messages = tuple(name for name in whole if precheck.is_message(name))
    is_ready = bool(messages) and len(whole) == len(draft.files)
    return CheckPublic(findings=findings, recordings=tuple(items), messages=messages, is_ready=is_ready)


def send(db: Database, actor: Actor, settings: Settings, draft_id: str) -> DeliveryPublic:
    """Put a draft before the pipeline; findings stop nobody, a missing message or half a file does.

    Raises
    ------
    InvalidTransition
        There is no message, or a file is still on its way.
    """
    draft = view(db, actor, settings, draft_id)
    on_the_way = [file.name for file in draft.files if file.upload is not None]
    if on_the_way:
        raise InvalidTransition(f"{on_the_way[0]} is still on its way.", mend="Finish or remove it, then send.")
    messages = [file.name for file in draft.files if precheck.is_message(file.name)]
    if not messages:
        raise InvalidTransition("The delivery has no message.", mend="Add an ERN message, JSON, CSV or XLSX.")
    folder = folder_of(settings, draft.account, draft.id)
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    files = [DeliveryFile(name=file.name, size=file.size) for file in draft.files]
    landed = deliveries.Landed(draft.id, draft.account, folder, messages[0], files, draft_id=draft.id)
    return deliveries.land(db, actor, settings, landed)


def discard(db: Database, actor: Actor, settings: Settings, draft_id: str) -> None:
    """Throw a draft away with all its files."""
    with db.write() as session:
        row = locked(session, actor, draft_id)
        _forget(session, row)
    shutil.rmtree(folder_of(settings, row.account, row.id), ignore_errors=True)


def remove_file(db: Database, actor: Actor, settings: Settings, draft_id: str, name: str) -> DraftPublic:
    """Take a whole file out of a draft."""
    with db.write() as session:
        row = locked(session, actor, draft_id)
        place = _existing(settings, row, name)
        for upload in _uploads(session, draft_id):
            if upload.name == name:
                session.delete(upload)
        row.updated_at = clock.now()
        session.add(row)
    place.unlink(missing_ok=True)
    return view(db, actor, settings, draft_id)


def read_text(db: Database, actor: Actor, settings: Settings, draft_id: str, name: str) -> str:
    """Read a message for editing; one that is no text cannot be."""
    with db.read() as session:
        row = locked(session, actor, draft_id)
    if not precheck.is_message(name) or name.lower().endswith(".xlsx"):
        raise InvalidInput(f"{name[:80]} is no text.", mend="Correct it in your own program and add it again.")
    data = _existing(settings, row, name).read_bytes()[: MAX_TEXT + 1]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name[:80]} is not UTF-8.", mend="Correct it in your own program.") from error
    if len(data) > MAX_TEXT:
        raise TooLarge(f"{name[:80]} is too long for a browser.", mend="Correct it in your own program.")
    return text


def write_text(db: Database, actor: Actor, settings: Settings, draft_id: str, *, name: str, text: str) -> DraftPublic:
    """Write a message as it is to be; a new name makes a new file."""
    with db.write() as session:
        row = locked(session, actor, draft_id)
        if not precheck.is_message(name) or name.lower().endswith(".xlsx"):
            raise InvalidInput(f"{name[:80]} is no text.", mend="Name it e.g. release.json or message.xml.")
        place = folder_of(settings, row.account, row.id) / place_name(name)
        fresh = place.with_name(f".{place.name}.new")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text, "utf-8", newline="")
            fresh.replace(place)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise deliveries.unwritable(error) from error
        row.updated_at = clock.now()
        session.add(row)
    return view(db, actor, settings, draft_id)


def sweep(db: Database, settings: Settings) -> int:
    """Throw away drafts that nobody touched for a while, and say how many; proofs that stopped half-way go, too."""
    resumable.sweep(db, settings)
    before = clock.now() - timedelta(days=settings.draft_days)
    with db.read() as session:
        old = (col(DeliveryDraftRow.delivery_id).is_(None), col(DeliveryDraftRow.updated_at) < before)
        rows = session.exec(select(DeliveryDraftRow).where(*old)).all()
    for row in rows:
        with db.write() as session:
            _forget(session, row)
        shutil.rmtree(folder_of(settings, row.account, row.id), ignore_errors=True)
    return len(rows)


def _row(actor: Actor, account: str) -> DeliveryDraftRow:
    now = clock.now()
    ident = f"dlv_{secrets.token_hex(16)}"  # becomes the delivery's
    return DeliveryDraftRow(id=ident, account=account, made_by=actor.name, made_at=now, updated_at=now)


def _make_folder(settings: Settings, row: DeliveryDraftRow) -> Path:
    folder = folder_of(settings, row.account, row.id)
    try:
        (folder / PARTS).mkdir(parents=True)
    except OSError as error:
        raise deliveries.unwritable(error) from error
    return folder


def _refuse_many(session: Session, account: str) -> None:
    query = select(DeliveryDraftRow.id).where(
        col(DeliveryDraftRow.account) == account, col(DeliveryDraftRow.delivery_id).is_(None)
    )
    if len(session.exec(query).all()) >= MAX_DRAFTS:
        raise TooLarge(f"{MAX_DRAFTS} deliveries are being put together.", mend="Send or discard one first.")


def _forget(session: Session, row: DeliveryDraftRow) -> None:
    session.execute(delete(UploadRow).where(col(UploadRow.draft_id) == row.id))
    session.execute(delete(DeliveryDraftRow).where(col(DeliveryDraftRow.id) == row.id))


def _uploads(session: Session, draft_id: str) -> list[UploadRow]:
    query = select(UploadRow).where(col(UploadRow.draft_id) == draft_id, col(UploadRow.finished_at).is_(None))
    return list(session.exec(query.order_by(col(UploadRow.name))))


def _existing(settings: Settings, row: DeliveryDraftRow, name: str) -> Path:
    folder = folder_of(settings, row.account, row.id)
    if name not in {file.name for file in files_of(folder)}:
        raise NotFound(f"The draft has no file {name[:80]}.")
    return folder / name


def _link(source: Path, place: Path) -> None:
    """Share the bytes where the file system can; a message that is edited is replaced, never written through."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            os.link(source, place)
            return
        shutil.copyfile(source, place)
    except OSError as error:
        raise deliveries.unwritable(error) from error


def _public(settings: Settings, row: DeliveryDraftRow, uploads: list[UploadRow]) -> DraftPublic:
    growing = [
        DraftFile(name=one.name, size=one.length, received=_received(settings, one), upload=one.id) for one in uploads
    ]
    names = {folded(file.name) for file in growing}
    whole = [f for f in files_of(folder_of(settings, row.account, row.id)) if folded(f.name) not in names]
    return DraftPublic(
        id=row.id,
        account=row.account,
        made_at=row.made_at,
        updated_at=row.updated_at,
        expires_at=row.updated_at + timedelta(days=settings.draft_days),
        corrects=row.corrects,
        files=tuple(sorted([*whole, *growing], key=lambda file: file.name)),
    )


def _received(settings: Settings, upload: UploadRow) -> int:
    try:
        return resumable.offset_of(settings, upload)
    except NotFound:
        return 0
