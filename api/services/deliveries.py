"""Deliveries that come in over HTTP and go the way of all others: through the landing zone.

The files are written into a hidden folder, which gets its name when all are there; the
completion marker comes last, so that the pipeline never sees half a delivery.
"""

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from api.public_deliveries import DeliveriesPublic, DeliveryFile, DeliveryPublic, DeliveryScreening
from api.services import clock
from api.services.access import Actor, Role, require
from api.services.filenames import RESOURCES
from api.services.precheck import MARKER, is_marker
from api.services.uploads import Upload
from api.settings import Settings
from api.store import deliveries as store
from api.store import events, screenings
from api.store.database import Database
from api.tables import DeliveryDraftRow, DeliveryRow, ScreeningRow
from schemas.errors import InvalidInput, LandingUnusable, NotFound
from schemas.events import EventKind

ACCOUNTS = "accounts"
INCOMING = ".incoming-"
MARK = "<BatchComplete/>\n"  # an empty one is refused by some recipients
ABANDONED_S = 6 * 3600.0  # no client pauses that long within an upload


@dataclass(frozen=True)
class Incoming:
    """A delivery that is being received."""

    id: str
    account: str
    folder: Path
    upload: Upload


@dataclass(frozen=True)
class Landed:
    """A delivery whose files are all here, in a folder that has no name yet.

    Attributes
    ----------
    draft_id
        The draft that it was put together as, if any.
    """

    id: str
    account: str
    folder: Path
    message: str
    files: Sequence[DeliveryFile]
    draft_id: str | None = None


def account_of(actor: Actor, wanted: str | None, db: Database) -> str:
    """Name the account a delivery is for: a label's own; others name it."""
    require(actor, Role.LABEL, Role.SERVICE, Role.ADMIN)
    if actor.role is Role.LABEL:
        if wanted not in {None, actor.account} or actor.account is None:
            raise NotFound(f"There is no account {(wanted or '')[:64]} of yours.", mend="Leave the account out.")
        return actor.account
    if wanted is None:
        raise InvalidInput("Whose delivery is it?", mend="Add ?account=NAME.")
    with db.read() as session:
        if not store.has_account(session, wanted):
            raise NotFound(f"There is no account {wanted[:64]}.", mend="Make a label's key for it first.")
    return wanted


@contextmanager
def receiving(settings: Settings, account: str, content_type: str) -> Iterator[Incoming]:
    """Open a hidden folder to write a delivery into; whatever fails, nothing of it stays."""
    delivery_id = f"dlv_{secrets.token_hex(16)}"
    hidden = settings.landing / ACCOUNTS / account / f"{INCOMING}{delivery_id}"
    upload = Upload(folder=hidden, settings=settings, content_type=content_type)
    try:
        (hidden / RESOURCES).mkdir(parents=True)
        yield Incoming(id=delivery_id, account=account, folder=hidden, upload=upload)
    except OSError as error:
        raise unwritable(error) from error
    finally:
        upload.abort()
        shutil.rmtree(hidden, ignore_errors=True)


def sweep(settings: Settings, *, older_than_s: float = ABANDONED_S) -> int:
    """Remove what uploads left behind that a crash or a power cut ended, and say how many.

    Parameters
    ----------
    older_than_s
        Seconds since a byte was last written; another process may be receiving a delivery right now.
    """
    before = time.time() - older_than_s
    left = [f for f in (settings.landing / ACCOUNTS).glob(f"*/{INCOMING}*") if _last_written(f) < before]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _last_written(folder: Path) -> float:
    times = [0.0]
    for place in (folder, *folder.rglob("*")):
        with suppress(OSError):  # it may be gone by now
            times.append(place.lstat().st_mtime)
    return max(times)


def accept(db: Database, actor: Actor, settings: Settings, incoming: Incoming) -> DeliveryPublic:
    """Put a received delivery before the pipeline: folder, record, and at last the marker."""
    message = incoming.upload.finish()
    return land(
        db, actor, settings, Landed(incoming.id, incoming.account, incoming.folder, message, incoming.upload.files)
    )


def land(db: Database, actor: Actor, settings: Settings, landed: Landed) -> DeliveryPublic:
    """Give a hidden folder its name, record it, and write its marker last; a batch may bring its own."""
    row = _row(actor, landed)
    folder = settings.landing / row.folder
    own = next((f.name for f in landed.files if "/" not in f.name and is_marker(f.name)), None)
    marker = own or f"{MARKER}_{row.id}.xml"
    aside = landed.folder / f".{marker}"
    try:
        _set_aside(aside, own)
        landed.folder.rename(folder)
    except OSError as error:
        _take_back(aside, own)
        raise unwritable(error) from error
    try:
        _record(db, actor, row, landed)
    except BaseException:
        if landed.draft_id:  # the label's work is not lost: it is a draft again
            folder.rename(landed.folder)
            _take_back(aside, own)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    _put_back(folder / aside.name, marker)
    return _public(row, [])


def _set_aside(aside: Path, own: str | None) -> None:
    """Have the marker ready under a hidden name: once the delivery is recorded, a full disk must not keep it back."""
    if own:
        aside.with_name(own).rename(aside)
    else:
        aside.write_text(MARK)


def _take_back(aside: Path, own: str | None) -> None:
    if own and aside.exists():
        _put_back(aside, own)
    aside.unlink(missing_ok=True)


def _put_back(aside: Path, marker: str) -> None:
    os.utime(aside)  # newer than everything it completes
    aside.rename(aside.with_name(marker))


def _record(db: Database, actor: Actor, row: DeliveryRow, landed: Landed) -> None:
    with db.write() as session:
        session.add(row)
        draft = session.get(DeliveryDraftRow, landed.draft_id) if landed.draft_id else None
        if draft is not None:
            draft.delivery_id = row.id
            session.add(draft)
        events.record(
            session,
            EventKind.DELIVERY_RECEIVED,
            actor=actor.name,
            at=row.received_at,
            delivery=row.id,
            files=len(landed.files),
            bytes=row.size,
        )


def unwritable(error: OSError) -> LandingUnusable:
    """Say in a sentence that the landing zone takes nothing."""
    return LandingUnusable(f"The landing zone cannot be written: {error.strerror}.", mend="Try later.")


def view(db: Database, actor: Actor, delivery_id: str) -> DeliveryPublic:
    """Read a delivery and what its recordings were screened to."""
    with db.read() as session:
        row = store.find(session, delivery_id)
        if row is None or not actor.sees(account=row.account, sender_id=""):
            raise NotFound(f"There is no delivery {delivery_id[:80]}.")
        return _public(row, screenings.of_deliveries(session, [row.id]))


def every(db: Database, actor: Actor, *, cursor: str | None, limit: int) -> DeliveriesPublic:
    """List deliveries, newest first."""
    with db.read() as session:
        rows = store.page(session, actor, cursor=cursor, limit=limit + 1)
        shown = rows[:limit]
        found: dict[str | None, list[ScreeningRow]] = {}
        for one in screenings.of_deliveries(session, [row.id for row in shown]):
            found.setdefault(one.delivery_id, []).append(one)
        return DeliveriesPublic(
            deliveries=tuple(_public(row, found.get(row.id, [])) for row in shown),
            next_cursor=shown[-1].id if len(rows) > limit else None,
        )


def _row(actor: Actor, landed: Landed) -> DeliveryRow:
    return DeliveryRow(
        id=landed.id,
        account=landed.account,
        folder=f"{ACCOUNTS}/{landed.account}/{landed.id}",
        message=landed.message,
        files=json.dumps([file.model_dump() for file in landed.files]),
        size=sum(file.size for file in landed.files),
        received_by=actor.name,
        received_at=clock.now(),
    )


def _public(row: DeliveryRow, found: list[ScreeningRow]) -> DeliveryPublic:
    return DeliveryPublic(
        id=row.id,
        account=row.account,
        status="screened" if found else "received",
        folder=row.folder,
        message=row.message,
        files=tuple(DeliveryFile(**file) for file in json.loads(row.files)),
        size=row.size,
        received_at=row.received_at,
        screenings=tuple(_screening(one) for one in found),
    )


def _screening(row: ScreeningRow) -> DeliveryScreening:
    return DeliveryScreening(
        id=row.id,
        recording_key=row.recording_key,
        codes=tuple(row.codes.split()),
        case_id=row.case_id,
        screened_at=row.screened_at,
    )
